// Walks the entries of a filter once per window group, for the lanes that go together: all of a PE,
// or one. A group ends with the filter's last entry, or when the last of its lanes stops.
//
//   cycle       c          c+1               c+2
//   issue       entry 4    entry 5           entry 0 of the next group
//   MAC stage              entry 4: the      entry 5, which is killed
//                          last lane stops
`include "assertions.svh"

module lane_sequencer #(
  parameter  int unsigned Lanes        = 4,  // that go together
  parameter  int unsigned First        = 0,  // of the PE's lanes
  parameter  int unsigned Windows      = 4,  // lanes of the PE
  parameter  int unsigned Groups       = 16,
  parameter  int unsigned Segment      = 64,  // positions of an input tile, at most
  parameter  int unsigned EntryBits    = 14,
  parameter  int unsigned HeaderBits   = 32,
  parameter  int unsigned WordBits     = 128,
  parameter  int unsigned OffsetBits   = 4,
  localparam int unsigned CountBits    = $clog2(Segment + 1),
  localparam int unsigned GroupBits    = lacuna_pkg::width_of(Groups),
  localparam int unsigned ResultBits   = $clog2(Windows * Groups + 1),
  localparam int unsigned PositionBits = lacuna_pkg::width_of(Segment),
  localparam int unsigned BitBits      = lacuna_pkg::width_of(WordBits)
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  // Layer register: positions between neighbouring windows.
  input  logic [CountBits-1:0]          window_step_i,
  // A filter and an input tile are at the heads, and it may walk.
  input  logic                          run_i,
  input  logic [CountBits-1:0]          count_i,    // entries of the filter
  input  logic [ResultBits-1:0]         windows_i,  // of the tile
  // The MAC stage stops lanes.
  input  logic [Lanes-1:0]              stop_i,
  // Issue: the entry, and of each lane whether it works on it and how far its window is from
  // window 0.
  output logic                          issue_o,
  output logic                          first_o,  // entry of the group, or none in an empty filter
  output logic                          last_o,   // entry of the filter
  output logic [CountBits-1:0]          entry_o,  // entries of the group before it
  output logic                          group_last_o,  // of the group's issues
  output logic                          killed_o,
  output logic [GroupBits-1:0]          group_o,
  output logic [Lanes-1:0]              mapped_o,  // lanes that have a window in the group
  output logic [Lanes-1:0]              runs_o,
  output logic [Lanes*PositionBits-1:0] distance_o,
  output logic [OffsetBits-1:0]         word_at_o,  // where the entry begins
  output logic [BitBits-1:0]            bit_at_o,
  // All groups are walked, with this cycle; the filter and the tile leave.
  output logic                          done_o,
  input  logic                          pop_i
);

  localparam int unsigned FirstWord = HeaderBits / WordBits;
  localparam int unsigned FirstBit = HeaderBits % WordBits;
  localparam int unsigned NextBits = $clog2(WordBits + EntryBits + 1);

  logic [GroupBits-1:0] group_q, group_d;
  logic [ResultBits-1:0] window_q, window_d;  // the group's first of the PE
  logic [PositionBits-1:0] base_q, base_d;    // how far it is from window 0
  logic [CountBits-1:0] entry_q, entry_d;
  logic [OffsetBits-1:0] word_q, word_d;
  logic [BitBits-1:0] bit_q, bit_d;
  logic [Lanes-1:0] stopped_q, stopped_d;
  logic finished_q, finished_d;

  logic [NextBits-1:0] next_bit;
  logic halted, has_windows, walk_ends;

  for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
    assign mapped_o[lane] = 32'(window_q) + First + lane < 32'(windows_i);
    assign distance_o[lane*PositionBits+:PositionBits] =
        base_q + PositionBits'((First + lane) * 32'(window_step_i));
  end

  assign has_windows = First < 32'(windows_i);
  assign halted = (mapped_o & ~(stopped_q | stop_i)) == '0;
  assign issue_o = run_i && has_windows && !finished_q;
  assign first_o = entry_q == '0;
  assign entry_o = entry_q;
  assign last_o = 32'(entry_q) + 1 >= 32'(count_i);
  assign killed_o = issue_o && halted;
  assign group_last_o = issue_o && (last_o || halted);
  assign walk_ends = group_last_o && 32'(window_q) + Windows + First >= 32'(windows_i);
  assign done_o = finished_q || walk_ends || !has_windows;
  assign group_o = group_q;
  assign runs_o = mapped_o & ~stopped_q & ~stop_i & {Lanes{issue_o && count_i != '0}};
  assign word_at_o = word_q;
  assign bit_at_o = bit_q;
  assign next_bit = NextBits'(bit_q) + NextBits'(EntryBits);

  always_comb begin
    group_d = group_q;
    window_d = window_q;
    base_d = base_q;
    entry_d = entry_q;
    word_d = word_q;
    bit_d = bit_q;
    stopped_d = stopped_q | stop_i;
    finished_d = done_o && run_i;
    if (issue_o) begin
      entry_d = entry_q + CountBits'(1);
      word_d = word_q + OffsetBits'(next_bit / NextBits'(WordBits));
      bit_d = BitBits'(next_bit % NextBits'(WordBits));
      if (group_last_o) begin
        group_d = group_q + GroupBits'(1);
        window_d = window_q + ResultBits'(Windows);
        base_d = base_q + PositionBits'(Windows * 32'(window_step_i));
        entry_d = '0;
        word_d = OffsetBits'(FirstWord);
        bit_d = BitBits'(FirstBit);
        stopped_d = '0;
      end
    end
    if (pop_i) begin
      group_d = '0;
      window_d = '0;
      base_d = '0;
      finished_d = 1'b0;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      group_q <= '0;
      window_q <= '0;
      base_q <= '0;
      entry_q <= '0;
      word_q <= OffsetBits'(FirstWord);
      bit_q <= BitBits'(FirstBit);
      stopped_q <= '0;
      finished_q <= 1'b0;
    end else begin
      group_q <= group_d;
      window_q <= window_d;
      base_q <= base_d;
      entry_q <= entry_d;
      word_q <= word_d;
      bit_q <= bit_d;
      stopped_q <= stopped_d;
      finished_q <= finished_d;
    end
  end

  // A lane stops before its last entry, so there is another one to kill.
  `LACUNA_ASSERT(StopsWhileItWalks, stop_i != '0, issue_o && !first_o)

endmodule
