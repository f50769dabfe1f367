// Every point of a design space by two figures, the front through them, and the point someone chose.
"use strict";

/// The colour of a point: by the value of the chosen parameter.
function colouring(view) {
  const parameter = view.axes.find((p) => p.name === view.colour);
  if (!parameter) return { of: () => "#0072B2", key: [] };
  if (parameter.values.length <= OKABE_ITO.length)
    return {
      of: (i) => OKABE_ITO[parameter.index[i]],
      key: parameter.values.map((value, at) => [`${parameter.name} ${value}`, OKABE_ITO[at]]),
    };
  const last = parameter.values.length - 1;
  return {
    of: (i) => cividis(parameter.index[i] / last),
    key: [
      [`${parameter.name} ${parameter.values[0]}`, cividis(0)],
      [`${parameter.values[last]}`, cividis(1)],
    ],
  };
}

function paretoCard(view) {
  const keys = el("ul", { class: "legend" });
  const summary = el("p", { class: "about", "aria-live": "polite" });
  const chosen = el("div");
  const logarithmic = (metric, indices) => {
    let least = Infinity,
      most = 0;
    for (const i of indices) {
      least = Math.min(least, metric.of(i));
      most = Math.max(most, metric.of(i));
    }
    return least > 0 && most / least > 20;
  };
  const drawing = plot(
    "Design space",
    () => Math.min(520, Math.max(320, window.innerHeight * 0.6)),
    () => {
      const x = view.metrics.get(view.x),
        y = view.metrics.get(view.y),
        colours = colouring(view);
      const at = (i) => ({ i, x: x.of(i), y: y.of(i) });
      const inFront = new Set(view.front);
      const others = view.passing.filter((i) => !inFront.has(i));
      const many = others.length > 2000;
      keys.replaceChildren(
        ...[["Pareto front", "front"], ...colours.key].map(([text, colour]) => {
          const swatch = el("span", { class: "swatch" });
          swatch.style.background = colour === "front" ? cssColour("ink") : colour;
          return el("li", { class: "soft" }, swatch, " " + cut(text, 40));
        }),
      );
      const scale = (metric) => {
        const log = logarithmic(metric, view.passing);
        return {
          type: log ? "logarithmic" : "linear",
          ticks: { callback: (v) => (log && !powerTick(v) ? "" : metric.tick(v)), maxRotation: 0 },
        };
      };
      return {
        type: "scatter",
        data: {
          datasets: [
            {
              label: "front",
              data: view.front.map(at),
              type: "line",
              stepped: "before",
              borderColor: cssColour("ink"),
              borderWidth: 1.5,
              pointRadius: 5,
              pointHoverRadius: 8,
              walked: true,
              pointBackgroundColor: view.front.map(colours.of),
              pointBorderColor: cssColour("ink"),
              pointBorderWidth: 1.5,
              fill: false,
            },
            {
              label: "points",
              data: others.map(at),
              pointRadius: many ? 2 : 3,
              pointHoverRadius: 6,
              pointBackgroundColor: others.map((i) => colours.of(i)),
              pointBorderWidth: 0,
              walked: false,
            },
          ],
        },
        options: {
          parsing: false,
          normalized: true,
          interaction: { mode: "nearest", intersect: true },
          onClick: (event, elements) => {
            if (elements.length > 0) pin(elements[0]);
          },
          scales: { x: axis(x.axis, scale(x)), y: axis(y.axis, scale(y)) },
          plugins: {
            tooltip: {
              displayColors: false,
              callbacks: {
                title: (items) => `${view.x} ${x.text(items[0].raw.x)}, ${view.y} ${y.text(items[0].raw.y)}`,
                label: (item) => view.describe(item.raw.i).map((line) => cut(line, 60)),
              },
              filter: (item, at) => at === 0,
            },
          },
        },
      };
    },
    {
      legend: false,
      walk: (chart, event) => {
        if (event.key === "Enter" && chart.getActiveElements().length > 0) pin(chart.getActiveElements()[0]);
        else walkPoints(chart, event);
      },
    },
  );
  function pin({ datasetIndex, index }) {
    const i = drawing.chart().data.datasets[datasetIndex].data[index].i;
    const sets = view.sweep.parameters
      .filter((p) => p.name.includes(".") || p.name === "clock_mhz")
      .map((p) => `--set ${p.name}=${valueAt(p, i)}`)
      .join(" ");
    const rows = [...view.metrics].map(([name, metric]) => [name, metric.text(metric.of(i))]);
    for (const p of view.sweep.parameters) rows.push([p.name, valueAt(p, i)]);
    for (const [name, value] of view.sweep.common) rows.push([name, value]);
    chosen.replaceChildren(
      el(
        "details",
        { open: true },
        el("summary", {}, "The chosen point"),
        el("pre", {}, sets || "(nothing varied)"),
        table("The chosen point", [{ head: "" }, { head: "value", long: true }], rows, { words: true }),
      ),
    );
    say("Chosen: " + view.describe(i).join(", "));
    view.choose(i);
  }
  view.listeners.push(() => {
    summarise();
    drawing.redraw();
  });
  const summarise = () => {
    summary.textContent = `${count(view.passing.length)} of ${count(view.sweep.count)} points, ${count(view.front.length)} on the Pareto front. Click a point, or choose it with the arrow keys and Enter, to see its whole configuration.`;
  };
  summarise();
  const metricChoice = (title, which) =>
    choice(
      title,
      [...view.metrics.keys()].map((name) => [name, name]),
      view[which],
      (name) => view.set({ [which]: name }),
    );
  const colours = choice("Colour", [["", "none"], ...view.axes.map((p) => [p.name, p.name])], view.colour, (name) =>
    view.set({ colour: name }),
  );
  return card(
    "Pareto front",
    null,
    { controls: [el("div", { class: "choices" }, metricChoice("Across", "x"), metricChoice("Up", "y"), colours)] },
    summary,
    keys,
    drawing.node,
    chosen,
  );
}
