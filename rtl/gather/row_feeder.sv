// The feeder of a row: that of the fabric, and, where entries come as they are used, the assembly
// of groups. Filters that stay are taken word by word.
module row_feeder #(
  parameter  int unsigned Fanout         = 4,
  parameter  int unsigned Delivery       = gather_pkg::DeliveryStream,
  parameter  int unsigned Entries        = 4,  // of a message, at most
  parameter  int unsigned EntryBits      = 16,
  parameter  int unsigned BiasBits       = 32,
  parameter  int unsigned HeaderBits     = 32,  // the bias, or more
  parameter  int unsigned BusBytes       = 16,
  parameter  int unsigned BufferBytes    = 8192,
  localparam int unsigned WordBits       = 8 * BusBytes,
  localparam int unsigned AddressBits    =
      lacuna_pkg::width_of(fabric_pkg::half_words(BufferBytes, BusBytes)),
  localparam int unsigned Words          =
      gather_pkg::row_words(Entries, EntryBits, HeaderBits, BusBytes),
  localparam int unsigned LengthBits     = $clog2(Words + 1),
  localparam int unsigned CountBits      = $clog2(Fanout + 1),
  localparam int unsigned EntryCountBits = $clog2(Entries + 1),
  localparam int unsigned FlagsBits      = EntryCountBits + 2,
  localparam int unsigned TableBits      = FlagsBits + fabric_pkg::StepFlagsBits,
  localparam int unsigned GroupEntries   = Delivery == gather_pkg::DeliveryStream ? Entries : 1
) (
  input  logic                              clk_i,
  input  logic                              rst_ni,
  // Work and words from memory, see fabric_feeder.
  input  logic                              tile_valid_i,
  input  logic [CountBits-1:0]              tile_count_i,
  output logic                              tile_ready_o,
  input  logic                              block_valid_i,
  input  logic                              block_half_i,
  output logic                              block_ready_o,
  input  logic                              load_valid_i,
  input  logic                              load_half_i,
  input  logic [AddressBits-1:0]            load_address_i,
  input  logic [WordBits-1:0]               load_word_i,
  input  logic                              load_message_i,
  input  logic [AddressBits-1:0]            load_message_index_i,
  input  logic [LengthBits-1:0]             load_message_length_i,
  input  logic [TableBits-1:0]              load_message_flags_i,
  // The line's PEs.
  input  logic [Fanout-1:0]                 room_i,
  output logic [Fanout-1:0]                 group_o,
  // A word of a message.
  output logic                              word_valid_o,
  output logic [LengthBits-1:0]             offset_o,
  output logic [WordBits-1:0]               word_o,
  // The message, with its last word.
  output logic                              complete_o,
  output logic                              first_o,  // of the tile
  output logic                              last_o,   // of the tile
  output logic                              segment_last_o,
  output logic [EntryCountBits-1:0]         count_o,
  // The whole group.
  output logic [BiasBits-1:0]               bias_o,
  output logic [GroupEntries*EntryBits-1:0] entries_o
);

  // No tile ends before its last message.
  logic unused_end;

  fabric_feeder #(
    .Fanout     (Fanout),
    .BusBytes   (BusBytes),
    .BufferBytes(BufferBytes),
    .LengthBits (LengthBits),
    .FlagsBits  (FlagsBits)
  ) u_feeder (
    .clk_i,
    .rst_ni,
    .tile_valid_i,
    .tile_count_i,
    .tile_ready_o,
    .block_valid_i,
    .block_half_i,
    .block_ready_o,
    .load_valid_i,
    .load_half_i,
    .load_address_i,
    .load_word_i,
    .load_message_i,
    .load_message_index_i,
    .load_message_length_i,
    .load_message_flags_i,
    .room_i,
    .stopped_i({Fanout{1'b0}}),
    .word_valid_o,
    .offset_o,
    .word_o,
    .complete_o,
    .end_o(unused_end),
    .group_o,
    .last_o (last_o),
    .flags_o({segment_last_o, first_o, count_o})
  );

  if (Delivery == gather_pkg::DeliveryStream) begin : gen_stream
    group_assembly #(
      .Lanes     (Entries),
      .EntryBits (EntryBits),
      .BiasBits  (BiasBits),
      .WordBits  (WordBits),
      .Words     (Words),
      .LengthBits(LengthBits)
    ) u_assembly (
      .clk_i,
      .rst_ni,
      .word_valid_i(word_valid_o),
      .offset_i    (offset_o),
      .word_i      (word_o),
      .complete_i  (complete_o),
      .first_i     (first_o),
      .bias_o,
      .entries_o
    );
  end else begin : gen_resident
    assign bias_o = '0;
    assign entries_o = '0;
  end

endmodule
