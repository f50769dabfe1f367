// The section of a sweep: filters for what was varied beside its cards.
"use strict";

const MOST_BOXES = 16; // parameters with more values are filtered by a range or a list

/// One fieldset a parameter: boxes for few values, a range for many numbers.
function filter(view, parameter) {
  const fieldset = el("fieldset", { "data-parameter": parameter.name }, el("legend", {}, parameter.name));
  if (parameter.single) {
    fieldset.append(
      choice(
        "",
        parameter.values.map((value, at) => [String(at), value]),
        String(parameter.first),
        (at) => {
          view.tests.set(parameter.name, (i) => parameter.index[i] === Number(at));
          view.update();
        },
      ),
    );
    view.tests.set(parameter.name, (i) => parameter.index[i] === parameter.first);
  } else if (parameter.values.length > MOST_BOXES && parameter.values.every(isNumber)) {
    const numbers = parameter.values.map(Number);
    const ends = [Math.min(...numbers), Math.max(...numbers)].map((end, k) =>
      el("input", {
        type: "number",
        step: "any",
        value: end,
        "aria-label": `${parameter.name} ${k ? "at most" : "at least"}`,
      }),
    );
    const change = () => {
      const [low, high] = ends.map((input, k) =>
        input.value === "" ? (k ? Infinity : -Infinity) : Number(input.value),
      );
      view.tests.set(parameter.name, (i) => numbers[parameter.index[i]] >= low && numbers[parameter.index[i]] <= high);
      view.update();
    };
    for (const input of ends) input.addEventListener("change", change);
    fieldset.append(ends[0], "to", ends[1]);
  } else if (parameter.values.length > MOST_BOXES) {
    const all = [["", "all"], ...parameter.values.map((value, at) => [String(at), value])];
    fieldset.append(
      choice("", all, "", (at) => {
        view.tests.set(parameter.name, (i) => at === "" || parameter.index[i] === Number(at));
        view.update();
      }),
    );
  } else {
    const on = new Set(parameter.values.keys());
    view.tests.set(parameter.name, (i) => on.has(parameter.index[i]));
    for (const [at, value] of parameter.values.entries())
      fieldset.append(
        el(
          "label",
          {},
          el("input", {
            type: "checkbox",
            checked: true,
            onchange: (event) => {
              event.target.checked ? on.add(at) : on.delete(at);
              view.update();
            },
          }),
          value,
        ),
      );
  }
  return fieldset;
}

/// The best points in a sentence each, beside the first point of the sweep.
function bestPoints(view) {
  const { sweep, metrics } = view;
  if (sweep.count === 0) return null;
  const points = [...Array(sweep.count).keys()];
  // Points of several workloads are not compared with each other.
  const workload = view.axes.find((p) => p.single);
  const among = workload ? points.filter((i) => workload.index[i] === workload.first) : points;
  const best = (name) => among.reduce((a, b) => (metrics.get(name).of(b) < metrics.get(name).of(a) ? b : a));
  const sentence = (title, name, less, more) => {
    const i = best(name),
      { of, text } = metrics.get(name);
    return el(
      "p",
      { class: "answer" },
      `${title}: ${text(of(i))}, ${timesText(of(among[0]), of(i), less, more)} than the first point`,
      el("small", {}, view.describe(i).join(", ") || "the only point"),
    );
  };
  return [sentence("Fewest cycles", "cycles", "faster", "slower"), sentence("Least energy", "energy", "less", "more")];
}

function sweepSection(sweep) {
  const view = new SweepView(sweep);
  const box = el("section", { class: "card", "aria-label": "Filters" });
  const fields = el(
    "div",
    { class: "filters" },
    view.axes.map((p) => filter(view, p)),
  );
  box.append(
    el("h3", {}, "Filters"),
    el("details", { open: window.innerWidth >= 1000 }, el("summary", {}, `${view.axes.length} parameters`), fields),
  );
  if (view.axes.length === 0) box.append(el("p", { class: "about" }, "All points have the same configuration."));
  view.update();
  const common = card(
    "What all points share",
    null,
    { wide: true },
    el(
      "details",
      {},
      el("summary", {}, `${sweep.common.length} settings`),
      table("Settings of all points", [{ head: "setting" }, { head: "value", long: true }], sweep.common, {
        words: true,
      }),
    ),
  );
  const cards = [paretoCard(view), pointHeatmapCard(view), frontCard(view), pointsCard(view), common];
  for (const one of cards) one.classList.add("wide");
  return el(
    "div",
    {},
    el("p", { class: "about" }, `${count(sweep.count)} finished points from ${sweep.file}.`),
    bestPoints(view),
    el("div", { class: "sweep" }, el("div", { class: "side" }, box), el("div", { class: "cards" }, cards)),
  );
}
