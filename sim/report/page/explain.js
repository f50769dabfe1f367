// What lifting each limit of a machine would gain: sentences, a bar a limit, and the settings that lift it.
"use strict";

const sumOf = (values) => values.reduce((sum, one) => sum + one, 0);

const KIND_COLOURS = { run: "#0072B2", at_most: "#E69F00", share: "#8C939C" };

/// Runs first, those that win most in front; then what is no run.
function rowsInOrder(explanation) {
  const kinds = DATA.words.explanation_kinds.map(([word]) => word);
  return explanation.rows
    .map((row) => ({ ...row, all: sumOf(row.won), place: kinds.indexOf(row.kind) }))
    .sort((a, b) => a.place - b.place || b.all - a.all);
}

/// The layer in which most is won, "–" where none wins.
function mostIn(explanation, won) {
  const most = Math.max(0, ...won);
  return most === 0 ? "–" : explanation.layers[won.indexOf(most)];
}

function gainsPlot(explanation, rows) {
  return plot(
    "Cycles won without each limit",
    () => 70 + 26 * rows.length,
    () => ({
      type: "bar",
      data: {
        labels: rows.map((row) => spoken(row.limit)),
        datasets: DATA.words.explanation_kinds.map(([word, sentence]) => ({
          label: spoken(word),
          about: sentence,
          data: rows.map((row) => (row.kind === word ? row.all / (explanation.cycles || 1) : null)),
          backgroundColor: KIND_COLOURS[word],
          maxBarThickness: 18,
          grouped: false,
        })),
      },
      options: {
        indexAxis: "y",
        interaction: { mode: "nearest", intersect: true },
        scales: {
          x: axis("cycles won", { ticks: { callback: (v) => percent(v, 0), maxRotation: 0 } }),
          y: axis("", { ticks: { color: cssColour("ink"), autoSkip: false }, grid: { display: false } }),
        },
        plugins: {
          tooltip: {
            callbacks: {
              label: (item) => {
                const row = rows[item.dataIndex];
                return [`${item.dataset.label}: ${count(row.all)} cycles, ${percent(item.raw)}`, row.sentence];
              },
            },
          },
        },
      },
    }),
  );
}

function explanationSection(explanation) {
  const rows = rowsInOrder(explanation);
  return el(
    "div",
    {},
    el("p", { class: "about" }, `${explanation.workload}: ${explanation.source}`),
    explanation.sentences.map((sentence) => el("p", {}, sentence)),
    el(
      "div",
      { class: "cards" },
      card(
        "What lifting a limit would gain",
        `Of ${count(explanation.cycles)} cycles on ${explanation.machine}. Gains overlap and do not add up.`,
        { wide: true },
        gainsPlot(explanation, rows).node,
        foldedTable(
          "cycles won without each limit",
          [
            { head: "limit", long: true },
            { head: "kind" },
            { head: "won" },
            { head: "of all" },
            { head: "most in", long: true },
            { head: "settings that lift it", long: true },
          ],
          rows.map((row) => [
            spoken(row.limit),
            spoken(row.kind),
            count(row.all),
            percent(row.all / (explanation.cycles || 1)),
            mostIn(explanation, row.won),
            row.settings.join(" ") || "–",
          ]),
        ),
        el(
          "ul",
          { class: "notes" },
          DATA.words.explanation_kinds.map(([word, sentence]) => el("li", {}, `${spoken(word)}: ${sentence}`)),
        ),
      ),
      card(
        "Explained",
        "Everything needed to explain this again.",
        {},
        table(
          "Explained",
          [{ head: "what" }, { head: "value", long: true }],
          [
            ["machine", explanation.machine],
            ["configuration hash", explanation.config_hash],
            ["workload", explanation.workload],
            ["workload hash", explanation.workload_hash],
            ["program", "lacuna " + explanation.version],
            ["file", explanation.file],
          ],
          { words: true },
        ),
      ),
    ),
  );
}
