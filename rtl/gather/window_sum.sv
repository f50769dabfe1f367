// The sum of one window: a tree of adders over the lanes that work on it, and a register.
module window_sum #(
  parameter int unsigned Lanes           = 1,
  parameter int unsigned ProductBits     = 17,
  parameter int unsigned AccumulatorBits = 32
) (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  // What is in the MAC stage.
  input  logic                         first_i,  // of its sum, which begins with the bias
  input  logic [AccumulatorBits-1:0]   bias_i,
  input  logic [Lanes-1:0]             active_i,
  input  logic [Lanes*ProductBits-1:0] products_i,
  output logic [AccumulatorBits-1:0]   sum_o  // with it
);

  logic [AccumulatorBits-1:0] sum_q, sum_d;

  always_comb begin
    sum_o = first_i ? bias_i : sum_q;
    for (int unsigned lane = 0; lane < Lanes; lane++) begin
      sum_o = sum_o + AccumulatorBits'($signed(products_i[lane*ProductBits+:ProductBits]));
    end
    sum_d = first_i || active_i != '0 ? sum_o : sum_q;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) sum_q <= '0;
    else sum_q <= sum_d;
  end

endmodule
