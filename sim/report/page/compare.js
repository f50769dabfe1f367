// Several results side by side: what differs in the configuration, then layer by layer against the first one.
"use strict";

function metricsOf(results) {
  const unit = results[0].energy_unit;
  const list = [
    ["cycles", { text: count, value: (layer) => layer.cycles, less: "faster", more: "slower" }],
    [
      "DRAM bytes",
      { text: bytesText, value: (layer) => layer.traffic_bytes.dram_read + layer.traffic_bytes.dram_write },
    ],
    ["products executed", { text: count, value: (layer) => layer.pairs.executed + layer.pairs.wasted }],
    ["busy PE-cycles", { text: count, value: (layer) => layer.pe_cycles.busy }],
  ];
  if (results.every((result) => result.energy_unit === unit))
    list.splice(1, 0, ["energy", { text: (v) => energyText(v, unit), value: (layer) => layer.energy_total }]);
  return new Map(list);
}

function differencesCard(results) {
  const names = [...new Set(results.flatMap((result) => result.config.map(([name]) => name)))];
  const settings = names.map((name) => [
    name,
    ...results.map((result) => (result.config.find(([n]) => n === name) || ["", "–"])[1]),
  ]);
  for (const [name, key] of [
    ["engine", "engine"],
    ["energy table", "energy_hash"],
    ["workload", "workload"],
    ["workload hash", "workload_hash"],
    ["program", "version"],
  ])
    settings.push([name, ...results.map((result) => result[key])]);
  const differing = settings.filter(([, ...values]) => new Set(values).size > 1);
  return card(
    "What differs",
    null,
    { wide: true },
    differing.length === 0
      ? el("p", {}, "Nothing: the same configuration, workload, engine and version.")
      : table(
          "Settings that differ",
          [{ head: "setting" }, ...results.map((result) => ({ head: result.label, title: result.file, long: true }))],
          differing,
          { words: true },
        ),
  );
}

function comparisonCard(results) {
  const metrics = metricsOf(results);
  let metric = "cycles";
  const names = [...new Set(results.flatMap((result) => result.layers.map((layer) => layer.name)))];
  const layerOf = (result, name) => result.layers.find((layer) => layer.name === name);
  const value = (result, name) => {
    const layer = name === "total" ? result.total : layerOf(result, name);
    return layer ? metrics.get(metric).value(layer) : null;
  };
  const bars = plot(
    "Results side by side",
    () => 70 + names.length * (14 + 14 * results.length),
    () => ({
      type: "bar",
      data: {
        labels: names,
        datasets: results.map((result, i) => ({
          label: result.label,
          about: result.file,
          data: names.map((name) => value(result, name)),
          backgroundColor: i < OKABE_ITO.length ? OKABE_ITO[i] : "#8C939C",
          maxBarThickness: 18,
        })),
      },
      options: {
        indexAxis: "y",
        interaction: { mode: "nearest", intersect: true },
        scales: {
          x: axis(metric, { beginAtZero: true, ticks: { callback: short, maxRotation: 0 } }),
          y: axis("", {
            ticks: {
              color: cssColour("ink"),
              autoSkip: false,
              callback(v) {
                return cut(this.getLabelForValue(v), 18);
              },
            },
            grid: { display: false },
          }),
        },
        plugins: {
          tooltip: {
            callbacks: {
              label: (item) => {
                const base = value(results[0], item.label);
                const { text, less, more } = metrics.get(metric);
                const times =
                  base > 0 && item.datasetIndex > 0
                    ? `, ${timesText(base, item.raw, less, more)} than ${cut(results[0].label, 24)}`
                    : "";
                return `${cut(item.dataset.label, 30)}: ${text(item.raw)}${times}`;
              },
            },
          },
        },
      },
    }),
  );
  const figures = el("div");
  function fill() {
    const cell = (result, name) => {
      const now = value(result, name),
        base = value(results[0], name);
      if (now === null) return "–";
      const { text, less, more } = metrics.get(metric);
      return result === results[0] || !base ? text(now) : `${text(now)} (${timesText(base, now, less, more)})`;
    };
    figures.replaceChildren(
      foldedTable(
        `${metric}, beside ${results[0].label}`,
        [
          { head: "layer", long: true },
          ...results.map((result) => ({ head: result.label, title: result.file, long: true })),
        ],
        [...names, "total"].map((name) => [name, ...results.map((result) => cell(result, name))]),
        { total: true },
      ),
    );
  }
  fill();
  const picker = choice(
    "Figure",
    [...metrics.keys()].map((name) => [name, name]),
    metric,
    (chosen) => {
      metric = chosen;
      bars.redraw();
      fill();
    },
  );
  return card(
    "Layer by layer",
    `Each result beside the first one, ${results[0].label}.`,
    { controls: [picker], wide: true },
    bars.node,
    figures,
  );
}

/// One bar a result, cut by the classes of its PE-cycles or the components of its energy.
function totalsCard(results, group, words, more) {
  // Machines of two families do not have the same components.
  const all = (values) => Object.fromEntries(words.map(([word]) => [word, values[word] ?? 0]));
  const bars = results.map((result) => ({ ...result.total, name: result.label, [group]: all(result.total[group]) }));
  const sums = Object.fromEntries(words.map(([word]) => [word, bars.reduce((sum, one) => sum + one[group][word], 0)]));
  return breakdownCard(
    { layers: bars, total: { [group]: sums } },
    {
      group,
      words,
      share: false,
      sentence: "All layers of each result together.",
      totalRow: false,
      head: "result",
      ...more,
    },
  );
}

function totalsCards(results) {
  const unit = results[0].energy_unit;
  const cards = [
    totalsCard(results, "pe_cycles", DATA.words.pe_classes, {
      title: "PE-cycles by result",
      unit: "PE-cycles",
      text: count,
    }),
  ];
  if (results.every((result) => result.energy_unit === unit))
    cards.push(
      totalsCard(results, "energy", DATA.words.components, {
        title: "Energy by result",
        unit: "energy",
        text: (value) => energyText(value, unit),
        tick: (value) => energyTick(value, unit),
      }),
    );
  return cards;
}

/// What one asks first: how much faster, how much less energy, and from what.
function answers(results) {
  const [base, ...others] = results;
  return others.map((now) => {
    const words = [`${now.label}: ${timesText(base.total.cycles, now.total.cycles, "faster", "slower")}`];
    if (base.energy_unit === now.energy_unit)
      words.push(`energy ${timesText(base.total.energy_total, now.total.energy_total)}`);
    const before = new Map(base.config);
    const changed = now.config.filter(([name, value]) => before.get(name) !== value);
    const cause =
      changed.length === 0 || changed.length > 3
        ? `${changed.length || "no"} settings differ`
        : `from ${changed.map(([name, value]) => `${name} ${before.get(name) ?? "–"} → ${value}`).join(", ")}`;
    return el("p", { class: "answer" }, `${words.join(", ")}, than ${base.label}`, el("small", {}, cause));
  });
}

function comparisonSection(results) {
  const warnings = [];
  if (new Set(results.map((result) => result.workload_hash)).size > 1)
    warnings.push("The workloads differ: layers of the same name are set side by side.");
  if (new Set(results.map((result) => result.energy_unit)).size > 1)
    warnings.push("Energies are in different units and are not compared.");
  return el(
    "div",
    {},
    warnings.map((text) => el("p", { class: "bad" }, text)),
    answers(results),
    el("div", { class: "cards" }, differencesCard(results), comparisonCard(results), totalsCards(results)),
  );
}
