// Where did it go? Bars a layer long, cut by class: PE-cycles, energy, pairs.
"use strict";

/// `group`: key of the object in a layer; `words`: [[word, sentence]]; `whole(layer)`: what the classes sum to.
/// Classes nobody is in are left out.
function breakdownCard(
  result,
  { title, sentence, group, words, text, tick = short, unit, share, totalRow = true, head = "layer" },
) {
  const used = words.filter(([word]) => result.total[group][word] > 0);
  const hasTotal = totalRow && result.layers.length > 1;
  const rows = hasTotal ? [...result.layers, result.total] : result.layers;
  let shares = share;
  const sum = (layer) => used.reduce((all, [word]) => all + layer[group][word], 0);
  const value = (layer, word) => (shares ? layer[group][word] / (sum(layer) || 1) : layer[group][word]);

  const drawn = () => (shares ? rows : result.layers); // a total beside its parts would only shrink them
  const bars = plot(
    title,
    () => 70 + (drawn().length > 20 ? 18 : 26) * drawn().length,
    () => ({
      type: "bar",
      data: {
        labels: drawn().map((layer) => layer.name),
        datasets: used.map(([word, about], i) => ({
          label: spoken(word),
          about,
          data: drawn().map((layer) => value(layer, word)),
          backgroundColor: colourOf(word, i),
          borderColor: cssColour("card"),
          borderWidth: { right: 1 },
          borderSkipped: false,
          maxBarThickness: 24,
        })),
      },
      options: {
        indexAxis: "y",
        interaction: { mode: "nearest", intersect: true },
        scales: {
          x: axis(shares ? "" : unit, {
            stacked: true,
            max: shares ? 1 : undefined,
            ticks: { callback: (v) => (shares ? percent(v, 0) : tick(v)), maxRotation: 0 },
          }),
          y: axis("", {
            stacked: true,
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
              title: (items) => cut(items[0].label, 60),
              label: (item) => {
                const layer = drawn()[item.dataIndex],
                  word = used[item.datasetIndex][0];
                return `${spoken(word)}: ${text(layer[group][word])} (${percent(layer[group][word] / (sum(layer) || 1))})`;
              },
            },
          },
        },
      },
    }),
  );
  const show = radios(
    "Show",
    [
      ["share", "share"],
      ["amount", "amount"],
    ],
    shares ? "share" : "amount",
    (chosen) => {
      shares = chosen === "share";
      bars.redraw();
    },
  );
  const columns = [
    { head, long: true },
    ...used.map(([word, about]) => ({ head: spoken(word), title: about })),
    { head: "sum" },
  ];
  const cells = rows.map((layer) => [
    layer.name,
    ...used.map(([word]) => `${text(layer[group][word])} (${percent(layer[group][word] / (sum(layer) || 1), 1)})`),
    text(sum(layer)),
  ]);
  return card(
    title,
    sentence,
    { controls: [show] },
    bars.node,
    foldedTable(`${title}, ${unit}`, columns, cells, { total: hasTotal }),
  );
}

function cyclesCard(result) {
  return breakdownCard(result, {
    title: "Where the PE-cycles went",
    group: "pe_cycles",
    words: DATA.words.pe_classes,
    text: count,
    unit: "PE-cycles",
    share: true,
    sentence: "Every cycle of every PE is in exactly one class.",
  });
}

function energyCard(result) {
  return breakdownCard(result, {
    title: "Where the energy went",
    group: "energy",
    words: DATA.words.components,
    unit: "energy",
    share: false,
    tick: (value) => energyTick(value, result.energy_unit),
    text: (value) => energyText(value, result.energy_unit),
    sentence: `Events times the table ${result.energy_table}. Trust ratios more than joules.`,
  });
}

function pairsCard(result) {
  return breakdownCard(result, {
    title: "Pairs by class",
    group: "pairs",
    words: DATA.words.pair_classes,
    text: count,
    unit: "pairs",
    share: true,
    sentence: "Every pair (weight, activation) of the dense layer ends in exactly one class.",
  });
}

function trafficCard(result) {
  return breakdownCard(result, {
    title: "Bytes moved",
    group: "traffic_bytes",
    words: DATA.words.traffic,
    text: bytesText,
    unit: "bytes",
    share: false,
    tick: (value) => short(value) + (value < 1000 ? " B" : "B"),
    sentence: "Bytes in the formats in which tensors are stored, metadata included.",
  });
}
