// Reports what a feeder does in each cycle; the family counts the bytes of a message. Simulation
// only.
module feeder_probe #(
  parameter int unsigned Fanout = 4
) (
  input logic              clk_i,
  input logic              tile_valid_i,
  input logic              block_valid_i,
  input logic              sending_i,
  input logic              complete_i,
  input logic              ends_i,
  input int unsigned       bytes_i,  // of the message that is complete
  input logic [Fanout-1:0] group_i,
  input logic [Fanout-1:0] stopped_i
);

  int id;
  initial id = probe_pkg::lacuna_probe("feeder", $sformatf("%m"));

  int unsigned activity;

  always_comb begin
    if (!tile_valid_i) activity = 0;
    else if (sending_i || ends_i) activity = 1;
    else if (block_valid_i || (group_i & ~stopped_i) == '0) activity = 2;
    else activity = 3;
  end

  always_ff @(posedge clk_i) begin
    probe_pkg::lacuna_probe_report(id, probe_pkg::report_t'(fabric_report_pkg::feeder_report_t'{
      activity: activity,
      complete: 32'(complete_i || ends_i),
      bytes: complete_i ? bytes_i : 0,
      group: 256'(group_i)
    }));
  end

endmodule
