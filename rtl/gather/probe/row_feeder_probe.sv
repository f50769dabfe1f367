// Counts the bytes that a row's feeder sends on its bus, and has reported what it does in each
// cycle. Simulation only, attached with bind.
module row_feeder_probe #(
  parameter int unsigned Fanout         = 4,
  parameter int unsigned Delivery       = gather_pkg::DeliveryStream,
  parameter int unsigned EntryBits      = 16,
  parameter int unsigned HeaderBits     = 32,
  parameter int unsigned EntryCountBits = 3
) (
  input logic                      clk_i,
  input logic                      tile_valid_i,
  input logic                      block_valid_i,
  input logic                      sending_i,
  input logic                      complete_i,
  input logic                      first_i,
  input logic [EntryCountBits-1:0] count_i,
  input logic [Fanout-1:0]         group_i
);

  int unsigned bytes;

  always_comb begin
    bytes = lacuna_pkg::ceil_div(32'(count_i) * EntryBits, 8);
    // A group without entries is a byte.
    if (Delivery == gather_pkg::DeliveryStream && bytes == 0) bytes = 1;
    if (first_i) bytes = bytes + HeaderBits / 8;
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
    .bytes_i(bytes),
    .group_i,
    .stopped_i('0)
  );

endmodule

bind row_feeder row_feeder_probe #(
  .Fanout        (Fanout),
  .Delivery      (Delivery),
  .EntryBits     (EntryBits),
  .HeaderBits    (HeaderBits),
  .EntryCountBits(EntryCountBits)
) u_probe (
  .clk_i,
  .tile_valid_i,
  .block_valid_i,
  .sending_i (word_valid_o),
  .complete_i(complete_o),
  .first_i   (first_o),
  .count_i   (count_o),
  .group_i   (group_o)
);
