// The intersect machine between operand buffers and output buffer: row and column feeders, PEs,
// drain buses, post units. Memory (global buffer, DRAM, and who is where in the layer) is behind
// the ports. Parameters are those of the configuration's sections array, weights and activations. A
// line is a row (weights) or a column (activations).
`include "assertions.svh"

module intersect_array #(
  parameter  int unsigned Rows                   = 16,
  parameter  int unsigned Columns                = 16,
  parameter  int unsigned Chunk                  = 64,
  parameter  int unsigned Lanes                  = 1,
  parameter  int unsigned Operand                = lacuna_pkg::OperandInt8,
  parameter  int unsigned Skip                   = intersect_pkg::SkipBoth,
  parameter  int unsigned EarlyTermination       = intersect_pkg::EarlyTerminationNone,
  parameter  int unsigned Mapping                = intersect_pkg::MappingFiltersWindows,
  parameter  int unsigned WeightsBufferBytes     = 8192,
  parameter  int unsigned WeightsBusBytes        = 16,
  parameter  int unsigned WeightsFifoDepth       = 4,
  parameter  int unsigned WeightsEncoding        = intersect_pkg::EncodingBitmask,
  parameter  int unsigned ActivationsBufferBytes = 8192,
  parameter  int unsigned ActivationsBusBytes    = 16,
  parameter  int unsigned ActivationsFifoDepth   = 4,
  parameter  int unsigned ActivationsEncoding    = intersect_pkg::EncodingBitmask,
  localparam int unsigned Bits                   = Operand == lacuna_pkg::OperandInt8 ? 8 : 16,
  localparam int unsigned AccumulatorBits        = Operand == lacuna_pkg::OperandInt8 ? 32 : 48,
  localparam int unsigned RowCountBits           = $clog2(Rows + 1),
  localparam int unsigned ColumnCountBits        = $clog2(Columns + 1),
  localparam int unsigned ChunkLengthBits        = $clog2(Chunk + 1),
  localparam int unsigned FlagsBits              =
      intersect_pkg::MessageFlagsBits + fabric_pkg::StepFlagsBits,
  // Place of a word in half an operand buffer; words of a message.
  localparam int unsigned RowAddressBits         =
      lacuna_pkg::width_of(fabric_pkg::half_words(WeightsBufferBytes, WeightsBusBytes)),
  localparam int unsigned RowLengthBits          = $clog2(1 + intersect_pkg::message_words(
      Chunk, Bits, AccumulatorBits, WeightsEncoding, WeightsBusBytes)),
  localparam int unsigned ColumnAddressBits      =
      lacuna_pkg::width_of(fabric_pkg::half_words(ActivationsBufferBytes, ActivationsBusBytes)),
  localparam int unsigned ColumnLengthBits       = $clog2(1 + intersect_pkg::message_words(
      Chunk, Bits, 0, ActivationsEncoding, ActivationsBusBytes))
) (
  input  logic                                     clk_i,
  input  logic                                     rst_ni,
  // Layer registers, held while a layer runs.
  input  logic                                     signed_activations_i,
  input  logic                                     two_passes_i,   // positive weights first
  input  logic [ChunkLengthBits-1:0]               tail_length_i,  // positions of the last chunk
  input  logic                                     rescale_i,
  input  logic                                     relu_i,
  input  logic                                     wide_outputs_i,
  input  logic [14:0]                              threshold_i,
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
  input  logic [Rows*FlagsBits-1:0]                row_load_message_flags_i,
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
  input  logic [Columns*FlagsBits-1:0]             column_load_message_flags_i,
  // Drain buses, one a column: the tile it may take results of, the rescaling of the next result.
  input  logic [Columns-1:0]                       drain_tile_valid_i,
  input  logic [Columns*RowCountBits-1:0]          drain_tile_rows_i,
  output logic [Columns-1:0]                       drain_tile_ready_o,
  input  logic [Columns-1:0]                       drain_scale_valid_i,
  input  logic [Columns*16-1:0]                    drain_scale_multiplier_i,
  input  logic [Columns*6-1:0]                     drain_scale_shift_i,
  output logic [Columns-1:0]                       drain_scale_ready_o,
  // Output buffer: it has kept room for the tiles it offers to the drain buses.
  output logic [Columns-1:0]                       value_valid_o,
  output logic [Columns*AccumulatorBits-1:0]       value_o,
  output logic [Columns-1:0]                       encoded_valid_o,
  output logic [Columns*Rows-1:0]                  encoded_mask_o,
  output logic [Columns*RowCountBits-1:0]          encoded_nonzeros_o,
  output logic [Columns*Rows*Bits-1:0]             encoded_values_o
);

  localparam intersect_pkg::skip_rule_t Rule = intersect_pkg::skip_rule(Skip);
  localparam bit Unicast = Mapping == intersect_pkg::MappingFilters;
  localparam int unsigned ValuesBits = Chunk * Bits;

  if (Operand != lacuna_pkg::OperandInt8 && Operand != lacuna_pkg::OperandInt16)
  begin : gen_unknown_operand
    $error("unknown operand");
  end
  if (Mapping != intersect_pkg::MappingFiltersWindows && Mapping != intersect_pkg::MappingFilters)
  begin : gen_unknown_mapping
    $error("unknown mapping");
  end

  // Two passes over weights whose zeros cost slots: which pass a zero belongs to is sent along.
  logic owned_sent;
  assign owned_sent = two_passes_i && !Rule.needs_weight;

  for (genvar row = 0; row < Rows; row++) begin : gen_row
    logic [Columns-1:0] push, room, stopped;
    logic first, last, check_each, check_end;
    logic [Chunk-1:0] mask, owned;
    logic [AccumulatorBits-1:0] bias;
    logic [ValuesBits-1:0] values;

    intersect_feeder #(
      .Fanout     (Columns),
      .Unicast    (Unicast),
      .Chunk      (Chunk),
      .Bits       (Bits),
      .BiasBits   (AccumulatorBits),
      .Encoding   (WeightsEncoding),
      .BusBytes   (WeightsBusBytes),
      .BufferBytes(WeightsBufferBytes)
    ) u_feeder (
      .clk_i,
      .rst_ni,
      .tail_length_i,
      .owned_sent_i         (owned_sent),
      .tile_valid_i         (row_tile_valid_i[row]),
      .tile_count_i         (row_tile_count_i[row*ColumnCountBits+:ColumnCountBits]),
      .tile_ready_o         (row_tile_ready_o[row]),
      .block_valid_i        (row_block_valid_i[row]),
      .block_half_i         (row_block_half_i[row]),
      .block_ready_o        (row_block_ready_o[row]),
      .load_valid_i         (row_load_valid_i[row]),
      .load_half_i          (row_load_half_i),
      .load_address_i       (row_load_address_i),
      .load_word_i          (row_load_word_i[row*8*WeightsBusBytes+:8*WeightsBusBytes]),
      .load_message_i       (row_load_message_i[row]),
      .load_message_index_i (row_load_message_index_i[row*RowAddressBits+:RowAddressBits]),
      .load_message_length_i(row_load_message_length_i[row*RowLengthBits+:RowLengthBits]),
      .load_message_flags_i (row_load_message_flags_i[row*FlagsBits+:FlagsBits]),
      .room_i               (room),
      .stopped_i            (stopped),
      .push_o               (push),
      .first_o              (first),
      .last_o               (last),
      .check_each_o         (check_each),
      .check_end_o          (check_end),
      .mask_o               (mask),
      .owned_o              (owned),
      .bias_o               (bias),
      .values_o             (values)
    );
  end

  for (genvar column = 0; column < Columns; column++) begin : gen_column
    logic [Rows-1:0] push, room, stopped;
    logic first, last;
    logic [Chunk-1:0] mask;
    logic [ValuesBits-1:0] values;
    logic [Rows-1:0] result_valid, result_ready;
    logic [Rows*AccumulatorBits-1:0] result;

    // Activations are owned by the weights they meet, and carry neither bias nor checks.
    logic check_each, check_end;
    logic [Chunk-1:0] owned;
    logic bias;
    logic unused_fields;
    assign unused_fields = ^{check_each, check_end, owned, bias};

    intersect_feeder #(
      .Fanout     (Rows),
      .Unicast    (1'b0),
      .Chunk      (Chunk),
      .Bits       (Bits),
      .BiasBits   (0),
      .Encoding   (ActivationsEncoding),
      .BusBytes   (ActivationsBusBytes),
      .BufferBytes(ActivationsBufferBytes)
    ) u_feeder (
      .clk_i,
      .rst_ni,
      .tail_length_i,
      .owned_sent_i         (1'b0),
      .tile_valid_i         (column_tile_valid_i[column]),
      .tile_count_i         (column_tile_count_i[column*RowCountBits+:RowCountBits]),
      .tile_ready_o         (column_tile_ready_o[column]),
      .block_valid_i        (column_block_valid_i[column]),
      .block_half_i         (column_block_half_i[column]),
      .block_ready_o        (column_block_ready_o[column]),
      .load_valid_i         (column_load_valid_i[column]),
      .load_half_i          (column_load_half_i),
      .load_address_i       (column_load_address_i),
      .load_word_i          (
          column_load_word_i[column*8*ActivationsBusBytes+:8*ActivationsBusBytes]),
      .load_message_i       (column_load_message_i[column]),
      .load_message_index_i (
          column_load_message_index_i[column*ColumnAddressBits+:ColumnAddressBits]),
      .load_message_length_i(
          column_load_message_length_i[column*ColumnLengthBits+:ColumnLengthBits]),
      .load_message_flags_i (column_load_message_flags_i[column*FlagsBits+:FlagsBits]),
      .room_i               (room),
      .stopped_i            (stopped),
      .push_o               (push),
      .first_o              (first),
      .last_o               (last),
      .check_each_o         (check_each),
      .check_end_o          (check_end),
      .mask_o               (mask),
      .owned_o              (owned),
      .bias_o               (bias),
      .values_o             (values)
    );

    logic taken, taken_first, taken_last;
    logic [AccumulatorBits-1:0] sum;
    logic [15:0] multiplier;
    logic [5:0] shift;
    // A PE has one result.
    logic result_index, unused_result_index;
    assign unused_result_index = result_index;

    fabric_drain #(
      .Rows           (Rows),
      .Results        (1),
      .AccumulatorBits(AccumulatorBits)
    ) u_drain (
      .clk_i,
      .rst_ni,
      .tile_valid_i      (drain_tile_valid_i[column]),
      .tile_rows_i       (drain_tile_rows_i[column*RowCountBits+:RowCountBits]),
      .tile_results_i    (1'b1),
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
      .Results        (Rows),
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
      .column_mask_o    (encoded_mask_o[column*Rows+:Rows]),
      .column_nonzeros_o(encoded_nonzeros_o[column*RowCountBits+:RowCountBits]),
      .column_values_o  (encoded_values_o[column*Rows*Bits+:Rows*Bits])
    );
  end

  for (genvar row = 0; row < Rows; row++) begin : gen_pe_row
    for (genvar column = 0; column < Columns; column++) begin : gen_pe
      intersect_pe #(
        .Chunk             (Chunk),
        .Lanes             (Lanes),
        .Bits              (Bits),
        .AccumulatorBits   (AccumulatorBits),
        .Skip              (Skip),
        .EarlyTermination  (EarlyTermination),
        .WeightEncoding    (WeightsEncoding),
        .ActivationEncoding(ActivationsEncoding),
        .WeightDepth       (WeightsFifoDepth),
        .ActivationDepth   (ActivationsFifoDepth)
      ) u_pe (
        .clk_i,
        .rst_ni,
        .signed_activations_i,
        .weight_push_i       (gen_row[row].push[column]),
        .weight_first_i      (gen_row[row].first),
        .weight_last_i       (gen_row[row].last),
        .weight_check_each_i (gen_row[row].check_each),
        .weight_check_end_i  (gen_row[row].check_end),
        .weight_mask_i       (gen_row[row].mask),
        .weight_owned_i      (gen_row[row].owned),
        .weight_bias_i       (gen_row[row].bias),
        .weight_values_i     (gen_row[row].values),
        .weight_room_o       (gen_row[row].room[column]),
        .weight_stopped_o    (gen_row[row].stopped[column]),
        .activation_push_i   (gen_column[column].push[row]),
        .activation_first_i  (gen_column[column].first),
        .activation_last_i   (gen_column[column].last),
        .activation_mask_i   (gen_column[column].mask),
        .activation_values_i (gen_column[column].values),
        .activation_room_o   (gen_column[column].room[row]),
        .activation_stopped_o(gen_column[column].stopped[row]),
        .result_valid_o      (gen_column[column].result_valid[row]),
        .result_ready_i      (gen_column[column].result_ready[row]),
        .result_o            (gen_column[column].result[row*AccumulatorBits+:AccumulatorBits])
      );
    end
  end

endmodule
