// The drain bus of one column: visits tiles in order, the mapped rows of each in order and the
// results of each PE in order, and takes one valid result a cycle. A tile is offered once the
// output buffer has a free half for it; a result travels with the rescaling of its output channel.
//
//   cycle       d              d+1
//   bus         takes the PE's post unit has it, the PE's result registers are empty
//               last result
`include "assertions.svh"

module fabric_drain #(
  parameter  int unsigned Rows            = 4,
  parameter  int unsigned Results         = 1,  // of a PE, at most
  parameter  int unsigned AccumulatorBits = 32,
  localparam int unsigned CountBits       = $clog2(Rows + 1),
  localparam int unsigned ResultCountBits = $clog2(Results + 1),
  localparam int unsigned ResultBits      = lacuna_pkg::width_of(Results)
) (
  input  logic                            clk_i,
  input  logic                            rst_ni,
  // The tile: how many rows of the column it maps, how many results each PE has. Ready: its last
  // result is taken.
  input  logic                            tile_valid_i,
  input  logic [CountBits-1:0]            tile_rows_i,
  input  logic [ResultCountBits-1:0]      tile_results_i,
  output logic                            tile_ready_o,
  // Rescaling of the result that comes next.
  input  logic                            scale_valid_i,
  input  logic [15:0]                     scale_multiplier_i,
  input  logic [5:0]                      scale_shift_i,
  output logic                            scale_ready_o,
  // Result registers of the column, row by row: each PE shows the one that the bus asks for. Ready:
  // its last one is taken.
  input  logic [Rows-1:0]                 result_valid_i,
  input  logic [Rows*AccumulatorBits-1:0] result_i,
  output logic [ResultBits-1:0]           result_index_o,
  output logic [Rows-1:0]                 result_ready_o,
  // To the post unit.
  output logic                            valid_o,
  output logic                            first_o,  // of the column's results in the tile
  output logic                            last_o,
  output logic [AccumulatorBits-1:0]      sum_o,
  output logic [15:0]                     multiplier_o,
  output logic [5:0]                      shift_o
);

  localparam int unsigned RowBits = lacuna_pkg::width_of(Rows);

  logic [RowBits-1:0] row_q, row_d;
  logic valid_q, valid_d;
  logic first_q, first_d;
  logic last_q, last_d;
  logic [AccumulatorBits-1:0] sum_q, sum_d;
  logic [15:0] multiplier_q, multiplier_d;
  logic [5:0] shift_q, shift_d;
  logic take, row_ends, last;
  logic row_begins;

  assign take = tile_valid_i && scale_valid_i && result_valid_i[row_q];
  assign last = row_ends && CountBits'(row_q) + CountBits'(1) == tile_rows_i;

  if (Results == 1) begin : gen_one
    logic unused_results;
    assign unused_results = tile_results_i;
    assign result_index_o = '0;
    assign row_begins = 1'b1;
    assign row_ends = 1'b1;
  end else begin : gen_several
    logic [ResultBits-1:0] result_q, result_d;

    assign result_index_o = result_q;
    assign row_begins = result_q == '0;
    assign row_ends = ResultCountBits'(result_q) + ResultCountBits'(1) == tile_results_i;

    always_comb begin
      result_d = result_q;
      if (take) result_d = row_ends ? '0 : result_q + ResultBits'(1);
    end

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) result_q <= '0;
      else result_q <= result_d;
    end

    `LACUNA_ASSERT(TileHasSomeResult, tile_valid_i, tile_results_i != '0)
    `LACUNA_ASSERT_STABLE(ResultsAreStable, tile_valid_i, tile_ready_o, tile_results_i)
  end

  always_comb begin
    result_ready_o = '0;
    result_ready_o[row_q] = take && row_ends;
    tile_ready_o = take && last;
    scale_ready_o = take;
    row_d = row_q;
    if (take && row_ends) row_d = last ? '0 : row_q + RowBits'(1);
    valid_d = take;
    first_d = first_q;
    last_d = last_q;
    sum_d = sum_q;
    multiplier_d = multiplier_q;
    shift_d = shift_q;
    if (take) begin
      first_d = row_q == '0 && row_begins;
      last_d = last;
      sum_d = result_i[32'(row_q)*AccumulatorBits+:AccumulatorBits];
      multiplier_d = scale_multiplier_i;
      shift_d = scale_shift_i;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      row_q <= '0;
      valid_q <= 1'b0;
      first_q <= 1'b0;
      last_q <= 1'b0;
      sum_q <= '0;
      multiplier_q <= '0;
      shift_q <= '0;
    end else begin
      row_q <= row_d;
      valid_q <= valid_d;
      first_q <= first_d;
      last_q <= last_d;
      sum_q <= sum_d;
      multiplier_q <= multiplier_d;
      shift_q <= shift_d;
    end
  end

  assign valid_o = valid_q;
  assign first_o = first_q;
  assign last_o = last_q;
  assign sum_o = sum_q;
  assign multiplier_o = multiplier_q;
  assign shift_o = shift_q;

  `LACUNA_ASSERT(TileMapsSomeRow, tile_valid_i, tile_rows_i != '0)
  `LACUNA_ASSERT_STABLE(TileIsStable, tile_valid_i, tile_ready_o, tile_rows_i)
  `LACUNA_ASSERT_STABLE(ScaleIsStable, scale_valid_i, scale_ready_o,
                        {scale_multiplier_i, scale_shift_i})

endmodule
