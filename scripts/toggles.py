#!/usr/bin/env python3
"""Do the gates of a PE move as the energy table says? Each price beside what the netlist does, both relative to an
executed product.

A PE is synthesised into the 180 nm cells of qflow-tech-osu018 (scripts/area.py) with the borders of its parts kept, and
simulated by Icarus Verilog with operands that make it do one thing all the time (rtl/FAMILY/toggles.py). Energy is what charges the inputs of
gates: half the capacitance of a pin times the voltage squared, for every time the pin changes. Not in it: wires,
glitches (gates have no delay here), what a cell uses inside. So it tells directions and rough sizes, no joules.
"""

import importlib.util
import json
import pathlib
import re
import sys
import tempfile

import area

VOLTS = 1.8
WARM_UP = 60  # cycles before toggles count: FIFOs fill


def read_modules(text):
    """Verilog as yosys writes netlists: module -> its cells, each (type, name, {pin: net})."""
    modules = {}
    for module, body in re.findall(r"^module (\S+)\s*\(.*?\);\n(.*?)^endmodule", text, re.S | re.M):
        cells = []
        for kind, name, pins in re.findall(r"^  (\\\S+ |\w+) (\\\S+ |\w+) \(\n(.*?)\n  \);", body, re.S | re.M):
            connected = dict(re.findall(r"\.(\\\S+ |\w+)\((.*?)\),?$", pins, re.M))
            cells.append((kind.strip(), name.strip(), connected))
        modules[module.strip()] = cells
    return modules


def toggles(dump):
    """How often each bit changes: (scope, net) -> {bit: changes}; nets of one bit have bit None."""
    scope, variables, counts, values = [], {}, {}, {}
    with open(dump) as lines:
        for line in lines:
            word = line.split()
            if not word:
                continue
            if word[0] == "$scope":
                scope.append(word[2].lstrip("\\"))
            elif word[0] == "$upscope":
                scope.pop()
            elif word[0] == "$var":
                bounds = re.search(r"\[(\d+):(\d+)\]$", word[5]) if len(word) > 6 else None
                name = word[4].lstrip("\\")
                variables.setdefault(word[3], []).append((".".join(scope), name, int(bounds[2]) if bounds else None))
            elif word[0][0] in "01xz" and len(word) == 1:
                change(counts, values, word[0][1:], word[0][0])
            elif word[0][0] == "b":
                change(counts, values, word[1], word[0][1:])
    result = {}
    for code, places in variables.items():
        for place, name, lowest in places:
            if lowest is None:
                result[place, name] = {None: counts.get(code, {}).get(0, 0)}
            else:
                result[place, name] = {bit + lowest: n for bit, n in counts.get(code, {}).items()}
    return result


def change(counts, values, code, text):
    """Notes a new value; the first one of a variable is no change."""
    value = int(re.sub("[xz]", "0", text), 2)
    if code in values:
        moved, bits = value ^ values[code], counts.setdefault(code, {})
        while moved:
            bit = moved.bit_length() - 1
            bits[bit] = bits.get(bit, 0) + 1
            moved ^= 1 << bit
    values[code] = value


def energy_by_part(design, modules, moved):
    """Picojoules by part of the PE, the inputs of flip-flop clocks as part `clock`."""
    library, parts = design.library, design.parts
    result = dict.fromkeys(parts.breakdown + ("clock",), 0.0)

    def walk(module, scope, part):
        for kind, name, pins in modules[module]:
            if kind.lstrip("\\") not in library.area:
                walk(kind.lstrip("\\") if kind.lstrip("\\") in modules else kind, f"{scope}.{name.lstrip(chr(92))}",
                     parts.of_module[area.module_of(kind.lstrip("\\"))])
                continue
            for pin, net in pins.items():
                if (kind, pin) not in library.pins or re.match(r"\d+'", net.strip()):
                    continue
                found = re.match(r"\\?(\S+?)\s*(?:\[(\d+)\])?$", net.strip())
                changes = moved[scope, found[1]]
                bit = None if found[2] is None else int(found[2])
                clock = kind in library.flops and pin == "CLK"
                energy = 0.5 * library.pins[kind, pin] * VOLTS * VOLTS * changes.get(bit, 0)
                result["clock" if clock else part] += energy

    walk("pe", "bench.u_pe", parts.rest)
    return result


def measure(design, family, own, parameters, scenario, cycles, seed):
    """Energy by part, what the family counts, and cycles of one scenario."""
    parameters = {**parameters, **family.numbers(own.machine(scenario))}
    array, _ = design.array(parameters)
    module = next(module for module, part in design.parts.units.items() if part == design.parts.pe)
    name = next(cell["type"] for cell in array["cells"].values() if area.module_of(cell["type"]) == module)
    _, netlist = design.pe_in_parts(name, parameters)
    modules = {key.lstrip("\\"): cells for key, cells in read_modules(netlist.read_text()).items()}
    scopes = ["bench.u_pe"] + [f"bench.u_pe.{cell[1]}{' ' if cell[1].startswith(chr(92)) else ''}"
                               for cell in modules["pe"] if cell[0].lstrip("\\") in modules]
    place = design.folder / scenario
    place.mkdir()
    own.bench(parameters, scenario, place, scopes, WARM_UP, cycles, seed)
    area.tool(["iverilog", "-g2012", "-o", place / "bench", place / "bench.v", netlist,
               design.library.path.with_suffix(".v")], "Icarus Verilog")
    said = area.tool([place / "bench"], "simulation of the netlist")
    return {**own.counted(said), "cycles": cycles,
            "pj": energy_by_part(design, modules, toggles(place / "dump.vcd"))}


def prices(path, operand):
    """Prices of the energy table for one operand width, by action."""
    result = {}
    for name, text in re.findall(r"^  (\w+): \{(.*?), unit:", pathlib.Path(path).read_text(), re.M):
        fields = dict(re.findall(r"(\w+): ([\d.]+)", text))
        result[name] = float(fields.get(operand, fields.get("price", "nan")))
    return result


def family_module(family):
    """rtl/FAMILY/toggles.py: the bench, the scenarios and the claims of a family."""
    path = family.folder / "toggles.py"
    if not path.exists():
        raise area.Failure(f"{path}: no such file; it says how a PE of {family.name} is driven")
    spec = importlib.util.spec_from_file_location(f"{family.name}_toggles", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    parser = area.common_options("toggles", __doc__.split("\n")[0])
    parser.add_argument("--energy", default=str(area.ROOT / "configs/energy/45nm.yaml"), metavar="FILE")
    parser.add_argument("--cycles", type=int, default=1600, help="cycles that count, of each simulation")
    parser.add_argument("--seed", type=int, default=1, help="of the operands")
    options = parser.parse_args()

    name, parameters = area.model_parameters(options.parameters_program, options.config, options.set)
    family = area.family_of(options.rtl, name)
    own = family_module(family)
    if reason := own.refusal(parameters):
        raise area.Failure(reason)
    table = prices(options.energy, family.words("Operand")[parameters["Operand"]])
    with tempfile.TemporaryDirectory() as folder:
        design = area.Design(family, area.Library(), folder)
        runs = {name: measure(design, family, own, parameters, name, options.cycles, options.seed)
                for name in own.SCENARIOS}
        breakdown = design.parts.breakdown
    claims = [{"claim": claim, "table": round(a, 4), "netlist": round(b, 4), "agree": 0.5 <= b / a <= 2}
              for claim, a, b in own.claims(runs, table, parameters, breakdown)]
    if options.format == "json":
        print(json.dumps({"claims": claims, "runs": runs}, indent=2))
        return
    width = max(len(c["claim"]) for c in claims)
    print(f"{'':<{width}}  table  netlist")
    for c in claims:
        apart = max(c["table"] / c["netlist"], c["netlist"] / c["table"])
        print(f"{c['claim']:<{width}}  {c['table']:5.3f}  {c['netlist']:7.3f}"
              + ("" if c["agree"] else f"   DISAGREE by a factor of {apart:.1f}"))
    apart = sum(not c["agree"] for c in claims)
    print(f"\n{len(claims) - apart} of {len(claims)} within a factor of two.")


if __name__ == "__main__":
    try:
        main()
    except area.Failure as failure:
        print(f"toggles: {failure}", file=sys.stderr)
        sys.exit(2)
