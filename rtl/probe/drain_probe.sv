// Reports the results a drain bus takes. Simulation only, attached with bind.
module drain_probe #(
  parameter int unsigned RowBits = 2
) (
  input logic               clk_i,
  input logic               take_i,
  input logic [RowBits-1:0] row_i
);

  int id;
  initial id = probe_pkg::lacuna_probe_drain($sformatf("%m"));

  always_ff @(posedge clk_i) begin
    if (take_i) probe_pkg::lacuna_probe_drain_cycle(id, 32'(row_i));
  end

endmodule

bind intersect_drain drain_probe #(
  .RowBits(RowBits)
) u_probe (
  .clk_i,
  .take_i(take),
  .row_i (row_q)
);
