// Where the entries of a group stand in their segment, from their index codes and where the group
// before has ended.
//
//   step     zeros since the entry before:    3 0 1   positions 3 4 6, the next is 7
//   offset   place in a block of Block; it has PerBlock entries, or Block where every position is
//            one:
//            Block 4, PerBlock 2              1 3 0   positions 1 3 4
//   absolute the position
`include "assertions.svh"

module index_adder #(
  parameter  int unsigned IndexCode    = gather_pkg::IndexCodeStep,
  parameter  int unsigned IndexBits    = 4,
  parameter  int unsigned Lanes        = 4,
  parameter  int unsigned Segment      = 64,
  parameter  int unsigned Block        = 4,
  parameter  int unsigned PerBlock     = 2,
  localparam int unsigned PositionBits = lacuna_pkg::width_of(Segment)
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  logic                          full_blocks_i,  // layer register
  // The group at the head of the weights.
  input  logic [Lanes-1:0]              entry_i,  // there is an entry
  input  logic [Lanes*IndexBits-1:0]    index_i,
  output logic [Lanes*PositionBits-1:0] position_o,
  // It leaves, and with it its segment.
  input  logic                          pop_i,
  input  logic                          segment_last_i
);

  if (IndexCode == gather_pkg::IndexCodeStep) begin : gen_step
    logic unused_blocks;
    assign unused_blocks = full_blocks_i;

    // The position behind the entry before; one bit more, for it may be the segment's length.
    logic [PositionBits:0] next_q, next_d;
    logic [PositionBits:0] next;

    always_comb begin
      next = next_q;
      for (int unsigned lane = 0; lane < Lanes; lane++) begin
        position_o[lane*PositionBits+:PositionBits] =
            PositionBits'(next + (PositionBits + 1)'(index_i[lane*IndexBits+:IndexBits]));
        if (entry_i[lane]) begin
          next = next + (PositionBits + 1)'(index_i[lane*IndexBits+:IndexBits]) +
              (PositionBits + 1)'(1);
        end
      end
      next_d = next_q;
      if (pop_i) next_d = segment_last_i ? '0 : next;
    end

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) next_q <= '0;
      else next_q <= next_d;
    end

    `LACUNA_ASSERT(EntriesStandInTheSegment, pop_i, 32'(next) <= Segment)
  end else if (IndexCode == gather_pkg::IndexCodeOffset) begin : gen_offset
    localparam int unsigned CountBits = lacuna_pkg::width_of(Block);

    // The block of the next entry, and how many entries it has had.
    logic [PositionBits:0] block_q, block_d;
    logic [CountBits-1:0] count_q, count_d;
    logic [PositionBits:0] block;
    logic [CountBits-1:0] count, last;

    assign last = full_blocks_i ? CountBits'(Block - 1) : CountBits'(PerBlock - 1);

    always_comb begin
      block = block_q;
      count = count_q;
      for (int unsigned lane = 0; lane < Lanes; lane++) begin
        position_o[lane*PositionBits+:PositionBits] =
            PositionBits'(block + (PositionBits + 1)'(index_i[lane*IndexBits+:IndexBits]));
        if (entry_i[lane]) begin
          if (count == last) begin
            block = block + (PositionBits + 1)'(Block);
            count = '0;
          end else begin
            count = count + CountBits'(1);
          end
        end
      end
      block_d = block_q;
      count_d = count_q;
      if (pop_i) begin
        block_d = segment_last_i ? '0 : block;
        count_d = segment_last_i ? '0 : count;
      end
    end

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        block_q <= '0;
        count_q <= '0;
      end else begin
        block_q <= block_d;
        count_q <= count_d;
      end
    end

    `LACUNA_ASSERT(EntriesStandInTheSegment, pop_i && entry_i != '0, 32'(block_q) < Segment)
  end else if (IndexCode == gather_pkg::IndexCodeAbsolute) begin : gen_absolute
    logic unused_group;
    assign unused_group = ^{clk_i, rst_ni, full_blocks_i, pop_i, segment_last_i, entry_i};

    always_comb begin
      for (int unsigned lane = 0; lane < Lanes; lane++) begin
        position_o[lane*PositionBits+:PositionBits] =
            PositionBits'(index_i[lane*IndexBits+:IndexBits]);
      end
    end
  end else begin : gen_unknown
    $error("unknown index code");
  end

endmodule
