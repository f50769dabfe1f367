// Colours of classes and components: the palette of Okabe and Ito, which people with colour-blindness tell apart, a dark shade of one, and greys.
"use strict";

const OKABE_ITO = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442"];

const CLASS_COLOURS = {
  busy: "#0072B2",
  executed: "#0072B2",
  gated: "#56B4E9",
  bubble: "#F0E442",
  wasted: "#D55E00",
  starved_weight: "#E69F00",
  terminated: "#E69F00",
  starved_activation: "#D55E00",
  starved_memory: "#CC79A7",
  blocked_memory: "#8F4574",
  predicted: "#CC79A7",
  blocked_output: "ink",
  imbalance: "#009E73",
  idle_edge: "#8C939C",
  fill_drain: "#C9CED5",
  skipped: "#C9CED5",
  dram: "#0072B2",
  global_buffer: "#56B4E9",
  mac: "#D55E00",
  post: "#C9CED5",
  clock: "#8C939C",
  leakage: "#5E6670",
};

/// For components that only some machines have, in the order in which they are named: what the common ones leave.
const OTHER_COLOURS = ["ink", "#CC79A7", "#F0E442", "#E69F00", "#009E73"];

/// The value of a CSS variable now: light, dark or print.
function cssColour(name) {
  return getComputedStyle(document.documentElement)
    .getPropertyValue("--" + name)
    .trim();
}

function colourOf(word, index) {
  const others = DATA.words.components.map(([name]) => name).filter((name) => !Object.hasOwn(CLASS_COLOURS, name));
  const other = others.indexOf(word);
  const colour = Object.hasOwn(CLASS_COLOURS, word)
    ? CLASS_COLOURS[word]
    : other >= 0
      ? OTHER_COLOURS[other % OTHER_COLOURS.length]
      : OKABE_ITO[index % OKABE_ITO.length];
  return colour === "ink" ? cssColour("ink") : colour;
}

const CIVIDIS = [
  [0, 32, 77],
  [49, 68, 107],
  [102, 105, 112],
  [149, 143, 120],
  [203, 186, 105],
  [255, 234, 70],
];

/// Dark blue (0) to yellow (1), even in lightness and for colour-blind eyes.
function cividis(share) {
  const at = Math.min(Math.max(share, 0), 1) * (CIVIDIS.length - 1);
  const low = Math.min(Math.floor(at), CIVIDIS.length - 2);
  const mixed = CIVIDIS[low].map((c, i) => Math.round(c + (CIVIDIS[low + 1][i] - c) * (at - low)));
  return `rgb(${mixed.join(",")})`;
}

/// Called again whenever colours change: light to dark, screen to paper.
const redraws = [];
function onThemeChange(redraw) {
  redraws.push(redraw);
}
function redrawAll() {
  for (const redraw of redraws) redraw();
}
