#!/usr/bin/env python3
"""Area and longest path of the RTL's parts: yosys, berkeley-abc, OpenSTA, the 180 nm cells of qflow-tech-osu018.

What counts: every gate and flip-flop, chunk FIFOs included, which are flip-flops. Operand buffers are SRAMs, for which
the library has no cells: their bits are counted (`memory_bits`) and are in no area; paths end and begin at their ports.
There are no wires in area or path. The array's area is that of its parts times their numbers; its path is looked for
among one row feeder, one column feeder, the PE where they meet, one drain and one post unit.

What the array is made of, the parts of a PE and the words that are varied stand in rtl/FAMILY/checks.json. The parts of a PE
are a PE synthesised again with their borders kept; `pe.mac` of `intersect`, multipliers with operand registers, partial sum
and result register, is the PE of a plain MAC array.
"""

import argparse
import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

import area_model
from rtl_family import RtlFamily, families

ROOT = pathlib.Path(__file__).resolve().parents[1]
LIBERTY = pathlib.Path("/usr/share/qflow/tech/osu018/osu018_stdcells.lib")
# abc sizes gates for this delay, whatever the configuration's clock: 180 nm cells are slow.
DELAY_TARGET_PS = 10000


class Failure(Exception):
    """What a person can do something about: a tool's complaint, a wrong option."""


def tool(command, what, **options):
    try:
        result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, **options)
    except FileNotFoundError:
        raise Failure(f"{command[0]} does not run; scripts/setup installs it") from None
    if result.returncode != 0:
        lines = result.stdout.strip().split("\n")
        said = [line for line in lines if "ERROR" in line] or lines[-10:]
        raise Failure(f"{what}: " + "\n  ".join(said))
    return result.stdout


def module_of(kind):
    """The SystemVerilog module of a yosys type: `$paramod$hash\\name`, `$paramod\\name\\Parameter=value` or `name`."""
    return (kind.split("\\") + [kind])[1] if kind.startswith("$") else kind


class Library:
    """Cells of a liberty file: area in um2, whether they are flip-flops, capacitance of their inputs in pF."""

    def __init__(self, path=LIBERTY):
        if not path.exists():
            raise Failure(f"{path}: no such file; scripts/setup installs it")
        self.path = path
        self.area, self.flops, self.pins = {}, set(), {}
        for text in re.split(r"^cell \(", path.read_text(), flags=re.M)[1:]:
            name = text[:text.index(")")]
            self.area[name] = float(re.search(r"^\s*area : ([\d.]+)", text, re.M)[1])
            if re.search(r"^\s*ff \(", text, re.M):
                self.flops.add(name)
            for pin in re.split(r"^\s*pin\(", text, flags=re.M)[1:]:
                capacitance = re.search(r"^\s*capacitance : ([\d.]+)", pin, re.M)
                if re.search(r"direction : input", pin) and capacitance:
                    self.pins[name, pin[:pin.index(")")]] = float(capacitance[1])


def model_parameters(program, config, assignments):
    """The family of a configuration and the parameters of its top module, as the engine `rtl` derives them."""
    command = [program, config] + [word for text in assignments for word in ("--set", text)]
    lines = dict(line.split() for line in tool(command, "configuration").strip().split("\n"))
    name = lines.pop("datapath")
    return name, {key: int(value) for key, value in lines.items()}


class Parts:
    """The parts of a family's array, from its checks.json."""

    def __init__(self, family):
        area = family.checks["area"]
        self.of_module, self.pe, self.rest = area["parts_of_pe"], area["pe"], area["rest_of_pe"]
        self.units = area["units"]
        self.breakdown = tuple(dict.fromkeys([*self.of_module.values(), self.rest]))
        self.of_units = tuple(dict.fromkeys(
            part for parts in self.units.values() for part in (parts.values() if isinstance(parts, dict) else [parts])))
        own = [part for part in self.of_units if part != self.pe]
        self.all = (self.pe, *self.breakdown, *own, "array")

    def unit(self, module, instance):
        """The part that instance `instance` of a module is; where a module serves several, the instance's name says which."""
        parts = self.units[module]
        if isinstance(parts, str):
            return parts
        return next(part for begin, part in parts.items() if instance.startswith(begin))


def family_of(rtl, name):
    try:
        return RtlFamily(rtl, name)
    except FileNotFoundError as missing:
        raise Failure(f"{rtl}: no {name}/{pathlib.Path(missing.filename).name} there; --rtl wants a copy of the folder "
                      "rtl/") from None


class Design:
    """The RTL of one folder: elaborates arrays and synthesises their units, each distinct one once."""

    def __init__(self, family, library, folder):
        self.rtl, self.library, self.folder = family.rtl, library, pathlib.Path(folder)
        self.parts, self.top, self.files = Parts(family), family.top, family.sources()
        (self.folder / "constraints").write_text("set_driving_cell INVX4\nset_load 0.05 [all_outputs]\n")
        self.units, self.paths = {}, {}
        self.first, self.locks = threading.Lock(), {}

    def yosys(self, what, *commands):
        script = self.folder / f"{abs(hash((what,) + commands)):x}.ys"
        script.write_text("\n".join(commands) + "\n")
        tool(["yosys", "-q", "-s", script], what, cwd=self.rtl)

    def elaborated(self, parameters):
        settings = " ".join(f"-set {key} {value}" for key, value in sorted(parameters.items()))
        return [f"read_verilog -sv -Icommon {' '.join(self.files)}", f"chparam {settings} {self.top}",
                f"hierarchy -top {self.top} -check"]

    def mapped(self):
        return [f"dfflibmap -liberty {self.library.path}",
                f"abc -liberty {self.library.path} -D {DELAY_TARGET_PS} -constr {self.folder}/constraints", "opt_clean"]

    def array(self, parameters):
        """The array of these parameters before synthesis: its JSON module, as yosys writes it."""
        out = self.folder / f"array_{abs(hash(tuple(sorted(parameters.items())))):x}.json"
        self.yosys("elaboration of the array", *self.elaborated(parameters), "proc",
                   f"opt_clean {self.top}", f"write_json {out}")
        modules = json.loads(out.read_text())["modules"]
        return modules[self.top], modules

    def unit(self, name, parameters):
        """Module `name` of the array (the name has its parameters' values in it), flat, in cells of the library."""
        with self.first:
            lock = self.locks.setdefault(name, threading.Lock())
        with lock:
            return self.synthesised(name, parameters)

    def synthesised(self, name, parameters):
        if name not in self.units:
            out = self.folder / f"unit_{abs(hash(name)):x}.json"
            self.yosys(
                f"synthesis of {module_of(name)}", *self.elaborated(parameters), f"hierarchy -top {name}",
                f"synth -top {name} -flatten -run begin:fine",
                # Operand buffers are the memories inside operand_buffer; all other storage becomes flip-flops.
                r"chtype -set lacuna_sram */*u_buffer.* t:$mem_v2 %i", "synth -run fine:check", *self.mapped(),
                f"write_json {out}")
            self.units[name] = json.loads(out.read_text())["modules"][name]
        return self.units[name]

    def pe_in_parts(self, name, parameters):
        """A PE in cells of the library with the borders of its parts: JSON modules, and the file of its Verilog."""
        out = self.folder / f"parts_{abs(hash(name)):x}.json"
        borders = " ".join(f"*{module}*" for module in self.parts.of_module)
        if not out.exists():
            self.yosys("synthesis of a PE in parts", *self.elaborated(parameters), f"hierarchy -top {name}",
                       f"setattr -mod -set keep_hierarchy 1 {borders}", f"synth -top {name} -flatten", *self.mapped(),
                       f"write_json {out}", f"rename {name} pe", f"write_verilog -noattr {out.with_suffix('.v')}")
        return json.loads(out.read_text())["modules"], out.with_suffix(".v")

    def breakdown(self, name, parameters):
        """Figures of the parts of a PE, by part."""
        modules, _ = self.pe_in_parts(name, parameters)
        cells = modules[name]["cells"]
        result = {part: dict.fromkeys(self.figures({"cells": {}}), 0) for part in self.parts.breakdown}

        def add(part, figures):
            for key, value in figures.items():
                result[part][key] += value
        for cell in cells.values():
            if cell["type"] in modules:
                add(self.parts.of_module[module_of(cell["type"])], self.figures(modules[cell["type"]]))
        add(self.parts.rest, self.figures({"cells": {key: cell for key, cell in cells.items()
                                                  if cell["type"] not in modules}}))
        return result

    def figures(self, module):
        """Cells, area, bits in flip-flops and in SRAMs of one synthesised module."""
        result = {"cells": 0, "area_um2": 0.0, "register_area_um2": 0.0, "register_bits": 0, "memory_bits": 0}
        for cell in module["cells"].values():
            kind = cell["type"]
            if kind == "lacuna_sram":
                bits = {key: int(cell["parameters"][key], 2) for key in ("SIZE", "WIDTH")}
                result["memory_bits"] += bits["SIZE"] * bits["WIDTH"]
                continue
            if kind not in self.library.area:
                raise Failure(f"synthesis left a cell {kind}, which the library does not have")
            result["cells"] += 1
            result["area_um2"] += self.library.area[kind]
            if kind in self.library.flops:
                result["register_bits"] += 1
                result["register_area_um2"] += self.library.area[kind]
        return result

    def longest_path(self, key, module):
        """Longest path in ns of a flat module, set-up time included, and where it begins and ends."""
        if key not in self.paths:
            name = f"{abs(hash(key)):x}"
            stored, netlist = self.folder / f"flat_{name}.json", self.folder / f"flat_{name}.v"
            stored.write_text(json.dumps({"modules": {"top": srams_as_ports(module)}}))
            self.yosys("netlist", f"read_json {stored}", "setundef -zero", f"write_verilog -noattr {netlist}")
            script = self.folder / f"{name}.tcl"
            script.write_text(f"read_liberty {self.library.path}\nread_verilog {netlist}\nlink_design top\n"
                              "create_clock -name clock -period 0.001 [get_ports clk_i]\n"
                              "set_input_delay 0 -clock clock [all_inputs]\n"
                              "set_output_delay 0 -clock clock [all_outputs]\n"
                              "set_false_path -from [get_ports rst_ni]\n"
                              "report_checks -path_delay max -format full -digits 4\nexit\n")
            said = tool(["sta", "-no_splash", "-exit", script], "OpenSTA")
            slack = re.search(r"(-?[\d.]+)\s+slack", said)
            ends = re.findall(r"^(?:Startpoint|Endpoint): (\S+)", said, re.M)
            if not slack or len(ends) != 2:
                raise Failure("OpenSTA found no path:\n" + said[-1500:])
            self.paths[key] = (round(0.001 - float(slack[1]), 3), registers(netlist, ends))
        return self.paths[key]

    def cross(self, array, modules):
        """One row and one column of the array as a flat netlist: the instances with index 0 of every unit."""
        kept = {name: cell for name, cell in array["cells"].items()
                if module_of(cell["type"]) not in self.parts.units or set(re.findall(r"\[(\d+)\]", name)) <= {"0"}}
        stubs = {cell["type"]: {"attributes": {"blackbox": "1"}, "ports": modules[cell["type"]]["ports"], "cells": {},
                                "netnames": {}} for cell in kept.values() if cell["type"] in modules}
        name = f"{abs(hash(tuple(sorted(stubs)))):x}"
        one, two, three = (self.folder / f"cross_{name}_{i}.json" for i in range(3))
        one.write_text(json.dumps({"modules": {"top": {**array, "cells": kept}, **stubs}}))
        self.yosys("one row and column", f"read_json {one}", "hierarchy -top top", "setundef -undriven -zero",
                   "synth -top top -noabc", *self.mapped(), f"write_json {two}")
        top = json.loads(two.read_text())["modules"]["top"]
        units = {stub: self.units[stub] for stub in stubs}
        one.write_text(json.dumps({"modules": {"top": top, **units}}))
        self.yosys("one row and column", f"read_json {one}", "hierarchy -top top", "flatten", "opt_clean",
                   f"write_json {three}")
        return json.loads(three.read_text())["modules"]["top"]


def srams_as_ports(module):
    """The module with every SRAM taken out and its ports made ports of the module."""
    module = {**module, "ports": dict(module["ports"]), "cells": dict(module["cells"])}
    srams = [name for name, cell in module["cells"].items() if cell["type"] == "lacuna_sram"]
    for number, name in enumerate(srams):
        cell = module["cells"].pop(name)
        for port, bits in cell["connections"].items():
            if port == "RD_DATA":
                module["ports"][f"sram{number}_data"] = {"direction": "input", "bits": bits}
            elif port in ("RD_ADDR", "WR_ADDR", "WR_DATA", "WR_EN"):
                module["ports"][f"sram{number}_{port.lower()}"] = {"direction": "output", "bits": bits}
    return module


def registers(netlist, ends):
    """Names of the ends of a path as a person knows them: the net a flip-flop drives, or the port."""
    text = netlist.read_text()
    names = []
    for end in ends:
        instance = re.search(r"\b" + re.escape(end) + r" \(\n(.*?)\n\s*\);", text, re.S)
        driven = re.search(r"\.Q\(\\?([^)]*?)\s*\)", instance[1]) if instance else None
        names.append(re.sub(r"\[\d+\]$", "", driven[1].strip() if driven else end))
    return names


def measure(design, parameters, parts, timing):
    """Records of the parts of one machine."""
    array, modules = design.array(parameters)
    instances = {}
    for name, cell in array["cells"].items():
        kind = module_of(cell["type"])
        if kind in design.parts.units:
            instances.setdefault(design.parts.unit(kind, name), []).append(cell["type"])
    records = []
    total = {}
    if set(design.parts.breakdown) & set(parts):
        for part, figures in design.breakdown(instances[design.parts.pe][0], parameters).items():
            if part in parts:
                records.append({"part": part, **figures, "path": None})
    for part in design.parts.of_units:
        if part not in parts and "array" not in parts:
            continue
        if len(set(instances.get(part, []))) != 1:
            raise Failure(f"the array has no {part}, or {part}s of several kinds")
        name = instances[part][0]
        figures = design.figures(design.unit(name, parameters))
        for key, value in figures.items():
            total[key] = total.get(key, 0) + value * len(instances[part])
        if part in parts:
            # A part may be wires only: that of steps in a machine without.
            path = design.longest_path(name, design.units[name]) if timing and figures["cells"] else None
            records.append({"part": part, **figures, "path": path})
    if "array" in parts:
        path = None
        if timing:
            key = tuple(sorted({name for names in instances.values() for name in names}))
            path = design.paths.get(key) or design.longest_path(key, design.cross(array, modules))
        records.append({"part": "array", **total, "path": path})
    for record in records:
        path = record.pop("path")
        if path:
            record["longest_path_ns"], (record["path_from"], record["path_to"]) = path
    return records


def report(result, family):
    """The records as a table; `to base` is against the same part of the machine with the base's words."""
    lines = []
    varied, base_words = list(family.checks["area"]["varied"]), family.checks["area"]["base"]
    base = {r["part"]: r for r in result["parts"] if all(r[word] == base_words[word] for word in varied)}
    head = ("part", *(word.replace("_", " ") for word in varied), "cells", "area mm2", "to base", "of it regs", "path ns",
            "to base", "register bits", "SRAM bits")
    rows = []
    for plain, r in [(True, r) for r in result["plain"]] + [(False, r) for r in result["parts"]]:
        b = base.get(r["part"])

        def to_base(key):
            return f"{100 * (r[key] / b[key] - 1):+.1f} %" if b and b is not r and r.get(key) and b.get(key) else "-"
        rows.append((r["part"], *(r[word] + (", plain" if plain and word == varied[0] else "") for word in varied),
                     str(r["cells"]), f"{r['area_um2'] * 1e-6:.4f}", to_base("area_um2"),
                     f"{100 * r['register_area_um2'] / r['area_um2']:.0f} %" if r["area_um2"] else "-",
                     f"{r['longest_path_ns']:.2f}" if "longest_path_ns" in r else "-", to_base("longest_path_ns"),
                     str(r["register_bits"]), str(r["memory_bits"])))
    rows = [head] + sorted(rows, key=lambda row: Parts(family).all.index(row[0]))
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    for row in rows:
        lines.append("  ".join(f"{cell:<{w}}" if i <= len(varied) else f"{cell:>{w}}"
                               for i, (cell, w) in enumerate(zip(row, widths))).rstrip())
    lines.append("")
    lines.append("SRAM bits (operand buffers) are in no area. Wires are in no area and no path. 180 nm cells.")
    return "\n".join(lines)


def words(text, legal, what, joined=False):
    """Words separated by commas; with `joined` each may be several with + between them."""
    chosen = text.split(",")
    for word in chosen:
        for one in word.split("+") if joined else [word]:
            if one not in legal:
                raise Failure(f"{what}: unknown word '{one}'; legal: {', '.join(legal)}")
    return chosen


def against_model(options, family):
    def modelled(assignments):
        command = [options.model_program, options.model, options.config]
        said = tool(command + [word for text in assignments for word in ("--set", text)], "area table")
        return {part: float(area) for part, area in (line.split() for line in said.strip().split("\n"))}

    def parameters_of(assignments):
        return model_parameters(options.parameters_program, options.config, assignments)[1]

    area = family.checks["area"]
    with tempfile.TemporaryDirectory() as folder:
        design = Design(family, Library(), folder)

        def synthesised(assignments, parts):
            return {record["part"]: record["area_um2"]
                    for record in measure(design, parameters_of(assignments), parts, False)}
        chosen = words(options.vary or ",".join(area["compared"]), area["variations"], "--vary", joined=True)
        return area_model.compare(area, chosen, options.set, parameters_of, synthesised, modelled)


def machines_of(options, family, parameters):
    """(words of what is varied, parameters) of every machine, and whether it is the plain one."""
    varied = family.checks["area"]["varied"]
    chosen = []
    for word, parameter in varied.items():
        legal = family.words(parameter)
        text = "configured" if options.configured else getattr(options, word) or ",".join(legal)
        chosen.append([legal[parameters[parameter]]] if text == "configured"
                      else words(text, legal, f"--{word.replace('_', '-')}"))
    machines = []
    for combination in itertools.product(*chosen):
        own = dict(zip(varied, combination))
        machines.append((own, {**parameters, **family.numbers({varied[word]: own[word] for word in varied})}, False))
    base = family.checks["area"]["base"]
    if len(machines) > 1 and any(own == base for own, _, _ in machines):
        values = family.numbers({**{varied[word]: base[word] for word in varied}, **family.checks["area"]["plain"]})
        machines.append((base, {**parameters, **values}, True))
    return machines


def common_options(name, description):
    """A parser with what area and toggles take, which also chooses the family."""
    parser = argparse.ArgumentParser(prog=name, description=description)
    parser.add_argument("config", nargs="?", default=str(ROOT / "configs/default.yaml"))
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as of lacuna run")
    parser.add_argument("--rtl", default=str(ROOT / "rtl"), metavar="DIR", help="an edited copy of rtl/")
    parser.add_argument("--format", default="table", choices=("table", "json"))
    parser.add_argument("--parameters-program", default=str(ROOT / "build/release/rtl_parameters"), metavar="FILE")
    return parser


def main():
    parser = common_options("area", __doc__.split("\n")[0])
    parser.add_argument("--parts", help="of rtl/FAMILY/checks.json and 'array'; default: all")
    parser.add_argument("--configured", action="store_true", help="only the machine of CONFIG, no word varied")
    parser.add_argument("--no-timing", action="store_true", help="area only")
    parser.add_argument("--model", metavar="TABLE", help="hold the areas of this table (configs/area) against synthesis")
    parser.add_argument("--vary", metavar="WORDS", help="machines of --model, of rtl/FAMILY/checks.json; two joined by +")
    parser.add_argument("--model-program", default=str(ROOT / "build/release/area_model"), metavar="FILE")
    # What is varied depends on the family, which depends on the configuration.
    if not {"-h", "--help"} & set(sys.argv[1:]):
        known, _ = parser.parse_known_args()
        name, parameters = model_parameters(known.parameters_program, known.config, known.set)
        family = family_of(known.rtl, name)
        varied = {name: [family] for name in family.checks["area"]["varied"]}
    else:
        varied = {}
        for family in families(ROOT / "rtl"):
            for word in family.checks["area"]["varied"]:
                varied.setdefault(word, []).append(family)
    for word, known in varied.items():
        parser.add_argument(f"--{word.replace('_', '-')}", metavar="WORDS",
                            help=f"words of {', '.join(family.name for family in known)}, or 'configured'; default: all")
    options = parser.parse_args()
    if options.model:
        result = against_model(options, family)
        print(json.dumps(result, indent=2) if options.format == "json" else area_model.report(result))
        return

    legal = Parts(family).all
    parts = words(options.parts, legal, "--parts") if options.parts else legal
    machines = machines_of(options, family, parameters)
    library = Library()
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        design = Design(family, library, folder)

        def run(machine):
            own, values, _ = machine
            return [{"part": record.pop("part"), **own, **record}
                    for record in measure(design, values, parts, not options.no_timing)]

        # The first machine alone: what all share is then there.
        results = [run(machines[0])] + list(pool.map(run, machines[1:]))
        result = {"parameters": parameters, "library": library.path.name, "parts": [], "plain": []}
        for (_, _, plain), records in zip(machines, results):
            result["plain" if plain else "parts"] += records
    print(json.dumps(result, indent=2) if options.format == "json" else report(result, family))


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        print(f"area: {failure}", file=sys.stderr)
        sys.exit(2)
