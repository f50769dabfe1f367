// The operand buffer of a feeder: two halves of words, and beside them a table of the messages in
// each half. Memory writes one half while the feeder reads the other. Reading takes no cycle.
module operand_buffer #(
  parameter  int unsigned WordBits    = 128,
  parameter  int unsigned HalfWords   = 256,
  parameter  int unsigned LengthBits  = 3,
  parameter  int unsigned FlagsBits   = 2,
  localparam int unsigned AddressBits = lacuna_pkg::width_of(HalfWords)
) (
  input  logic                   clk_i,
  // Memory writes a word, and with the first word of a message its entry in the table.
  input  logic                   load_valid_i,
  input  logic                   load_half_i,
  input  logic [AddressBits-1:0] load_address_i,
  input  logic [WordBits-1:0]    load_word_i,
  input  logic                   load_message_i,         // the word begins a message
  input  logic [AddressBits-1:0] load_message_index_i,   // of the message in its half
  input  logic [LengthBits-1:0]  load_message_length_i,  // words
  input  logic [FlagsBits-1:0]   load_message_flags_i,
  // The feeder reads word `offset` of message `index`.
  input  logic                   half_i,
  input  logic [AddressBits-1:0] index_i,
  input  logic [LengthBits-1:0]  offset_i,
  output logic [WordBits-1:0]    word_o,
  output logic [LengthBits-1:0]  length_o,
  output logic [FlagsBits-1:0]   flags_o
);

  localparam int unsigned Words = 2 * HalfWords;
  localparam int unsigned PlaceBits = lacuna_pkg::width_of(Words);

  typedef struct packed {
    logic [AddressBits-1:0] address;
    logic [LengthBits-1:0] length;
    logic [FlagsBits-1:0] flags;
  } message_t;

  message_t message;
  logic [WordBits-1:0] words_q[Words];
  logic [$bits(message)-1:0] messages_q[Words];

  logic [PlaceBits-1:0] load_base, base;
  logic [PlaceBits-1:0] load_word_at, load_message_at;
  logic [PlaceBits-1:0] word_at, message_at;

  assign load_base = load_half_i ? PlaceBits'(HalfWords) : '0;
  assign load_word_at = load_base + PlaceBits'(load_address_i);
  assign load_message_at = load_base + PlaceBits'(load_message_index_i);
  assign base = half_i ? PlaceBits'(HalfWords) : '0;
  assign message_at = base + PlaceBits'(index_i);
  assign message = messages_q[message_at];
  assign word_at = base + PlaceBits'(message.address) + PlaceBits'(offset_i);
  assign word_o = words_q[word_at];
  assign length_o = message.length;
  assign flags_o = message.flags;

  // Storage is not reset.
  always_ff @(posedge clk_i) begin
    if (load_valid_i) words_q[load_word_at] <= load_word_i;
    if (load_valid_i && load_message_i) begin
      messages_q[load_message_at] <= {load_address_i, load_message_length_i, load_message_flags_i};
    end
  end

endmodule
