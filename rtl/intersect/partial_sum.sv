// The partial sum of a PE and its result register: two finished sums fit, one in each.
//
//   cycle      m+1          m+2       m+3
//   MAC stage  last group
//   psum                    complete
//   result                  moves     valid, until the drain bus takes it
//
// With early termination a sum that can only fall stops at or below zero: it is complete there and
// then.
`include "assertions.svh"

module partial_sum #(
  parameter int unsigned Lanes            = 1,
  parameter int unsigned ProductBits      = 17,
  parameter int unsigned AccumulatorBits  = 32,
  parameter int unsigned EarlyTermination = intersect_pkg::EarlyTerminationNone
) (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  // The group in the MAC stage.
  input  logic                         group_i,    // there is one, and it is not killed
  input  logic                         first_i,    // of its tile
  input  logic                         last_i,     // of its tile
  input  logic                         check_i,    // stop if the sum is at or below zero
  input  logic [AccumulatorBits-1:0]   bias_i,
  input  logic [Lanes-1:0]             active_i,
  input  logic [Lanes*ProductBits-1:0] products_i,
  output logic                         stop_o,     // the sum ends here, before its last group
  output logic                         complete_o, // psum holds a complete sum
  output logic [AccumulatorBits-1:0]   psum_o,
  output logic [AccumulatorBits-1:0]   sum_o,      // with the group in the MAC stage
  // To the drain bus.
  output logic                         result_valid_o,
  input  logic                         result_ready_i,
  output logic [AccumulatorBits-1:0]   result_o
);

  logic [AccumulatorBits-1:0] psum_q, psum_d;
  logic [AccumulatorBits-1:0] result_q, result_d;
  logic complete_q, complete_d;
  logic result_valid_q, result_valid_d;
  logic retire;

  always_comb begin
    sum_o = first_i ? bias_i : psum_q;
    for (int unsigned lane = 0; lane < Lanes; lane++) begin
      sum_o = sum_o + AccumulatorBits'($signed(products_i[lane*ProductBits+:ProductBits]));
    end
  end

  if (EarlyTermination == intersect_pkg::EarlyTerminationExact) begin : gen_exact
    assign stop_o = group_i && check_i && !last_i && (sum_o[AccumulatorBits-1] || sum_o == '0);
  end else if (EarlyTermination == intersect_pkg::EarlyTerminationNone) begin : gen_none
    logic unused_check;
    assign unused_check = check_i;
    assign stop_o = 1'b0;
  end else begin : gen_unknown
    $error("unknown early termination");
  end

  assign retire = complete_q && !result_valid_q;

  always_comb begin
    psum_d = group_i && (first_i || active_i != '0) ? sum_o : psum_q;
    complete_d = (complete_q && !retire) || (group_i && last_i) || stop_o;
    result_d = retire ? psum_q : result_q;
    result_valid_d = retire || (result_valid_q && !result_ready_i);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      psum_q <= '0;
      complete_q <= 1'b0;
      result_q <= '0;
      result_valid_q <= 1'b0;
    end else begin
      psum_q <= psum_d;
      complete_q <= complete_d;
      result_q <= result_d;
      result_valid_q <= result_valid_d;
    end
  end

  assign complete_o = complete_q;
  assign psum_o = psum_q;
  assign result_valid_o = result_valid_q;
  assign result_o = result_q;

  // A complete sum has moved before a group of the next tile overwrites it.
  `LACUNA_ASSERT(CompleteSumIsKept, group_i && complete_q, retire)
  `LACUNA_ASSERT_STABLE(ResultIsStable, result_valid_o, result_ready_i, result_o)

endmodule
