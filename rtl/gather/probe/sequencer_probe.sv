// Reports which lanes stop. Simulation only, attached with bind.
module sequencer_probe #(
  parameter int unsigned Lanes     = 4,
  parameter int unsigned CountBits = 7,
  parameter int unsigned GroupBits = 4
) (
  input logic                 clk_i,
  input logic [Lanes-1:0]     stop_i,
  input logic [GroupBits-1:0] group_i,
  input logic [CountBits-1:0] count_i,
  input logic [CountBits-1:0] entry_i  // that is issued: the number of the one in the MAC stage
);

  int id;
  initial id = probe_pkg::lacuna_probe("sequencer", $sformatf("%m"));

  always_ff @(posedge clk_i) begin
    probe_pkg::lacuna_probe_report(id, probe_pkg::report_t'(gather_report_pkg::sequencer_report_t'{
      stops: 32'(stop_i),
      group: 32'(group_i),
      left: 32'(count_i) - 32'(entry_i)
    }));
  end

endmodule

bind lane_sequencer sequencer_probe #(
  .Lanes    (Lanes),
  .CountBits(CountBits),
  .GroupBits(GroupBits)
) u_probe (
  .clk_i,
  .stop_i,
  .group_i(group_q),
  .count_i,
  .entry_i(entry_q)
);
