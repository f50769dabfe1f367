// Counts the bytes that a column's feeder sends on its bus, and has reported what it does in each
// cycle. Simulation only, attached with bind.
module column_feeder_probe #(
  parameter int unsigned Fanout            = 4,
  parameter int unsigned Delivery          = gather_pkg::DeliveryStream,
  parameter int unsigned Segment           = 64,
  parameter int unsigned Bits              = 8,
  parameter int unsigned SegmentLengthBits = 7,
  parameter int unsigned WindowCountBits   = 3
) (
  input logic                         clk_i,
  input logic                         tile_valid_i,
  input logic                         block_valid_i,
  input logic                         sending_i,
  input logic                         complete_i,
  input logic                         tail_i,
  input logic [WindowCountBits-1:0]   windows_i,
  input logic [SegmentLengthBits-1:0] tail_length_i,
  input logic [SegmentLengthBits-1:0] positions_i,
  input logic [Fanout-1:0]            group_i
);

  int unsigned values;

  always_comb begin
    values = 32'(windows_i) * (tail_i ? 32'(tail_length_i) : Segment);
    if (Delivery == gather_pkg::DeliveryResident) values = 32'(positions_i);
  end

  feeder_probe #(
    .Fanout(Fanout)
  ) u_report (
    .clk_i,
    .tile_valid_i,
    .block_valid_i,
    .sending_i,
    .complete_i,
    .ends_i (1'b0),
    .bytes_i(values * Bits / 8),
    .group_i,
    .stopped_i('0)
  );

endmodule

bind column_feeder column_feeder_probe #(
  .Fanout           (Fanout),
  .Delivery         (Delivery),
  .Segment          (Segment),
  .Bits             (Bits),
  .SegmentLengthBits(SegmentLengthBits),
  .WindowCountBits  (WindowCountBits)
) u_probe (
  .clk_i,
  .tile_valid_i,
  .block_valid_i,
  .sending_i (word_valid_o),
  .complete_i(complete_o),
  .tail_i    (tail_o),
  .windows_i (windows_o),
  .tail_length_i,
  .positions_i,
  .group_i(group_o)
);
