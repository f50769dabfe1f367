// The feeder of one row (weights) or one column (activations): operand buffer and control. What it
// drives is a bus of a word a cycle; with the last word the message is complete.
`include "assertions.svh"

module fabric_feeder #(
  parameter  int unsigned Fanout      = 4,
  parameter  bit          Unicast     = 1'b0,
  parameter  int unsigned BusBytes    = 16,
  parameter  int unsigned BufferBytes = 8192,
  parameter  int unsigned LengthBits  = 2,  // of the words of a message
  parameter  int unsigned FlagsBits   = 1,  // of the family
  localparam int unsigned WordBits    = 8 * BusBytes,
  localparam int unsigned HalfWords   = fabric_pkg::half_words(BufferBytes, BusBytes),
  localparam int unsigned AddressBits = lacuna_pkg::width_of(HalfWords),
  localparam int unsigned CountBits   = $clog2(Fanout + 1),
  localparam int unsigned TableBits   = FlagsBits + fabric_pkg::StepFlagsBits
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  // Work, see feeder_control.
  input  logic                   tile_valid_i,
  input  logic [CountBits-1:0]   tile_count_i,
  output logic                   tile_ready_o,
  input  logic                   block_valid_i,
  input  logic                   block_half_i,
  output logic                   block_ready_o,
  // Words from memory, see operand_buffer.
  input  logic                   load_valid_i,
  input  logic                   load_half_i,
  input  logic [AddressBits-1:0] load_address_i,
  input  logic [WordBits-1:0]    load_word_i,
  input  logic                   load_message_i,
  input  logic [AddressBits-1:0] load_message_index_i,
  input  logic [LengthBits-1:0]  load_message_length_i,
  input  logic [TableBits-1:0]   load_message_flags_i,
  // The line's PEs.
  input  logic [Fanout-1:0]      room_i,
  input  logic [Fanout-1:0]      stopped_i,
  // The bus.
  output logic                   word_valid_o,
  output logic [LengthBits-1:0]  offset_o,  // of the word in its message
  output logic [WordBits-1:0]    word_o,
  output logic                   complete_o,  // the last word of a message
  output logic                   end_o,       // an end token
  output logic [Fanout-1:0]      group_o,     // the PEs that it is for
  output logic                   last_o,      // of the tile
  output logic [FlagsBits-1:0]   flags_o
);

  logic [AddressBits-1:0] index;
  logic [LengthBits-1:0] length;
  fabric_pkg::step_flags_t step;

  operand_buffer #(
    .WordBits  (WordBits),
    .HalfWords (HalfWords),
    .LengthBits(LengthBits),
    .FlagsBits (TableBits)
  ) u_buffer (
    .clk_i,
    .load_valid_i,
    .load_half_i,
    .load_address_i,
    .load_word_i,
    .load_message_i,
    .load_message_index_i,
    .load_message_length_i,
    .load_message_flags_i,
    .half_i  (block_half_i),
    .index_i (index),
    .offset_i(offset_o),
    .word_o,
    .length_o(length),
    .flags_o ({flags_o, step})
  );

  feeder_control #(
    .Fanout     (Fanout),
    .Unicast    (Unicast),
    .AddressBits(AddressBits),
    .LengthBits (LengthBits)
  ) u_control (
    .clk_i,
    .rst_ni,
    .tile_valid_i,
    .tile_count_i,
    .tile_ready_o,
    .block_valid_i,
    .block_ready_o,
    .index_o(index),
    .offset_o,
    .length_i         (length),
    .step_last_i      (step.last),
    .step_block_last_i(step.block_last),
    .room_i,
    .stopped_i,
    .word_valid_o,
    .complete_o,
    .end_o,
    .group_o
  );

  assign last_o = end_o || step.last;

  `LACUNA_ASSERT(LoadFits, load_valid_i, 32'(load_address_i) < HalfWords)
  `LACUNA_ASSERT_STABLE(BlockIsStable, tile_valid_i && block_valid_i,
                        tile_ready_o || block_ready_o, block_half_i)
  `LACUNA_ASSERT(LoadSparesTheBlockInUse, load_valid_i && tile_valid_i && block_valid_i,
                 load_half_i != block_half_i)

endmodule
