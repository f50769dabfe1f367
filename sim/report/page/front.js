// The points of the front: where their PE-cycles went.
"use strict";

const FRONT_BARS = 30; // more bars than this say nothing

/// Where the cycles of the points on the front went: one bar a point, from left to right on the front.
function frontCard(view) {
  const classes = DATA.words.pe_classes.filter(([word]) => view.sweep.pe_cycles[word].some((v) => v > 0));
  const shown = () => {
    const step = Math.max(1, view.front.length / FRONT_BARS);
    return Array.from({ length: Math.min(view.front.length, FRONT_BARS) }, (_, k) => view.front[Math.floor(k * step)]);
  };
  const whole = (i) => classes.reduce((sum, [word]) => sum + view.sweep.pe_cycles[word][i], 0) || 1;
  // A bar is named by what differs within the front.
  const naming = () => view.axes.filter((p) => new Set(view.front.map((i) => p.index[i])).size > 1);
  const nameOf = (names) => (i) => names.map((p) => valueAt(p, i)).join(" · ") || "the only point";
  const sentence = el("span");
  const figures = el("div");
  function explain() {
    const points = shown(),
      names = naming();
    const which =
      points.length < view.front.length ? `${points.length} of the ${view.front.length} points` : "The points";
    const by = names.length > 0 ? `, named by ${names.map((p) => p.name).join(" · ")}` : "";
    sentence.textContent = `${which} of the front from left to right${by}.`;
    figures.replaceChildren(
      foldedTable(
        "PE-cycles of the front",
        [
          { head: "point", long: true },
          ...classes.map(([word, about]) => ({ head: spoken(word), title: about })),
          { head: "PE-cycles" },
        ],
        points.map((i) => [
          nameOf(names)(i),
          ...classes.map(([word]) => percent(view.sweep.pe_cycles[word][i] / whole(i))),
          count(whole(i)),
        ]),
      ),
    );
  }
  explain();
  const bars = plot(
    "Where the PE-cycles of the front went",
    () => 70 + 22 * shown().length,
    () => {
      const points = shown();
      return {
        type: "bar",
        data: {
          labels: points.map(nameOf(naming())),
          datasets: classes.map(([word, about], k) => ({
            label: spoken(word),
            about,
            data: points.map((i) => view.sweep.pe_cycles[word][i] / whole(i)),
            backgroundColor: colourOf(word, k),
            borderColor: cssColour("card"),
            borderWidth: { right: 1 },
            borderSkipped: false,
          })),
        },
        options: {
          indexAxis: "y",
          interaction: { mode: "nearest", intersect: true },
          scales: {
            x: axis("", { stacked: true, max: 1, ticks: { callback: (v) => percent(v, 0), maxRotation: 0 } }),
            y: axis("", {
              stacked: true,
              ticks: {
                color: cssColour("ink"),
                autoSkip: false,
                callback(v) {
                  return cut(this.getLabelForValue(v), window.innerWidth < 700 ? 18 : 34);
                },
              },
              grid: { display: false },
            }),
          },
          plugins: {
            tooltip: {
              callbacks: {
                title: (items) => view.describe(points[items[0].dataIndex]).map((line) => cut(line, 60)),
                label: (item) => `${item.dataset.label}: ${percent(item.raw)}`,
              },
            },
          },
        },
      };
    },
  );
  view.listeners.push(() => {
    explain();
    bars.redraw();
  });
  return card("Where the PE-cycles of the front went", sentence, {}, bars.node, figures);
}
