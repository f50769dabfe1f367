// How many bits of a mask are set below a position, given one-hot: where the value of that position
// lies in a packed chunk. Without a position (all zeros) it counts the whole mask.
//
//   mask 01101100, position 00100000:  bits 2 and 3 lie below, count 2
module prefix_count #(
  parameter  int unsigned Width      = 16,
  localparam int unsigned CountWidth = $clog2(Width + 1)
) (
  input  logic [Width-1:0]      mask_i,
  input  logic [Width-1:0]      position_i,
  output logic [CountWidth-1:0] count_o
);

  logic [Width-1:0] below;
  assign below = mask_i & (position_i - Width'(1));

`ifdef SYNTHESIS
  // yosys 0.23 takes $countones for a constant, without a word.
  always_comb begin
    count_o = '0;
    for (int unsigned i = 0; i < Width; i++) count_o = count_o + CountWidth'(below[i]);
  end
`else
  // A loop over a wide mask is slow to simulate.
  assign count_o = CountWidth'($countones(below));
`endif

endmodule
