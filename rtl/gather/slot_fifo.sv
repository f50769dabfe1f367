// The order of what a PE holds: a FIFO of messages, and the slots in which what they brought lies.
//
// Room is what was free at the start of the cycle; a pop makes room for the next cycle. The slot
// that is filled next is free as long as there is room.
`include "assertions.svh"

module slot_fifo #(
  parameter  int unsigned Width    = 8,
  parameter  int unsigned Depth    = 2,
  localparam int unsigned SlotBits = lacuna_pkg::width_of(Depth)
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  // From the feeder: a push needs room.
  output logic                room_o,
  input  logic                push_i,
  input  logic [Width-1:0]    push_data_i,
  output logic [SlotBits-1:0] push_slot_o,
  // To the PE: a pop needs an entry.
  output logic                valid_o,
  output logic [Width-1:0]    data_o,
  output logic [SlotBits-1:0] slot_o,
  input  logic                pop_i
);

  localparam int unsigned CountBits = $clog2(Depth + 1);

  logic [Width-1:0] data_q[Depth];
  logic [SlotBits-1:0] read_q, read_d, write_q, write_d;
  logic [CountBits-1:0] count_q, count_d;

  assign room_o = count_q != CountBits'(Depth);
  assign valid_o = count_q != '0;
  assign push_slot_o = write_q;
  assign slot_o = read_q;
  assign data_o = data_q[read_q];

  always_comb begin
    read_d = read_q;
    write_d = write_q;
    if (pop_i) read_d = read_q == SlotBits'(Depth - 1) ? '0 : read_q + SlotBits'(1);
    if (push_i) write_d = write_q == SlotBits'(Depth - 1) ? '0 : write_q + SlotBits'(1);
    count_d = count_q + CountBits'(push_i) - CountBits'(pop_i);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      read_q <= '0;
      write_q <= '0;
      count_q <= '0;
    end else begin
      read_q <= read_d;
      write_q <= write_d;
      count_q <= count_d;
    end
  end

  // Storage is not reset.
  always_ff @(posedge clk_i) begin
    if (push_i) data_q[write_q] <= push_data_i;
  end

  `LACUNA_ASSERT(PushHasRoom, push_i, room_o)
  `LACUNA_ASSERT(PopHasEntry, pop_i, valid_o)

endmodule
