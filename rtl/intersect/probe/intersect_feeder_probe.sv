// Counts the bytes that a feeder sends on its bus, and has reported what it does in each cycle.
// Simulation only, attached with bind.
module intersect_feeder_probe #(
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

  int unsigned positions, bytes;

  always_comb begin
    positions = tail_i ? 32'(tail_length_i) : Chunk;
    if (Encoding == intersect_pkg::EncodingBitmask) begin
      bytes = lacuna_pkg::ceil_div(positions, 8) + $countones(mask_i) * Bits / 8;
    end else begin
      bytes = positions * Bits / 8;
    end
    if (owned_sent_i) bytes = bytes + lacuna_pkg::ceil_div(positions, 8);
    if (first_i) bytes = bytes + BiasBits / 8;
  end

  feeder_probe #(
    .Fanout(Fanout)
  ) u_report (
    .clk_i,
    .tile_valid_i,
    .block_valid_i,
    .sending_i,
    .complete_i,
    .ends_i,
    .bytes_i(bytes),
    .group_i,
    .stopped_i
  );

endmodule

bind intersect_feeder intersect_feeder_probe #(
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
