// Reports what a PE does in each cycle. Simulation only, attached with bind.
module gather_pe_probe #(
  parameter int unsigned Pairs           = 1,
  parameter int unsigned AccumulatorBits = 32,
  parameter int unsigned ProductBits     = 17
) (
  input logic                         clk_i,
  input logic                         operands_i,
  input logic                         blocked_i,
  input logic                         waits_i,
  input logic                         issue_i,
  input logic                         opens_i,
  input logic                         pop_i,
  input logic                         between_tiles_i,
  input logic                         weight_valid_i,
  input logic                         activation_valid_i,
  input logic                         retire_i,
  // Pairs and entries that are issued to be multiplied.
  input logic [Pairs-1:0]             pairs_i,
  input int unsigned                  entries_i,
  // In the MAC stage.
  input logic [Pairs-1:0]             active_i,
  input logic [Pairs*ProductBits-1:0] products_i,
  input logic [AccumulatorBits-1:0]   sum_i,
  input logic [31:0]                  predicted_i,  // lanes that stop as predicted
  input logic [AccumulatorBits-1:0]   retired_i
);

  int id;
  initial id = probe_pkg::lacuna_probe("pe", $sformatf("%m"));

  // What is in the MAC stage.
  logic issued_q = 1'b0;
  int unsigned pairs_q, entries_q;

  gather_report_pkg::pe_flags_t flags;
  int unsigned multiplied, executed;

  always_comb begin
    flags.retire = retire_i;
    flags.no_activation = !activation_valid_i;
    flags.no_weight = !weight_valid_i;
    flags.between_tiles = between_tiles_i;
    flags.waits = waits_i;
    flags.blocked = operands_i && blocked_i;
    flags.pop = pop_i;
    flags.open = opens_i;
    flags.issue = issue_i;
    flags.group = issued_q;
    multiplied = $countones(active_i);
    executed = 0;
    for (int unsigned i = 0; i < Pairs; i++) begin
      // A product of two nonzero operands is not zero.
      if (active_i[i] && products_i[i*ProductBits+:ProductBits] != '0) executed = executed + 1;
    end
  end

  always_ff @(posedge clk_i) begin
    issued_q <= issue_i;
    pairs_q <= $countones(pairs_i);
    entries_q <= entries_i;
    probe_pkg::lacuna_probe_report(id, probe_pkg::report_t'(gather_report_pkg::pe_report_t'{
      flags: 32'(flags),
      executed: executed,
      wasted: multiplied - executed,
      unmultiplied: pairs_q - multiplied,
      entries: entries_q,
      predicted: predicted_i,
      sum: 64'($signed(sum_i)),
      retired: 64'($signed(retired_i))
    }));
  end

endmodule

bind stream_pe gather_pe_probe #(
  .Pairs          (Lanes * Windows),
  .AccumulatorBits(AccumulatorBits),
  .ProductBits    (ProductBits)
) u_probe (
  .clk_i,
  .operands_i        (operands),
  .blocked_i         (blocked),
  .waits_i           (could_begin_o && !go_i),
  .issue_i           (issue),
  .opens_i           (opens),
  .pop_i             (pop),
  .between_tiles_i   (between_tiles_q),
  .weight_valid_i    (weight_valid),
  .activation_valid_i(segment_valid),
  .retire_i          (retire),
  .pairs_i           (pairs),
  .entries_i         (pop ? 32'(weight.count) : 0),
  .active_i          (active),
  .products_i        (products),
  .sum_i             (sums[AccumulatorBits-1:0]),
  .predicted_i       ('0),
  .retired_i         (retired)
);

bind resident_pe gather_pe_probe #(
  .Pairs          (Windows),
  .AccumulatorBits(AccumulatorBits),
  .ProductBits    (ProductBits)
) u_probe (
  .clk_i,
  .operands_i        (operands),
  .blocked_i         (blocked),
  .waits_i           (could_begin_o && !go_i),
  .issue_i           (run),
  .opens_i           (run && between_tiles_q),
  .pop_i             (pop),
  .between_tiles_i   (between_tiles_q),
  .weight_valid_i    (filter_valid),
  .activation_valid_i(tile_valid),
  .retire_i          (retire),
  .pairs_i           (runs),
  .entries_i         (Sequencers == 1 ? 32'(runs != '0) : $countones(runs)),
  .active_i          (active),
  .products_i        (products),
  .sum_i             (sums[AccumulatorBits-1:0]),
  .predicted_i       (32'(predicted)),
  .retired_i         (retired)
);

bind gather_array array_probe #(
  .AccumulatorBits  (AccumulatorBits),
  .Bits             (Bits),
  .RowCountBits     (RowCountBits),
  .ColumnCountBits  (ColumnCountBits),
  .RowFlagsBits     (RowTableBits),
  .RowAddressBits   (RowAddressBits),
  .RowLengthBits    (RowLengthBits),
  .ColumnFlagsBits  (ColumnTableBits),
  .ColumnAddressBits(ColumnAddressBits),
  .ColumnLengthBits (ColumnLengthBits),
  .Results          (Results),
  .Places           (Places)
) u_probe ();
