// Puts the page together: sweeps first, then explanations, results side by side, each result.
"use strict";

function build() {
  const { results, sweeps, explanations } = DATA;
  const sections = [
    ...sweeps.map((sweep) => [sweep.name, sweepSection(sweep)]),
    ...explanations.map((one) => [`What would it gain? ${one.workload} on ${one.machine}`, explanationSection(one)]),
  ];
  if (results.length > 1) sections.push(["Comparison", comparisonSection(results)]);
  if (results.length === 1) {
    sections.push([results[0].label, resultSection(results[0])]);
  } else if (results.length > 1) {
    const before = redraws.length;
    const holder = el("div", {}, resultSection(results[0]));
    const picker = choice(
      "Result",
      results.map((result, i) => [String(i), result.label]),
      "0",
      (i) => {
        redraws.splice(before); // of the cards that go
        holder.replaceChildren(resultSection(results[Number(i)]));
      },
    );
    sections.push(["One result", el("div", {}, el("p", {}, picker), holder)]);
  }
  const what = [
    sweeps.length > 0 ? `${sweeps.length === 1 ? "a sweep" : sweeps.length + " sweeps"}` : "",
    explanations.length > 0
      ? `${explanations.length === 1 ? "an explanation" : explanations.length + " explanations"}`
      : "",
    results.length > 0 ? `${results.length === 1 ? "a result" : results.length + " results"}` : "",
  ]
    .filter(Boolean)
    .join(" and ");
  // One workload names the page, also where several machines ran it.
  const names = new Set([...sweeps.map((s) => s.name), ...explanations.map((e) => e.workload), ...results.map((r) => r.workload)]);
  const named = names.size === 1 ? [...names][0] : null;
  document.title = `Lacuna: ${named || what}`;
  document
    .getElementById("top")
    .append(
      el("h1", {}, named ? `${named}` : "Lacuna report"),
      el(
        "p",
        { class: "soft" },
        results.length === 1 && sweeps.length + explanations.length === 0
          ? `${results[0].machine.name}: ${results[0].machine.datapath}, ${results[0].machine.rows} x ${results[0].machine.columns} PEs, engine ${results[0].engine}`
          : `${what}: ${[...sweeps.map((s) => s.name), ...explanations.map((e) => e.machine), ...results.map((r) => r.label)].slice(0, 4).join(", ")}${results.length + explanations.length + sweeps.length > 4 ? ", …" : ""}`,
      ),
    );
  const main = document.getElementById("main");
  const contents = document.getElementById("contents");
  main.replaceChildren();
  for (const [title, body] of sections) {
    const id = freshId();
    if (sections.length > 1) main.append(el("h2", { id }, title));
    main.append(body);
    if (sections.length > 1) contents.append(el("a", { href: "#" + id }, cut(title, 40)));
  }
  if (sections.length <= 1)
    for (const one of main.querySelectorAll(".card")) {
      const heading = one.querySelector("h3");
      heading.id = heading.id || freshId();
      contents.append(el("a", { href: "#" + heading.id }, heading.textContent));
    }
  document.getElementById("bottom").append(`Made by lacuna ${DATA.version}. The page loads nothing from the network.`);
}

const DATA = JSON.parse(document.getElementById("data").textContent);
build();

// Light to dark, screen to paper: colours are drawn into the plots, so they are drawn again.
for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", redrawAll);
const folded = [];
window.addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("main details:not([open])")) {
    folded.push(details);
    details.open = true;
  }
  redrawAll();
});
window.addEventListener("afterprint", () => {
  for (const details of folded.splice(0)) details.open = false;
  redrawAll();
});
