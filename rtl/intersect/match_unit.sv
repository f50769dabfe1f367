// Which positions of the chunk pair at the FIFO heads go to the lanes in this cycle: the `Lanes`
// lowest slots that have not been issued yet.
module match_unit #(
  parameter int unsigned Chunk = 16,
  parameter int unsigned Lanes = 1,
  parameter int unsigned Skip  = intersect_pkg::SkipBoth
) (
  input  logic [Chunk-1:0]       owned_i,
  input  logic [Chunk-1:0]       weights_i,
  input  logic [Chunk-1:0]       activations_i,
  input  logic [Chunk-1:0]       issued_i,  // slots of this pair issued in earlier cycles
  output logic [Chunk-1:0]       slots_o,   // all slots of the pair
  output logic [Lanes*Chunk-1:0] picks_o,   // one-hot for each lane, or zeros
  output logic [Lanes-1:0]       multiply_o,  // lanes whose multiplier runs
  output logic [Chunk-1:0]       issued_o,  // slots issued with this group
  output logic                   ends_o     // no slot is left after this group
);

  logic [Chunk-1:0] multiplied;
  logic [Chunk-1:0] rest;

  skip_rule #(
    .Chunk(Chunk),
    .Skip (Skip)
  ) u_skip (
    .owned_i,
    .weights_i,
    .activations_i,
    .slots_o,
    .multiplied_o(multiplied)
  );

  prefix_pick #(
    .Width(Chunk),
    .Picks(Lanes)
  ) u_pick (
    .mask_i (slots_o & ~issued_i),
    .picks_o,
    .rest_o (rest)
  );

  for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
    assign multiply_o[lane] = |(picks_o[lane*Chunk+:Chunk] & multiplied);
  end

  assign issued_o = slots_o & ~rest;
  assign ends_o = rest == '0;

endmodule
