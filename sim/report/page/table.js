// Tables: every plot has one below it with the same figures.
"use strict";

/// columns: [{head, long, title}]; rows: lists of texts, the last one `total` if so named. The first cell heads its row.
function table(caption, columns, rows, { total = false, words = false, folded = false } = {}) {
  const head = el(
    "tr",
    {},
    columns.map((c) => el("th", { scope: "col", class: c.long ? "long" : undefined, title: c.title }, c.head)),
  );
  const body = rows.map((row, r) =>
    el(
      "tr",
      { class: total && r === rows.length - 1 ? "total" : undefined },
      row.map((text, i) =>
        el(
          i === 0 ? "th" : "td",
          { scope: i === 0 ? "row" : undefined, class: columns[i].long ? "long" : undefined },
          text,
        ),
      ),
    ),
  );
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      { class: words ? "words" : undefined },
      folded ? null : el("caption", {}, caption),
      el("thead", {}, head),
      el("tbody", {}, body),
    ),
  );
}

/// A table one may fold away; it begins open if it is short.
function foldedTable(caption, columns, rows, options = {}) {
  const open = rows.length <= 12;
  return el(
    "details",
    { open, class: "figures-table" },
    el("summary", {}, "Table: " + caption),
    table(caption, columns, rows, { ...options, folded: true }),
  );
}

/// A group of radio buttons; `changed` is called with the chosen value.
function radios(title, values, chosen, changed) {
  const name = freshId();
  return el(
    "fieldset",
    { class: "choices" },
    el("legend", {}, title),
    values.map(([value, text]) =>
      el(
        "label",
        {},
        el("input", { type: "radio", name, value, checked: value === chosen, onchange: () => changed(value) }),
        text,
      ),
    ),
  );
}

/// A select with a label; values: [[value, text]].
function choice(title, values, chosen, changed) {
  const select = el(
    "select",
    {},
    values.map(([value, text]) => el("option", { value, selected: value === chosen }, cut(text, 60))),
  );
  select.addEventListener("change", () => changed(select.value));
  return el("label", {}, el("span", { class: "soft" }, title), select);
}

/// A card with a heading, controls beside it, a sentence and content.
function card(title, sentence, { controls = [], wide = false, id } = {}, ...content) {
  return el(
    "section",
    { class: wide ? "card wide" : "card", id, "aria-label": title },
    el("header", {}, el("h3", {}, title), controls),
    sentence ? el("p", { class: "about" }, sentence) : null,
    content,
  );
}
