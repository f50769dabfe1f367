// A design space: every point by two figures, filters for what was varied, the Pareto front, and the points behind it.
"use strict";

const FRONT_BARS = 30;    // more bars than this say nothing
const ROWS_A_PAGE = 50;
const MOST_BOXES = 16;    // parameters with more values are filtered by a range

/// Figures to be small; a sweep has those its points have.
function sweepMetrics(sweep) {
  const m = sweep.metrics;
  const list = [
    ["cycles", { of: (i) => m.cycles[i], text: count, axis: "cycles" }],
    ["energy", { of: (i) => m.energy[i], text: (v) => energyText(v, sweep.energy_unit), axis: "energy, " + sweep.energy_unit }],
    ["time", { of: (i) => m.seconds[i] * 1e6, text: (v) => timeText(v / 1e6), axis: "time, µs" }],
    ["energy x delay", { of: (i) => m.energy[i] * m.seconds[i], text: short, axis: `energy x delay, ${sweep.energy_unit} s` }],
  ];
  if (m.area) list.splice(2, 0, ["area", { of: (i) => m.area[i] / 1e6, text: (v) => v.toPrecision(4) + " mm²", axis: "area, mm²" }]);
  return new Map(list);
}

/// Indices of the points that no other point beats in both figures, from left to right.
function paretoFront(points, x, y) {
  const sorted = [...points].sort((a, b) => x(a) - x(b) || y(a) - y(b));
  const front = [];
  let best = Infinity;
  for (const i of sorted)
    if (y(i) < best) {
      front.push(i);
      best = y(i);
    }
  return front;
}

const valueAt = (parameter, i) => parameter.values[parameter.index[i]];
const isNumber = (text) => text !== "" && Number.isFinite(Number(text));

/// Everything a sweep's cards share: which points pass the filters, the axes, the front.
class SweepView {
  constructor(sweep) {
    this.sweep = sweep;
    this.metrics = sweepMetrics(sweep);
    this.x = "cycles";
    this.y = "energy";
    this.colour = "";
    this.tests = new Map();  // parameter name: (i) => whether point i passes
    this.listeners = [];
    this.update();
  }
  update() {
    const tests = [...this.tests.values()];
    this.passing = [];
    for (let i = 0; i < this.sweep.count; ++i) if (tests.every((test) => test(i))) this.passing.push(i);
    this.front = paretoFront(this.passing, this.metrics.get(this.x).of, this.metrics.get(this.y).of);
    for (const listener of this.listeners) listener();
  }
  set(change) {
    Object.assign(this, change);
    this.update();
  }
  describe(i) {
    return this.sweep.parameters.map((p) => `${p.name} ${valueAt(p, i)}`);
  }
}

/// The colour of a point: by the value of the chosen parameter.
function colouring(view) {
  const parameter = view.sweep.parameters.find((p) => p.name === view.colour);
  if (!parameter) return { of: () => "#0072B2", key: [] };
  if (parameter.values.length <= OKABE_ITO.length)
    return { of: (i) => OKABE_ITO[parameter.index[i]], key: parameter.values.map((value, at) => [`${parameter.name} ${value}`, OKABE_ITO[at]]) };
  const last = parameter.values.length - 1;
  return { of: (i) => cividis(parameter.index[i] / last), key: [[`${parameter.name} ${parameter.values[0]}`, cividis(0)], [`${parameter.values[last]}`, cividis(1)]] };
}

function paretoCard(view) {
  const keys = el("ul", { class: "legend" });
  const summary = el("p", { class: "about", "aria-live": "polite" });
  const chosen = el("div");
  const logarithmic = (metric, indices) => {
    let least = Infinity, most = 0;
    for (const i of indices) {
      least = Math.min(least, metric.of(i));
      most = Math.max(most, metric.of(i));
    }
    return least > 0 && most / least > 20;
  };
  const drawing = plot("Design space", () => Math.min(520, Math.max(320, window.innerHeight * 0.6)), () => {
    const x = view.metrics.get(view.x), y = view.metrics.get(view.y), colours = colouring(view);
    const at = (i) => ({ i, x: x.of(i), y: y.of(i) });
    const inFront = new Set(view.front);
    const others = view.passing.filter((i) => !inFront.has(i));
    const many = others.length > 2000;
    keys.replaceChildren(...[["Pareto front", "front"], ...colours.key].map(([text, colour]) => {
      const swatch = el("span", { class: "swatch" });
      swatch.style.background = colour === "front" ? cssColour("ink") : colour;
      return el("li", { class: "soft" }, swatch, " " + cut(text, 40));
    }));
    const scale = (metric) => {
      const log = logarithmic(metric, view.passing);
      return { type: log ? "logarithmic" : "linear", ticks: { callback: (v) => (log ? powerTick(v) : short(v)), maxRotation: 0 } };
    };
    return {
      type: "scatter",
      data: { datasets: [
        { label: "front", data: view.front.map(at), type: "line", stepped: "before", borderColor: cssColour("ink"), borderWidth: 1.5, pointRadius: 5, pointHoverRadius: 8, walked: true,
          pointBackgroundColor: view.front.map(colours.of), pointBorderColor: cssColour("ink"), pointBorderWidth: 1.5, fill: false },
        { label: "points", data: others.map(at), pointRadius: many ? 2 : 3, pointHoverRadius: 6, pointBackgroundColor: others.map((i) => colours.of(i)), pointBorderWidth: 0, walked: false },
      ] },
      options: {
        parsing: false,
        normalized: true,
        interaction: { mode: "nearest", intersect: true },
        onClick: (event, elements) => { if (elements.length > 0) pin(elements[0]); },
        scales: { x: axis(x.axis, scale(x)), y: axis(y.axis, scale(y)) },
        plugins: { tooltip: { displayColors: false, callbacks: {
          title: (items) => `${view.x} ${x.text(items[0].raw.x)}, ${view.y} ${y.text(items[0].raw.y)}`,
          label: (item) => view.describe(item.raw.i).map((line) => cut(line, 60)),
        }, filter: (item, at) => at === 0 } },
      },
    };
  }, { legend: false, walk: (chart, event) => {
    if (event.key === "Enter" && chart.getActiveElements().length > 0) pin(chart.getActiveElements()[0]);
    else walkPoints(chart, event);
  } });
  function pin({ datasetIndex, index }) {
    const i = drawing.chart().data.datasets[datasetIndex].data[index].i;
    const sets = view.sweep.parameters.filter((p) => p.name !== "network" && p.name !== "engine").map((p) => `--set ${p.name}=${valueAt(p, i)}`).join(" ");
    const rows = [...view.metrics].map(([name, metric]) => [name, metric.text(metric.of(i))]);
    for (const p of view.sweep.parameters) rows.push([p.name, valueAt(p, i)]);
    for (const [name, value] of view.sweep.common) rows.push([name, value]);
    chosen.replaceChildren(el("details", { open: true }, el("summary", {}, "The chosen point"), el("pre", {}, sets || "(nothing varied)"),
      table("The chosen point", [{ head: "" }, { head: "value", long: true }], rows, { words: true })));
    say("Chosen: " + view.describe(i).join(", "));
  }
  view.listeners.push(() => {
    summarise();
    drawing.redraw();
  });
  const summarise = () => {
    summary.textContent = `${count(view.passing.length)} of ${count(view.sweep.count)} points, ${count(view.front.length)} on the Pareto front. Click a point, or choose it with the arrow keys and Enter, to see its whole configuration.`;
  };
  summarise();
  const metricChoice = (title, which) => choice(title, [...view.metrics.keys()].map((name) => [name, name]), view[which], (name) => view.set({ [which]: name }));
  const colours = choice("Colour", [["", "none"], ...view.sweep.parameters.map((p) => [p.name, p.name])], view.colour, (name) => view.set({ colour: name }));
  return card("Pareto front", null, { controls: [el("div", { class: "choices" }, metricChoice("Across", "x"), metricChoice("Up", "y"), colours)] },
    summary, keys, drawing.node, chosen);
}

/// Where the cycles of the points on the front went: one bar a point, from left to right on the front.
function frontCard(view) {
  const classes = DATA.words.pe_classes.filter(([word]) => view.sweep.pe_cycles[word].some((v) => v > 0));
  const shown = () => {
    const step = Math.max(1, view.front.length / FRONT_BARS);
    return Array.from({ length: Math.min(view.front.length, FRONT_BARS) }, (_, k) => view.front[Math.floor(k * step)]);
  };
  const whole = (i) => classes.reduce((sum, [word]) => sum + view.sweep.pe_cycles[word][i], 0) || 1;
  const name = (i) => view.sweep.parameters.map((p) => valueAt(p, i)).join(" · ");
  const bars = plot("Where the PE-cycles of the front went", () => 70 + 22 * shown().length, () => {
    const points = shown();
    return {
      type: "bar",
      data: { labels: points.map(name), datasets: classes.map(([word, about], k) => ({
        label: spoken(word), about, data: points.map((i) => view.sweep.pe_cycles[word][i] / whole(i)), backgroundColor: colourOf(word, k), borderColor: cssColour("card"), borderWidth: { right: 1 }, borderSkipped: false,
      })) },
      options: {
        indexAxis: "y",
        interaction: { mode: "nearest", intersect: true },
        scales: { x: axis("", { stacked: true, max: 1, ticks: { callback: (v) => percent(v, 0), maxRotation: 0 } }),
          y: axis("", { stacked: true, ticks: { color: cssColour("ink"), autoSkip: false, callback(v) { return cut(this.getLabelForValue(v), 22); } }, grid: { display: false } }) },
        plugins: { tooltip: { callbacks: { title: (items) => view.describe(points[items[0].dataIndex]).map((line) => cut(line, 60)), label: (item) => `${item.dataset.label}: ${percent(item.raw)}` } } },
      },
    };
  });
  view.listeners.push(bars.redraw);
  return card("Where the PE-cycles of the front went", `A bar is a point of the front, from left to right; ${view.sweep.parameters.map((p) => p.name).join(" · ")}.`, {}, bars.node);
}

function pointsCard(view) {
  let which = "front", page = 0, sort = { column: "", down: false };
  const holder = el("div");
  const columns = [...view.sweep.parameters.map((p) => ({ name: p.name, of: (i) => valueAt(p, i), text: (v) => v })),
    ...[...view.metrics].map(([name, metric]) => ({ name, of: metric.of, text: metric.text }))];
  function fill() {
    const list = [...(which === "front" ? view.front : view.passing)];
    const column = columns.find((c) => c.name === sort.column);
    if (column) {
      const compare = (a, b) => (isNumber(a) && isNumber(b) ? a - b : String(a).localeCompare(String(b)));
      list.sort((a, b) => (sort.down ? -1 : 1) * compare(column.of(a), column.of(b)));
    }
    const pages = Math.max(1, Math.ceil(list.length / ROWS_A_PAGE));
    page = Math.min(page, pages - 1);
    const rows = list.slice(page * ROWS_A_PAGE, (page + 1) * ROWS_A_PAGE).map((i) => columns.map((c) => c.text(c.of(i))));
    const heads = columns.map((c) => ({ long: rows.some((row) => String(row[columns.indexOf(c)]).length > 40), head: el("button", { type: "button", title: "Sort", onclick: () => {
      sort = { column: c.name, down: sort.column === c.name && !sort.down };
      fill();
      holder.querySelectorAll("thead button")[columns.indexOf(c)].focus();
    } }, c.name + (sort.column === c.name ? (sort.down ? " ▼" : " ▲") : "")) }));
    const turn = (by, text) => el("button", { type: "button", class: "plain", disabled: page + by < 0 || page + by >= pages, onclick: () => {
      page += by;
      fill();
    } }, text);
    holder.replaceChildren(table(which === "front" ? "Points of the front" : "Points that pass the filters", heads, rows),
      pages > 1 ? el("div", { class: "pages" }, turn(-1, "Back"), `page ${page + 1} of ${pages}`, turn(1, "On")) : el("span"));
  }
  view.listeners.push(() => {
    page = 0;
    fill();
  });
  fill();
  const show = radios("Show", [["front", "the front"], ["all", "all that pass"]], which, (chosen) => {
    which = chosen;
    page = 0;
    fill();
  });
  return card("Points", null, { controls: [show], wide: true }, holder);
}

/// One fieldset a parameter: boxes for few values, a range for many numbers.
function filter(view, parameter) {
  const fieldset = el("fieldset", { "data-parameter": parameter.name }, el("legend", {}, parameter.name));
  if (parameter.single) {
    fieldset.append(choice("", parameter.values.map((value, at) => [String(at), value]), String(parameter.first), (at) => {
      view.tests.set(parameter.name, (i) => parameter.index[i] === Number(at));
      view.update();
    }));
    view.tests.set(parameter.name, (i) => parameter.index[i] === parameter.first);
  } else if (parameter.values.length > MOST_BOXES && parameter.values.every(isNumber)) {
    const numbers = parameter.values.map(Number);
    const ends = [Math.min(...numbers), Math.max(...numbers)].map((end, k) => el("input", { type: "number", step: "any", value: end, "aria-label": `${parameter.name} ${k ? "at most" : "at least"}` }));
    const change = () => {
      const [low, high] = ends.map((input, k) => (input.value === "" ? (k ? Infinity : -Infinity) : Number(input.value)));
      view.tests.set(parameter.name, (i) => numbers[parameter.index[i]] >= low && numbers[parameter.index[i]] <= high);
      view.update();
    };
    for (const input of ends) input.addEventListener("change", change);
    fieldset.append(ends[0], "to", ends[1]);
  } else {
    const on = new Set(parameter.values.keys());
    view.tests.set(parameter.name, (i) => on.has(parameter.index[i]));
    for (const [at, value] of parameter.values.entries())
      fieldset.append(el("label", {}, el("input", { type: "checkbox", checked: true, onchange: (event) => {
        event.target.checked ? on.add(at) : on.delete(at);
        view.update();
      } }), value));
  }
  return fieldset;
}

function sweepSection(sweep) {
  const view = new SweepView(sweep);
  const box = el("section", { class: "card filters", "aria-label": "Filters" }, el("h3", {}, "Filters"), sweep.parameters.map((p) => filter(view, p)));
  if (sweep.parameters.length === 0) box.append(el("p", { class: "about" }, "All points have the same configuration."));
  view.update();
  const common = card("What all points share", null, { wide: true }, el("details", {}, el("summary", {}, `${sweep.common.length} settings`),
    table("Settings of all points", [{ head: "setting" }, { head: "value", long: true }], sweep.common, { words: true })));
  const cards = [paretoCard(view), frontCard(view), pointsCard(view), common];
  for (const one of cards) one.classList.add("wide");
  return el("div", {}, el("p", { class: "about" }, `${count(sweep.count)} finished points from ${sweep.file}.`), el("div", { class: "sweep" }, box, el("div", { class: "cards" }, cards)));
}
