// A processing element whose weights come as they are used: groups of entries from the row,
// segments of activations from the column, a sum for each window.
//
//   cycle      c-1        c          c+1        c+2
//   issue      bubble     group 7    group 8    ..        group 7 needs two cycles to reach its
//   MAC stage             -          group 7    group 8   activations
//   sums                                        with 7
//
// A group is popped in the last cycle of its issue, and with the last of a segment the segment.
`include "assertions.svh"

module stream_pe #(
  parameter  int unsigned Lanes            = 4,
  parameter  int unsigned Windows          = 1,
  parameter  int unsigned Segment          = 64,
  parameter  int unsigned SegmentsResident = 2,
  parameter  int unsigned Reach            = gather_pkg::ReachCrossbar,
  parameter  int unsigned Banks            = 4,
  parameter  int unsigned IndexCode        = gather_pkg::IndexCodeStep,
  parameter  int unsigned IndexBits        = 4,
  parameter  int unsigned Block            = 4,
  parameter  int unsigned PerBlock         = 2,
  parameter  int unsigned Zeros            = gather_pkg::ZerosMultiplied,
  parameter  int unsigned Bits             = 8,
  parameter  int unsigned AccumulatorBits  = 32,
  parameter  int unsigned WeightDepth      = 4,
  parameter  int unsigned WordBits         = 128,  // of the column's bus
  parameter  int unsigned Words            = 4,    // of the largest segment
  parameter  int unsigned OffsetBits       = 3,
  localparam int unsigned EntryBits        = Bits + IndexBits,
  localparam int unsigned CountBits        = $clog2(Lanes + 1),
  localparam int unsigned WindowCountBits  = $clog2(Windows + 1),
  localparam int unsigned LengthBits       = $clog2(Segment + 1),
  localparam int unsigned ResultBits       = lacuna_pkg::width_of(Windows)
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  // Layer registers.
  input  logic                       signed_activations_i,
  input  logic                       full_blocks_i,  // a block has an entry for every position
  input  logic [LengthBits-1:0]      tail_length_i,  // positions of the last segment
  // From the row's feeder: a group.
  input  logic                       weight_push_i,
  input  logic                       weight_first_i,  // of the tile
  input  logic                       weight_last_i,   // of the tile
  input  logic                       weight_segment_last_i,
  input  logic [CountBits-1:0]       weight_count_i,  // entries
  input  logic [AccumulatorBits-1:0] weight_bias_i,
  input  logic [Lanes*EntryBits-1:0] weight_entries_i,
  output logic                       weight_room_o,
  // From the column's feeder: a word of a segment.
  input  logic                       activation_word_i,
  input  logic [OffsetBits-1:0]      activation_offset_i,
  input  logic [WordBits-1:0]        activation_values_i,
  input  logic                       activation_complete_i,
  input  logic                       activation_tail_i,  // the reduction's last segment
  input  logic [WindowCountBits-1:0] activation_windows_i,
  output logic                       activation_room_o,
  // With other PEs: it could begin a segment, it may.
  output logic                       could_begin_o,
  input  logic                       go_i,
  // To the column's drain bus.
  output logic                       result_valid_o,
  input  logic                       result_ready_i,
  input  logic [ResultBits-1:0]      result_index_i,
  output logic [AccumulatorBits-1:0] result_o
);

  localparam int unsigned ProductBits = 2 * Bits + 1;
  localparam int unsigned PositionBits = lacuna_pkg::width_of(Segment);

  typedef struct packed {
    logic first;
    logic segment_last;
    logic [CountBits-1:0] count;
    logic [AccumulatorBits-1:0] bias;
    logic [Lanes*EntryBits-1:0] entries;
  } group_t;

  typedef struct packed {
    logic tail;
    logic [WindowCountBits-1:0] windows;
  } segment_t;

  // What the PE holds.
  group_t weight_pushed, weight;
  segment_t segment;
  logic weight_valid, segment_valid, pop, segment_pop;
  logic [Windows*Segment*Bits-1:0] values;
  logic weight_last, unused_last_held;

  assign weight_pushed = {
    weight_first_i,
    weight_segment_last_i,
    weight_count_i,
    weight_bias_i,
    weight_entries_i
  };

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
    .pop_i      (pop),
    .last_held_o(unused_last_held)
  );

  segment_store #(
    .Windows   (Windows),
    .Segment   (Segment),
    .Bits      (Bits),
    .Slots     (SegmentsResident),
    .WordBits  (WordBits),
    .Words     (Words),
    .LengthBits(OffsetBits),
    .FlagsBits ($bits(segment))
  ) u_segments (
    .clk_i,
    .rst_ni,
    .room_o      (activation_room_o),
    .word_valid_i(activation_word_i),
    .offset_i    (activation_offset_i),
    .word_i      (activation_values_i),
    .complete_i  (activation_complete_i),
    .flags_i     ({activation_tail_i, activation_windows_i}),
    .valid_o     (segment_valid),
    .flags_o     (segment),
    .values_o    (values),
    .pop_i       (segment_pop)
  );

  // Issue.
  logic [Lanes-1:0] entry;
  logic [Lanes*IndexBits-1:0] indices;
  logic [Lanes*PositionBits-1:0] positions;
  logic [Lanes*Windows*Bits-1:0] activations;
  logic [Windows-1:0] mapped;
  logic [Lanes*Windows-1:0] pairs;  // that go to the multipliers
  logic between_tiles_q, between_tiles_d;
  logic opened_q, opened_d;
  logic operands, blocked, issue, ready, opens;

  // MAC stage.
  logic group_q, group_d;  // a group is there
  logic first_q, first_d;
  logic last_q, last_d;
  logic [AccumulatorBits-1:0] bias_q, bias_d;
  logic [Lanes*Windows-1:0] active;
  logic [Lanes*Windows*ProductBits-1:0] products;
  logic [Windows*AccumulatorBits-1:0] sums;
  logic completing, complete, retire;
  logic [AccumulatorBits-1:0] retired;

  assign entry = ~({Lanes{1'b1}} << weight.count);
  assign mapped = ~({Windows{1'b1}} << segment.windows);
  for (genvar lane = 0; lane < Lanes; lane++) begin : gen_index
    assign indices[lane*IndexBits+:IndexBits] =
        weight.entries[lane*EntryBits+Bits+:IndexBits];
  end

  // A PE holds two finished tiles; the first group of a third waits until there is one less.
  assign completing = group_q && last_q;
  assign blocked = between_tiles_q &&
      ((completing && complete) || ((completing || complete) && result_valid_o));
  assign operands = weight_valid && segment_valid;
  assign could_begin_o = operands && !blocked && !opened_q;
  assign issue = operands && !blocked && (opened_q || go_i);
  assign opens = issue && !opened_q;
  assign pop = issue && ready;
  assign segment_pop = pop && weight.segment_last;

  index_adder #(
    .IndexCode(IndexCode),
    .IndexBits(IndexBits),
    .Lanes    (Lanes),
    .Segment  (Segment),
    .Block    (Block),
    .PerBlock (PerBlock)
  ) u_index (
    .clk_i,
    .rst_ni,
    .full_blocks_i,
    .entry_i       (entry),
    .index_i       (indices),
    .position_o    (positions),
    .pop_i         (pop),
    .segment_last_i(weight.segment_last)
  );

  operand_reach #(
    .Reach  (Reach),
    .Lanes  (Lanes),
    .Windows(Windows),
    .Segment(Segment),
    .Bits   (Bits),
    .Block  (Block),
    .Banks  (Banks)
  ) u_reach (
    .clk_i,
    .rst_ni,
    .length_i  (segment.tail ? tail_length_i : LengthBits'(Segment)),
    .values_i  (values),
    .issue_i   (issue),
    .entry_i   (entry),
    .position_i(positions),
    .ready_o   (ready),
    .value_o   (activations)
  );

  always_comb begin
    between_tiles_d = between_tiles_q;
    opened_d = opened_q;
    group_d = pop;
    first_d = first_q;
    last_d = last_q;
    bias_d = bias_q;
    if (issue) begin
      between_tiles_d = pop && weight_last;
      opened_d = !segment_pop;
    end
    if (pop) begin
      first_d = weight.first;
      last_d = weight_last;
      if (weight.first) bias_d = weight.bias;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      between_tiles_q <= 1'b1;
      opened_q <= 1'b0;
      group_q <= 1'b0;
      first_q <= 1'b0;
      last_q <= 1'b0;
      bias_q <= '0;
    end else begin
      between_tiles_q <= between_tiles_d;
      opened_q <= opened_d;
      group_q <= group_d;
      first_q <= first_d;
      last_q <= last_d;
      bias_q <= bias_d;
    end
  end

  for (genvar window = 0; window < Windows; window++) begin : gen_window
    logic [Lanes-1:0] lanes_active;
    logic [Lanes*ProductBits-1:0] lanes_products;

    for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
      logic [Bits-1:0] weight_value, activation_value;
      logic multiply;

      assign pairs[window*Lanes+lane] = pop && entry[lane] && mapped[window];
      assign weight_value = weight.entries[lane*EntryBits+:Bits];
      assign activation_value = activations[(lane*Windows+window)*Bits+:Bits];

      if (Zeros == gather_pkg::ZerosGated) begin : gen_gated
        assign multiply = weight_value != '0 && activation_value != '0;
      end else if (Zeros == gather_pkg::ZerosMultiplied) begin : gen_multiplied
        assign multiply = 1'b1;
      end else begin : gen_unknown
        $error("unknown zeros");
      end

      mac_lane #(
        .Bits(Bits)
      ) u_mac (
        .clk_i,
        .rst_ni,
        .signed_activations_i,
        .multiply_i  (pairs[window*Lanes+lane] && multiply),
        .weight_i    (weight_value),
        .activation_i(activation_value),
        .active_o    (lanes_active[lane]),
        .product_o   (lanes_products[lane*ProductBits+:ProductBits])
      );
    end

    assign active[window*Lanes+:Lanes] = lanes_active;
    assign products[window*Lanes*ProductBits+:Lanes*ProductBits] = lanes_products;

    window_sum #(
      .Lanes          (Lanes),
      .ProductBits    (ProductBits),
      .AccumulatorBits(AccumulatorBits)
    ) u_sum (
      .clk_i,
      .rst_ni,
      .first_i   (group_q && first_q),
      .bias_i    (bias_q),
      .active_i  (lanes_active),
      .products_i(lanes_products),
      .sum_o     (sums[window*AccumulatorBits+:AccumulatorBits])
    );
  end

  result_registers #(
    .Windows        (Windows),
    .Groups         (1),
    .AccumulatorBits(AccumulatorBits)
  ) u_results (
    .clk_i,
    .rst_ni,
    .write_i   ({Windows{completing}}),
    .group_i   ({Windows{1'b0}}),
    .sum_i     (sums),
    .last_i    (completing),
    .complete_o(complete),
    .retire_o  (retire),
    .retired_o (retired),
    .result_valid_o,
    .result_ready_i,
    .result_index_i,
    .result_o
  );

  // A tile begins with its first group, and a segment ends with the tile.
  `LACUNA_ASSERT(TileBeginsWithFirst, opens && between_tiles_q, weight.first)
  `LACUNA_ASSERT(SegmentEndsWithTheTile, pop && weight_last, weight.segment_last)
  `LACUNA_ASSERT(SomeWindow, operands, segment.windows != '0)

endmodule
