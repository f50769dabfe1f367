// Reports what a feeder does in each cycle, and the bytes it sends, counted on the bus. Simulation
// only, attached with bind.
module feeder_probe #(
  parameter int unsigned Fanout          = 4,
  parameter int unsigned Chunk           = 16,
  parameter int unsigned Bits            = 8,
  parameter int unsigned BiasBits        = 32,
  parameter int unsigned Encoding        = intersect_pkg::EncodingBitmask,
  parameter int unsigned ChunkLengthBits = 5
) (
  input logic                       clk_i,
  input logic                       tile_valid_i,
  input logic                       block_valid_i,
  input logic                       sending_i,
  input logic                       complete_i,
  input logic                       ends_i,
  input logic                       first_i,
  input logic                       tail_i,
  input logic                       owned_sent_i,
  input logic [ChunkLengthBits-1:0] tail_length_i,
  input logic [Chunk-1:0]           mask_i,
  input logic [Fanout-1:0]          group_i,
  input logic [Fanout-1:0]          stopped_i
);

  int id;
  initial id = probe_pkg::lacuna_probe("feeder", $sformatf("%m"));

  int unsigned activity, positions, bytes;

  always_comb begin
    positions = tail_i ? 32'(tail_length_i) : Chunk;
    bytes = 0;
    if (complete_i) begin
      if (Encoding == intersect_pkg::EncodingBitmask) begin
        bytes = lacuna_pkg::ceil_div(positions, 8) + $countones(mask_i) * Bits / 8;
      end else begin
        bytes = positions * Bits / 8;
      end
      if (owned_sent_i) bytes = bytes + lacuna_pkg::ceil_div(positions, 8);
      if (first_i) bytes = bytes + BiasBits / 8;
    end
    if (!tile_valid_i) activity = 0;
    else if (sending_i || ends_i) activity = 1;
    else if (block_valid_i || (group_i & ~stopped_i) == '0) activity = 2;
    else activity = 3;
  end

  always_ff @(posedge clk_i) begin
    probe_pkg::lacuna_probe_report(id, probe_pkg::report_t'(intersect_report_pkg::feeder_report_t'{
      activity: activity,
      complete: 32'(complete_i || ends_i),
      bytes: bytes,
      group: 256'(group_i)
    }));
  end

endmodule

bind intersect_feeder feeder_probe #(
  .Fanout         (Fanout),
  .Chunk          (Chunk),
  .Bits           (Bits),
  .BiasBits       (BiasBits),
  .Encoding       (Encoding),
  .ChunkLengthBits(ChunkLengthBits)
) u_probe (
  .clk_i,
  .tile_valid_i,
  .block_valid_i,
  .sending_i    (word_valid),
  .complete_i   (complete),
  .ends_i       (ends),
  .first_i      (flags.first),
  .tail_i       (flags.tail),
  .owned_sent_i,
  .tail_length_i,
  .mask_i       (mask_o),
  .group_i      (group),
  .stopped_i
);
