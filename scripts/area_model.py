"""The area model (sim/energy/area.h and a table of configs/area) held against synthesis: PEs of machines that differ from a
base, each relative to the base, by both. Used by scripts/area --model."""

import concurrent.futures
import os

# What is varied, and the values it sets for a base. Twice, half: the base may be of any size.
VARIATIONS = {
    "chunk": lambda base: {"intersect.chunk": 2 * base["Chunk"]},
    "half-chunk": lambda base: {"intersect.chunk": base["Chunk"] // 2},
    "lanes": lambda base: {"intersect.lanes": 2 * base["Lanes"]},
    "lanes4": lambda base: {"intersect.lanes": 4 * base["Lanes"]},
    "fifo": lambda base: fifos(max(1, base["WeightsFifoDepth"] // 2)),
    "fifo1": lambda base: fifos(1),
    "early-termination": lambda base: {"intersect.early_termination": "exact"},
    "none": lambda base: {"intersect.skip": "none"},
    "int16": lambda base: {"array.operand": "int16"},
    "chunk+lanes": lambda base: {**VARIATIONS["chunk"](base), **VARIATIONS["lanes"](base)},
    "lanes4+fifo1": lambda base: {**VARIATIONS["lanes4"](base), **fifos(1)},
    "chunk+int16": lambda base: {**VARIATIONS["chunk"](base), **VARIATIONS["int16"](base)},
}
# Groups that synthesis and model both know: parts of a PE here, parts of the table there.
GROUPS = {"chunk FIFOs": (("pe.fifos",), ("fifo",)),
          "match and select": (("pe.match", "pe.select"), ("match", "select")),
          "MAC and control": (("pe.mac", "pe.control"), ("multiplier", "adder", "register"))}


def fifos(depth):
    return {"intersect.weights.fifo_depth": depth, "intersect.activations.fifo_depth": depth}


def compare(names, base_sets, parameters_of, synthesised, modelled):
    """Areas of the base and its variations, relative to it. parameters_of, synthesised, modelled: of assignments."""
    base = parameters_of(base_sets)
    kept = dict(text.split("=", 1) for text in base_sets)
    machines = [("base", base_sets)]
    for name in names:
        values = {key: str(value) for key, value in VARIATIONS[name](base).items()}
        machines.append((name, [f"{key}={value}" for key, value in {**kept, **values}.items()]))

    def pe(machine):
        parts = modelled(machine[1])
        return synthesised(machine[1], ("pe",))["pe"], sum(parts.values()) - parts["sram"]
    first = pe(machines[0])
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = [first, *pool.map(pe, machines[1:])]
    pes = base["Rows"] * base["Columns"]
    rows = []
    for (name, sets), (area, model) in zip(machines, results):
        ratios = area / first[0], model / first[1]
        rows.append({"machine": name, "set": [text for text in sets if text not in base_sets], "pe_um2": area,
                     "model_um2": model / pes, "ratio": ratios[0], "model_ratio": ratios[1],
                     "error": ratios[1] / ratios[0] - 1})
    own = synthesised(base_sets, [part for parts, _ in GROUPS.values() for part in parts])
    table = modelled(base_sets)
    groups = {group: {"share": sum(own[part] for part in parts) / sum(own.values()),
                      "model_share": sum(table[part] for part in counted) / first[1]}
              for group, (parts, counted) in GROUPS.items()}
    return {"machines": rows, "groups": groups}


def report(result):
    rows = [("machine", "differs from the base by", "PE um2", "to base", "model", "error")]
    rows += [(r["machine"], " ".join(r["set"]) or "-", f"{r['pe_um2']:.0f}", f"{r['ratio']:.3f}",
              f"{r['model_ratio']:.3f}", f"{100 * r['error']:+.1f} %") for r in result["machines"]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(f"{cell:<{w}}" if i < 2 else f"{cell:>{w}}" for i, (cell, w) in enumerate(zip(row, widths)))
             for row in rows]
    errors = [abs(r["error"]) for r in result["machines"][1:]]
    if errors:
        lines.append(f"largest error {100 * max(errors):.1f} %, mean {100 * sum(errors) / len(errors):.1f} %")
    lines += ["", "shares of the base PE         synthesised   model"]
    lines += [f"  {name:<26}  {100 * g['share']:>9.1f} %  {100 * g['model_share']:>4.1f} %"
              for name, g in result["groups"].items()]
    return "\n".join(lines)
