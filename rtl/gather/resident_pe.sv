// A processing element that keeps filters and input tiles: it walks a filter once per window group,
// an entry a cycle, lane v for window v of the group.
//
//   cycle      c                    c+1
//   issue      entry and its        next entry
//              activations are read
//   MAC stage                       multiplies it, adds it to the lanes' sums, stops lanes
//
// Filter and tile are popped with the last issue of the last lane.
`include "assertions.svh"

module resident_pe #(
  parameter  int unsigned Windows              = 4,  // lanes
  parameter  int unsigned WindowGroups         = 16,
  parameter  int unsigned Segment              = 64,  // positions of an input tile, at most
  parameter  int unsigned TilesResident        = 2,
  parameter  int unsigned IndexBits            = 6,
  parameter  int unsigned WeightOrder          = gather_pkg::WeightOrderNatural,
  parameter  int unsigned LaneStep             = gather_pkg::LaneStepTogether,
  parameter  int unsigned Zeros                = gather_pkg::ZerosMultiplied,
  parameter  int unsigned Bits                 = 8,
  parameter  int unsigned AccumulatorBits      = 32,
  parameter  int unsigned WeightDepth          = 2,
  parameter  int unsigned WeightWordBits       = 128,
  parameter  int unsigned WeightWords          = 8,  // of the largest filter
  parameter  int unsigned WeightOffsetBits     = 4,
  parameter  int unsigned ActivationBusBytes   = 16,
  parameter  int unsigned ActivationWords      = 4,  // of the largest input tile
  parameter  int unsigned ActivationOffsetBits = 3,
  localparam int unsigned CountBits            = $clog2(Segment + 1),
  localparam int unsigned Results              = Windows * WindowGroups,
  localparam int unsigned ResultCountBits      = $clog2(Results + 1),
  localparam int unsigned ResultBits           = lacuna_pkg::width_of(Results),
  localparam int unsigned BankBits             = lacuna_pkg::width_of(Windows)
) (
  input  logic                                   clk_i,
  input  logic                                   rst_ni,
  // Layer registers.
  input  logic                                   signed_activations_i,
  input  logic                                   stops_i,        // sums that can only fall may stop
  input  logic [CountBits-1:0]                   window_step_i,  // positions between windows
  // From the row's feeder: a word of a filter.
  input  logic                                   weight_word_i,
  input  logic [WeightOffsetBits-1:0]            weight_offset_i,
  input  logic [WeightWordBits-1:0]              weight_values_i,
  input  logic                                   weight_complete_i,
  input  logic [CountBits-1:0]                   weight_count_i,
  output logic                                   weight_room_o,
  // From the column's feeder: a word of an input tile, the bank of each of its bytes.
  input  logic                                   activation_word_i,
  input  logic [ActivationOffsetBits-1:0]        activation_offset_i,
  input  logic [8*ActivationBusBytes-1:0]        activation_values_i,
  input  logic [ActivationBusBytes*BankBits-1:0] activation_bank_i,
  input  logic [Windows-1:0]                     activation_written_i,
  input  logic                                   activation_complete_i,
  input  logic [ResultCountBits-1:0]             activation_windows_i,
  output logic                                   activation_room_o,
  // With other PEs: it could begin a filter, it may.
  output logic                                   could_begin_o,
  input  logic                                   go_i,
  // To the column's drain bus.
  output logic                                   result_valid_o,
  input  logic                                   result_ready_i,
  input  logic [ResultBits-1:0]                  result_index_i,
  output logic [AccumulatorBits-1:0]             result_o
);

  localparam int unsigned ProductBits = 2 * Bits + 1;
  localparam int unsigned EntryBits = Bits + IndexBits;
  localparam int unsigned HeaderBits = gather_pkg::header_bits(WeightOrder, AccumulatorBits);
  localparam int unsigned NumberBits = gather_pkg::RepresentativesBits;
  localparam int unsigned PositionBits = lacuna_pkg::width_of(Segment);
  localparam int unsigned GroupBits = lacuna_pkg::width_of(WindowGroups);
  localparam int unsigned BitBits = lacuna_pkg::width_of(WeightWordBits);
  // Lanes that go together have one sequencer.
  localparam int unsigned Sequencers = LaneStep == gather_pkg::LaneStepApart ? Windows : 1;
  localparam int unsigned LanesEach = Windows / Sequencers;

  // What the PE holds.
  logic filter_valid, tile_valid, pop;
  logic [CountBits-1:0] count;
  logic [HeaderBits-1:0] header;
  logic [NumberBits-1:0] representatives;
  logic [AccumulatorBits-1:0] threshold, bias;
  logic [ResultCountBits-1:0] windows;
  logic [Sequencers*WeightOffsetBits-1:0] word_at;
  logic [Sequencers*BitBits-1:0] bit_at;
  logic [Sequencers*EntryBits-1:0] entries;
  logic [Sequencers*PositionBits-1:0] kernel;
  logic [Windows*PositionBits-1:0] distance, position;
  logic [Windows*Bits-1:0] activations;

  filter_store #(
    .EntryBits (EntryBits),
    .HeaderBits(HeaderBits),
    .CountBits (CountBits),
    .Depth     (WeightDepth),
    .WordBits  (WeightWordBits),
    .Words     (WeightWords),
    .OffsetBits(WeightOffsetBits),
    .Ports     (Sequencers)
  ) u_filters (
    .clk_i,
    .rst_ni,
    .room_o      (weight_room_o),
    .word_valid_i(weight_word_i),
    .offset_i    (weight_offset_i),
    .word_i      (weight_values_i),
    .complete_i  (weight_complete_i),
    .count_i     (weight_count_i),
    .valid_o     (filter_valid),
    .count_o     (count),
    .header_o    (header),
    .word_at_i   (word_at),
    .bit_at_i    (bit_at),
    .entry_o     (entries),
    .pop_i       (pop)
  );

  // A filter that predicts nothing has no representatives.
  assign {representatives, threshold, bias} = (NumberBits + 2 * AccumulatorBits)'(header);

  tile_store #(
    .Lanes     (Windows),
    .Ports     (Sequencers),
    .Segment   (Segment),
    .Bits      (Bits),
    .CountBits (ResultCountBits),
    .Slots     (TilesResident),
    .BusBytes  (ActivationBusBytes),
    .Words     (ActivationWords),
    .OffsetBits(ActivationOffsetBits)
  ) u_tiles (
    .clk_i,
    .rst_ni,
    .room_o      (activation_room_o),
    .word_valid_i(activation_word_i),
    .offset_i    (activation_offset_i),
    .word_i      (activation_values_i),
    .bank_i      (activation_bank_i),
    .written_i   (activation_written_i),
    .complete_i  (activation_complete_i),
    .windows_i   (activation_windows_i),
    .valid_o     (tile_valid),
    .windows_o   (windows),
    .kernel_i    (kernel),
    .position_i  (position),
    .value_o     (activations),
    .pop_i       (pop)
  );

  // Issue.
  logic [Sequencers-1:0] issue, done;
  logic between_tiles_q, between_tiles_d;
  logic operands, blocked, run;

  // MAC stage.
  logic last_q, last_d;  // the tile's last
  logic [Windows-1:0] runs, runs_q, active, stop, predicted, write;
  logic [Windows*GroupBits-1:0] groups;
  logic [Windows*AccumulatorBits-1:0] sums, results;
  logic [Windows*ProductBits-1:0] products;
  logic completing, complete, retire;
  logic [AccumulatorBits-1:0] retired;

  // A PE holds two finished tiles; the first issue of a third waits until there is one less.
  assign completing = last_q;
  assign blocked = between_tiles_q &&
      ((completing && complete) || ((completing || complete) && result_valid_o));
  assign operands = filter_valid && tile_valid;
  assign could_begin_o = operands && !blocked && between_tiles_q;
  assign run = operands && !blocked && (!between_tiles_q || go_i);
  assign pop = run && done == '1;

  always_comb begin
    between_tiles_d = run ? pop : between_tiles_q;
    last_d = pop;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      between_tiles_q <= 1'b1;
      last_q <= 1'b0;
    end else begin
      between_tiles_q <= between_tiles_d;
      last_q <= last_d;
    end
  end

  for (genvar s = 0; s < Sequencers; s++) begin : gen_sequencer
    localparam int unsigned First = s * LanesEach;

    logic first, last, ends, killed;
    logic [GroupBits-1:0] group;
    logic [LanesEach-1:0] mapped;
    logic [Bits-1:0] weight;
    logic [CountBits-1:0] entry;
    logic nonzero, positive;

    lane_sequencer #(
      .Lanes     (LanesEach),
      .First     (First),
      .Windows   (Windows),
      .Groups    (WindowGroups),
      .Segment   (Segment),
      .EntryBits (EntryBits),
      .HeaderBits(HeaderBits),
      .WordBits  (WeightWordBits),
      .OffsetBits(WeightOffsetBits)
    ) u_sequencer (
      .clk_i,
      .rst_ni,
      .window_step_i,
      .run_i       (run),
      .count_i     (count),
      .windows_i   (windows),
      .stop_i      (stop[First+:LanesEach]),
      .issue_o     (issue[s]),
      .first_o     (first),
      .last_o      (last),
      .entry_o     (entry),
      .group_last_o(ends),
      .killed_o    (killed),
      .group_o     (group),
      .mapped_o    (mapped),
      .runs_o      (runs[First+:LanesEach]),
      .distance_o  (distance[First*PositionBits+:LanesEach*PositionBits]),
      .word_at_o   (word_at[s*WeightOffsetBits+:WeightOffsetBits]),
      .bit_at_o    (bit_at[s*BitBits+:BitBits]),
      .done_o      (done[s]),
      .pop_i       (pop)
    );

    assign weight = entries[s*EntryBits+:Bits];
    assign kernel[s*PositionBits+:PositionBits] =
        PositionBits'(entries[s*EntryBits+Bits+:IndexBits]);
    assign nonzero = weight != '0;
    assign positive = nonzero && !weight[Bits-1];

    // What is in the MAC stage of these lanes.
    logic first_q, first_d;
    logic ends_q, ends_d;            // the group's last
    logic last_entry_q, last_entry_d;  // of the filter
    logic nonzero_q, nonzero_d;
    logic [GroupBits-1:0] group_q, group_d;
    logic [LanesEach-1:0] mapped_q, mapped_d, runs_d;
    logic [AccumulatorBits-1:0] bias_q, bias_d;

    always_comb begin
      first_d = issue[s] && first && !killed;
      ends_d = ends;
      last_entry_d = last_entry_q;
      nonzero_d = nonzero_q;
      group_d = group_q;
      mapped_d = mapped_q;
      bias_d = bias_q;
      runs_d = runs[First+:LanesEach];
      if (issue[s]) begin
        last_entry_d = last;
        nonzero_d = nonzero;
        group_d = group;
        mapped_d = mapped;
        if (first) bias_d = bias;
      end
    end

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        first_q <= 1'b0;
        ends_q <= 1'b0;
        last_entry_q <= 1'b0;
        nonzero_q <= 1'b0;
        group_q <= '0;
        mapped_q <= '0;
        bias_q <= '0;
        runs_q[First+:LanesEach] <= '0;
      end else begin
        first_q <= first_d;
        ends_q <= ends_d;
        last_entry_q <= last_entry_d;
        nonzero_q <= nonzero_d;
        group_q <= group_d;
        mapped_q <= mapped_d;
        bias_q <= bias_d;
        runs_q[First+:LanesEach] <= runs_d;
      end
    end

    stop_rule #(
      .Lanes          (LanesEach),
      .WeightOrder    (WeightOrder),
      .CountBits      (CountBits),
      .AccumulatorBits(AccumulatorBits)
    ) u_stops (
      .clk_i,
      .rst_ni,
      .stops_i,
      .last_entry_i     (last_entry_q),
      .nonzero_i        (nonzero_q),
      .runs_i           (runs_q[First+:LanesEach]),
      .sums_i           (sums[First*AccumulatorBits+:LanesEach*AccumulatorBits]),
      .ends_i           (ends_q),
      .positive_i       (positive),
      .entry_i          (entry),
      .representatives_i(representatives),
      .threshold_i      (threshold),
      .stop_o           (stop[First+:LanesEach]),
      .predicted_o      (predicted[First+:LanesEach]),
      .results_o        (results[First*AccumulatorBits+:LanesEach*AccumulatorBits])
    );

    for (genvar i = 0; i < LanesEach; i++) begin : gen_lane
      localparam int unsigned Lane = First + i;

      logic [Bits-1:0] activation;
      logic [AccumulatorBits-1:0] sum;
      logic multiply;

      assign position[Lane*PositionBits+:PositionBits] =
          kernel[s*PositionBits+:PositionBits] + distance[Lane*PositionBits+:PositionBits];
      assign activation = activations[Lane*Bits+:Bits];

      if (Zeros == gather_pkg::ZerosGated) begin : gen_gated
        assign multiply = weight != '0 && activation != '0;
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
        .multiply_i  (runs[Lane] && multiply),
        .weight_i    (weight),
        .activation_i(activation),
        .active_o    (active[Lane]),
        .product_o   (products[Lane*ProductBits+:ProductBits])
      );

      window_sum #(
        .Lanes          (1),
        .ProductBits    (ProductBits),
        .AccumulatorBits(AccumulatorBits)
      ) u_sum (
        .clk_i,
        .rst_ni,
        .first_i   (first_q),
        .bias_i    (bias_q),
        .active_i  (active[Lane]),
        .products_i(products[Lane*ProductBits+:ProductBits]),
        .sum_o     (sum)
      );

      assign sums[Lane*AccumulatorBits+:AccumulatorBits] = sum;
      assign write[Lane] = ends_q && mapped_q[i];
      assign groups[Lane*GroupBits+:GroupBits] = group_q;
    end
  end

  result_registers #(
    .Windows        (Windows),
    .Groups         (WindowGroups),
    .AccumulatorBits(AccumulatorBits)
  ) u_results (
    .clk_i,
    .rst_ni,
    .write_i   (write),
    .group_i   (groups),
    .sum_i     (results),
    .last_i    (completing),
    .complete_o(complete),
    .retire_o  (retire),
    .retired_o (retired),
    .result_valid_o,
    .result_ready_i,
    .result_index_i,
    .result_o
  );

  `LACUNA_ASSERT(SomeWindow, operands, windows != '0)
  `LACUNA_ASSERT(SomethingRuns, run, issue != '0)

endmodule
