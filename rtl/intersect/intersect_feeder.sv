// The feeder of one row (weights) or one column (activations): that of the fabric, and message
// assembly. The entry of the chunk FIFOs is complete with the last word of a message.

module intersect_feeder #(
  parameter  int unsigned Fanout          = 4,
  parameter  bit          Unicast         = 1'b0,
  parameter  int unsigned Chunk           = 16,
  parameter  int unsigned Bits            = 8,
  parameter  int unsigned BiasBits        = 32,  // 0: activations, without bias and owned mask
  parameter  int unsigned Encoding        = intersect_pkg::EncodingBitmask,
  parameter  int unsigned BusBytes        = 16,
  parameter  int unsigned BufferBytes     = 8192,
  localparam int unsigned WordBits        = 8 * BusBytes,
  localparam int unsigned HalfWords       = fabric_pkg::half_words(BufferBytes, BusBytes),
  localparam int unsigned AddressBits     = lacuna_pkg::width_of(HalfWords),
  localparam int unsigned MessageWords    =
      intersect_pkg::message_words(Chunk, Bits, BiasBits, Encoding, BusBytes),
  localparam int unsigned LengthBits      = $clog2(MessageWords + 1),
  localparam int unsigned CountBits       = $clog2(Fanout + 1),
  localparam int unsigned BiasPortBits    = BiasBits == 0 ? 1 : BiasBits,
  localparam int unsigned ChunkLengthBits = $clog2(Chunk + 1),
  localparam int unsigned TableBits       =
      intersect_pkg::MessageFlagsBits + fabric_pkg::StepFlagsBits
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  // Layer registers.
  input  logic [ChunkLengthBits-1:0] tail_length_i,
  input  logic                       owned_sent_i,
  // Work, see feeder_control, and words from memory, see operand_buffer.
  input  logic                       tile_valid_i,
  input  logic [CountBits-1:0]       tile_count_i,
  output logic                       tile_ready_o,
  input  logic                       block_valid_i,
  input  logic                       block_half_i,
  output logic                       block_ready_o,
  input  logic                       load_valid_i,
  input  logic                       load_half_i,
  input  logic [AddressBits-1:0]     load_address_i,
  input  logic [WordBits-1:0]        load_word_i,
  input  logic                       load_message_i,
  input  logic [AddressBits-1:0]     load_message_index_i,
  input  logic [LengthBits-1:0]      load_message_length_i,
  input  logic [TableBits-1:0]       load_message_flags_i,
  // The line's PEs.
  input  logic [Fanout-1:0]          room_i,
  input  logic [Fanout-1:0]          stopped_i,
  output logic [Fanout-1:0]          push_o,
  output logic                       first_o,
  output logic                       last_o,
  output logic                       check_each_o,
  output logic                       check_end_o,
  output logic [Chunk-1:0]           mask_o,
  output logic [Chunk-1:0]           owned_o,
  output logic [BiasPortBits-1:0]    bias_o,
  output logic [Chunk*Bits-1:0]      values_o
);

  logic [LengthBits-1:0] offset;
  intersect_pkg::message_flags_t flags;
  logic [WordBits-1:0] word;
  logic word_valid, complete, ends;
  logic [Fanout-1:0] group;

  fabric_feeder #(
    .Fanout     (Fanout),
    .Unicast    (Unicast),
    .BusBytes   (BusBytes),
    .BufferBytes(BufferBytes),
    .LengthBits (LengthBits),
    .FlagsBits  (intersect_pkg::MessageFlagsBits)
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
    .stopped_i,
    .word_valid_o(word_valid),
    .offset_o    (offset),
    .word_o      (word),
    .complete_o  (complete),
    .end_o       (ends),
    .group_o     (group),
    .last_o,
    .flags_o(flags)
  );

  message_assembly #(
    .Chunk     (Chunk),
    .Bits      (Bits),
    .Encoding  (Encoding),
    .BiasBits  (BiasBits),
    .WordBits  (WordBits),
    .Words     (MessageWords),
    .LengthBits(LengthBits)
  ) u_assembly (
    .clk_i,
    .rst_ni,
    .tail_length_i,
    .owned_sent_i,
    .word_valid_i(word_valid),
    .offset_i    (offset),
    .word_i      (word),
    .complete_i  (complete),
    .first_i     (flags.first),
    .tail_i      (flags.tail),
    .mask_o,
    .owned_o,
    .bias_o,
    .values_o
  );

  assign push_o = group & {Fanout{complete || ends}};
  assign first_o = complete && flags.first;
  assign check_each_o = flags.check_each;
  assign check_end_o = flags.check_end;

endmodule
