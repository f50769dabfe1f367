// Numbers (with unbreakable blanks before units) and names as people read them, and the one way in which elements are made: text is never taken for markup.
"use strict";

const PLAIN = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/// el("td", {class: "x", onclick: f}, "text", node): strings become text nodes.
function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else node.setAttribute(name, value);
  }
  for (const child of children.flat()) {
    if (child === undefined || child === null) continue;
    node.append(typeof child === "object" ? child : document.createTextNode(String(child)));
  }
  return node;
}

const count = (value) => PLAIN.format(value);
const percent = (share, digits = 1) => (Number.isFinite(share) ? (100 * share).toFixed(digits) + "\u00a0%" : "–");
const spoken = (word) => word.replaceAll("_", " ");

/// Three digits that matter, without zeros at the end.
const rounded = (value) => String(Number(value.toPrecision(3)));

/// 1234567 -> "1.23 M"
function short(value) {
  for (const [size, letter] of [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ])
    if (Math.abs(value) >= size) return rounded(value / size) + "\u00a0" + letter;
  return rounded(value);
}

/// 3.2e7 pJ -> "32.0 µJ"; ratios keep their unit.
function energyText(value, unit) {
  if (unit !== "pJ") return short(value) + "\u00a0" + unit;
  for (const [size, name] of [
    [1e12, "J"],
    [1e9, "mJ"],
    [1e6, "µJ"],
    [1e3, "nJ"],
  ])
    if (value >= size) return (value / size).toPrecision(4) + "\u00a0" + name;
  return value.toPrecision(4) + "\u00a0pJ";
}

/// The same for axes: no more digits than needed.
function energyTick(value, unit) {
  if (unit !== "pJ") return short(value);
  for (const [size, name] of [
    [1e12, "J"],
    [1e9, "mJ"],
    [1e6, "µJ"],
    [1e3, "nJ"],
  ])
    if (value >= size) return rounded(value / size) + "\u00a0" + name;
  return rounded(value) + "\u00a0pJ";
}

function timeText(seconds) {
  for (const [size, name] of [
    [1, "s"],
    [1e-3, "ms"],
    [1e-6, "µs"],
  ])
    if (seconds >= size) return (seconds / size).toPrecision(4) + "\u00a0" + name;
  return (seconds * 1e9).toPrecision(4) + "\u00a0ns";
}

function rateText(operations) {
  const [size, name] = operations >= 1e12 ? [1e12, "TOP/s"] : [1e9, "GOP/s"];
  return rounded(operations / size) + "\u00a0" + name;
}

/// What `now` is beside `base`: "3.30x faster", "1.20x more", "equal"; "–" where one of them is zero.
function timesText(base, now, less = "less", more = "more") {
  if (base === now) return "equal";
  if (!base || !now) return "–";
  const times = Math.max(base, now) / Math.min(base, now);
  return `${times.toFixed(times < 1.005 ? 6 : 2)}x ${now < base ? less : more}`;
}

function bytesText(bytes) {
  for (const [size, name] of [
    [2 ** 30, "GiB"],
    [2 ** 20, "MiB"],
    [2 ** 10, "KiB"],
  ])
    if (bytes >= size) return (bytes / size).toPrecision(3) + "\u00a0" + name;
  return count(bytes) + "\u00a0B";
}

/// "…end of a long name": names are cut in the middle, the whole one is in the table.
function cut(text, most) {
  const letters = [...text];
  if (letters.length <= most) return text;
  const tail = Math.ceil(most / 2);
  return letters.slice(0, most - tail - 1).join("") + "…" + letters.slice(-tail).join("");
}

/// Says something to a screen reader.
function say(text) {
  document.getElementById("spoken").textContent = text;
}

let nextId = 0;
const freshId = () => `id${nextId++}`;
