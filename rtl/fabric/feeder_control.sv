// What a feeder sends, and when: it walks its tiles, the steps of each, and in each step its
// destination groups. One group is all mapped PEs of the line; a feeder that unicasts has a group
// for each mapped PE.
//
//   cycle       s          s+1 .. s+W-1     s+W
//   decision    message
//   words       0          1 .. W-1
//   chunk FIFO                              has the entry
//
// In a cycle in which the bus is free and a tile is left: if every PE of the group is stopped in
// this tile and has room, an end token, one cycle; else if the step's block is loaded and every PE
// of the group has room, a message.
`include "assertions.svh"

module feeder_control #(
  parameter  int unsigned Fanout      = 4,  // PEs of the line
  parameter  bit          Unicast     = 1'b0,
  parameter  int unsigned AddressBits = 8,
  parameter  int unsigned LengthBits  = 2,
  localparam int unsigned CountBits   = $clog2(Fanout + 1)
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  // The tile: how many PEs of the line it maps, the first ones. Ready: all its groups have had the
  // last message or end.
  input  logic                   tile_valid_i,
  input  logic [CountBits-1:0]   tile_count_i,
  output logic                   tile_ready_o,
  // Its current block, if it is loaded. Ready: the tile goes on in the next block.
  input  logic                   block_valid_i,
  output logic                   block_ready_o,
  // Operand buffer: the message of the group, and the word of it that is sent.
  output logic [AddressBits-1:0] index_o,
  output logic [LengthBits-1:0]  offset_o,
  input  logic [LengthBits-1:0]  length_i,
  input  logic                   step_last_i,        // of the tile
  input  logic                   step_block_last_i,  // of the block
  // The line's PEs: room for an entry, stopped in this tile.
  input  logic [Fanout-1:0]      room_i,
  input  logic [Fanout-1:0]      stopped_i,
  // The bus.
  output logic                   word_valid_o,  // a word of a message
  output logic                   complete_o,    // its last word
  output logic                   end_o,         // an end token
  output logic [Fanout-1:0]      group_o
);

  logic [AddressBits-1:0] step_q, step_d;  // index of the step's first message in the block
  logic [LengthBits-1:0] offset_q, offset_d;
  logic sending_q, sending_d;              // a message is under way since an earlier cycle
  logic [Fanout-1:0] served_q, served_d;   // groups that have had this step's message
  logic [Fanout-1:0] ended_q, ended_d;     // groups ended in this tile

  logic [Fanout-1:0] mapped, pending, left, live;
  logic [AddressBits-1:0] step_messages;
  logic room, stopped, step_ends, tile_ends;

  assign mapped = ~({Fanout{1'b1}} << tile_count_i);
  assign pending = mapped & ~served_q & ~ended_q;

  if (Unicast) begin : gen_unicast
    logic [Fanout-1:0] after;
    logic [AddressBits-1:0] place;

    prefix_pick #(
      .Width(Fanout),
      .Picks(1)
    ) u_pick (
      .mask_i (pending),
      .picks_o(group_o),
      .rest_o (after)
    );
    // Messages of a step lie in the order of the groups.
    always_comb begin
      place = '0;
      for (int unsigned i = 0; i < Fanout; i++) begin
        if (group_o[i]) place = AddressBits'(i);
      end
    end
    assign left = after;
    assign index_o = step_q + place;
    assign step_messages = AddressBits'(tile_count_i);
  end else begin : gen_broadcast
    assign group_o = pending;
    assign left = '0;
    assign index_o = step_q;
    assign step_messages = AddressBits'(1);
  end

  assign room = (group_o & ~room_i) == '0;
  assign stopped = (group_o & ~stopped_i) == '0;
  assign offset_o = offset_q;

  always_comb begin
    end_o = tile_valid_i && !sending_q && stopped && room;
    word_valid_o = sending_q || (tile_valid_i && !end_o && block_valid_i && room);
    complete_o = word_valid_o && offset_q == length_i - LengthBits'(1);

    offset_d = offset_q;
    sending_d = word_valid_o && !complete_o;
    if (word_valid_o) offset_d = complete_o ? '0 : offset_q + LengthBits'(1);

    served_d = served_q;
    ended_d = ended_q;
    if (complete_o) served_d = served_q | group_o;
    if (end_o) ended_d = ended_q | group_o;
    live = mapped & ~ended_d;

    // A group that is still live has had a message of this step, so the step's flags are in the
    // buffer.
    step_ends = (complete_o || end_o) && left == '0;
    tile_ends = step_ends && (live == '0 || step_last_i);
    tile_ready_o = tile_ends;
    block_ready_o = step_ends && !tile_ends && step_block_last_i;
    step_d = step_q;
    if (step_ends) begin
      served_d = '0;
      step_d = tile_ends || step_block_last_i ? '0 : step_q + step_messages;
    end
    if (tile_ends) ended_d = '0;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      step_q <= '0;
      offset_q <= '0;
      sending_q <= 1'b0;
      served_q <= '0;
      ended_q <= '0;
    end else begin
      step_q <= step_d;
      offset_q <= offset_d;
      sending_q <= sending_d;
      served_q <= served_d;
      ended_q <= ended_d;
    end
  end

  `LACUNA_ASSERT(TileMapsSomePe, tile_valid_i, tile_count_i != '0)
  `LACUNA_ASSERT_STABLE(TileIsStable, tile_valid_i, tile_ready_o, tile_count_i)
  `LACUNA_ASSERT(BlockHasMessages, word_valid_o, block_valid_i && length_i != '0)

endmodule
