"""The area model (sim/energy/area.h and a table of configs/area) held against synthesis: PEs of machines that differ from a
base, each relative to the base, by both. Used by scripts/area --model."""

import concurrent.futures
import os



def varied(area, name, base):
    """Assignments of variation `name` ("lanes+int16" is two at once): a value, or a parameter of the base times a factor."""
    values = {}
    for one in name.split("+"):
        for key, value in area["variations"][one].items():
            values[key] = max(1, int(base[value[0]] * value[1])) if isinstance(value, list) else value
    return values


def compare(area, names, base_sets, parameters_of, synthesised, modelled):
    """Areas of the base and its variations, relative to it. area: of the family's checks.json; names: of its variations.
    parameters_of, synthesised, modelled: of assignments."""
    base = parameters_of(base_sets)
    kept = dict(text.split("=", 1) for text in base_sets)
    machines = [("base", base_sets)]
    for name in names:
        values = {key: str(value) for key, value in varied(area, name, base).items()}
        machines.append((name, [f"{key}={value}" for key, value in {**kept, **values}.items()]))

    def pe(machine):
        parts = modelled(machine[1])
        own = sum(um2 for part, um2 in parts.items() if part not in area["not_in_a_pe"])
        return synthesised(machine[1], (area["pe"],))[area["pe"]], own
    first = pe(machines[0])
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = [first, *pool.map(pe, machines[1:])]
    pes = base["Rows"] * base["Columns"]
    rows = []
    for (name, sets), (um2, model) in zip(machines, results):
        ratios = um2 / first[0], model / first[1]
        rows.append({"machine": name, "set": [text for text in sets if text not in base_sets], "pe_um2": um2,
                     "model_um2": model / pes, "ratio": ratios[0], "model_ratio": ratios[1],
                     "error": ratios[1] / ratios[0] - 1})
    groups = area["groups"].values()
    own = synthesised(base_sets, [part for group in groups for part in group["synthesised"]])
    table = modelled(base_sets)
    shares = {name: {"share": sum(own[part] for part in group["synthesised"]) / sum(own.values()),
                     "model_share": sum(table[part] for part in group["model"]) / first[1]}
              for name, group in area["groups"].items()}
    return {"machines": rows, "groups": shares}


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
