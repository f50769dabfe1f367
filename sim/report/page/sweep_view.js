// A sweep as its cards see it: which points pass the filters, the figures of the axes, the Pareto front.
"use strict";

/// Figures to be small; a sweep has those its points have.
function sweepMetrics(sweep) {
  const m = sweep.metrics;
  const list = [
    ["cycles", { of: (i) => m.cycles[i], text: count, tick: short, axis: "cycles" }],
    [
      "energy",
      {
        of: (i) => m.energy[i],
        text: (v) => energyText(v, sweep.energy_unit),
        tick: (v) => energyTick(v, sweep.energy_unit),
        axis: "energy",
      },
    ],
    ["time", { of: (i) => m.seconds[i] * 1e6, text: (v) => timeText(v / 1e6), tick: short, axis: "time, µs" }],
    [
      "energy x delay",
      {
        of: (i) => m.energy[i] * m.seconds[i],
        text: (v) => `${short(v)}\u00a0${sweep.energy_unit}\u00a0s`,
        tick: short,
        axis: `energy x delay, ${sweep.energy_unit} s`,
      },
    ],
  ];
  if (m.area)
    list.splice(2, 0, [
      "area",
      { of: (i) => m.area[i] / 1e6, text: (v) => v.toPrecision(4) + " mm²", tick: short, axis: "area, mm²" },
    ]);
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
    this.axes = sweep.parameters.filter((p) => p.axis); // the other settings follow from these
    this.metrics = sweepMetrics(sweep);
    this.x = "cycles";
    this.y = "energy";
    const words = this.axes.find((p) => !p.single && p.values.length <= OKABE_ITO.length && !p.values.every(isNumber));
    this.colour = words ? words.name : "";
    this.chosen = null; // the index of the point someone chose
    this.tests = new Map(); // parameter name: (i) => whether point i passes
    this.listeners = [];
    this.choiceListeners = [];
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
  /// Tells those who show one point; the plots stay.
  choose(i) {
    this.chosen = i;
    for (const listener of this.choiceListeners) listener();
  }
  describe(i) {
    return this.axes.map((p) => `${p.name} ${valueAt(p, i)}`);
  }
}
