// One result at a glance: what ran, the main figures, the configuration, and every note a reader must know.
"use strict";

function figure(name, value, below) {
  return el("div", { class: "figure" }, el("dt", {}, name), el("dd", {}, value, below ? el("small", {}, below) : null));
}

/// The sum over layers of cycles divided by their images: a network with one batch size has one figure.
function perInference(result, value) {
  return result.layers.reduce((sum, layer) => sum + value(layer) / layer.images, 0);
}

/// The class with the most PE-cycles that are not busy.
function largestLoss(result) {
  const [word, cycles] = Object.entries(result.total.pe_cycles)
    .filter(([name]) => name !== "busy")
    .reduce((most, one) => (one[1] > most[1] ? one : most), ["", 0]);
  if (!cycles) return null;
  const sentence = Object.fromEntries(DATA.words.pe_classes)[word];
  return figure(
    "largest loss",
    percent(cycles / (result.machine.pes * result.total.cycles)),
    `${spoken(word)}: ${sentence}`,
  );
}

/// The folder of a result stands alone: its configuration runs as it is.
function commandOf(result) {
  const folder = result.file.replace(/[^/]*$/, "");
  const engine = result.engine === "fast" ? "" : ` --engine ${result.engine}`;
  return `lacuna run ${folder}config.yaml WORKLOAD${engine}    # ${result.workload}, hash ${result.workload_hash}`;
}

function overview(result) {
  const { total, machine } = result;
  const seconds = total.cycles / (machine.clock_mhz * 1e6);
  const peCycles = machine.pes * total.cycles;
  const verified = result.layers.length > 0 && result.layers.every((layer) => layer.verified);
  const images = Math.max(1, ...result.layers.map((layer) => layer.images));
  const figures = el(
    "dl",
    { class: "figures" },
    figure(
      "cycles",
      count(total.cycles),
      images > 1 ? `${count(perInference(result, (l) => l.cycles))} an inference` : null,
    ),
    figure("time", timeText(seconds), `at ${count(machine.clock_mhz)} MHz`),
    figure(
      "energy",
      energyText(total.energy_total, result.energy_unit),
      images > 1
        ? `${energyText(
            perInference(result, (l) => l.energy_total),
            result.energy_unit,
          )} an inference`
        : null,
    ),
    figure("busy PE-cycles", percent(total.pe_cycles.busy / peCycles), `of ${machine.rows} x ${machine.columns} PEs`),
    largestLoss(result),
    figure("throughput", rateText((2 * total.pairs.dense) / Math.max(seconds, 1e-12)), "dense pairs, skipped ones too"),
    figure("DRAM traffic", bytesText(total.traffic_bytes.dram_read + total.traffic_bytes.dram_write)),
    figure(
      "outputs",
      el("span", { class: verified ? "good" : "bad" }, verified ? "✓ verified" : "! not verified"),
      "against a plain convolution",
    ),
  );
  return el("div", {}, el("p", { class: "about" }, `${result.workload}: ${result.source}`), figures);
}

function settingsCard(result) {
  const rows = [
    ...result.config,
    ["energy table", `${result.energy_table} (${result.energy_hash})`],
    ["engine", result.engine],
    ["program", "lacuna " + result.version],
    ["configuration hash", result.config_hash],
    ["workload hash", result.workload_hash],
    ["file", result.file],
  ];
  return card(
    "Configuration",
    "Everything needed to run this again.",
    {},
    el("pre", {}, commandOf(result)),
    el(
      "details",
      {},
      el("summary", {}, `${rows.length} settings`),
      table("Configuration", [{ head: "setting" }, { head: "value", long: true }], rows, { words: true }),
    ),
  );
}

function notesCard(result) {
  const said = new Map();
  for (const layer of result.layers)
    for (const note of layer.notes) said.set(note, [...(said.get(note) || []), layer.name]);
  if (said.size === 0) return null;
  const list = el(
    "ul",
    { class: "notes" },
    [...said].map(([note, layers]) => {
      const names =
        layers.length > 6 ? `${layers.slice(0, 5).join(", ")} and ${layers.length - 5} more` : layers.join(", ");
      return el("li", {}, layers.length === result.layers.length ? note : `${names}: ${note}`);
    }),
  );
  const few = said.size <= 8;
  return card("Notes", null, {}, few ? list : el("details", {}, el("summary", {}, `${said.size} notes`), list));
}

function layersCard(result) {
  const ghz = result.machine.clock_mhz / 1000;
  const rows = [...result.layers, ...(result.layers.length > 1 ? [result.total] : [])].map((layer) => [
    layer.name,
    layer.op,
    count(layer.cycles),
    timeText(layer.cycles / ghz / 1e9),
    count(layer.pairs.dense),
    percent(layer.pairs.executed / (layer.pairs.dense || 1)),
    percent(layer.pe_cycles.busy / (result.machine.pes * layer.cycles || 1)),
    energyText(layer.energy_total, result.energy_unit),
    bytesText(layer.traffic_bytes.dram_read + layer.traffic_bytes.dram_write),
  ]);
  return card(
    "Layers",
    null,
    { wide: true },
    table(
      "Figures of every layer",
      [
        { head: "layer", long: true },
        { head: "kind" },
        { head: "cycles" },
        { head: "time" },
        { head: "dense pairs" },
        { head: "executed" },
        { head: "busy" },
        { head: "energy" },
        { head: "DRAM" },
      ],
      rows,
      { total: result.layers.length > 1 },
    ),
  );
}

/// All cards of one result.
function resultSection(result) {
  return el(
    "div",
    {},
    overview(result),
    el(
      "div",
      { class: "cards" },
      cyclesCard(result),
      energyCard(result),
      pairsCard(result),
      trafficCard(result),
      rooflineCard(result),
      heatmapCard(result),
      layersCard(result),
      notesCard(result),
      settingsCard(result),
    ),
  );
}
