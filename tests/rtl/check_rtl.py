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

RTL = pathlib.Path(__file__).resolve().parents[2] / "rtl"

# Machines whose RTL differs in kind: every rule, operand, encoding and mapping, sizes that do not divide, corners.
MACHINES = {
    "default": {},
    "none": dict(Rows=3, Columns=2, Chunk=16, Skip=0, EarlyTermination=1, WeightsBusBytes=4, ActivationsBusBytes=3),
    "gate": dict(Rows=2, Columns=4, Chunk=8, Lanes=2, Skip=1, Operand=1, ActivationsEncoding=0),
    "activations": dict(Rows=2, Columns=3, Chunk=24, Lanes=3, Skip=2, Mapping=1, EarlyTermination=1,
                        WeightsFifoDepth=1, ActivationsBusBytes=1),
    "weights": dict(Rows=3, Columns=3, Chunk=72, Skip=3, Mapping=1, WeightsEncoding=0, WeightsBusBytes=64,
                    WeightsBufferBytes=768, ActivationsBusBytes=256, ActivationsBufferBytes=1024),
    "both": dict(Rows=5, Columns=1, Chunk=128, Lanes=8, Skip=4, EarlyTermination=1, Operand=1, WeightsFifoDepth=3),
    "one": dict(Rows=1, Columns=1, Chunk=8, WeightsBusBytes=1, ActivationsBusBytes=1, WeightsFifoDepth=1,
                ActivationsFifoDepth=1, WeightsBufferBytes=64, ActivationsBufferBytes=64),
}

# For synthesis operand buffers are small: they become flip-flops.
SMALL_BUFFERS = dict(WeightsBufferBytes=256, ActivationsBufferBytes=256)

# Modules of which the netlist is compared, with the parameters of one machine each.
NETLISTS = [
    ("chunk_fifo", dict(Width=5, Depth=3)),
    ("chunk_fifo", dict(Width=5, Depth=1)),
    ("prefix_pick", dict(Width=24, Picks=3)),
    ("prefix_count", dict(Width=24)),
    ("operand_select", dict(Chunk=16, Bits=8, Encoding=1)),
    ("operand_select", dict(Chunk=8, Bits=16, Encoding=0)),
    ("match_unit", dict(Chunk=16, Lanes=2, Skip=0)),
    ("match_unit", dict(Chunk=16, Lanes=2, Skip=1)),
    ("match_unit", dict(Chunk=16, Lanes=2, Skip=2)),
    ("match_unit", dict(Chunk=16, Lanes=2, Skip=3)),
    ("match_unit", dict(Chunk=16, Lanes=2, Skip=4)),
    ("mac_lane", dict(Bits=8)),
    ("mac_lane", dict(Bits=16)),
    ("partial_sum", dict(Lanes=2, ProductBits=17, AccumulatorBits=32, EarlyTermination=1)),
    ("partial_sum", dict(Lanes=1, ProductBits=33, AccumulatorBits=48, EarlyTermination=0)),
    ("tile_walk", {}),
    ("intersect_pe", dict(Chunk=16, Lanes=2, Skip=4, EarlyTermination=1)),
    ("intersect_pe", dict(Chunk=8, Bits=16, AccumulatorBits=48, Skip=1, WeightEncoding=0, WeightDepth=1)),
    ("operand_buffer", dict(WordBits=16, HalfWords=8, LengthBits=3)),
    ("message_assembly", dict(Chunk=16, WordBits=24, Words=8, LengthBits=3)),
    ("message_assembly", dict(Chunk=8, Bits=16, Encoding=0, BiasBits=48, WordBits=32, Words=8, LengthBits=3)),
    ("message_assembly", dict(Chunk=24, BiasBits=0, WordBits=64, Words=4, LengthBits=2)),
    ("feeder_control", dict(Fanout=5, AddressBits=4, LengthBits=3)),
    ("feeder_control", dict(Fanout=5, Unicast=1, AddressBits=4, LengthBits=3)),
    ("intersect_feeder", dict(Fanout=3, BusBytes=4, BufferBytes=64)),
    ("intersect_feeder", dict(Fanout=3, Unicast=1, BusBytes=8, BufferBytes=64)),
    ("intersect_drain", dict(Rows=5, AccumulatorBits=32)),
    ("intersect_post", dict(Rows=5, Bits=8, AccumulatorBits=32)),
    ("intersect_post", dict(Rows=3, Bits=16, AccumulatorBits=48)),
    ("column_encoder", dict(Rows=5, Bits=8)),
]

CYCLES = 2000


def sources(name="intersect/sources.f"):
    return [line for line in (RTL / name).read_text().split("\n") if line and not line.startswith("#")]


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


def members(text, kind, pattern):
    """What `pattern` finds in the body of `kind`, from top to bottom."""
    body = re.search(kind, text, re.S)
    if not body:
        sys.exit(f"nothing looks like {kind}")
    return re.findall(pattern, body[1], re.M)


def check_reports():
    """report.h has the members of intersect_report_pkg.sv in the opposite order, of the same size and name."""
    package = (RTL / "intersect/probe/intersect_report_pkg.sv").read_text()
    header = (RTL / "intersect/probe/report.h").read_text()
    bits = {"std::uint32_t": 32, "std::int64_t": 64, "std::array<std::uint32_t, 8>": 256}
    for sv, cc in ("pe_report_t", "PeReport"), ("feeder_report_t", "FeederReport"):
        fields = members(package, r"struct packed \{([^}]*)\} %s;" % sv, r"^\s*logic \[(\d+):0\]\s+(\w+);")
        theirs = [(int(high) + 1, name) for high, name in reversed(fields)]
        ours = [(bits[kind], name) for kind, name in
                members(header, r"struct %s \{(.*?)\};" % cc, r"^  (std::[\w:<, ]+>|std::\w+) (\w+);")]
        if not ours or ours != theirs:
            sys.exit(f"{sv} is {theirs}, {cc} is {ours}")
    flags = members(package, r"struct packed \{([^}]*)\} pe_flags_t;", r"^\s*logic (\w+);")
    words = members(header, r"enum class PeFlag[^{]*\{([^}]*)\}", r"(\w+)")
    if [flag.replace("_", "") for flag in reversed(flags)] != [word.lower() for word in words]:
        sys.exit(f"pe_flags_t is {flags}, PeFlag is {words}")


def check_ports():
    """ports.def names every port of the top module but the clock."""
    top = (RTL / sources()[-1]).read_text()
    ports = re.findall(r"^  (?:input|output) +logic .*?(\w+),?\s*(?://.*)?$", top, re.M)
    listed = re.findall(r"^LACUNA_PORT\((\w+)\)$", (RTL / "intersect/ports.def").read_text(), re.M)
    if not listed or set(listed) != set(ports) - {"clk_i"} or len(listed) != len(set(listed)):
        sys.exit(f"ports.def and the top module differ in {sorted(set(listed) ^ (set(ports) - {'clk_i'}))}")


def check_words():
    """Words of the configuration have the same numbers in C++ and here; a skip rule has the same line in both tables."""
    intersect = RTL.parent / "sim/datapaths/intersect"
    rules = re.findall(r'^LACUNA_SKIP_RULE\((\w+), "\w+", (\w+), (\w+), (\w+),', (intersect / "skip_rules.def").read_text(),
                       re.M)
    package = (RTL / "intersect/intersect_pkg.sv").read_text()
    config = (intersect / "config.h").read_text() + (RTL.parent / "sim/machine/config.h").read_text()
    for sv, prefix in ("encoding_e", "Encoding"), ("mapping_e", "Mapping"), ("early_termination_e", "EarlyTermination"), \
            ("operand_e", "Operand"):
        text = (RTL / "common/lacuna_pkg.sv").read_text() if prefix == "Operand" else package
        theirs = members(text, r"enum logic \[31:0\] \{([^}]*)\} %s;" % sv, r"(\w+)")
        ours = [prefix + word for word in members(config, r"enum class %s \{([^}]*)\};" % prefix, r"(\w+)")]
        if theirs != ours:
            sys.exit(f"{sv} is {theirs}, in C++ {ours}")
    numbered = re.findall(r"(\w+)", re.search(r"enum logic \[31:0\] \{([^}]*)\} skip_e;", package)[1])
    if not rules or numbered != [f"Skip{rule[0]}" for rule in rules]:
        sys.exit(f"skip_e is {numbered}, skip_rules.def has {[rule[0] for rule in rules]}")
    table = re.findall(r"intersect_pkg::(Skip\w+): +skip_rule = 4'b1_(\d)_(\d)_(\d);", package)
    expected = [(f"Skip{name}", *("1" if word == "true" else "0" for word in words)) for name, *words in rules]
    if table != expected:
        sys.exit(f"the table of skip rules is {table}, skip_rules.def says {expected}")


def check_layout():
    listed = sources() + sources("intersect/probe/sources.f")
    found = {str(path.relative_to(RTL)) for path in RTL.rglob("*.sv")}
    if found != set(listed):
        sys.exit(f"sources.f and the files differ in {sorted(found ^ set(listed))}")
    for name in listed:
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
        if re.search(r"[=(,?:&|^+*<>]\s*[-~!]\s*(\w+|\([^()]*\))'\(", code):
            sys.exit(f"{name} has a sign or complement before a cast; yosys 0.23 applies it to the cast's width")


def lint():
    check_layout()
    check_reports()
    check_ports()
    check_words()
    files = sources() + sources("intersect/probe/sources.f")
    for name, parameters in MACHINES.items():
        run(["verilator", "--lint-only", "-Wall", "-Icommon", "--top-module", "intersect_array"]
            + [f"-G{key}={value}" for key, value in parameters.items()] + files, f"lint of machine '{name}'", cwd=RTL)
    # What no machine has ends in an error that names it.
    for wrong, words in (dict(Skip=9), "unknown skip rule"), (dict(WeightsEncoding=9), "unknown encoding"), \
            (dict(Mapping=9), "unknown mapping"), (dict(Operand=9), "unknown operand"), \
            (dict(EarlyTermination=9), "unknown early termination"):
        result = subprocess.run(["verilator", "--lint-only", "-Icommon", "--top-module", "intersect_array"]
                                + [f"-G{key}={value}" for key, value in wrong.items()] + files,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=RTL)
        if result.returncode == 0 or words not in result.stdout:
            sys.exit(f"{wrong} is not refused with '{words}':\n{result.stdout[-2000:]}")
    print(f"{len(files)} files, {len(MACHINES)} machines")


def read_sources():
    return "read_verilog -sv -Icommon " + " ".join(sources())


def chparam(module, parameters):
    if not parameters:
        return ""
    return "chparam " + " ".join(f"-set {key} {value}" for key, value in parameters.items()) + f" {module}; "


def synthesis():
    for name, parameters in MACHINES.items():
        if name == "default":
            parameters = dict(Rows=2, Columns=2, Chunk=16)
        script = (f"{read_sources()}; {chparam('intersect_array', {**SMALL_BUFFERS, **parameters})}"
                  "hierarchy -top intersect_array -check; proc; "
                  "select -assert-none t:$dlatch t:$adlatch t:$dlatchsr; flatten; opt -fast; check -assert")
        run(["yosys", "-q", "-p", script], f"synthesis of machine '{name}'", cwd=RTL)
    print(f"{len(sources())} files, {len(MACHINES)} machines")


def bench(index, module, parameters, ports):
    """A module that drives `module` and its netlist with the same random inputs and compares their outputs."""
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
            if name == "tile_rows_i":  # held, as a tile does: beyond its last row a drain waits for ever
                value = f"{width}'(cycle < {CYCLES // 2} ? {parameters['Rows']} : 1)"
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


def netlist():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)

        def synthesised(index):
            module, parameters = NETLISTS[index]
            script = (f"{read_sources()}; {chparam(module, parameters)}hierarchy -top {module}; "
                      f"synth -top {module} -flatten; select -assert-none t:$_DLATCH*; "
                      f"rename -top netlist_{index}; write_verilog -noattr {folder}/netlist_{index}.v; "
                      f"write_json {folder}/netlist_{index}.json")
            run(["yosys", "-q", "-p", script], f"synthesis of {module} {parameters}", cwd=RTL)
            modules = json.loads((folder / f"netlist_{index}.json").read_text())["modules"]
            described = modules[f"netlist_{index}"]["ports"]
            ports = {port: (value["direction"], len(value["bits"])) for port, value in described.items()}
            return bench(index, module, parameters, ports)

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            benches = list(pool.map(synthesised, range(len(NETLISTS))))
        instances = "".join(f"  bench_{i} u_bench_{i} (.clk, .cycle);\n" for i in range(len(benches)))
        (folder / "bench.sv").write_text("".join(benches) + TOP % (CYCLES, instances))
        (folder / "main.cc").write_text(MAIN)
        # Verilator 5.006 gets gates of several bits wrong when it joins them (intersect_post shows it), hence -fno-...
        run(["verilator", "--cc", "--exe", "--build", "-Wno-lint", "-Wno-style", "-Wno-UNOPTFLAT",
             "-fno-const-bit-op-tree", "--x-initial", "0", "--x-assign", "0", "--no-assert", "--top-module", "bench",
             "--Mdir", f"{folder}/build", "-Icommon", "-MAKEFLAGS", "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0",
             "--output-split", "5000"]
            + sources() + [f"{folder}/netlist_{i}.v" for i in range(len(benches))]
            + [f"{folder}/bench.sv", f"{folder}/main.cc"], "bench of the netlists", cwd=RTL)
        said = run([f"{folder}/build/Vbench"], "run of the netlists")
        if said.split("\n")[0] != "equal" or "only" in said:
            sys.exit(said)
        print(f"{len(benches)} netlists, {CYCLES} cycles equal")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("lint", "synthesis", "netlist"):
        sys.exit(__doc__)
    {"lint": lint, "synthesis": synthesis, "netlist": netlist}[sys.argv[1]]()
