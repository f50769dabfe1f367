// The operand of one position of a chunk. A packed chunk holds its nonzero values in the order of
// positions, so the value of a position is found by counting the mask bits below it; a dense chunk
// holds every value at its position.
module operand_select #(
  parameter  int unsigned Chunk     = 16,
  parameter  int unsigned Bits      = 8,
  parameter  int unsigned Encoding  = intersect_pkg::EncodingBitmask,
  localparam int unsigned CountBits = $clog2(Chunk + 1)
) (
  input  logic [Chunk-1:0]      mask_i,      // positions with a nonzero value
  input  logic [Chunk*Bits-1:0] values_i,
  input  logic [Chunk-1:0]      position_i,  // one-hot, or zeros: then the value is of no use
  output logic [Bits-1:0]       value_o
);

  logic [Chunk-1:0] counted;
  logic [CountBits-1:0] index;

  if (Encoding == intersect_pkg::EncodingBitmask) begin : gen_bitmask
    assign counted = mask_i;
  end else if (Encoding == intersect_pkg::EncodingDense) begin : gen_dense
    assign counted = '1;
  end else begin : gen_unknown
    $error("unknown encoding");
  end

  prefix_count #(
    .Width(Chunk)
  ) u_count (
    .mask_i    (counted),
    .position_i,
    .count_o   (index)
  );

  // A zero is not in a packed chunk: its value is what no lane reads.
  logic [Bits-1:0] stored;
  assign stored = values_i[32'(index)*Bits+:Bits];
  assign value_o = (mask_i & position_i) != '0 ? stored : '0;

endmodule
