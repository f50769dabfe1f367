// The pages of `lacuna report` in a real browser: plots are drawn, filters work, nothing is injected, nothing is loaded.
//
//   node report_test.js PROGRAM PAGES_PROGRAM SOURCE_FOLDER
//
// PAGES_PROGRAM is built from make_pages.cc. Chromium comes from the distribution's package, playwright-core from npm
// (package.json; scripts/test installs it).
"use strict";

const assert = require("node:assert");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { after, before, test } = require("node:test");

const [program, pagesProgram, source] = process.argv.slice(2).map((name) => path.resolve(name));

function needed(name) {
  try {
    return require(name);
  } catch {
    console.error(`${name} is not installed below tests/report; scripts/test does it`);
    process.exit(1);
  }
}
const { chromium } = needed("playwright-core");

const browserPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((name) =>
  fs.existsSync(name),
);
if (!browserPath) {
  console.error("there is no Chromium; scripts/setup installs the package chromium");
  process.exit(1);
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lacuna-report-"));
let browser;

function lacuna(...options) {
  return execFileSync(program, options, { cwd: folder, encoding: "utf8" });
}

before(async () => {
  execFileSync(pagesProgram, [folder]);
  const machine = path.join(source, "configs/default.yaml"),
    workload = path.join(source, "workloads/lenet5");
  lacuna("run", machine, workload, "-o", "both");
  lacuna("run", machine, workload, "-o", "weights", "--set", "intersect.skip=weights");
  lacuna("report", "both", "-o", "one.html");
  lacuna("explain", machine, workload, "-o", "why.json");
  lacuna("report", "why.json", "-o", "why.html");
  lacuna("report", "both", "why.json", "-o", "both.html");
  lacuna("report", "both", "weights", "-o", "two.html");
  fs.writeFileSync(
    path.join(folder, "sweep.yaml"),
    `name: shapes\nbase: ${JSON.stringify(machine)}\nworkloads: ${JSON.stringify(workload)}\n` +
      "axes:\n  array.rows: [4, 8, 16]\n  intersect.skip: [none, both]\n",
  );
  lacuna("sweep", "sweep.yaml", "-o", "shapes.sqlite");
  lacuna("report", "shapes.sqlite", "both", "-o", "store.html");
  browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
});

after(async () => {
  if (browser) await browser.close();
  fs.rmSync(folder, { recursive: true });
});

/// Opens a page, calls `use` and fails if anything went wrong on the way: a script error, a warning, a request.
async function open(name, use, { width = 1280, height = 900, colorScheme = "light" } = {}) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  const faults = [];
  page.on("console", (message) => faults.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => faults.push(`dialog: ${dialog.message()}`));
  const url = "file://" + path.join(folder, name);
  page.on("request", (request) => {
    if (request.url() !== url && !request.url().startsWith("data:")) faults.push(`request: ${request.url()}`);
  });
  try {
    await page.goto(url);
    await page.waitForFunction(() => typeof charts !== "undefined" && charts.every((chart) => chart !== null));
    await use(page);
    assert.deepEqual(faults, []);
  } finally {
    await page.close();
  }
}

/// For every canvas: its section and how many pixels are painted.
function canvases(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll("canvas")].map((canvas) => {
      const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      const colours = new Set();
      let painted = 0;
      for (let i = 0; i < pixels.length; i += 4)
        if (pixels[i + 3] > 0) {
          ++painted;
          colours.add((pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2]);
        }
      return { title: canvas.closest("section").getAttribute("aria-label"), painted, colours: colours.size };
    }),
  );
}

const card = (page, title) => page.locator(`section[aria-label="${title}"]`).first();

test("a result has every plot, drawn, and a table with the figures of the result file", async () => {
  await open("one.html", async (page) => {
    const drawn = await canvases(page);
    assert.deepEqual(
      drawn.map((canvas) => canvas.title),
      ["Where the PE-cycles went", "Where the energy went", "Pairs by class", "Bytes moved", "Roofline", "Busy PEs"],
    );
    for (const canvas of drawn) {
      assert.ok(canvas.painted > 3000, `${canvas.title}: ${canvas.painted} pixels`);
      assert.ok(canvas.colours > 5, `${canvas.title}: ${canvas.colours} colours`);
    }
    const result = JSON.parse(fs.readFileSync(path.join(folder, "both/result.json"), "utf8"));
    const cell = async (title, row, column) => {
      const table = card(page, title).locator("table");
      const heads = await table.locator("thead th").allTextContents();
      const cells = await table
        .locator("tbody tr", { has: page.locator(`th:text-is("${row}")`) })
        .locator("th, td")
        .allTextContents();
      return cells[heads.indexOf(column)];
    };
    for (const layer of result.layers) {
      assert.equal(await cell("Layers", layer.name, "cycles"), layer.cycles.toLocaleString("en-US"));
      const busy = (await cell("Where the PE-cycles went", layer.name, "busy")).split(" ")[0];
      assert.equal(busy, layer.pe_cycles.busy.toLocaleString("en-US"));
      const sum = await cell("Where the PE-cycles went", layer.name, "sum");
      assert.equal(sum, (256 * layer.cycles).toLocaleString("en-US"));
      assert.equal(
        (await cell("Pairs by class", layer.name, "executed")).split(" ")[0],
        layer.pairs.executed.toLocaleString("en-US"),
      );
    }
    assert.equal(await cell("Layers", "total", "cycles"), result.total.cycles.toLocaleString("en-US"));
    const corner = Number(await cell("Busy PEs", "0", "0"));
    const busy = result.layers.reduce((all, layer) => all + layer.per_pe_busy[0][0], 0);
    assert.ok(Math.abs(corner - (100 * busy) / result.total.cycles) < 0.051);
    assert.match(await page.locator("dd", { hasText: "verified" }).textContent(), /^✓ verified/);
  });
});

test("an explanation has a bar and a line for each limit and says what it says on the terminal", async () => {
  const why = JSON.parse(fs.readFileSync(path.join(folder, "why.json"), "utf8"));
  await open("why.html", async (page) => {
    const drawn = await canvases(page);
    assert.deepEqual(drawn.map((canvas) => canvas.title), ["What lifting a limit would gain"]);
    for (const canvas of drawn) assert.ok(canvas.painted > 3000 && canvas.colours > 5, canvas.title);
    const rows = await card(page, "What lifting a limit would gain").locator("tbody tr").count();
    assert.equal(rows, why.limits.length);
    for (const row of why.limits) {
      const line = page
        .locator("tbody tr", { has: page.locator(`th:text-is("${row.limit.replaceAll("_", " ")}")`) })
        .first();
      const cells = await line.locator("td").allTextContents();
      assert.equal(cells[1], row.won.toLocaleString("en-US"), row.limit);
      assert.equal(cells[4], row.settings.join(" ") || "–", row.limit);
    }
    const text = await page.locator("main").textContent();
    for (const sentence of why.sentences) assert.ok(text.includes(sentence), sentence);
  });
  await open("both.html", async (page) => {
    assert.deepEqual(await page.locator("h2").allTextContents(), ["What would it gain? lenet5 on default", "both"]);
  });
});

test("shares and amounts and layers of the heat map can be chosen", async () => {
  await open("one.html", async (page) => {
    const ends = () => page.evaluate(() => charts[0].data.labels.length + ":" + charts[0].scales.x.max);
    assert.equal(await ends(), "5:1"); // four layers and the total, shares
    await card(page, "Where the PE-cycles went").getByLabel("amount").check();
    assert.match(await ends(), /^4:\d{7,}$/); // a total beside its parts would shrink them
    await card(page, "Busy PEs").locator("select").selectOption({ label: "fc2" });
    assert.match(await card(page, "Busy PEs").locator("summary").textContent(), /fc2/);
  });
});

test("a legend button hides a class", async () => {
  await open("one.html", async (page) => {
    const button = card(page, "Where the PE-cycles went").getByRole("button", { name: "starved memory" });
    assert.equal(await button.getAttribute("aria-pressed"), "true");
    await button.focus();
    await page.keyboard.press("Enter");
    assert.equal(await button.getAttribute("aria-pressed"), "false");
    const visible = await page.evaluate(() =>
      charts[0].data.datasets.map((set, i) => [set.label, charts[0].isDatasetVisible(i)]),
    );
    assert.ok(visible.length > 4);
    for (const [label, seen] of visible) assert.equal(seen, label !== "starved memory", label);
  });
});

test("results side by side show what differs and ratios", async () => {
  await open("two.html", async (page) => {
    const rows = await card(page, "What differs").locator("tbody tr").allTextContents();
    assert.deepEqual(rows, ["intersect.skipbothweights"]);
    const [a, b] = ["both", "weights"].map(
      (name) => JSON.parse(fs.readFileSync(path.join(folder, name, "result.json"), "utf8")).total,
    );
    const total = async () => card(page, "Layer by layer").locator("tr.total td").allTextContents();
    const text = (value) => value.toLocaleString("en-US");
    // What more is slower of cycles and more of all else; the workload takes more of both with one-sided skipping.
    const times = (base, now, word) => `${(now / base).toFixed(2)}x ${word}`;
    assert.ok(b.cycles > 1.01 * a.cycles && b.energy_pj.total > 1.01 * a.energy_pj.total);
    assert.deepEqual(await total(), [text(a.cycles), `${text(b.cycles)} (${times(a.cycles, b.cycles, "slower")})`]);
    const energy = times(a.energy_pj.total, b.energy_pj.total, "more");
    assert.equal(
      await page.locator(".answer").textContent(),
      `weights: ${times(a.cycles, b.cycles, "slower")}, energy ${energy}, than bothfrom intersect.skip both → weights`,
    );
    await card(page, "Layer by layer").locator("select").selectOption("products executed");
    const products = (one) => one.pairs.executed + one.pairs.wasted;
    assert.deepEqual(await total(), [
      text(products(a)),
      `${text(products(b))} (${products(a) === products(b) ? "equal" : times(products(a), products(b), "more")})`,
    ]);
    await page.locator("h2:text-is('One result') + div select").first().selectOption({ label: "weights" });
    const cycles = await card(page, "Layers").locator("tr.total td").nth(1).textContent();
    assert.equal(cycles, text(b.cycles));
    for (const canvas of await canvases(page)) assert.ok(canvas.painted > 3000, canvas.title);
  });
});

test("arrow keys walk through a plot and say what they find", async () => {
  await open("one.html", async (page) => {
    const canvas = card(page, "Where the PE-cycles went").locator("canvas");
    await canvas.focus();
    await page.keyboard.press("ArrowDown");
    const spoken = page.locator("#spoken");
    assert.match(await spoken.textContent(), /^conv1, busy: 174,152/);
    await page.keyboard.press("ArrowDown");
    assert.match(await spoken.textContent(), /^conv2, busy/);
    await page.keyboard.press("ArrowRight");
    assert.match(await spoken.textContent(), /^conv2, bubble/);
    assert.equal(await page.evaluate(() => charts[0].tooltip.opacity), 1);
    await page.keyboard.press("Escape");
    assert.equal(await page.evaluate(() => charts[0].getActiveElements().length), 0);
    await card(page, "Busy PEs").locator("canvas").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    assert.match(await spoken.textContent(), /^PE \(1, 0\)/);
  });
});

test("everything one can use can be reached with the tabulator key", async () => {
  await open("one.html", async (page) => {
    const wanted = await page.evaluate(() => document.querySelectorAll("canvas").length);
    const reached = new Set();
    for (let i = 0; i < 120; ++i) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const node = document.activeElement;
        return node.tagName === "CANVAS" ? node.closest("section").getAttribute("aria-label") : null;
      });
      if (at) reached.add(at);
    }
    assert.equal(reached.size, wanted);
  });
});

/// The front by the definition: points that no other point of the same network beats or equals in both figures.
function frontOf(sweep, passes) {
  const { cycles, energy } = sweep.metrics;
  const points = [...cycles.keys()].filter(passes);
  return points.filter(
    (i) =>
      !points.some(
        (j) => cycles[j] <= cycles[i] && energy[j] <= energy[i] && (cycles[j] < cycles[i] || energy[j] < energy[i]),
      ),
  ).length;
}

test("10,000 points are under 10 MB and open in under 3 s", async () => {
  const bytes = fs.statSync(path.join(folder, "points.html")).size;
  assert.ok(bytes < 10e6, `${bytes} bytes`);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const begin = Date.now();
  await page.goto("file://" + path.join(folder, "points.html"));
  await page.waitForFunction(
    () => charts.length === 2 && charts.every((chart) => chart !== null && chart.data.datasets.length > 0),
  );
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))); // painted
  const milliseconds = Date.now() - begin;
  console.log(`10,000 points: ${bytes} bytes, open after ${milliseconds} ms`);
  assert.ok(milliseconds < 3000, `${milliseconds} ms`);
  await page.close();
});

test("a store of lacuna sweep becomes a page with its points", async () => {
  await open("store.html", async (page) => {
    assert.deepEqual(await page.locator("h2").allTextContents(), ["shapes", "both"]);
    assert.match(
      await card(page, "Pareto front").locator("p").first().textContent(),
      /^6 of 6 points, \d on the Pareto front/,
    );
    const filters = await page.locator("fieldset[data-parameter] legend").allTextContents();
    assert.deepEqual(filters, ["array.rows", "intersect.skip"]);
    await card(page, "Points").getByLabel("all that pass").check();
    const rows = await card(page, "Points").locator("tbody tr").allTextContents();
    assert.equal(rows.length, 6);
    const [front] = await page.evaluate(() => charts[0].data.datasets.map((set) => set.data.length));
    assert.equal(await card(page, "Where the PE-cycles of the front went").locator("tbody tr").count(), front);
    const result = JSON.parse(fs.readFileSync(path.join(folder, "both/result.json"), "utf8"));
    const same = rows.filter((row) => row.startsWith("16both" + result.total.cycles.toLocaleString("en-US")));
    assert.equal(same.length, 1);
    for (const canvas of await canvases(page)) assert.ok(canvas.painted > 3000, canvas.title);
  });
});

test("filters of a sweep choose points and the front is the front of what they leave", async () => {
  await open("points.html", async (page) => {
    const sweep = await page.evaluate(() => DATA.sweeps[0]);
    const parameter = (name) => sweep.parameters.find((p) => p.name === name);
    const value = (name, i) => parameter(name).values[parameter(name).index[i]];
    const summary = () => card(page, "Pareto front").locator("p").first().textContent();
    const shown = () => page.evaluate(() => charts[0].data.datasets.map((set) => set.data.length));
    const check = async (passes) => {
      const count = sweep.metrics.cycles.filter((_, i) => passes(i)).length;
      const front = frontOf(sweep, passes);
      assert.ok(
        (await summary()).startsWith(
          `${count.toLocaleString("en-US")} of 10,000 points, ${front} on the Pareto front.`,
        ),
        await summary(),
      );
      const [inFront, others] = await shown();
      assert.equal(inFront, front);
      assert.equal(inFront + others, count);
      assert.equal(await card(page, "Points").locator("tbody tr").count(), Math.min(front, 50));
    };
    const filters = await page
      .locator("fieldset[data-parameter]")
      .evaluateAll((all) => all.map((one) => one.dataset.parameter));
    const axes = ["array.rows", "array.columns", "intersect.chunk", "intersect.skip", "intersect.weights.fifo_depth", "network"];
    assert.deepEqual(filters, axes); // what follows from an axis has no filter
    const first = value("network", 0);
    await check((i) => value("network", i) === first);
    const skips = page.locator('fieldset[data-parameter="intersect.skip"]');
    await skips.getByLabel("both", { exact: true }).uncheck();
    await check((i) => value("network", i) === first && value("intersect.skip", i) !== "both");
    const depth = page.locator('fieldset[data-parameter="intersect.weights.fifo_depth"] input').first();
    await depth.fill("9");
    await depth.press("Enter");
    const narrowed = (i) => value("intersect.skip", i) !== "both" && Number(value("intersect.weights.fifo_depth", i)) >= 9;
    await check((i) => value("network", i) === first && narrowed(i));
    const other = parameter("network").values.find((name) => name !== first);
    await page.locator('fieldset[data-parameter="network"] select').selectOption({ label: other });
    await check((i) => value("network", i) === other && narrowed(i));
    while ((await skips.locator("input:checked").count()) > 0) await skips.locator("input:checked").first().uncheck();
    assert.ok((await summary()).startsWith("0 of 10,000 points, 0 on the Pareto front."));
  });
});

test("a point shows its configuration under the mouse and keeps it when it is chosen", async () => {
  await open("points.html", async (page) => {
    const canvas = card(page, "Pareto front").locator("canvas");
    await canvas.scrollIntoViewIfNeeded();
    const at = await page.evaluate(() => {
      const { x, y } = charts[0].getDatasetMeta(0).data[0];
      return { x, y };
    });
    await canvas.hover({ position: at });
    const lines = await page.evaluate(() => charts[0].tooltip.body.flatMap((part) => part.lines));
    assert.ok(
      lines.some((line) => /^array\.rows \d+$/.test(line)),
      lines.join("; "),
    );
    await canvas.click({ position: at });
    assert.match(
      await card(page, "Pareto front").locator("pre").textContent(),
      /--set array\.rows=\d+ --set array\.columns=\d+/,
    );
    await canvas.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    assert.match(await page.locator("#spoken").textContent(), /^Chosen: array\.rows \d+/);
  });
});

test("the PEs of a chosen point of a sweep are those of its run", async () => {
  await open("store.html", async (page) => {
    const map = card(page, "Busy PEs of a point");
    assert.match(await map.locator("p").first().textContent(), /^A point of the front: array\.rows \d+, intersect\.skip \w+\.$/);
    const seen = new Set();
    for (const without of ["", "both"]) {
      if (without) await page.locator('fieldset[data-parameter="intersect.skip"]').getByLabel(without).uncheck();
      await card(page, "Pareto front").locator("canvas").focus();
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("Enter");
      const sets = (await card(page, "Pareto front").locator("pre").textContent()).split(" ");
      seen.add(sets.join(" "));
      assert.equal(
        await map.locator("p").first().textContent(),
        `The chosen point: ${sets.filter((word) => word !== "--set").map((word) => word.replace("=", " ")).join(", ")}.`,
      );
      const [machine, workload] = ["configs/default.yaml", "workloads/lenet5"].map((name) => path.join(source, name));
      const run = JSON.parse(lacuna("run", machine, workload, "--format", "json", ...sets));
      for (const [label, layers] of [
        ["conv2", run.layers.filter((layer) => layer.name === "conv2")],
        ["all layers", run.layers],
      ]) {
        await map.locator("select").selectOption({ label });
        const busy = (r, c) => layers.reduce((sum, layer) => sum + layer.per_pe_busy[r][c], 0);
        const cycles = layers.reduce((sum, layer) => sum + layer.cycles, 0);
        const rows = await map.locator("tbody tr").evaluateAll((all) => all.map((row) => row.cells[2].textContent));
        assert.deepEqual(
          rows,
          run.layers[0].per_pe_busy.map((_, r) => ((100 * busy(r, 1)) / cycles).toFixed(1)),
        );
      }
    }
    assert.equal(seen.size, 2);
  });
});

test("a page says which points have no figures of their PEs", async () => {
  await open("points.html", async (page) => {
    const map = card(page, "Busy PEs of a point");
    assert.ok(await map.locator("canvas").isVisible());
    await page.locator('fieldset[data-parameter="intersect.weights.fifo_depth"] input').first().fill("9"); // beyond the first 800
    await card(page, "Pareto front").locator("canvas").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    assert.match(
      await map.locator("p").first().textContent(),
      /^The chosen point: .*\. This page has the PEs of 800 of 10,000 points, .* this is none of them\./,
    );
    assert.ok(!(await map.locator("canvas").isVisible()));
  });
  await open("strange.html", async (page) => {
    const about = card(page, "Busy PEs of a point").locator("p.about").first();
    assert.equal(await about.textContent(), "This store has no figures of single PEs.");
  });
});

test("axes, colours, sorting and pages of the points", async () => {
  await open("points.html", async (page) => {
    const selects = card(page, "Pareto front").locator("header select");
    await selects.nth(1).selectOption("area");
    assert.equal(await page.evaluate(() => charts[0].scales.y.options.title.text), "area, mm²");
    await selects.nth(2).selectOption("array.rows");
    assert.match(await card(page, "Pareto front").locator(".legend").textContent(), /array\.rows 64/);
    const points = card(page, "Points");
    await points.getByLabel("all that pass").check();
    assert.equal(await points.locator("tbody tr").count(), 50);
    assert.match(await points.locator(".pages").textContent(), /page 1 of 100/);
    await points.getByRole("button", { name: "On" }).click();
    assert.match(await points.locator(".pages").textContent(), /page 2 of 100/);
    await points.getByRole("button", { name: "energy", exact: true }).click();
    const column = (await points.locator("thead th").allTextContents()).findIndex((text) =>
      text.startsWith("energy ▲"),
    );
    const sorted = (await points.locator(`tbody tr > :nth-child(${column + 1})`).allTextContents()).map(parseFloat);
    assert.deepEqual(
      sorted,
      [...sorted].sort((a, b) => a - b),
    );
  });
});

test("names that look like markup are shown as they are and do nothing", async () => {
  for (const width of [1280, 360]) {
    await open(
      "strange.html",
      async (page) => {
        assert.equal(await page.evaluate(() => window.injected), undefined);
        assert.equal(await page.locator("img").count(), 0);
        const scripts = await page.locator("script").count();
        const own = fs.readFileSync(path.join(folder, "one.html"), "utf8").split("<script").length - 1;
        assert.equal(scripts, own);
        const heads = await page.locator("h2").allTextContents();
        assert.ok(heads[0].startsWith("</script><script>window.injected=1</script><img src=x"), heads[0]);
        const layers = await card(page, "Layers").locator("tbody th").allTextContents();
        assert.equal(layers[2], "__proto__");
        assert.ok(layers[1].endsWith("x".repeat(3000)));
        for (const canvas of await canvases(page)) assert.ok(canvas.painted > 1000, canvas.title);
        const canvas = card(page, "Pareto front").locator("canvas");
        await canvas.focus();
        await page.keyboard.press("ArrowRight");
        await page.keyboard.press("Enter");
        assert.match(await card(page, "Pareto front").locator("pre").textContent(), /<img src=x/);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true);
        assert.equal(await page.evaluate(() => window.injected), undefined);
      },
      { width },
    );
  }
});

test("a result given twice and a result without layers make pages", async () => {
  await open("twins.html", async (page) => {
    assert.match(await card(page, "What differs").textContent(), /Nothing: the same/);
    assert.match(await card(page, "Layer by layer").locator("thead").textContent(), /a \(1\)a \(2\)/);
  });
  await open("empty.html", async (page) => {
    assert.match(await page.locator("h1").textContent(), /nothing/);
  });
});

test("nothing is wider than the window from 360 px on", async () => {
  for (const name of ["one.html", "two.html", "points.html", "strange.html", "empty.html"])
    await open(
      name,
      async (page) => {
        for (const width of [360, 600, 1000, 1920]) {
          await page.setViewportSize({ width, height: 900 });
          await page.waitForTimeout(100);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(wide <= width, `${name} at ${width} px is ${wide} px wide`);
        }
      },
      { width: 360 },
    );
});

test("plots keep to a window that changes its width", async () => {
  await open("one.html", async (page) => {
    await page.setViewportSize({ width: 360, height: 800 });
    await page.waitForTimeout(300);
    const widest = await page.evaluate(() =>
      Math.max(...[...document.querySelectorAll("canvas")].map((canvas) => canvas.getBoundingClientRect().right)),
    );
    assert.ok(widest <= 360, `a plot ends at ${widest} px`);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360);
  });
});

test("a dark screen has light text in its plots and paper has dark text", async () => {
  await open(
    "one.html",
    async (page) => {
      // Of the text of the axes; redrawn in the frame after the change.
      const becomes = (low, high) =>
        page.waitForFunction(
          ([least, most]) => {
            const hex = charts[0].scales.y.options.ticks.color.slice(1);
            const parts =
              hex.length === 3
                ? [...hex].map((d) => 17 * parseInt(d, 16))
                : hex.match(/../g).map((d) => parseInt(d, 16));
            const mean = parts.reduce((x, y) => x + y) / 3;
            return least <= mean && mean <= most;
          },
          [low, high],
          { timeout: 3000 },
        );
      await becomes(180, 255);
      await page.emulateMedia({ colorScheme: "light" });
      await becomes(0, 80);
      await page.emulateMedia({ colorScheme: "dark" });
      await becomes(180, 255);
      await page.emulateMedia({ media: "print" });
      await becomes(0, 20);
      await page.setViewportSize({ width: 718, height: 1000 }); // the text of a page of A4
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= 718, `${wide} px on paper`);
      const pdf = await page.pdf({ format: "A4" });
      assert.ok(pdf.length > 30000, `${pdf.length} bytes of PDF`);
    },
    { colorScheme: "dark" },
  );
});
