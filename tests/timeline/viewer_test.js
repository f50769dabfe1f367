// A trace of `lacuna run --timeline` in two viewers that other people wrote: speedscope, and the Performance panel of Chrome's
// DevTools. They load it without a word of complaint and show our tracks.
//
//   node viewer_test.js PROGRAM SOURCE_FOLDER
//
// speedscope comes from npm (package.json; scripts/test installs it), DevTools with the distribution's Chromium.
"use strict";

const assert = require("node:assert");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { after, before, test } = require("node:test");

const [program, source] = process.argv.slice(2).map((name) => path.resolve(name));

function needed(name, find) {
  try {
    return find();
  } catch {
    console.error(`${name} is not installed; scripts/test does it`);
    process.exit(1);
  }
}
const { chromium } = needed("playwright-core", () =>
  require(path.join(__dirname, "../report/node_modules/playwright-core")),
);
const speedscope = needed("speedscope", () => {
  const page = path.join(__dirname, "node_modules/speedscope/dist/release/index.html");
  fs.accessSync(page);
  return page;
});
const browserPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((name) =>
  fs.existsSync(name),
);
if (!browserPath) {
  console.error("there is no Chromium; scripts/setup installs the package chromium");
  process.exit(1);
}

const WINDOW = 3000; // cycles of each layer
const ROWS = 3,
  COLUMNS = 4,
  TRANSFERS = 2; // under way at once
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lacuna-viewer-"));
const trace = path.join(folder, "trace.json");
let browser, result;

before(async () => {
  const words = ["run", "configs/default.yaml", "workloads/lenet5", "--engine", "systemc", "--format", "json"];
  words.push("--set", `array.rows=${ROWS}`, "--set", `array.columns=${COLUMNS}`, "--set", "intersect.early_termination=exact");
  words.push("--set", `dram.outstanding=${TRANSFERS}`, "--timeline", trace, "--timeline-cycles", `0-${WINDOW}`);
  result = JSON.parse(execFileSync(program, words, { cwd: source, encoding: "utf8" }));
  browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
});

after(async () => {
  if (browser) await browser.close();
  fs.rmSync(folder, { recursive: true });
});

/// A page at `url` with the trace given to its file input, and what it complained of meanwhile.
async function viewer(url) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("dialog", (dialog) => faults.push(dialog.message()));
  page.on("console", (message) => {
    const graphics = message.text().includes("GL Driver Message"); // of a machine without a graphics card
    if (["error", "warning"].includes(message.type()) && !graphics) faults.push(message.text());
  });
  await page.goto(url);
  await page.locator("input[type=file]").first().setInputFiles(trace);
  return { page, faults };
}

/// "1.23ms", "825.00µs" as cycles; one is shown as 1 us.
function cycles(text) {
  const [, number, unit] = /^([\d.]+)(s|ms|µs|ns)$/.exec(text);
  return Number(number) * { s: 1e6, ms: 1e3, µs: 1, ns: 1e-3 }[unit];
}

test("speedscope lists every unit with the cycles it was traced", async () => {
  const { page, faults } = await viewer("file://" + speedscope);
  const names = ["layers (pid 1), layer"];
  const units = (count, name) => names.push(...Array.from({ length: count }, (_, i) => name(i)));
  units(ROWS, (r) => `row feeders (weights) (pid 2), row ${r}`);
  units(COLUMNS, (c) => `column feeders (activations) (pid 3), column ${c}`);
  units(ROWS * COLUMNS, (i) => `PEs (pid 4), PE (${Math.floor(i / COLUMNS)}, ${i % COLUMNS})`);
  units(COLUMNS, (c) => `drain buses (pid 5), column ${c}`);
  units(TRANSFERS, (i) => `memory (pid 6), transfers${i === 0 ? "" : " beside"}`);
  await page.getByText(`(1/${names.length})`).click();
  const lines = (await page.evaluate(() => document.body.innerText)).split("\n").map((line) => line.split("\t"));
  const shown = lines.filter((words) => / \(tid \d+\)$/.test(words[1]));
  assert.deepEqual(
    shown.map((words) => words[1].replace(/ \(tid \d+\)$/, "")),
    names,
  );
  // Every cycle of every PE is in a slice, and a slice is in its tile once.
  const traced = result.layers.reduce((sum, layer) => sum + Math.min(WINDOW, layer.cycles), 0);
  for (const [, name, weight] of shown.filter((words) => words[1].startsWith("PEs ")))
    assert.ok(Math.abs(cycles(weight) / traced - 1) < 0.01, `${name}: ${weight} of ${traced} cycles`);
  await page.getByText("PE (1, 2)").click();
  await page.getByText(/Sandwich/).click(); // functions of that PE, with tiles and classes
  await page.getByText("busy", { exact: false }).first().waitFor();
  for (const word of ["tile ", "starved_", "busy"]) assert.ok((await page.getByText(word).count()) > 0, word);
  assert.deepEqual(faults, []);
  await page.close();
});

test("the Performance panel of Chrome's DevTools opens it", async (context) => {
  let opened;
  try {
    opened = await viewer("devtools://devtools/bundled/devtools_app.html?panel=timeline");
  } catch (error) {
    return context.skip(`this Chromium shows no DevTools as a page: ${error.message.split("\n")[0]}`);
  }
  const { page, faults } = opened;
  // The tabs below a flame chart; without a trace there is none.
  for (const tab of ["Bottom-up", "Call tree", "Event log"]) await page.getByText(tab).first().waitFor();
  // Sent to the tab itself: a dialog of the first run may lie above it.
  for (const event of ["mousedown", "mouseup", "click"]) await page.getByText("Event log").first().dispatchEvent(event);
  await page.waitForTimeout(1000);
  assert.deepEqual(faults, []);
  await page.close();
});
