// Reports what a PE does in each cycle. Simulation only, attached with bind.
module pe_probe #(
  parameter int unsigned Chunk           = 16,
  parameter int unsigned Lanes           = 1,
  parameter int unsigned AccumulatorBits = 32,
  parameter int unsigned ProductBits     = 17
) (
  input logic                         clk_i,
  input logic                         operands_i,
  input logic                         blocked_i,
  input logic                         issue_i,
  input logic                         pair_ends_i,
  input logic                         between_tiles_i,
  input logic                         discard_i,
  input logic                         stopped_i,
  input logic                         weight_valid_i,
  input logic                         activation_valid_i,
  input logic [Chunk-1:0]             slots_i,
  input logic [Chunk-1:0]             issued_before_i,
  input logic [Chunk-1:0]             issued_i,
  input logic                         killed_i,
  input logic                         multiplied_i,
  input logic                         stop_i,
  input logic                         retire_i,
  input logic [Lanes-1:0]             active_i,
  input logic [Lanes*ProductBits-1:0] products_i,
  input logic [AccumulatorBits-1:0]   sum_i,
  input logic [AccumulatorBits-1:0]   complete_sum_i
);

  int id;
  initial id = probe_pkg::lacuna_probe("pe", $sformatf("%m"));

  // Slots of the group in the MAC stage.
  int unsigned slots_q;

  intersect_report_pkg::pe_flags_t flags;
  int unsigned slots, left, multiplied, executed;

  always_comb begin
    flags.retire = retire_i;
    flags.stop = stop_i;
    flags.no_activation = !activation_valid_i;
    flags.no_weight = !weight_valid_i;
    flags.discard = discard_i;
    flags.between_tiles = between_tiles_i;
    flags.stopped = stopped_i;
    flags.blocked = operands_i && blocked_i;
    flags.open = issue_i && issued_before_i == '0;
    flags.issue = issue_i;
    flags.killed = killed_i;
    flags.multiplied = multiplied_i;
    slots = $countones(slots_i);
    left = issue_i && !pair_ends_i ? $countones(slots_i & ~issued_i) : 0;
    multiplied = $countones(active_i);
    executed = 0;
    for (int unsigned lane = 0; lane < Lanes; lane++) begin
      // A product of two nonzero operands is not zero.
      if (active_i[lane] && products_i[lane*ProductBits+:ProductBits] != '0) begin
        executed = executed + 1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    slots_q <= $countones(issued_i & ~issued_before_i);
    probe_pkg::lacuna_probe_report(id, probe_pkg::report_t'(intersect_report_pkg::pe_report_t'{
      flags: 32'(flags),
      slots: slots,
      left: left,
      executed: executed,
      wasted: multiplied - executed,
      unmultiplied: slots_q - multiplied,
      sum: 64'($signed(sum_i)),
      retired: 64'($signed(complete_sum_i))
    }));
  end

endmodule

bind intersect_pe pe_probe #(
  .Chunk          (Chunk),
  .Lanes          (Lanes),
  .AccumulatorBits(AccumulatorBits),
  .ProductBits    (ProductBits)
) u_probe (
  .clk_i,
  .operands_i        (operands),
  .blocked_i         (blocked),
  .issue_i           (issue),
  .pair_ends_i       (pair_ends),
  .between_tiles_i   (between_tiles),
  .discard_i         (discard),
  .stopped_i         (stopped),
  .weight_valid_i    (weight_valid),
  .activation_valid_i(activation_valid),
  .slots_i           (slots),
  .issued_before_i   (issued_q),
  .issued_i          (issued),
  .killed_i          (killed),
  .multiplied_i      (multiplied),
  .stop_i            (stop),
  .retire_i          (complete && !result_valid_o),
  .active_i          (active),
  .products_i        (products),
  .sum_i             (sum),
  .complete_sum_i    (complete_sum)
);

bind intersect_array array_probe #(
  .AccumulatorBits  (AccumulatorBits),
  .Bits             (Bits),
  .RowCountBits     (RowCountBits),
  .ColumnCountBits  (ColumnCountBits),
  .RowFlagsBits     (FlagsBits),
  .RowAddressBits   (RowAddressBits),
  .RowLengthBits    (RowLengthBits),
  .ColumnFlagsBits  (FlagsBits),
  .ColumnAddressBits(ColumnAddressBits),
  .ColumnLengthBits (ColumnLengthBits),
  .Results          (1),
  .Places           (Rows)
) u_probe ();
