// How many bits of a mask are set below a position, given one-hot: where the value of that position lies in a packed
// chunk. Without a position (all zeros) it counts the whole mask.
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

  assign count_o = CountWidth'($countones(mask_i & (position_i - Width'(1))));

endmodule
