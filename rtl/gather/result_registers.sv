// The sums of two tiles: those of the tile that a PE works on, and, in the other half, its results
// until the drain bus has taken the last of them.
//
//   cycle      m+1          m+2       m+3
//   MAC stage  last
//   sums                    complete
//   results                 move      valid
//
// To move is to change halves. Window w of a tile is window w / Windows of lane w mod Windows.
`include "assertions.svh"

module result_registers #(
  parameter  int unsigned Windows         = 2,  // lanes
  parameter  int unsigned Groups          = 1,  // windows of a lane
  parameter  int unsigned AccumulatorBits = 32,
  localparam int unsigned GroupBits       = lacuna_pkg::width_of(Groups),
  localparam int unsigned ResultBits      = lacuna_pkg::width_of(Windows * Groups)
) (
  input  logic                               clk_i,
  input  logic                               rst_ni,
  // A lane has the whole sum of one of its windows.
  input  logic [Windows-1:0]                 write_i,
  input  logic [Windows*GroupBits-1:0]       group_i,
  input  logic [Windows*AccumulatorBits-1:0] sum_i,
  // With this the tile has all of them.
  input  logic                               last_i,
  output logic                               complete_o,  // sums wait for the results to leave
  output logic                               retire_o,    // they move
  output logic [AccumulatorBits-1:0]         retired_o,   // the first of them
  // To the drain bus, which takes them one by one.
  output logic                               result_valid_o,
  input  logic                               result_ready_i,  // the last one is taken
  input  logic [ResultBits-1:0]              result_index_i,
  output logic [AccumulatorBits-1:0]         result_o
);

  localparam int unsigned PlaceBits = GroupBits + 1;
  localparam int unsigned LaneBits = lacuna_pkg::width_of(Windows);

  logic complete_q, complete_d;
  logic valid_q, valid_d;
  logic half_q, half_d;  // that of the results
  logic writing;         // the half of the sums
  logic [Windows*AccumulatorBits-1:0] shown;
  logic [GroupBits-1:0] group;
  logic [ResultBits-1:0] row;
  logic [LaneBits-1:0] lane;
  logic unused_row;
  assign unused_row = ^row;

  always_comb begin
    retire_o = complete_q && !valid_q;
    complete_d = (complete_q && !retire_o) || last_i;
    valid_d = retire_o || (valid_q && !result_ready_i);
    half_d = half_q ^ retire_o;
    // What is added while sums move is of the next tile.
    writing = retire_o ? half_q : !half_q;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      complete_q <= 1'b0;
      valid_q <= 1'b0;
      half_q <= 1'b0;
    end else begin
      complete_q <= complete_d;
      valid_q <= valid_d;
      half_q <= half_d;
    end
  end

  divide_by #(
    .Width  (ResultBits),
    .Divisor(Windows)
  ) u_index (
    .value_i   (result_index_i),
    .quotient_o(row),
    .rest_o    (lane)
  );

  assign group = GroupBits'(row);

  for (genvar i = 0; i < Windows; i++) begin : gen_lane
    logic [AccumulatorBits-1:0] sums_q[2*(1<<GroupBits)];
    logic [PlaceBits-1:0] at;
    assign at = {writing, group_i[i*GroupBits+:GroupBits]};

    // Storage is not reset.
    always_ff @(posedge clk_i) begin
      if (write_i[i]) sums_q[at] <= sum_i[i*AccumulatorBits+:AccumulatorBits];
    end

    assign shown[i*AccumulatorBits+:AccumulatorBits] = sums_q[{half_q, group}];
    if (i == 0) begin : gen_first
      assign retired_o = sums_q[{!half_q, {GroupBits{1'b0}}}];
    end
  end

  assign complete_o = complete_q;
  assign result_valid_o = valid_q;
  assign result_o = shown[lane*AccumulatorBits+:AccumulatorBits];

  // Sums have moved before the next tile writes its first.
  `LACUNA_ASSERT(CompleteSumsAreKept, complete_q && write_i != '0, retire_o)
  `LACUNA_ASSERT(TheLastIsTakenOnce, result_ready_i, valid_q)

endmodule
