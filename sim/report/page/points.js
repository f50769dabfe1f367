// The points behind the plot as a table: the front or all that pass, sorted by any column, in pages.
"use strict";

const ROWS_A_PAGE = 50;

function pointsCard(view) {
  let which = "front",
    page = 0,
    sort = { column: "", down: false };
  const holder = el("div");
  const columns = [
    ...view.axes.map((p) => ({ name: p.name, of: (i) => valueAt(p, i), text: (v) => v })),
    ...[...view.metrics].map(([name, metric]) => ({ name, of: metric.of, text: metric.text })),
  ];
  function fill() {
    const list = [...(which === "front" ? view.front : view.passing)];
    const column = columns.find((c) => c.name === sort.column);
    if (column) {
      const compare = (a, b) => (isNumber(a) && isNumber(b) ? a - b : String(a).localeCompare(String(b)));
      list.sort((a, b) => (sort.down ? -1 : 1) * compare(column.of(a), column.of(b)));
    }
    const pages = Math.max(1, Math.ceil(list.length / ROWS_A_PAGE));
    page = Math.min(page, pages - 1);
    const rows = list
      .slice(page * ROWS_A_PAGE, (page + 1) * ROWS_A_PAGE)
      .map((i) => columns.map((c) => c.text(c.of(i))));
    const heads = columns.map((c) => ({
      long: rows.some((row) => String(row[columns.indexOf(c)]).length > 40),
      head: el(
        "button",
        {
          type: "button",
          title: "Sort",
          onclick: () => {
            sort = { column: c.name, down: sort.column === c.name && !sort.down };
            fill();
            holder.querySelectorAll("thead button")[columns.indexOf(c)].focus();
          },
        },
        c.name + (sort.column === c.name ? (sort.down ? " ▼" : " ▲") : ""),
      ),
    }));
    const turn = (by, text) =>
      el(
        "button",
        {
          type: "button",
          class: "plain",
          disabled: page + by < 0 || page + by >= pages,
          onclick: () => {
            page += by;
            fill();
          },
        },
        text,
      );
    holder.replaceChildren(
      table(which === "front" ? "Points of the front" : "Points that pass the filters", heads, rows),
      pages > 1
        ? el("div", { class: "pages" }, turn(-1, "Back"), `page ${page + 1} of ${pages}`, turn(1, "On"))
        : el("span"),
    );
  }
  view.listeners.push(() => {
    page = 0;
    fill();
  });
  fill();
  const show = radios(
    "Show",
    [
      ["front", "the front"],
      ["all", "all that pass"],
    ],
    which,
    (chosen) => {
      which = chosen;
      page = 0;
      fill();
    },
  );
  return card("Points", null, { controls: [show], wide: true }, holder);
}
