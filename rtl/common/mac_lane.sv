// One multiplier with its operand registers. A lane without work, or gated because an operand is
// zero, holds its operands: nothing in front of or inside the multiplier toggles.
`include "assertions.svh"

module mac_lane #(
  parameter  int unsigned Bits        = 8,
  localparam int unsigned ProductBits = 2 * Bits + 1
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   signed_activations_i,
  // From the match stage, into the operand registers.
  input  logic                   multiply_i,
  input  logic [Bits-1:0]        weight_i,
  input  logic [Bits-1:0]        activation_i,
  // To the accumulator, a cycle later; zero if the lane holds.
  output logic                   active_o,
  output logic [ProductBits-1:0] product_o
);

  logic active_q, active_d;
  logic [Bits-1:0] weight_q, weight_d;
  logic [Bits-1:0] activation_q, activation_d;

  always_comb begin
    active_d = multiply_i;
    weight_d = multiply_i ? weight_i : weight_q;
    activation_d = multiply_i ? activation_i : activation_q;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q <= 1'b0;
      weight_q <= '0;
      activation_q <= '0;
    end else begin
      active_q <= active_d;
      weight_q <= weight_d;
      activation_q <= activation_d;
    end
  end

  // An activation with one bit more holds both ranges: 0 .. 2^Bits - 1 and -2^(Bits-1) ..
  // 2^(Bits-1) - 1.
  logic sign;
  logic signed [ProductBits-1:0] weight;
  logic signed [ProductBits-1:0] activation;
  logic signed [ProductBits-1:0] product;
  assign weight = ProductBits'($signed(weight_q));
  assign sign = signed_activations_i & activation_q[Bits-1];
  assign activation = ProductBits'($signed({sign, activation_q}));
  assign product = weight * activation;
  assign product_o = product & {ProductBits{active_q}};
  assign active_o = active_q;

  // The gate: without work nothing in front of the multiplier toggles.
  `LACUNA_ASSERT_HOLDS(OperandsHold, !multiply_i, {weight_q, activation_q})

endmodule
