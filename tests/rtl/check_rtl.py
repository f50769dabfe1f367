#!/usr/bin/env python3
"""Checks of the SystemVerilog that need no simulation of a layer.

  check_rtl.py lint       Verilator, every warning on and fatal, on machines of every kind; and how files are laid out
  check_rtl.py synthesis  yosys takes all but probe/, without latches, loops or drivers that fight
  check_rtl.py netlist    what yosys makes of each module does what the module does, on random inputs
"""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
RTL = ROOT / "rtl"
sys.path.insert(0, str(ROOT / "scripts"))

from rtl_family import camel, families, members  # noqa: E402

CYCLES = 2000


def run(command, what, **options):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if result.returncode != 0:
        sys.exit(f"{what}: {' '.join(map(str, command))}\n{result.stdout[-4000:]}")
    return result.stdout


def continues(text, number):
    """Whether line `number` goes on with an expression, a macro or a list of arguments: aligned with what it goes on with."""
    before = text.split("\n")[number - 2].split("//")[0].rstrip()
    return before.endswith((",", "(", "+", "&&", "||", "\\"))


def check_alignment(name, text):
    """Names of a module's ports stand in one column, and so do parentheses of neighbouring named connections."""
    header = re.search(r"\(\n((?:  (?:input|output|//)[^\n]*\n)+)\);", text)
    ports = re.finditer(r"^  (?:input|output) .*?(\w+),?(?: *//.*)?$", header[1], re.M) if header else []
    if len({port.start(1) - port.start() for port in ports}) > 1:
        sys.exit(f"{name}: the names of the ports are not aligned")
    column = None
    for number, line in enumerate(text.split("\n"), 1):
        found = re.match(r"\s*\.\w+ *\(", line)
        if not found:
            column = None
        elif column not in (None, found.end()):
            sys.exit(f"{name}:{number}: the connection is not aligned with the one above")
        else:
            column = found.end()


# What probes report that families share: of the fabric.
FABRIC_REPORTS = {"feeder_report_t": "FeederReport"}


def check_reports(folder, reports, flags_of):
    """probe/report.h has the members of the folder's report package in the opposite order, of the same size and name."""
    package = (folder / f"probe/{folder.name}_report_pkg.sv").read_text()
    header = (folder / "probe/report.h").read_text()
    bits = {"std::uint32_t": 32, "std::int64_t": 64, "std::array<std::uint32_t, 8>": 256}
    for sv, cc in reports.items():
        fields = members(package, r"struct packed \{([^}]*)\} %s;" % sv, r"^\s*logic \[(\d+):0\]\s+(\w+);")
        theirs = [(int(high) + 1, name) for high, name in reversed(fields)]
        ours = [(bits[kind], name) for kind, name in
                members(header, r"struct %s \{(.*?)\};" % cc, r"^  (std::[\w:<, ]+>|std::\w+) (\w+);")]
        if not ours or ours != theirs:
            sys.exit(f"{sv} is {theirs}, {cc} is {ours}")
    for sv, cc in flags_of.items():
        flags = members(package, r"struct packed \{([^}]*)\} %s;" % sv, r"^\s*logic (\w+);")
        words = members(header, r"enum class %s[^{]*\{([^}]*)\}" % cc, r"(\w+)")
        if [flag.replace("_", "") for flag in reversed(flags)] != [word.lower() for word in words]:
            sys.exit(f"{sv} is {flags}, {cc} is {words}")


def check_ports(family):
    """ports.def names every port of the top module but the clock."""
    top = (RTL / family.sources()[-1]).read_text()
    ports = re.findall(r"^  (?:input|output) +logic .*?(\w+),?\s*(?://.*)?$", top, re.M)
    listed = re.findall(r"^LACUNA_PORT\((\w+)\)$", (family.folder / "ports.def").read_text(), re.M)
    if not listed or set(listed) != set(ports) - {"clk_i"} or len(listed) != len(set(listed)):
        sys.exit(f"ports.def and the top module differ in {sorted(set(listed) ^ (set(ports) - {'clk_i'}))}")


def check_words(family):
    """Words of the configuration have the same numbers in C++ and here; tables that both have are the same, line by line."""
    cc = ROOT / "sim/datapaths" / family.name
    config = (cc / "config.h").read_text() + (ROOT / "sim/machine/config.h").read_text()
    enumerations = family.enumerations()
    for table in family.checks["tables"]:
        lines = re.findall(r'^%s\((\w+), "\w+", ((?:(?:true|false), )+)' % table["macro"],
                           (cc / table["definitions"]).read_text(), re.M)
        expected = [(name, ["1" if word == "true" else "0" for word in re.findall(r"\w+", flags)]) for name, flags in lines]
        prefix = camel(table["enumeration"])
        words = enumerations.pop(table["enumeration"])
        if not expected or words != [name for name, _ in expected]:
            sys.exit(f"{table['enumeration']}_e is {words}, {table['definitions']} has {[name for name, _ in expected]}")
        found = re.findall(r"%s_pkg::%s(\w+): +%s = \d+'b1((?:_\d)+);" % (family.name, prefix, table["function"]),
                           family.package)
        if [(name, flags.strip("_").split("_")) for name, flags in found] != expected:
            sys.exit(f"the table {table['function']} is {found}, {table['definitions']} says {expected}")
    for name, theirs in enumerations.items():
        ours = members(config, r"enum class %s \{([^}]*)\};" % camel(name), r"(\w+)")
        if theirs != ours:
            sys.exit(f"{name}_e is {theirs}, in C++ {ours}")


def check_layout():
    listed = {name for family in families(RTL) for part in ("sources.f", "probe/sources.f")
              for name in family.sources(part)}
    found = {str(path.relative_to(RTL)) for path in RTL.rglob("*.sv")}
    if found != listed:
        sys.exit(f"sources.f and the files differ in {sorted(found ^ listed)}")
    for name in sorted(listed):
        text = (RTL / name).read_text()
        for number, line in enumerate(text.split("\n"), 1):
            if len(line) > 100:
                sys.exit(f"{name}:{number} is longer than 100 columns")
            if "\t" in line or line != line.rstrip():
                sys.exit(f"{name}:{number} has a tab or ends in a blank")
            if (len(line) - len(line.lstrip(" "))) % 2 and not continues(text, number):
                sys.exit(f"{name}:{number} is indented by an odd number of blanks")
        check_alignment(name, text)
        units = re.findall(r"^(?:module|package) (\w+)", text, re.M)
        if units != [pathlib.Path(name).stem]:
            sys.exit(f"{name} holds {units}; a file holds one module and has its name")
        if "/probe/" in name:
            continue
        # yosys 0.23 does not say that it takes these for something else.
        code = re.sub(r"//.*", "", text)
        if re.search(r"^\s*import \w+::", code, re.M):
            sys.exit(f"{name} imports a package; yosys 0.23 needs package::name")
        if re.search(r"^\s*\.\w+ *\('[01]\)", code, re.M):
            sys.exit(f"{name} connects a constant without a width; yosys 0.23 makes the module again under another name")
        if re.search(r"[=(,?:&|^+*<>]\s*[-~!]\s*(\w+|\([^()]*\))'\(", code):
            sys.exit(f"{name} has a sign or complement before a cast; yosys 0.23 applies it to the cast's width")


def lint_machine(family, flags, parameters):
    """The command that lints the family's RTL with these parameters."""
    return (["verilator", "--lint-only", *flags, "-Icommon", "--top-module", family.top]
            + [f"-G{key}={value}" for key, value in parameters.items()]
            + family.sources() + family.sources("probe/sources.f"))


def lint():
    check_layout()
    check_reports(RTL / "fabric", FABRIC_REPORTS, {})
    for family in families(RTL):
        check_reports(family.folder, family.checks["reports"], family.checks["flags"])
        check_ports(family)
        check_words(family)
        machines = family.machines()
        for name, parameters in machines.items():
            run(lint_machine(family, ["-Wall"], parameters), f"lint of {family.name}, machine '{name}'", cwd=RTL)
        # What no machine has ends in an error that names it.
        for parameter, words in family.checks["refused"].items():
            unknown = len(family.words(parameter)) + 4
            result = subprocess.run(lint_machine(family, [], {parameter: unknown}), stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True, cwd=RTL)
            if result.returncode == 0 or words not in result.stdout:
                sys.exit(f"{parameter}={unknown} is not refused with '{words}':\n{result.stdout[-2000:]}")
        print(f"{family.name}: {len(family.sources() + family.sources('probe/sources.f'))} files, {len(machines)} machines")


def read_sources(family):
    return "read_verilog -sv -Icommon " + " ".join(family.sources())


def chparam(module, parameters):
    if not parameters:
        return ""
    return "chparam " + " ".join(f"-set {key} {value}" for key, value in parameters.items()) + f" {module}; "


def synthesis():
    for family in families(RTL):
        machines = family.machines()
        own = family.checks["synthesis"]
        for name, parameters in machines.items():
            values = {**own["always"], **(own["default"] if name == "default" else parameters)}
            script = (f"{read_sources(family)}; {chparam(family.top, values)}"
                      f"hierarchy -top {family.top} -check; proc; "
                      "select -assert-none t:$dlatch t:$adlatch t:$dlatchsr; flatten; opt -fast; check -assert")
            run(["yosys", "-q", "-p", script], f"synthesis of {family.name}, machine '{name}'", cwd=RTL)
        print(f"{family.name}: {len(family.sources())} files, {len(machines)} machines")


def bench(index, module, parameters, ports, held):
    """A module that drives `module` and its netlist with the same random inputs and compares their outputs. held: input ports
    that keep the value of a parameter, as a tile does, where any other would make the module wait for ever."""
    lines = [f"module bench_{index}(input logic clk, input int unsigned cycle);"]
    for name, (direction, width) in ports.items():
        if name != "clk_i":
            lines.append(f"  logic [{width - 1}:0] {name}{f', netlist_{name}' if direction == 'output' else ''};")

    def connections(prefix):
        return ", ".join(
            f".{name}({'clk' if name == 'clk_i' else (prefix if direction == 'output' else '') + name})"
            for name, (direction, _) in ports.items())

    values = ", ".join(f".{key}({value})" for key, value in parameters.items())
    lines.append(f"  {module} #({values}) u_rtl ({connections('')});")
    lines.append(f"  netlist_{index} u_netlist ({connections('netlist_')});")
    lines.append("  always @(negedge clk) begin")
    for name, (direction, width) in ports.items():
        if direction == "input" and name not in ("clk_i", "rst_ni"):
            word = f"{width}'({{{', '.join(['$urandom()'] * ((width + 31) // 32))}}})"
            # Words often have few bits, so that masks and counts of every size come up.
            value = "$urandom() % 4 != 0" if width == 1 else f"$urandom() % 4 != 0 ? {word} & {word} : {word}"
            if name in held:
                value = f"{width}'(cycle < {CYCLES // 2} ? {parameters[held[name]]} : 1)"
            lines.append(f"    {name} <= {value};")
    if "rst_ni" in ports:
        lines.append(f"    rst_ni <= cycle > 2 && cycle != {CYCLES // 2};")
    lines.append("  end")
    lines.append("  always @(posedge clk) begin")
    outputs = [name for name, (direction, _) in ports.items() if direction == "output"]
    for name in outputs:
        lines.append(f"    if (cycle >= 4 && {name} !== netlist_{name}) begin $display(\"{module} {parameters}, cycle "
                     f"%0d: {name} is %h, in the netlist %h\", cycle, {name}, netlist_{name}); $finish; end")
    lines.append("  end")
    lines.append("  int unsigned changes = 0;")
    held = ", ".join(outputs)
    width = sum(ports[name][1] for name in outputs)
    lines.append(f"  logic [{width - 1}:0] last;")
    lines.append("  always @(posedge clk) begin")
    lines.append(f"    last <= {{{held}}};")
    lines.append(f"    if (cycle >= 4 && last != {{{held}}}) changes <= changes + 1;")
    lines.append("  end")
    # Outputs that hardly move would make the comparison worth nothing.
    lines.append(f"  final if (changes < {CYCLES // 50})")
    lines.append(f"    $display(\"{module} {parameters}: outputs changed in %0d cycles only\", changes);")
    lines.append("endmodule")
    return "\n".join(lines) + "\n"


TOP = """module bench(input logic clk);
  int unsigned cycle = 0;
  always @(posedge clk) begin
    cycle <= cycle + 1;
    if (cycle == %d) begin $display("equal"); $finish; end
  end
%s
endmodule
"""

MAIN = """
#include "Vbench.h"
#include "verilated.h"
int main(int argc, char** argv) {
  VerilatedContext context;
  context.commandArgs(argc, argv);
  Vbench bench{&context};
  for (int half = 0; !context.gotFinish(); half ^= 1) {
    bench.clk = half;
    bench.eval();
    context.timeInc(1);
  }
  bench.final();
}
"""


def synthesised_bench(family, index, module, parameters, folder):
    """Writes the netlist of a module as module netlist_INDEX; the bench that compares both."""
    script = (f"{read_sources(family)}; {chparam(module, parameters)}hierarchy -top {module}; "
              f"synth -top {module} -flatten; select -assert-none t:$_DLATCH*; "
              f"rename -top netlist_{index}; write_verilog -noattr {folder}/netlist_{index}.v; "
              f"write_json {folder}/netlist_{index}.json")
    run(["yosys", "-q", "-p", script], f"synthesis of {module} {parameters}", cwd=RTL)
    modules = json.loads((folder / f"netlist_{index}.json").read_text())["modules"]
    described = modules[f"netlist_{index}"]["ports"]
    ports = {port: (value["direction"], len(value["bits"])) for port, value in described.items()}
    return bench(index, module, parameters, ports, family.checks["held"])


def netlists_of(family, folder):
    netlists = family.netlists()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        benches = list(pool.map(lambda index: synthesised_bench(family, index, *netlists[index], folder),
                                range(len(netlists))))
    instances = "".join(f"  bench_{i} u_bench_{i} (.clk, .cycle);\n" for i in range(len(benches)))
    (folder / "bench.sv").write_text("".join(benches) + TOP % (CYCLES, instances))
    (folder / "main.cc").write_text(MAIN)
    # Verilator 5.006 gets gates of several bits wrong when it joins them (post units show it), hence -fno-...
    run(["verilator", "--cc", "--exe", "--build", "-Wno-lint", "-Wno-style", "-Wno-UNOPTFLAT",
         "-fno-const-bit-op-tree", "--x-initial", "0", "--x-assign", "0", "--no-assert", "--top-module", "bench",
         "--Mdir", f"{folder}/build", "-Icommon", "-MAKEFLAGS", "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0",
         "--output-split", "5000"]
        + family.sources() + [f"{folder}/netlist_{i}.v" for i in range(len(benches))]
        + [f"{folder}/bench.sv", f"{folder}/main.cc"], "bench of the netlists", cwd=RTL)
    said = run([f"{folder}/build/Vbench"], "run of the netlists")
    if said.split("\n")[0] != "equal" or "only" in said:
        sys.exit(said)
    print(f"{family.name}: {len(benches)} netlists, {CYCLES} cycles equal")


def netlist():
    for family in families(RTL):
        with tempfile.TemporaryDirectory() as name:
            netlists_of(family, pathlib.Path(name))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("lint", "synthesis", "netlist"):
        sys.exit(__doc__)
    {"lint": lint, "synthesis": synthesis, "netlist": netlist}[sys.argv[1]]()
