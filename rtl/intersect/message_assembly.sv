// Puts the words of a message together and takes it apart into the fields of a chunk FIFO's entry.
//
//   bitmask   mask, [owned mask], [bias], nonzero values in the order of positions
//   dense     [owned mask], [bias], every value
//
// A mask takes one bit a position, filled up to a byte; the last chunk of the reduction may have
// fewer positions. The owned mask comes when two passes run over weights whose zeros cost slots,
// the bias with a tile's first weights.
module message_assembly #(
  parameter  int unsigned Chunk           = 16,
  parameter  int unsigned Bits            = 8,
  parameter  int unsigned Encoding        = intersect_pkg::EncodingBitmask,
  parameter  int unsigned BiasBits        = 32,   // 0: these are activations
  parameter  int unsigned WordBits        = 128,
  parameter  int unsigned Words           = 2,    // of the largest message
  parameter  int unsigned LengthBits      = 2,
  localparam int unsigned BiasPortBits    = BiasBits == 0 ? 1 : BiasBits,
  localparam int unsigned ChunkLengthBits = $clog2(Chunk + 1)
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  // Layer registers.
  input  logic [ChunkLengthBits-1:0] tail_length_i,  // positions of the reduction's last chunk
  input  logic                       owned_sent_i,
  // One word a cycle, the first with offset 0.
  input  logic                       word_valid_i,
  input  logic [LengthBits-1:0]      offset_i,
  input  logic [WordBits-1:0]        word_i,
  // The message, in the cycle of its last word.
  input  logic                       complete_i,
  input  logic                       first_i,        // of its tile
  input  logic                       tail_i,
  output logic [Chunk-1:0]           mask_o,
  output logic [Chunk-1:0]           owned_o,
  output logic [BiasPortBits-1:0]    bias_o,
  output logic [Chunk*Bits-1:0]      values_o
);

  localparam int unsigned RawBits = Words * WordBits;

  logic [RawBits-1:0] words_q, words_d;
  logic [RawBits-1:0] raw, after_mask, after_owned;
  logic [Chunk-1:0] positions;
  logic [ChunkLengthBits+2:0] mask_bits, filled;

  always_comb begin
    words_d = words_q;
    if (word_valid_i) words_d[offset_i*WordBits+:WordBits] = word_i;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) words_q <= '0;
    else words_q <= words_d;
  end

  // Which positions there are, and the bits a mask of them takes.
  always_comb begin
    positions = '1;
    mask_bits = (ChunkLengthBits + 3)'(Chunk);
    filled = (ChunkLengthBits + 3)'(tail_length_i) + (ChunkLengthBits + 3)'(7);
    if (tail_i) begin
      positions = ~({Chunk{1'b1}} << tail_length_i);
      mask_bits = (filled >> 3) << 3;
    end
  end

  always_comb begin
    raw = complete_i ? words_d : '0;
    after_mask = Encoding == intersect_pkg::EncodingBitmask ? raw >> mask_bits : raw;
    owned_o = owned_sent_i ? after_mask[Chunk-1:0] & positions : positions;
    after_owned = owned_sent_i ? after_mask >> mask_bits : after_mask;
    bias_o = after_owned[BiasPortBits-1:0];
    values_o = (Chunk * Bits)'(BiasBits != 0 && first_i ? after_owned >> BiasBits : after_owned);
  end

  if (Encoding == intersect_pkg::EncodingBitmask) begin : gen_bitmask
    assign mask_o = raw[Chunk-1:0] & positions;
  end else if (Encoding == intersect_pkg::EncodingDense) begin : gen_dense
    for (genvar i = 0; i < Chunk; i++) begin : gen_position
      assign mask_o[i] = positions[i] && values_o[i*Bits+:Bits] != '0;
    end
  end else begin : gen_unknown
    $error("unknown encoding");
  end

endmodule
