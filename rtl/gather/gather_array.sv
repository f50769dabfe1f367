// The gather machine between operand buffers and output buffer: row and column feeders, PEs, drain
// buses, post units. Memory (global buffer, DRAM, and who is where in the layer) is behind the
// ports. Parameters are those of the configuration's sections array and gather. A line is a row
// (weights) or a column (activations).
`include "assertions.svh"

module gather_array #(
  parameter  int unsigned Rows                   = 16,
  parameter  int unsigned Columns                = 16,
  parameter  int unsigned Operand                = lacuna_pkg::OperandInt8,
  parameter  int unsigned Delivery               = gather_pkg::DeliveryStream,
  parameter  int unsigned Lanes                  = 1,
  parameter  int unsigned Windows                = 1,
  parameter  int unsigned Segment                = 64,
  parameter  int unsigned SegmentsResident       = 2,
  parameter  int unsigned Reach                  = gather_pkg::ReachCrossbar,
  parameter  int unsigned Banks                  = 16,
  parameter  int unsigned Index                  = gather_pkg::IndexCodeStep,
  parameter  int unsigned IndexBits              = 8,
  parameter  int unsigned Block                  = 4,
  parameter  int unsigned PerBlock               = 2,
  parameter  int unsigned WeightOrder            = gather_pkg::WeightOrderNatural,
  parameter  int unsigned LaneStep               = gather_pkg::LaneStepTogether,
  parameter  int unsigned Step                   = gather_pkg::StepNone,
  parameter  int unsigned WindowGroups           = 16,
  parameter  int unsigned Zeros                  = gather_pkg::ZerosMultiplied,
  parameter  int unsigned WeightsBufferBytes     = 8192,
  parameter  int unsigned WeightsBusBytes        = 16,
  parameter  int unsigned WeightsFifoDepth       = 4,
  parameter  int unsigned ActivationsBufferBytes = 8192,
  parameter  int unsigned ActivationsBusBytes    = 16,
  localparam int unsigned Bits                   = Operand == lacuna_pkg::OperandInt8 ? 8 : 16,
  localparam int unsigned AccumulatorBits        = Operand == lacuna_pkg::OperandInt8 ? 32 : 48,
  localparam int unsigned CodeBits               =
      gather_pkg::index_bits(Index, IndexBits, Block, Segment),
  localparam int unsigned Results                =
      gather_pkg::most_results(Delivery, Windows, WindowGroups),
  localparam int unsigned Places                 = Rows * Results,  // of the results of a column
  localparam int unsigned RowCountBits           = $clog2(Rows + 1),
  localparam int unsigned ColumnCountBits        = $clog2(Columns + 1),
  localparam int unsigned ResultCountBits        = $clog2(Results + 1),
  localparam int unsigned PlaceCountBits         = $clog2(Places + 1),
  localparam int unsigned SegmentLengthBits      = $clog2(Segment + 1),
  // Entries that a row sends at once, flags of messages, words of the largest, operand buffers.
  localparam int unsigned Entries                =
      gather_pkg::most_entries(Delivery, Lanes, Segment),
  localparam int unsigned EntryCountBits         = $clog2(Entries + 1),
  localparam int unsigned RowFlagsBits           = EntryCountBits + 2,
  localparam int unsigned ColumnFlagsBits        = ResultCountBits + 1,
  localparam int unsigned HeaderBits             =
      gather_pkg::header_bits(WeightOrder, AccumulatorBits),
  localparam int unsigned RowWords               =
      gather_pkg::row_words(Entries, Bits + CodeBits, HeaderBits, WeightsBusBytes),
  localparam int unsigned ColumnWords            =
      gather_pkg::column_words(Delivery, Windows, Segment, Bits, ActivationsBusBytes),
  localparam int unsigned RowLengthBits          = $clog2(RowWords + 1),
  localparam int unsigned ColumnLengthBits       = $clog2(ColumnWords + 1),
  localparam int unsigned RowAddressBits         =
      lacuna_pkg::width_of(fabric_pkg::half_words(WeightsBufferBytes, WeightsBusBytes)),
  localparam int unsigned ColumnAddressBits      =
      lacuna_pkg::width_of(fabric_pkg::half_words(ActivationsBufferBytes, ActivationsBusBytes)),
  localparam int unsigned RowTableBits           = RowFlagsBits + fabric_pkg::StepFlagsBits,
  localparam int unsigned ColumnTableBits        = ColumnFlagsBits + fabric_pkg::StepFlagsBits
) (
  input  logic                                     clk_i,
  input  logic                                     rst_ni,
  // Layer registers, held while a layer runs.
  input  logic                                     signed_activations_i,
  input  logic                                     rescale_i,
  input  logic                                     relu_i,
  input  logic                                     wide_outputs_i,
  input  logic [14:0]                              threshold_i,
  // ... of a machine that streams: a block has an entry for every position, positions of the last
  // segment.
  input  logic                                     full_blocks_i,
  input  logic [SegmentLengthBits-1:0]             tail_length_i,
  // ... of one whose filters stay: whether lanes may stop, and the input tile: its channels, its
  // columns, the stride between windows in columns and in positions, its positions.
  input  logic                                     stops_i,
  input  logic [SegmentLengthBits-1:0]             channels_i,
  input  logic [SegmentLengthBits-1:0]             columns_i,
  input  logic [SegmentLengthBits-1:0]             stride_i,
  input  logic [SegmentLengthBits-1:0]             window_step_i,
  input  logic [SegmentLengthBits-1:0]             positions_i,
  // Weight feeders, one a row: the tile it is in, whether and where that tile's current block is
  // loaded.
  input  logic [Rows-1:0]                          row_tile_valid_i,
  input  logic [Rows*ColumnCountBits-1:0]          row_tile_count_i,
  output logic [Rows-1:0]                          row_tile_ready_o,
  input  logic [Rows-1:0]                          row_block_valid_i,
  input  logic [Rows-1:0]                          row_block_half_i,
  output logic [Rows-1:0]                          row_block_ready_o,
  // Words into their operand buffers.
  input  logic [Rows-1:0]                          row_load_valid_i,
  input  logic                                     row_load_half_i,
  input  logic [RowAddressBits-1:0]                row_load_address_i,
  input  logic [Rows*8*WeightsBusBytes-1:0]        row_load_word_i,
  input  logic [Rows-1:0]                          row_load_message_i,
  input  logic [Rows*RowAddressBits-1:0]           row_load_message_index_i,
  input  logic [Rows*RowLengthBits-1:0]            row_load_message_length_i,
  input  logic [Rows*RowTableBits-1:0]             row_load_message_flags_i,
  // Activation feeders, one a column.
  input  logic [Columns-1:0]                       column_tile_valid_i,
  input  logic [Columns*RowCountBits-1:0]          column_tile_count_i,
  output logic [Columns-1:0]                       column_tile_ready_o,
  input  logic [Columns-1:0]                       column_block_valid_i,
  input  logic [Columns-1:0]                       column_block_half_i,
  output logic [Columns-1:0]                       column_block_ready_o,
  input  logic [Columns-1:0]                       column_load_valid_i,
  input  logic                                     column_load_half_i,
  input  logic [ColumnAddressBits-1:0]             column_load_address_i,
  input  logic [Columns*8*ActivationsBusBytes-1:0] column_load_word_i,
  input  logic [Columns-1:0]                       column_load_message_i,
  input  logic [Columns*ColumnAddressBits-1:0]     column_load_message_index_i,
  input  logic [Columns*ColumnLengthBits-1:0]      column_load_message_length_i,
  input  logic [Columns*ColumnTableBits-1:0]       column_load_message_flags_i,
  // Drain buses, one a column: the tile it may take results of, the rescaling of the next result.
  input  logic [Columns-1:0]                       drain_tile_valid_i,
  input  logic [Columns*RowCountBits-1:0]          drain_tile_rows_i,
  input  logic [Columns*ResultCountBits-1:0]       drain_tile_results_i,
  output logic [Columns-1:0]                       drain_tile_ready_o,
  input  logic [Columns-1:0]                       drain_scale_valid_i,
  input  logic [Columns*16-1:0]                    drain_scale_multiplier_i,
  input  logic [Columns*6-1:0]                     drain_scale_shift_i,
  output logic [Columns-1:0]                       drain_scale_ready_o,
  // Output buffer: it has kept room for the tiles it offers to the drain buses.
  output logic [Columns-1:0]                       value_valid_o,
  output logic [Columns*AccumulatorBits-1:0]       value_o,
  output logic [Columns-1:0]                       encoded_valid_o,
  output logic [Columns*Places-1:0]                encoded_mask_o,
  output logic [Columns*PlaceCountBits-1:0]        encoded_nonzeros_o,
  output logic [Columns*Places*Bits-1:0]           encoded_values_o
);

  localparam bit Resident = Delivery == gather_pkg::DeliveryResident;
  localparam int unsigned RowWordBits = 8 * WeightsBusBytes;
  localparam int unsigned ColumnWordBits = 8 * ActivationsBusBytes;
  localparam int unsigned ResultBits = lacuna_pkg::width_of(Results);
  localparam int unsigned BankBits = lacuna_pkg::width_of(Windows);
  localparam int unsigned EntryBits = Bits + CodeBits;
  localparam int unsigned GroupEntries = Resident ? 1 : Entries;

  if (Operand != lacuna_pkg::OperandInt8 && Operand != lacuna_pkg::OperandInt16)
  begin : gen_unknown_operand
    $error("unknown operand");
  end
  if (WeightOrder != gather_pkg::WeightOrderNatural && WeightOrder != gather_pkg::WeightOrderSign &&
      WeightOrder != gather_pkg::WeightOrderPredictive)
  begin : gen_unknown_weight_order
    $error("unknown weight order");
  end
  if (LaneStep != gather_pkg::LaneStepTogether && LaneStep != gather_pkg::LaneStepApart)
  begin : gen_unknown_lane_step
    $error("unknown lane step");
  end

  // Which PEs begin in the same cycle.
  logic [Rows-1:0] row_complete, row_segment_last;
  logic [Columns-1:0] column_complete;
  logic [Rows*Columns-1:0] row_group, could_begin, go;
  logic [Columns*Rows-1:0] column_group;

  step_unit #(
    .Step       (Step),
    .Rows       (Rows),
    .Columns    (Columns),
    .RowDepth   (WeightsFifoDepth),
    .ColumnDepth(SegmentsResident)
  ) u_step (
    .clk_i,
    .rst_ni,
    .row_complete_i    (row_complete),
    .row_segment_last_i(row_segment_last),
    .row_group_i       (row_group),
    .column_complete_i (column_complete),
    .column_group_i    (column_group),
    .could_begin_i     (could_begin),
    .go_o              (go)
  );

  for (genvar row = 0; row < Rows; row++) begin : gen_row
    logic [Columns-1:0] group, room;
    logic word_valid, complete, first, last, segment_last;
    logic [RowLengthBits-1:0] offset;
    logic [RowWordBits-1:0] word;
    logic [EntryCountBits-1:0] count;
    logic [AccumulatorBits-1:0] bias;
    logic [GroupEntries*EntryBits-1:0] entries;

    row_feeder #(
      .Fanout     (Columns),
      .Delivery   (Delivery),
      .Entries    (Entries),
      .EntryBits  (EntryBits),
      .BiasBits   (AccumulatorBits),
      .HeaderBits (HeaderBits),
      .BusBytes   (WeightsBusBytes),
      .BufferBytes(WeightsBufferBytes)
    ) u_feeder (
      .clk_i,
      .rst_ni,
      .tile_valid_i         (row_tile_valid_i[row]),
      .tile_count_i         (row_tile_count_i[row*ColumnCountBits+:ColumnCountBits]),
      .tile_ready_o         (row_tile_ready_o[row]),
      .block_valid_i        (row_block_valid_i[row]),
      .block_half_i         (row_block_half_i[row]),
      .block_ready_o        (row_block_ready_o[row]),
      .load_valid_i         (row_load_valid_i[row]),
      .load_half_i          (row_load_half_i),
      .load_address_i       (row_load_address_i),
      .load_word_i          (row_load_word_i[row*RowWordBits+:RowWordBits]),
      .load_message_i       (row_load_message_i[row]),
      .load_message_index_i (row_load_message_index_i[row*RowAddressBits+:RowAddressBits]),
      .load_message_length_i(row_load_message_length_i[row*RowLengthBits+:RowLengthBits]),
      .load_message_flags_i (row_load_message_flags_i[row*RowTableBits+:RowTableBits]),
      .room_i               (room),
      .group_o              (group),
      .word_valid_o         (word_valid),
      .offset_o             (offset),
      .word_o               (word),
      .complete_o           (complete),
      .first_o              (first),
      .last_o               (last),
      .segment_last_o       (segment_last),
      .count_o              (count),
      .bias_o               (bias),
      .entries_o            (entries)
    );

    assign row_complete[row] = complete;
    assign row_segment_last[row] = Resident || segment_last;
    assign row_group[row*Columns+:Columns] = group;

    // A PE that keeps filters takes them word by word, each a tile; others take whole groups.
    logic unused_bus;
    if (Resident) begin : gen_unused_group
      assign unused_bus = ^{first, last, segment_last, bias, entries};
    end else begin : gen_unused_words
      assign unused_bus = ^{word_valid, offset, word};
    end
  end

  for (genvar column = 0; column < Columns; column++) begin : gen_column
    logic [Rows-1:0] group, room;
    logic word_valid, complete, tail;
    logic [ColumnLengthBits-1:0] offset;
    logic [ColumnWordBits-1:0] word;
    logic [ResultCountBits-1:0] windows;
    logic [ActivationsBusBytes*BankBits-1:0] banks;
    logic [Windows-1:0] bank_written;
    logic [Rows-1:0] result_valid, result_ready;
    logic [Rows*AccumulatorBits-1:0] result;
    logic [ResultBits-1:0] result_index;

    column_feeder #(
      .Fanout     (Rows),
      .Delivery   (Delivery),
      .Windows    (Windows),
      .Results    (Results),
      .Segment    (Segment),
      .Bits       (Bits),
      .BusBytes   (ActivationsBusBytes),
      .BufferBytes(ActivationsBufferBytes)
    ) u_feeder (
      .clk_i,
      .rst_ni,
      .tail_length_i,
      .channels_i,
      .columns_i,
      .stride_i,
      .positions_i,
      .tile_valid_i         (column_tile_valid_i[column]),
      .tile_count_i         (column_tile_count_i[column*RowCountBits+:RowCountBits]),
      .tile_ready_o         (column_tile_ready_o[column]),
      .block_valid_i        (column_block_valid_i[column]),
      .block_half_i         (column_block_half_i[column]),
      .block_ready_o        (column_block_ready_o[column]),
      .load_valid_i         (column_load_valid_i[column]),
      .load_half_i          (column_load_half_i),
      .load_address_i       (column_load_address_i),
      .load_word_i          (column_load_word_i[column*ColumnWordBits+:ColumnWordBits]),
      .load_message_i       (column_load_message_i[column]),
      .load_message_index_i (
          column_load_message_index_i[column*ColumnAddressBits+:ColumnAddressBits]),
      .load_message_length_i(
          column_load_message_length_i[column*ColumnLengthBits+:ColumnLengthBits]),
      .load_message_flags_i (column_load_message_flags_i[column*ColumnTableBits+:ColumnTableBits]),
      .room_i               (room),
      .group_o              (group),
      .word_valid_o         (word_valid),
      .offset_o             (offset),
      .word_o               (word),
      .complete_o           (complete),
      .tail_o               (tail),
      .windows_o            (windows),
      .bank_o               (banks),
      .bank_written_o       (bank_written)
    );

    assign column_complete[column] = complete;
    assign column_group[column*Rows+:Rows] = group;

    logic unused_bus;
    if (Resident) begin : gen_unused_tail
      assign unused_bus = tail;
    end else begin : gen_unused_banks
      assign unused_bus = ^{banks, bank_written};
    end

    logic taken, taken_first, taken_last;
    logic [AccumulatorBits-1:0] sum;
    logic [15:0] multiplier;
    logic [5:0] shift;

    fabric_drain #(
      .Rows           (Rows),
      .Results        (Results),
      .AccumulatorBits(AccumulatorBits)
    ) u_drain (
      .clk_i,
      .rst_ni,
      .tile_valid_i      (drain_tile_valid_i[column]),
      .tile_rows_i       (drain_tile_rows_i[column*RowCountBits+:RowCountBits]),
      .tile_results_i    (drain_tile_results_i[column*ResultCountBits+:ResultCountBits]),
      .tile_ready_o      (drain_tile_ready_o[column]),
      .scale_valid_i     (drain_scale_valid_i[column]),
      .scale_multiplier_i(drain_scale_multiplier_i[column*16+:16]),
      .scale_shift_i     (drain_scale_shift_i[column*6+:6]),
      .scale_ready_o     (drain_scale_ready_o[column]),
      .result_valid_i    (result_valid),
      .result_i          (result),
      .result_index_o    (result_index),
      .result_ready_o    (result_ready),
      .valid_o           (taken),
      .first_o           (taken_first),
      .last_o            (taken_last),
      .sum_o             (sum),
      .multiplier_o      (multiplier),
      .shift_o           (shift)
    );

    fabric_post #(
      .Results        (Places),
      .Bits           (Bits),
      .AccumulatorBits(AccumulatorBits)
    ) u_post (
      .clk_i,
      .rst_ni,
      .rescale_i,
      .relu_i,
      .wide_i(wide_outputs_i),
      .threshold_i,
      .valid_i          (taken),
      .first_i          (taken_first),
      .last_i           (taken_last),
      .sum_i            (sum),
      .multiplier_i     (multiplier),
      .shift_i          (shift),
      .value_valid_o    (value_valid_o[column]),
      .value_o          (value_o[column*AccumulatorBits+:AccumulatorBits]),
      .column_valid_o   (encoded_valid_o[column]),
      .column_mask_o    (encoded_mask_o[column*Places+:Places]),
      .column_nonzeros_o(encoded_nonzeros_o[column*PlaceCountBits+:PlaceCountBits]),
      .column_values_o  (encoded_values_o[column*Places*Bits+:Places*Bits])
    );
  end

  for (genvar row = 0; row < Rows; row++) begin : gen_pe_row
    for (genvar column = 0; column < Columns; column++) begin : gen_pe
      if (Delivery == gather_pkg::DeliveryStream) begin : gen_stream
        stream_pe #(
          .Lanes           (Lanes),
          .Windows         (Windows),
          .Segment         (Segment),
          .SegmentsResident(SegmentsResident),
          .Reach           (Reach),
          .Banks           (Banks),
          .IndexCode       (Index),
          .IndexBits       (CodeBits),
          .Block           (Block),
          .PerBlock        (PerBlock),
          .Zeros           (Zeros),
          .Bits            (Bits),
          .AccumulatorBits (AccumulatorBits),
          .WeightDepth     (WeightsFifoDepth),
          .WordBits        (ColumnWordBits),
          .Words           (ColumnWords),
          .OffsetBits      (ColumnLengthBits)
        ) u_pe (
          .clk_i,
          .rst_ni,
          .signed_activations_i,
          .full_blocks_i,
          .tail_length_i,
          .weight_push_i        (gen_row[row].group[column] && gen_row[row].complete),
          .weight_first_i       (gen_row[row].first),
          .weight_last_i        (gen_row[row].last),
          .weight_segment_last_i(gen_row[row].segment_last),
          .weight_count_i       (gen_row[row].count),
          .weight_bias_i        (gen_row[row].bias),
          .weight_entries_i     (gen_row[row].entries),
          .weight_room_o        (gen_row[row].room[column]),
          .activation_word_i    (gen_column[column].group[row] && gen_column[column].word_valid),
          .activation_offset_i  (gen_column[column].offset),
          .activation_values_i  (gen_column[column].word),
          .activation_complete_i(gen_column[column].complete),
          .activation_tail_i    (gen_column[column].tail),
          .activation_windows_i (gen_column[column].windows),
          .activation_room_o    (gen_column[column].room[row]),
          .could_begin_o        (could_begin[row*Columns+column]),
          .go_i                 (go[row*Columns+column]),
          .result_valid_o       (gen_column[column].result_valid[row]),
          .result_ready_i       (gen_column[column].result_ready[row]),
          .result_index_i       (gen_column[column].result_index),
          .result_o             (gen_column[column].result[row*AccumulatorBits+:AccumulatorBits])
        );
      end else if (Delivery == gather_pkg::DeliveryResident) begin : gen_resident
        resident_pe #(
          .Windows             (Windows),
          .WindowGroups        (WindowGroups),
          .Segment             (Segment),
          .TilesResident       (SegmentsResident),
          .IndexBits           (CodeBits),
          .WeightOrder         (WeightOrder),
          .LaneStep            (LaneStep),
          .Zeros               (Zeros),
          .Bits                (Bits),
          .AccumulatorBits     (AccumulatorBits),
          .WeightDepth         (WeightsFifoDepth),
          .WeightWordBits      (RowWordBits),
          .WeightWords         (RowWords),
          .WeightOffsetBits    (RowLengthBits),
          .ActivationBusBytes  (ActivationsBusBytes),
          .ActivationWords     (ColumnWords),
          .ActivationOffsetBits(ColumnLengthBits)
        ) u_pe (
          .clk_i,
          .rst_ni,
          .signed_activations_i,
          .stops_i,
          .window_step_i,
          .weight_word_i        (gen_row[row].group[column] && gen_row[row].word_valid),
          .weight_offset_i      (gen_row[row].offset),
          .weight_values_i      (gen_row[row].word),
          .weight_complete_i    (gen_row[row].complete),
          .weight_count_i       (gen_row[row].count),
          .weight_room_o        (gen_row[row].room[column]),
          .activation_word_i    (gen_column[column].group[row] && gen_column[column].word_valid),
          .activation_offset_i  (gen_column[column].offset),
          .activation_values_i  (gen_column[column].word),
          .activation_bank_i    (gen_column[column].banks),
          .activation_written_i (gen_column[column].bank_written),
          .activation_complete_i(gen_column[column].complete),
          .activation_windows_i (gen_column[column].windows),
          .activation_room_o    (gen_column[column].room[row]),
          .could_begin_o        (could_begin[row*Columns+column]),
          .go_i                 (go[row*Columns+column]),
          .result_valid_o       (gen_column[column].result_valid[row]),
          .result_ready_i       (gen_column[column].result_ready[row]),
          .result_index_i       (gen_column[column].result_index),
          .result_o             (gen_column[column].result[row*AccumulatorBits+:AccumulatorBits])
        );
      end else begin : gen_unknown
        $error("unknown delivery");
      end
    end
  end

  // What machines of the other delivery have.
  logic unused_layer;
  if (Resident) begin : gen_unused_of_stream
    assign unused_layer = full_blocks_i;
  end else begin : gen_unused_of_resident
    assign unused_layer = ^{stops_i, window_step_i};
  end

endmodule
