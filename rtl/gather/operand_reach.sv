// The activations of a group of entries, for each window: by `Reach` the ways in which a lane finds
// the value at its position, and the cycles that takes.
//
//   crossbar   any lane reads any position; one cycle
//   block      a lane reads the Block positions of its entry's block; one cycle
//   bank       each window has Banks memories of one port, position p in bank p mod Banks: in each
//              cycle a bank serves the lowest lane that waits for it
//
//   bank, 2 banks, positions 0 1 2 5 4     cycle 0: 0 1   cycle 1: 2 5   cycle 2: 4, ready
//
// Values that are read before the last cycle wait in registers.
`include "assertions.svh"

module operand_reach #(
  parameter  int unsigned Reach        = gather_pkg::ReachCrossbar,
  parameter  int unsigned Lanes        = 4,
  parameter  int unsigned Windows      = 1,
  parameter  int unsigned Segment      = 64,
  parameter  int unsigned Bits         = 8,
  parameter  int unsigned Block        = 4,
  parameter  int unsigned Banks        = 4,
  localparam int unsigned PositionBits = lacuna_pkg::width_of(Segment),
  localparam int unsigned LengthBits   = $clog2(Segment + 1)
) (
  input  logic                            clk_i,
  input  logic                            rst_ni,
  // The segment: `length` positions of each window.
  input  logic [LengthBits-1:0]           length_i,
  input  logic [Windows*Segment*Bits-1:0] values_i,
  // The group, held from the first cycle of its issue to the last.
  input  logic                            issue_i,
  input  logic [Lanes-1:0]                entry_i,
  input  logic [Lanes*PositionBits-1:0]   position_i,
  // The last cycle: the values of all entries are here, those of a lane one window after the other.
  output logic                            ready_o,
  output logic [Lanes*Windows*Bits-1:0]   value_o
);

  // The value that each lane reads in this cycle, if it is served.
  logic [Lanes*Windows*Bits-1:0] read;

  if (Reach == gather_pkg::ReachCrossbar || Reach == gather_pkg::ReachBank) begin : gen_position
    always_comb begin
      for (int unsigned lane = 0; lane < Lanes; lane++) begin
        for (int unsigned window = 0; window < Windows; window++) begin
          read[(lane*Windows+window)*Bits+:Bits] = values_i[
              (window * 32'(length_i) +
               32'(position_i[lane*PositionBits+:PositionBits]))*Bits+:Bits];
        end
      end
    end
  end else if (Reach == gather_pkg::ReachBlock) begin : gen_block
    localparam int unsigned OffsetBits = lacuna_pkg::width_of(Block);

    for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
      logic [PositionBits-1:0] position;
      logic [31:0] first;  // of the entry's block
      logic [OffsetBits-1:0] offset;
      assign position = position_i[lane*PositionBits+:PositionBits];
      assign first = 32'(position) - 32'(offset);

      logic [PositionBits-1:0] unused_block;
      divide_by #(
        .Width  (PositionBits),
        .Divisor(Block)
      ) u_block (
        .value_i   (position),
        .quotient_o(unused_block),
        .rest_o    (offset)
      );

      for (genvar window = 0; window < Windows; window++) begin : gen_window
        logic [Block*Bits-1:0] seen;
        // The last block of the reduction may be shorter; there is nothing behind it.
        assign seen = (Block*Bits)'(
            values_i >> ((window * 32'(length_i) + first) * Bits));
        assign read[(lane*Windows+window)*Bits+:Bits] = seen[offset*Bits+:Bits];
      end
    end
  end else begin : gen_unknown
    $error("unknown reach");
  end

  if (Reach == gather_pkg::ReachBank) begin : gen_bank
    localparam int unsigned BankBits = lacuna_pkg::width_of(Banks);

    logic [Lanes-1:0] served_q, served_d, waits, served;
    logic [Lanes*Windows*Bits-1:0] value_q, value_d;
    logic [Lanes*BankBits-1:0] bank;

    for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
      logic [PositionBits-1:0] unused_row;
      divide_by #(
        .Width  (PositionBits),
        .Divisor(Banks)
      ) u_bank (
        .value_i   (position_i[lane*PositionBits+:PositionBits]),
        .quotient_o(unused_row),
        .rest_o    (bank[lane*BankBits+:BankBits])
      );
    end

    assign waits = entry_i & ~served_q;

    always_comb begin
      served = waits;
      for (int unsigned lane = 0; lane < Lanes; lane++) begin
        for (int unsigned lower = 0; lower < lane; lower++) begin
          if (waits[lower] &&
              bank[lower*BankBits+:BankBits] == bank[lane*BankBits+:BankBits]) begin
            served[lane] = 1'b0;
          end
        end
      end
      ready_o = served == waits;
      value_o = value_q;
      for (int unsigned lane = 0; lane < Lanes; lane++) begin
        if (served[lane]) begin
          value_o[lane*Windows*Bits+:Windows*Bits] = read[lane*Windows*Bits+:Windows*Bits];
        end
      end
      served_d = served_q;
      value_d = value_q;
      if (issue_i) begin
        served_d = ready_o ? '0 : served_q | served;
        value_d = value_o;
      end
    end

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        served_q <= '0;
        value_q <= '0;
      end else begin
        served_q <= served_d;
        value_q <= value_d;
      end
    end
  end else begin : gen_at_once
    logic unused_issue;
    assign unused_issue = ^{clk_i, rst_ni, issue_i, entry_i};
    assign ready_o = 1'b1;
    assign value_o = read;
  end

endmodule
