// One-sided skipping by activations: a slot for each nonzero activation.
module skip_activations #(
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

  assign slots_o = owned_i & activations_i;
  assign multiplied_o = slots_o;

  logic unused_masks;
  assign unused_masks = ^{weights_i};

endmodule
