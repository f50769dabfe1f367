"""What scripts/toggles does with a PE of `intersect`: the bench that drives it, what it is made to do, and the claims of the
energy table that its gates are held against."""

import random
import re

TILE_STEPS = 8

# What a PE is made to do: the skip rule of its RTL, and which positions of the masks of weights and activations are set.
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


def refusal(parameters):
    """Why toggles of this machine are not measured; None if they are."""
    if parameters["Lanes"] != 1 or parameters["WeightsEncoding"] != 1 or parameters["ActivationsEncoding"] != 1:
        return "toggles are measured with intersect.lanes=1 and both encodings bitmask"
    return None


def widths(parameters):
    """Bits of an operand and of an accumulator."""
    return (8, 32) if parameters["Operand"] == 0 else (16, 48)


def machine(scenario):
    """Words of the parameters that a scenario needs."""
    return {"Skip": SCENARIOS[scenario][0], "EarlyTermination": "none", "Rows": 1, "Columns": 1}


def bench(parameters, scenario, place, scopes, warm_up, cycles, seed):
    """Writes the files of a scenario's bench to the folder `place`: bench.v, which writes dump.vcd there, and its data."""
    chunk, (bits, accumulator) = parameters["Chunk"], widths(parameters)
    count = warm_up + cycles + 16
    masks = SCENARIOS[scenario][1](chunk)
    for file, lines in zip(("weights", "activations"), messages(masks, chunk, bits, count, seed)):
        (place / file).write_text("\n".join(lines) + "\n")
    width = 2 + chunk + chunk * bits
    (place / "bench.v").write_text(BENCH.format(
        weight_bits=width, activation_bits=width, messages=count, accumulator=accumulator, chunk=chunk,
        values=chunk * bits, warm_up=warm_up, cycles=cycles, dump=place / "dump.vcd", scopes=", ".join(scopes),
        weights_file=place / "weights", activations_file=place / "activations"))


def counted(said):
    """What the bench counted while toggles counted."""
    return {"chunks": int(re.search(r"chunks (\d+)", said)[1])}


def claims(runs, table, parameters, breakdown):
    """Lines (claim, table, netlist), both relative to an executed product. breakdown: the parts of a PE."""
    chunk, operand_bytes = parameters["Chunk"], widths(parameters)[0] // 8

    def pj(scenario, *parts):
        return sum(runs[scenario]["pj"][part] for part in parts)

    def per_cycle(scenario, *parts):
        return pj(scenario, *parts) / runs[scenario]["cycles"]

    def per_chunk(scenario):
        return pj(scenario, *breakdown) / runs[scenario]["chunks"]

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
