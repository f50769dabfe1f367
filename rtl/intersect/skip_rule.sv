// Which positions of a chunk pair cost a slot of the match unit, and which of those are multiplied:
// a line of the table in intersect_pkg as gates.
module skip_rule #(
  parameter int unsigned Chunk = 16,
  parameter int unsigned Skip  = intersect_pkg::SkipBoth
) (
  // Positions the message owns; positions with a nonzero operand.
  input  logic [Chunk-1:0] owned_i,
  input  logic [Chunk-1:0] weights_i,
  input  logic [Chunk-1:0] activations_i,
  // Positions that cost a slot; those of them whose multiplier runs.
  output logic [Chunk-1:0] slots_o,
  output logic [Chunk-1:0] multiplied_o
);

  localparam intersect_pkg::skip_rule_t Rule = intersect_pkg::skip_rule(Skip);

  if (!Rule.known) begin : gen_unknown
    $error("unknown skip rule");
  end

  assign slots_o = owned_i & (weights_i | {Chunk{!Rule.needs_weight}}) &
      (activations_i | {Chunk{!Rule.needs_activation}});
  assign multiplied_o = slots_o & ((weights_i & activations_i) | {Chunk{!Rule.gates}});

endmodule
