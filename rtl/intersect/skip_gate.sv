// Zero gating: every position costs a slot, the multiplier does not toggle for a zero.
module skip_gate #(
  parameter int unsigned Chunk = 16
) (
  // Positions the message owns; positions with a nonzero operand.
  input  logic [Chunk-1:0] owned_i,
  input  logic [Chunk-1:0] weights_i,
  input  logic [Chunk-1:0] activations_i,
  // Positions that cost a slot; those of them whose multiplier runs.
  output logic [Chunk-1:0] slots_o,
  output logic [Chunk-1:0] multiplied_o
);

  assign slots_o = owned_i;
  assign multiplied_o = owned_i & weights_i & activations_i;

endmodule
