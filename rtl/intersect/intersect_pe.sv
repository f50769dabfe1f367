// A processing element: chunk FIFOs, match stage, MAC stage, partial sum.
//
//   cycle        c                      c+1
//   match stage  picks a group          next group
//                (FIFO heads, slots)
//   MAC stage                           multiplies it, adds it to psum
//
// A chunk pair takes max(1, ceil(slots / Lanes)) cycles; both heads are popped with its last group.
`include "assertions.svh"

module intersect_pe #(
  parameter  int unsigned Chunk              = 16,
  parameter  int unsigned Lanes              = 1,
  parameter  int unsigned Bits               = 8,
  parameter  int unsigned AccumulatorBits    = 32,
  parameter  int unsigned Skip               = intersect_pkg::SkipBoth,
  parameter  int unsigned EarlyTermination   = intersect_pkg::EarlyTerminationNone,
  parameter  int unsigned WeightEncoding     = intersect_pkg::EncodingBitmask,
  parameter  int unsigned ActivationEncoding = intersect_pkg::EncodingBitmask,
  parameter  int unsigned WeightDepth        = 4,
  parameter  int unsigned ActivationDepth    = 4,
  localparam int unsigned ValuesBits         = Chunk * Bits
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic                       signed_activations_i,
  // From the row's weight feeder. An end token is a message that is last and has nothing else.
  input  logic                       weight_push_i,
  input  logic                       weight_first_i,
  input  logic                       weight_last_i,
  input  logic                       weight_check_each_i,
  input  logic                       weight_check_end_i,
  input  logic [Chunk-1:0]           weight_mask_i,
  input  logic [Chunk-1:0]           weight_owned_i,
  input  logic [AccumulatorBits-1:0] weight_bias_i,
  input  logic [ValuesBits-1:0]      weight_values_i,
  output logic                       weight_room_o,
  output logic                       weight_stopped_o,
  // From the column's activation feeder.
  input  logic                       activation_push_i,
  input  logic                       activation_first_i,
  input  logic                       activation_last_i,
  input  logic [Chunk-1:0]           activation_mask_i,
  input  logic [ValuesBits-1:0]      activation_values_i,
  output logic                       activation_room_o,
  output logic                       activation_stopped_o,
  // To the column's drain bus.
  output logic                       result_valid_o,
  input  logic                       result_ready_i,
  output logic [AccumulatorBits-1:0] result_o
);

  localparam int unsigned ProductBits = 2 * Bits + 1;

  typedef struct packed {
    logic first;
    logic check_each;
    logic check_end;
    logic [Chunk-1:0] mask;
    logic [Chunk-1:0] owned;
    logic [AccumulatorBits-1:0] bias;
    logic [ValuesBits-1:0] values;
  } weight_entry_t;

  typedef struct packed {
    logic first;
    logic [Chunk-1:0] mask;
    logic [ValuesBits-1:0] values;
  } activation_entry_t;

  // Chunk FIFOs.
  weight_entry_t weight_pushed, weight;
  activation_entry_t activation_pushed, activation;
  logic weight_valid, weight_last, weight_pop, weight_last_held;
  logic activation_valid, activation_last, activation_pop, activation_last_held;

  assign weight_pushed = {
    weight_first_i,
    weight_check_each_i,
    weight_check_end_i,
    weight_mask_i,
    weight_owned_i,
    weight_bias_i,
    weight_values_i
  };
  assign activation_pushed = {activation_first_i, activation_mask_i, activation_values_i};

  chunk_fifo #(
    .Width($bits(weight)),
    .Depth(WeightDepth)
  ) u_weights (
    .clk_i,
    .rst_ni,
    .room_o     (weight_room_o),
    .push_i     (weight_push_i),
    .push_last_i(weight_last_i),
    .push_data_i(weight_pushed),
    .valid_o    (weight_valid),
    .last_o     (weight_last),
    .data_o     (weight),
    .pop_i      (weight_pop),
    .last_held_o(weight_last_held)
  );

  chunk_fifo #(
    .Width($bits(activation)),
    .Depth(ActivationDepth)
  ) u_activations (
    .clk_i,
    .rst_ni,
    .room_o     (activation_room_o),
    .push_i     (activation_push_i),
    .push_last_i(activation_last_i),
    .push_data_i(activation_pushed),
    .valid_o    (activation_valid),
    .last_o     (activation_last),
    .data_o     (activation),
    .pop_i      (activation_pop),
    .last_held_o(activation_last_held)
  );

  // Match stage.
  logic [Chunk-1:0] issued_q, issued_d;
  logic [Chunk-1:0] slots, issued;
  logic [Lanes*Chunk-1:0] picks;
  logic [Lanes-1:0] multiply;
  logic pair_ends;
  logic between_tiles, discard, stopped;
  logic operands, blocked, issue;

  match_unit #(
    .Chunk(Chunk),
    .Lanes(Lanes),
    .Skip (Skip)
  ) u_match (
    .owned_i      (weight.owned),
    .weights_i    (weight.mask),
    .activations_i(activation.mask),
    .issued_i     (issued_q),
    .slots_o      (slots),
    .picks_o      (picks),
    .multiply_o   (multiply),
    .issued_o     (issued),
    .ends_o       (pair_ends)
  );

  // MAC stage.
  logic group_q, group_d;
  logic first_q, first_d;
  logic last_q, last_d;
  logic check_q, check_d;
  logic [AccumulatorBits-1:0] bias_q, bias_d;
  logic killed, multiplied, stop, complete;
  logic [Lanes-1:0] active;
  logic [Lanes*ProductBits-1:0] products;
  logic [AccumulatorBits-1:0] sum, complete_sum;

  // A PE holds two finished sums; the first group of a third tile waits until there is one less.
  logic completing;
  assign completing = multiplied && last_q;
  assign blocked = between_tiles &&
      ((completing && complete) || ((completing || complete) && result_valid_o));
  assign operands = weight_valid && activation_valid && !discard;
  assign issue = operands && !blocked;

  always_comb begin
    issued_d = issued_q;
    group_d = issue;
    first_d = first_q;
    last_d = last_q;
    check_d = check_q;
    bias_d = bias_q;
    if (issue) begin
      issued_d = pair_ends ? '0 : issued;
      first_d = between_tiles;
      last_d = pair_ends && weight_last;
      check_d = weight.check_each || (weight.check_end && pair_ends);
      if (between_tiles) bias_d = weight.bias;
    end
    if (stop) issued_d = '0;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      issued_q <= '0;
      group_q <= 1'b0;
      first_q <= 1'b0;
      last_q <= 1'b0;
      check_q <= 1'b0;
      bias_q <= '0;
    end else begin
      issued_q <= issued_d;
      group_q <= group_d;
      first_q <= first_d;
      last_q <= last_d;
      check_q <= check_d;
      bias_q <= bias_d;
    end
  end

  tile_walk u_walk (
    .clk_i,
    .rst_ni,
    .issue_i               (issue),
    .pair_ends_i           (pair_ends),
    .last_i                (weight_last),
    .stop_i                (stop),
    .between_tiles_o       (between_tiles),
    .discard_o             (discard),
    .stopped_o             (stopped),
    .weight_valid_i        (weight_valid),
    .weight_last_i         (weight_last),
    .weight_pop_o          (weight_pop),
    .activation_valid_i    (activation_valid),
    .activation_last_i     (activation_last),
    .activation_pop_o      (activation_pop),
    .weight_last_held_i    (weight_last_held),
    .activation_last_held_i(activation_last_held),
    .weight_stopped_o,
    .activation_stopped_o
  );

  for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
    logic [Bits-1:0] weight_value, activation_value;

    operand_select #(
      .Chunk   (Chunk),
      .Bits    (Bits),
      .Encoding(WeightEncoding)
    ) u_weight (
      .mask_i    (weight.mask),
      .values_i  (weight.values),
      .position_i(picks[lane*Chunk+:Chunk]),
      .value_o   (weight_value)
    );

    operand_select #(
      .Chunk   (Chunk),
      .Bits    (Bits),
      .Encoding(ActivationEncoding)
    ) u_activation (
      .mask_i    (activation.mask),
      .values_i  (activation.values),
      .position_i(picks[lane*Chunk+:Chunk]),
      .value_o   (activation_value)
    );

    mac_lane #(
      .Bits(Bits)
    ) u_mac (
      .clk_i,
      .rst_ni,
      .signed_activations_i,
      .multiply_i  (issue && multiply[lane] && !stop),
      .weight_i    (weight_value),
      .activation_i(activation_value),
      .active_o    (active[lane]),
      .product_o   (products[lane*ProductBits+:ProductBits])
    );
  end

  // The group issued in the cycle in which the group before it stopped the sum is killed: its lanes
  // hold.
  assign killed = group_q && stopped;
  assign multiplied = group_q && !stopped;

  partial_sum #(
    .Lanes           (Lanes),
    .ProductBits     (ProductBits),
    .AccumulatorBits (AccumulatorBits),
    .EarlyTermination(EarlyTermination)
  ) u_sum (
    .clk_i,
    .rst_ni,
    .group_i   (multiplied),
    .first_i   (first_q),
    .last_i    (last_q),
    .check_i   (check_q),
    .bias_i    (bias_q),
    .active_i  (active),
    .products_i(products),
    .stop_o    (stop),
    .complete_o(complete),
    .psum_o    (complete_sum),
    .sum_o     (sum),
    .result_valid_o,
    .result_ready_i,
    .result_o
  );

  // Both operands walk the same steps, and a tile begins with its first message.
  `LACUNA_ASSERT(OperandsInStep, operands,
                 weight.first == activation.first && weight_last == activation_last)
  `LACUNA_ASSERT(TileBeginsWithFirst, operands && issued_q == '0, weight.first == between_tiles)

endmodule
