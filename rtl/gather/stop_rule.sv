// Which of the lanes that go together stop after the entry in the MAC stage, and their results:
// zero of a lane that stopped as predicted, of others their sums.
module stop_rule #(
  parameter  int unsigned Lanes           = 4,
  parameter  int unsigned WeightOrder     = gather_pkg::WeightOrderNatural,
  parameter  int unsigned CountBits       = 7,
  parameter  int unsigned AccumulatorBits = 32,
  localparam int unsigned NumberBits      = gather_pkg::RepresentativesBits
) (
  input  logic                             clk_i,
  input  logic                             rst_ni,
  // Layer register.
  input  logic                             stops_i,
  // In the MAC stage: the entry, the lanes that it is multiplied for, and their sums with it.
  input  logic                             last_entry_i,  // of the filter
  input  logic                             nonzero_i,
  input  logic [Lanes-1:0]                 runs_i,
  input  logic [Lanes*AccumulatorBits-1:0] sums_i,
  input  logic                             ends_i,  // the group's last issue
  // The next entry, which is issued: whether its weight is positive, how many are before it.
  input  logic                             positive_i,
  input  logic [CountBits-1:0]             entry_i,
  // Of predictive filters.
  input  logic [NumberBits-1:0]            representatives_i,
  input  logic [AccumulatorBits-1:0]       threshold_i,
  output logic [Lanes-1:0]                 stop_o,
  output logic [Lanes-1:0]                 predicted_o,  // these of them stop as predicted
  output logic [Lanes*AccumulatorBits-1:0] results_o
);

  logic may_stop, falls, ends;
  assign may_stop = stops_i && !last_entry_i;
  // Behind its positive weights a sum can only fall.
  assign falls = may_stop && nonzero_i && !positive_i;

  if (WeightOrder == gather_pkg::WeightOrderNatural) begin : gen_natural
    logic unused_order;
    assign unused_order = falls;
    assign ends = 1'b0;
  end else if (WeightOrder == gather_pkg::WeightOrderSign) begin : gen_sign
    assign ends = falls;
  end else if (WeightOrder == gather_pkg::WeightOrderPredictive) begin : gen_predictive
    // Representatives have any sign.
    assign ends = falls && 32'(entry_i) >= 32'(representatives_i);
  end else begin : gen_unknown
    $error("unknown weight order");
  end

  for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
    logic [AccumulatorBits-1:0] sum;
    assign sum = sums_i[lane*AccumulatorBits+:AccumulatorBits];
    assign stop_o[lane] = predicted_o[lane] ||
        (runs_i[lane] && ends && (sum[AccumulatorBits-1] || sum == '0));
  end

  if (WeightOrder == gather_pkg::WeightOrderPredictive) begin : gen_prediction
    logic predicts;  // after the last representative
    logic [Lanes-1:0] zero_q, zero_d;

    assign predicts = may_stop && 32'(entry_i) == 32'(representatives_i);
    assign zero_d = predicted_o | (zero_q & {Lanes{!ends_i}});

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) zero_q <= '0;
      else zero_q <= zero_d;
    end

    for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
      logic [AccumulatorBits-1:0] sum;
      assign sum = sums_i[lane*AccumulatorBits+:AccumulatorBits];
      assign predicted_o[lane] =
          runs_i[lane] && predicts && $signed(sum) <= $signed(threshold_i);
      assign results_o[lane*AccumulatorBits+:AccumulatorBits] =
          sum & {AccumulatorBits{!zero_q[lane]}};
    end
  end else begin : gen_no_prediction
    logic unused_prediction;
    assign unused_prediction = ^{clk_i, rst_ni, ends_i, entry_i, representatives_i, threshold_i};
    assign predicted_o = '0;
    assign results_o = sums_i;
  end

endmodule
