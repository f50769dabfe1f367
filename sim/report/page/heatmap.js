// Which PEs work? The array as it lies, each PE in the colour of its busy share.
"use strict";

/// The parts of a card, and show(layers) to fill them; layers: [{name, cycles, busy: [rows][columns]}], at least one.
function heatmap() {
  let rows = 0,
    columns = 0,
    shown = null,
    at = null;

  const canvas = el("canvas", {
    role: "img",
    tabindex: "0",
    "aria-label": "Busy share of every PE. Arrow keys walk through the PEs; the table below has the figures.",
  });
  const frame = el("div", { class: "plot" }, canvas);
  const readout = el("p", { class: "soft" });
  const figures = el("div");
  const share = (r, c) => shown.busy[r][c] / (shown.cycles || 1);
  const top = () => Math.max(...shown.busy.map((row) => Math.max(...row))) / (shown.cycles || 1) || 1;
  const geometry = () => {
    const width = frame.clientWidth || 600,
      left = 34,
      above = 20;
    const cell = Math.max(1, Math.min(34, (width - left - 4) / columns, 520 / rows));
    return { width, left, above, cell, height: above + cell * rows + 46 };
  };

  function draw() {
    if (!shown) return;
    const { width, left, above, cell, height } = geometry();
    const scale = window.devicePixelRatio || 1;
    canvas.width = width * scale;
    canvas.height = height * scale;
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.font = `11px ${Chart.defaults.font.family}`;
    pen.fillStyle = cssColour("soft");
    const every = 2 ** Math.max(0, Math.ceil(Math.log2(26 / cell)));
    pen.textAlign = "center";
    for (let c = 0; c < columns; c += every) pen.fillText(c, left + cell * (c + 0.5), above - 6);
    pen.textAlign = "right";
    for (let r = 0; r < rows; r += every) pen.fillText(r, left - 6, above + cell * (r + 0.5) + 4);
    const most = top(),
      gap = cell > 6 ? 1 : 0;
    for (let r = 0; r < rows; ++r)
      for (let c = 0; c < columns; ++c) {
        pen.fillStyle = cividis(share(r, c) / most);
        pen.fillRect(left + cell * c, above + cell * r, cell - gap, cell - gap);
      }
    const bar = Math.min(220, width - left - 90),
      y = above + cell * rows + 14;
    for (let i = 0; i < bar; ++i) {
      pen.fillStyle = cividis(i / bar);
      pen.fillRect(left + i, y, 1.5, 10);
    }
    pen.fillStyle = cssColour("soft");
    pen.textAlign = "left";
    pen.fillText("0", left, y + 23);
    pen.fillText(percent(most) + " busy", left + bar - 24, y + 23);
    if (!at) return;
    pen.strokeStyle = "#D55E00";
    pen.lineWidth = 2;
    pen.strokeRect(left + cell * at.c, above + cell * at.r, cell - gap, cell - gap);
  }
  function mark(next) {
    at = next;
    draw();
    const text = at
      ? `PE (${at.r}, ${at.c}): ${count(shown.busy[at.r][at.c])} busy cycles, ${percent(share(at.r, at.c), 2)}`
      : "Point at a PE, or use the arrow keys.";
    readout.textContent = text;
    if (at && document.activeElement === canvas) say(text);
  }
  function showLayer(layer) {
    shown = layer;
    mark(at);
    const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length / (shown.cycles || 1);
    if (rows * columns <= 320) {
      figures.replaceChildren(
        foldedTable(
          `Busy share of each PE, ${shown.name}, %`,
          [{ head: "row" }, ...Array.from({ length: columns }, (_, c) => ({ head: String(c) }))],
          shown.busy.map((row, r) => [String(r), ...row.map((_, c) => (100 * share(r, c)).toFixed(1))]),
        ),
      );
    } else {
      figures.replaceChildren(
        foldedTable(
          `Busy share by row, ${shown.name}`,
          [{ head: "row" }, { head: "mean" }, { head: "least" }, { head: "most" }],
          shown.busy.map((row, r) => [
            String(r),
            percent(mean(row)),
            percent(Math.min(...row) / (shown.cycles || 1)),
            percent(Math.max(...row) / (shown.cycles || 1)),
          ]),
        ),
      );
    }
  }
  canvas.addEventListener("mousemove", (event) => {
    const { left, above, cell } = geometry();
    const c = Math.floor((event.offsetX - left) / cell),
      r = Math.floor((event.offsetY - above) / cell);
    mark(r >= 0 && r < rows && c >= 0 && c < columns ? { r, c } : null);
  });
  canvas.addEventListener("mouseleave", () => mark(null));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step || !shown) return;
    event.preventDefault();
    mark(at ? { r: (at.r + step[0] + rows) % rows, c: (at.c + step[1] + columns) % columns } : { r: 0, c: 0 });
  });
  onThemeChange(draw);
  new ResizeObserver(draw).observe(frame);
  const about = el("p", { class: "about" });
  const picker = el("span", { class: "choices" });
  function show(layers) {
    rows = layers[0].busy.length;
    columns = layers[0].busy[0].length;
    at = null;
    about.textContent = `Busy cycles of each of the ${rows} x ${columns} PEs, of all cycles. Yellow is the busiest PE of the layer.`;
    const all = {
      name: "all layers",
      cycles: layers.reduce((sum, layer) => sum + layer.cycles, 0),
      busy: layers[0].busy.map((row, r) => row.map((_, c) => layers.reduce((sum, layer) => sum + layer.busy[r][c], 0))),
    };
    const choices = layers.length > 1 ? [all, ...layers] : layers;
    const names = choices.map((layer, i) => [String(i), layer.name]);
    picker.replaceChildren(
      ...(choices.length > 1 ? [choice("Layer", names, "0", (i) => showLayer(choices[Number(i)]))] : []),
    );
    showLayer(choices[0]);
  }
  return { show, picker, nodes: [about, frame, readout, figures] };
}

function heatmapCard(result) {
  const able = result.layers.filter((layer) => layer.busy.length > 0);
  const title = "Busy PEs";
  if (able.length === 0) return card(title, "This result has no figures of single PEs.", {});
  const map = heatmap();
  queueMicrotask(() => map.show(able));
  return card(title, null, { controls: [map.picker] }, ...map.nodes);
}

/// Of the chosen point of a sweep. A page has the maps of as many points as fit; which ones, the program decides.
function pointHeatmapCard(view) {
  const maps = new Map(view.sweep.maps.map(({ point, layers }) => [point, layers]));
  const title = "Busy PEs of a point";
  if (maps.size === 0) return card(title, "This store has no figures of single PEs.", {});
  const map = heatmap();
  const which = el("p", { class: "soft" });
  const body = el("div", {}, ...map.nodes);
  const named = (i) =>
    view
      .describe(i)
      .map((line) => cut(line, 60))
      .join(", ") || "the only one";
  function fill() {
    const i = view.chosen ?? view.front.find((point) => maps.has(point)) ?? maps.keys().next().value;
    const has = maps.has(i);
    which.textContent =
      `${view.chosen === null ? "A point of the front" : "The chosen point"}: ${named(i)}.` +
      (has
        ? ""
        : ` This page has the PEs of ${count(maps.size)} of ${count(view.sweep.count)} points, those on the fronts and next to them; this is none of them. lacuna run shows any.`);
    body.hidden = map.picker.hidden = !has;
    if (has) map.show(maps.get(i));
  }
  view.listeners.push(fill);
  view.choiceListeners.push(fill);
  queueMicrotask(fill);
  return card(title, null, { controls: [map.picker] }, which, body);
}
