// A FIFO of chunk entries. `last_held_o` tells whether one of them closes a tile: a feeder reads
// from it whether it has already sent the end of the tile a PE is in.
//
// Room is what was free at the start of the cycle; a pop makes room for the next cycle. The head is
// read without delay.
`include "assertions.svh"

module chunk_fifo #(
  parameter int unsigned Width = 8,
  parameter int unsigned Depth = 4
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  // From the feeder: a push needs room.
  output logic             room_o,
  input  logic             push_i,
  input  logic             push_last_i,
  input  logic [Width-1:0] push_data_i,
  // To the PE: a pop needs an entry.
  output logic             valid_o,
  output logic             last_o,
  output logic [Width-1:0] data_o,
  input  logic             pop_i,
  output logic             last_held_o
);

  localparam int unsigned PointerWidth = lacuna_pkg::width_of(Depth);
  localparam int unsigned CountWidth = $clog2(Depth + 1);

  logic [Width-1:0] data_q[Depth];
  logic [Depth-1:0] last_q, last_d;
  logic [PointerWidth-1:0] read_q, read_d, write_q, write_d;
  logic [CountWidth-1:0] count_q, count_d;
  logic [CountWidth-1:0] last_count_q, last_count_d;
  logic push_last, pop_last;

  assign room_o = count_q != CountWidth'(Depth);
  assign valid_o = count_q != '0;
  assign last_o = last_q[read_q];
  assign data_o = data_q[read_q];
  assign last_held_o = last_count_q != '0;
  assign push_last = push_i & push_last_i;
  assign pop_last = pop_i & last_o;

  always_comb begin
    read_d = read_q;
    write_d = write_q;
    last_d = last_q;
    if (pop_i) read_d = read_q == PointerWidth'(Depth - 1) ? '0 : read_q + PointerWidth'(1);
    if (push_i) begin
      write_d = write_q == PointerWidth'(Depth - 1) ? '0 : write_q + PointerWidth'(1);
      last_d[write_q] = push_last_i;
    end
    count_d = count_q + CountWidth'(push_i) - CountWidth'(pop_i);
    last_count_d = last_count_q + CountWidth'(push_last) - CountWidth'(pop_last);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      read_q <= '0;
      write_q <= '0;
      last_q <= '0;
      count_q <= '0;
      last_count_q <= '0;
    end else begin
      read_q <= read_d;
      write_q <= write_d;
      last_q <= last_d;
      count_q <= count_d;
      last_count_q <= last_count_d;
    end
  end

  // Storage is not reset.
  always_ff @(posedge clk_i) begin
    if (push_i) data_q[write_q] <= push_data_i;
  end

  `LACUNA_ASSERT(PushHasRoom, push_i, room_o)
  `LACUNA_ASSERT(PopHasEntry, pop_i, valid_o)

endmodule
