// Is a layer held back by multipliers or by DRAM? Operations per DRAM byte against operations per second, under the two roofs.
"use strict";

function rooflineCard(result) {
  const machine = result.machine;
  const ghz = machine.clock_mhz / 1000;
  const peak = machine.peak_gops;
  const bandwidth = machine.dram_gb_per_s;
  const marks = (pairs) =>
    result.layers
      .map((layer) => ({
        layer,
        x: (2 * pairs(layer)) / Math.max(layer.traffic_bytes.dram_read + layer.traffic_bytes.dram_write, 1),
        y: ((2 * pairs(layer)) / Math.max(layer.cycles, 1)) * ghz,
      }))
      .filter((p) => p.x > 0 && p.y > 0);
  const executed = marks((layer) => layer.pairs.executed),
    effective = marks((layer) => layer.pairs.dense);
  const xs = [...executed, ...effective].map((p) => p.x),
    ys = [...executed, ...effective].map((p) => p.y);
  const ridge = peak / bandwidth;
  const low = Math.min(ridge / 4, ...xs) / 2,
    high = Math.max(ridge * 4, ...xs) * 2;
  const roof = [low, ridge, high].map((x) => ({ x, y: Math.min(peak, bandwidth * x) }));
  const bottom = Math.min(bandwidth * low, ...ys) / 1.5;
  const spread = (set) => ({ ...set, pointRadius: 6, pointHoverRadius: 8, showLine: false, walked: true });

  // Few layers have their names beside the marks; of many, the tooltip and the table tell.
  const names = {
    id: "names",
    afterDatasetsDraw(chart) {
      if (result.layers.length > 14) return;
      const pen = chart.ctx;
      pen.save();
      pen.font = `11px ${Chart.defaults.font.family}`;
      pen.fillStyle = cssColour("soft");
      for (const index of [1, 2]) {
        if (!chart.isDatasetVisible(index)) continue;
        chart.getDatasetMeta(index).data.forEach((mark, i) => {
          const left = mark.x > chart.chartArea.right - 60;
          pen.textAlign = left ? "right" : "left";
          pen.fillText(cut(chart.data.datasets[index].data[i].layer.name, 14), mark.x + (left ? -9 : 9), mark.y + 4);
        });
      }
      pen.restore();
    },
  };

  const drawing = plot(
    "Roofline",
    340,
    () => ({
      type: "scatter",
      data: {
        datasets: [
          {
            label: "roofs",
            about: "DRAM bandwidth, then all multipliers",
            data: roof,
            type: "line",
            borderColor: cssColour("soft"),
            backgroundColor: cssColour("soft"),
            borderWidth: 2,
            pointRadius: 0,
            fill: false,
          },
          spread({
            label: "executed",
            about: "products of two nonzero operands",
            data: executed,
            backgroundColor: "#0072B2",
            borderColor: cssColour("card"),
            pointStyle: "circle",
          }),
          spread({
            label: "effective",
            about: "all dense pairs, skipped ones too",
            data: effective,
            backgroundColor: "#E69F00",
            borderColor: cssColour("ink"),
            pointStyle: "triangle",
          }),
        ],
      },
      options: {
        interaction: { mode: "nearest", intersect: true },
        scales: {
          x: axis("operations per byte of DRAM", {
            type: "logarithmic",
            min: low,
            max: high,
            ticks: { callback: powerTick, maxRotation: 0 },
          }),
          y: axis("GOP/s", { type: "logarithmic", min: bottom, ticks: { callback: powerTick } }),
        },
        plugins: {
          tooltip: {
            filter: (item) => item.datasetIndex > 0,
            callbacks: {
              label: (item) =>
                `${cut(item.raw.layer.name, 40)}: ${short(item.raw.y)} GOP/s ${item.dataset.label}, ${short(item.raw.x)} operations a byte`,
            },
          },
        },
      },
      plugins: [names],
    }),
    { walk: walkPoints },
  );
  const bound = (p) => (p.x < ridge ? "DRAM" : "multipliers");
  const rows = executed.map((p, i) => [
    p.layer.name,
    short(p.x),
    short(p.y),
    percent(p.y / Math.min(peak, bandwidth * p.x)),
    bound(p),
    short(effective[i].x),
    short(effective[i].y),
  ]);
  return card(
    "Roofline",
    `Peak ${rateText(peak * 1e9)}, DRAM ${short(bandwidth)} GB/s. Effective operations count skipped pairs, too, so they may pass the roof of the multipliers.`,
    {},
    drawing.node,
    foldedTable(
      "Roofline",
      [
        { head: "layer", long: true },
        { head: "executed op/byte" },
        { head: "executed GOP/s" },
        { head: "of its roof" },
        { head: "roof" },
        { head: "effective op/byte" },
        { head: "effective GOP/s" },
      ],
      rows,
    ),
  );
}

/// Only 1, 2 and 5 times a power of ten get a number.
function powerTick(value) {
  const digit = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  return [1, 2, 5].some((d) => Math.abs(digit - d) < 1e-6) ? short(value) : "";
}
