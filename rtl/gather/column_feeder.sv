// The feeder of a column: that of the fabric, and, where input tiles stay in banks, the banks of
// the words. PEs take segments and input tiles word by word.
module column_feeder #(
  parameter  int unsigned Fanout            = 4,
  parameter  int unsigned Delivery          = gather_pkg::DeliveryStream,
  parameter  int unsigned Windows           = 4,
  parameter  int unsigned Results           = 4,  // windows of a message, at most
  parameter  int unsigned Segment           = 64,
  parameter  int unsigned Bits              = 8,
  parameter  int unsigned BusBytes          = 16,
  parameter  int unsigned BufferBytes       = 8192,
  localparam int unsigned WordBits          = 8 * BusBytes,
  localparam int unsigned AddressBits       =
      lacuna_pkg::width_of(fabric_pkg::half_words(BufferBytes, BusBytes)),
  localparam int unsigned Words             =
      gather_pkg::column_words(Delivery, Windows, Segment, Bits, BusBytes),
  localparam int unsigned LengthBits        = $clog2(Words + 1),
  localparam int unsigned CountBits         = $clog2(Fanout + 1),
  localparam int unsigned WindowCountBits   = $clog2(Results + 1),
  localparam int unsigned FlagsBits         = WindowCountBits + 1,
  localparam int unsigned TableBits         = FlagsBits + fabric_pkg::StepFlagsBits,
  localparam int unsigned SegmentLengthBits = $clog2(Segment + 1),
  localparam int unsigned BankBits          = lacuna_pkg::width_of(Windows)
) (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  // Layer registers.
  input  logic [SegmentLengthBits-1:0] tail_length_i,
  input  logic [SegmentLengthBits-1:0] channels_i,
  input  logic [SegmentLengthBits-1:0] columns_i,
  input  logic [SegmentLengthBits-1:0] stride_i,
  input  logic [SegmentLengthBits-1:0] positions_i,
  // Work and words from memory, see fabric_feeder.
  input  logic                         tile_valid_i,
  input  logic [CountBits-1:0]         tile_count_i,
  output logic                         tile_ready_o,
  input  logic                         block_valid_i,
  input  logic                         block_half_i,
  output logic                         block_ready_o,
  input  logic                         load_valid_i,
  input  logic                         load_half_i,
  input  logic [AddressBits-1:0]       load_address_i,
  input  logic [WordBits-1:0]          load_word_i,
  input  logic                         load_message_i,
  input  logic [AddressBits-1:0]       load_message_index_i,
  input  logic [LengthBits-1:0]        load_message_length_i,
  input  logic [TableBits-1:0]         load_message_flags_i,
  // The line's PEs.
  input  logic [Fanout-1:0]            room_i,
  output logic [Fanout-1:0]            group_o,
  // A word of a message.
  output logic                         word_valid_o,
  output logic [LengthBits-1:0]        offset_o,
  output logic [WordBits-1:0]          word_o,
  output logic                         complete_o,  // its last
  // Of the message: over the reduction's last segment, windows.
  output logic                         tail_o,
  output logic [WindowCountBits-1:0]   windows_o,
  // Of the word: the bank of each byte, the banks it is written to.
  output logic [BusBytes*BankBits-1:0] bank_o,
  output logic [Windows-1:0]           bank_written_o
);

  logic unused_last;

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
    .last_o (unused_last),
    .flags_o({tail_o, windows_o})
  );

  // Only the probe asks for the length of the last segment.
  logic unused_layer;

  if (Delivery == gather_pkg::DeliveryResident) begin : gen_resident
    assign unused_layer = ^tail_length_i;

    bank_walk #(
      .Banks       (Windows),
      .Segment     (Segment),
      .OperandBytes(Bits / 8),
      .BusBytes    (BusBytes)
    ) u_banks (
      .clk_i,
      .rst_ni,
      .channels_i,
      .columns_i,
      .stride_i,
      .positions_i,
      .word_valid_i(word_valid_o),
      .complete_i  (complete_o),
      .bank_o,
      .written_o(bank_written_o)
    );
  end else begin : gen_stream
    assign unused_layer = ^{tail_length_i, channels_i, columns_i, stride_i, positions_i};
    assign bank_o = '0;
    assign bank_written_o = '0;
  end

endmodule
