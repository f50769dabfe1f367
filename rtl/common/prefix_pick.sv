// Picks the `Picks` lowest set bits of a mask, each as a one-hot word, none as zeros.
//
//   mask 01101100, Picks = 2:  picks 00000100, 00001000;  rest 01100000
module prefix_pick #(
  parameter int unsigned Width = 16,
  parameter int unsigned Picks = 1
) (
  input  logic [Width-1:0]       mask_i,
  output logic [Picks*Width-1:0] picks_o,
  output logic [Width-1:0]       rest_o
);

  always_comb begin
    rest_o = mask_i;
    for (int unsigned i = 0; i < Picks; i++) begin
      // Subtracting one turns the lowest set bit off and those below it on.
      picks_o[i*Width+:Width] = rest_o & ~(rest_o - Width'(1));
      rest_o = rest_o & (rest_o - Width'(1));
    end
  end

endmodule
