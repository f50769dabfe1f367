// Puts the words of a group together: the bias, if it is the tile's first, then the entries one
// behind the other, each its value and its index.
module group_assembly #(
  parameter int unsigned Lanes      = 4,  // entries of a group, at most
  parameter int unsigned EntryBits  = 16,
  parameter int unsigned BiasBits   = 32,
  parameter int unsigned WordBits   = 128,
  parameter int unsigned Words      = 1,  // of the largest group
  parameter int unsigned LengthBits = 1
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  // One word a cycle, the first with offset 0.
  input  logic                       word_valid_i,
  input  logic [LengthBits-1:0]      offset_i,
  input  logic [WordBits-1:0]        word_i,
  // The group, in the cycle of its last word.
  input  logic                       complete_i,
  input  logic                       first_i,  // of its tile
  output logic [BiasBits-1:0]        bias_o,
  output logic [Lanes*EntryBits-1:0] entries_o
);

  localparam int unsigned RawBits = Words * WordBits;

  logic [RawBits-1:0] words_q, words_d;
  logic [RawBits-1:0] raw;

  always_comb begin
    words_d = words_q;
    if (word_valid_i) words_d[offset_i*WordBits+:WordBits] = word_i;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) words_q <= '0;
    else words_q <= words_d;
  end

  assign raw = complete_i ? words_d : '0;
  assign bias_o = raw[BiasBits-1:0];
  assign entries_o = (Lanes * EntryBits)'(first_i ? raw >> BiasBits : raw);

endmodule
