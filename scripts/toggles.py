#!/usr/bin/env python3
"""Do the gates of a PE move as the energy table says? Each price beside what the netlist does, both relative to an
executed product.

A PE is synthesised into the 180 nm cells of qflow-tech-osu018 (scripts/area.py) with the borders of its parts kept, and
simulated by Icarus Verilog with chunks that make it do one thing all the time. Energy is what charges the inputs of
gates: half the capacitance of a pin times the voltage squared, for every time the pin changes. Not in it: wires,
glitches (gates have no delay here), what a cell uses inside. So it tells directions and rough sizes, no joules.
"""

import argparse
import json
import pathlib
import random
import re
import sys
import tempfile

import area

VOLTS = 1.8
WARM_UP = 60  # cycles before toggles count: FIFOs fill
TILE_STEPS = 8

# What a PE is made to do: the skip rule of its RTL, and which positions of the masks are set.
SCENARIOS = {
    "executed": ("none", lambda chunk: ((1 << chunk) - 1, (1 << chunk) - 1)),
    "wasted": ("none", lambda chunk: halves(chunk)),
    "gated": ("gate", lambda chunk: ((1 << chunk) - 1, 0)),
    "skipped": ("both", lambda chunk: halves(chunk)),
    "matched": ("both", lambda chunk: ((1 << chunk) - 1, (1 << chunk) - 1)),
}

BENCH = """`timescale 1ns/1ps
module bench;
  reg clk = 0, rst_ni = 0;
  integer cycle = 0, weights_sent = 0, activations_sent = 0, weights_before = 0;
  reg [{weight_bits}-1:0] weights [0:{messages}-1];
  reg [{activation_bits}-1:0] activations [0:{messages}-1];
  reg weight_push = 0, activation_push = 0;
  reg [{weight_bits}-1:0] weight = 0;
  reg [{activation_bits}-1:0] activation = 0;
  wire weight_room, activation_room, weight_stopped, activation_stopped, result_valid;
  wire [{accumulator}-1:0] result;
  pe u_pe (.clk_i(clk), .rst_ni(rst_ni), .signed_activations_i(1'b0),
           .weight_push_i(weight_push), .weight_check_each_i(1'b0), .weight_check_end_i(1'b0),
           .weight_owned_i({{{chunk}{{1'b1}}}}), .weight_bias_i({accumulator}'d5),
           .weight_first_i(weight[0]), .weight_last_i(weight[1]), .weight_mask_i(weight[2+:{chunk}]),
           .weight_values_i(weight[2+{chunk}+:{values}]), .weight_room_o(weight_room),
           .weight_stopped_o(weight_stopped),
           .activation_push_i(activation_push), .activation_first_i(activation[0]), .activation_last_i(activation[1]),
           .activation_mask_i(activation[2+:{chunk}]), .activation_values_i(activation[2+{chunk}+:{values}]),
           .activation_room_o(activation_room), .activation_stopped_o(activation_stopped),
           .result_valid_o(result_valid), .result_ready_i(1'b1), .result_o(result));
  always #5 clk = !clk;
  always @(negedge clk) begin
    cycle <= cycle + 1;
    rst_ni <= cycle > 3;
    weight_push <= cycle > 5 && weight_room;
    activation_push <= cycle > 5 && activation_room;
    if (cycle > 5 && weight_room) begin
      weight <= weights[weights_sent];
      weights_sent <= weights_sent + 1;
    end
    if (cycle > 5 && activation_room) begin
      activation <= activations[activations_sent];
      activations_sent <= activations_sent + 1;
    end
    if (cycle == {warm_up}) begin
      weights_before <= weights_sent;
      $dumpfile("{dump}");
      $dumpvars(1, {scopes});
    end
    if (cycle == {warm_up} + {cycles}) begin
      $display("chunks %0d", weights_sent - weights_before);
      $finish;
    end
  end
  initial begin
    $readmemh("{weights_file}", weights);
    $readmemh("{activations_file}", activations);
  end
endmodule
"""


def halves(chunk):
    """Masks without a common position."""
    even = sum(1 << i for i in range(0, chunk, 2))
    return even, even << 1


def messages(masks, chunk, bits, count, seed):
    """Lines for $readmemh: first, last, mask and packed random nonzero values of each message, per operand."""
    chance = random.Random(seed)
    lines = ([], [])
    for step in range(count):
        for mask, into in zip(masks, lines):
            word = (1 if step % TILE_STEPS == 0 else 0) | (2 if step % TILE_STEPS == TILE_STEPS - 1 else 0) | mask << 2
            for index in range(bin(mask).count("1")):
                word |= chance.randrange(1, 1 << bits) << (2 + chunk + index * bits)
            into.append(f"{word:x}")
    return lines


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


def energy_by_part(library, modules, moved):
    """Picojoules by part of the PE, the inputs of flip-flop clocks as part `clock`."""
    result = dict.fromkeys(area.BREAKDOWN + ("clock",), 0.0)

    def walk(module, scope, part):
        for kind, name, pins in modules[module]:
            if kind.lstrip("\\") not in library.area:
                walk(kind.lstrip("\\") if kind.lstrip("\\") in modules else kind, f"{scope}.{name.lstrip(chr(92))}",
                     area.PE_PARTS[area.module_of(kind.lstrip("\\"))])
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

    walk("pe", "bench.u_pe", "pe.control")
    return result


def measure(design, parameters, scenario, cycles, seed):
    """Energy by part per cycle, chunks and cycles of one scenario."""
    skip, masks_of = SCENARIOS[scenario]
    parameters = {**parameters, "Skip": area.SKIP_RULES.index(skip), "EarlyTermination": 0}
    chunk, bits, accumulator = parameters["Chunk"], *((8, 32) if parameters["Operand"] == 0 else (16, 48))
    array, _ = design.array({**parameters, "Rows": 1, "Columns": 1})
    name = next(cell["type"] for cell in array["cells"].values() if area.module_of(cell["type"]) == "intersect_pe")
    _, netlist = design.pe_in_parts(name, {**parameters, "Rows": 1, "Columns": 1})
    modules = {key.lstrip("\\"): cells for key, cells in read_modules(netlist.read_text()).items()}
    scopes = ["bench.u_pe"] + [f"bench.u_pe.{cell[1]}{' ' if cell[1].startswith(chr(92)) else ''}"
                               for cell in modules["pe"] if cell[0].lstrip("\\") in modules]
    count = WARM_UP + cycles + 16
    place = design.folder / scenario
    place.mkdir()
    for file, lines in zip(("weights", "activations"), messages(masks_of(chunk), chunk, bits, count, seed)):
        (place / file).write_text("\n".join(lines) + "\n")
    width = 2 + chunk + chunk * bits
    (place / "bench.v").write_text(BENCH.format(
        weight_bits=width, activation_bits=width, messages=count, accumulator=accumulator, chunk=chunk,
        values=chunk * bits, warm_up=WARM_UP, cycles=cycles, dump=place / "dump.vcd", scopes=", ".join(scopes),
        weights_file=place / "weights", activations_file=place / "activations"))
    area.tool(["iverilog", "-g2012", "-o", place / "bench", place / "bench.v", netlist,
               design.library.path.with_suffix(".v")], "Icarus Verilog")
    said = area.tool([place / "bench"], "simulation of the netlist")
    chunks = int(re.search(r"chunks (\d+)", said)[1])
    energy = energy_by_part(design.library, modules, toggles(place / "dump.vcd"))
    return {"chunks": chunks, "cycles": cycles, "pj": energy}


def prices(path, operand):
    """Prices of the energy table for one operand width, by action."""
    result = {}
    for name, text in re.findall(r"^  (\w+): \{(.*?), unit:", pathlib.Path(path).read_text(), re.M):
        fields = dict(re.findall(r"(\w+): ([\d.]+)", text))
        result[name] = float(fields.get(operand, fields.get("price", "nan")))
    return result


def compare(runs, table, chunk, operand_bytes):
    """Lines (claim, table, netlist), both relative to an executed product."""
    def pj(scenario, *parts):
        return sum(runs[scenario]["pj"][part] for part in parts)

    def per_cycle(scenario, *parts):
        return pj(scenario, *parts) / runs[scenario]["cycles"]

    def per_chunk(scenario):
        return pj(scenario, *area.BREAKDOWN) / runs[scenario]["chunks"]

    # In `none` and `gate` every cycle is a product or a gated slot. Whole PEs are compared without their clock.
    unit, unit_table = per_cycle("executed", "pe.mac"), table["mac_executed"] + table["psum_update"]

    def message_bytes(values):
        return 2 * (chunk // 8) + values * operand_bytes

    product = table["psum_update"] + 2 * operand_bytes * table["fifo_read"]
    executed = chunk * (table["mac_executed"] + product) + message_bytes(2 * chunk) * table["fifo_write"]
    matched = executed + chunk * chunk * table["match_cycle"]
    half_written = message_bytes(chunk) * table["fifo_write"]
    walked = chunk * (table["mac_wasted"] + product) + half_written
    gated = chunk * table["mac_gated"] + half_written
    skipped = chunk * table["match_cycle"] + half_written
    return [
        ("product with a zero / executed product (multiplier and sum)",
         (table["mac_wasted"] + table["psum_update"]) / unit_table, per_cycle("wasted", "pe.mac") / unit),
        ("gated slot / executed product (multiplier and sum)", table["mac_gated"] / unit_table,
         per_cycle("gated", "pe.mac") / unit),
        ("clock of a PE for a cycle / executed product", table["pe_clock"] / unit_table,
         per_cycle("executed", "clock") / unit),
        ("chunk of gated slots / chunk of executed products, PE without clock", gated / executed,
         per_chunk("gated") / per_chunk("executed")),
        ("chunk walked without a match / chunk of executed products, PE without clock", walked / executed,
         per_chunk("wasted") / per_chunk("executed")),
        ("skipped chunk / the same chunk walked, PE without clock", skipped / walked,
         per_chunk("skipped") / per_chunk("wasted")),
        ("full chunk matched by `both` / the same chunk in `none`, PE without clock", matched / executed,
         per_chunk("matched") / per_chunk("executed")),
    ]


def main():
    parser = argparse.ArgumentParser(prog="toggles", description=__doc__.split("\n")[0])
    parser.add_argument("config", nargs="?", default=str(area.ROOT / "configs/default.yaml"))
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as of lacuna run")
    parser.add_argument("--rtl", default=str(area.ROOT / "rtl"), metavar="DIR", help="an edited copy of rtl/")
    parser.add_argument("--energy", default=str(area.ROOT / "configs/energy/45nm.yaml"), metavar="FILE")
    parser.add_argument("--cycles", type=int, default=1600, help="cycles that count, of each simulation")
    parser.add_argument("--seed", type=int, default=1, help="of the operands")
    parser.add_argument("--format", default="table", choices=("table", "json"))
    parser.add_argument("--parameters-program", default=str(area.ROOT / "build/release/rtl_parameters"), metavar="FILE")
    options = parser.parse_args()

    parameters = area.model_parameters(options.parameters_program, options.config, options.set)
    if parameters["Lanes"] != 1 or parameters["WeightsEncoding"] != 1 or parameters["ActivationsEncoding"] != 1:
        raise area.Failure("toggles are measured with intersect.lanes=1 and both encodings bitmask")
    table = prices(options.energy, "int8" if parameters["Operand"] == 0 else "int16")
    with tempfile.TemporaryDirectory() as folder:
        design = area.Design(options.rtl, area.Library(), folder)
        runs = {name: measure(design, parameters, name, options.cycles, options.seed) for name in SCENARIOS}
    claims = [{"claim": claim, "table": round(a, 4), "netlist": round(b, 4), "agree": 0.5 <= b / a <= 2}
              for claim, a, b in compare(runs, table, parameters["Chunk"], 1 if parameters["Operand"] == 0 else 2)]
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
