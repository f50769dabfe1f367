// The segments of activations that a PE holds: for each of them, window after window, the values of
// its positions. Words are written as they come over the column's bus.
module segment_store #(
  parameter  int unsigned Windows    = 1,
  parameter  int unsigned Segment    = 64,
  parameter  int unsigned Bits       = 8,
  parameter  int unsigned Slots      = 2,
  parameter  int unsigned WordBits   = 128,
  parameter  int unsigned Words      = 4,  // of the largest segment
  parameter  int unsigned LengthBits = 3,
  parameter  int unsigned FlagsBits  = 2,
  localparam int unsigned ValuesBits = Windows * Segment * Bits
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  // From the column's feeder: a word, and with the last one the segment.
  output logic                  room_o,
  input  logic                  word_valid_i,
  input  logic [LengthBits-1:0] offset_i,
  input  logic [WordBits-1:0]   word_i,
  input  logic                  complete_i,
  input  logic [FlagsBits-1:0]  flags_i,
  // The segment at the head.
  output logic                  valid_o,
  output logic [FlagsBits-1:0]  flags_o,
  output logic [ValuesBits-1:0] values_o,
  input  logic                  pop_i
);

  localparam int unsigned SlotBits = lacuna_pkg::width_of(Slots);

  logic [Words*WordBits-1:0] values_q[Slots];
  logic [SlotBits-1:0] filled, head;

  slot_fifo #(
    .Width(FlagsBits),
    .Depth(Slots)
  ) u_slots (
    .clk_i,
    .rst_ni,
    .room_o,
    .push_i     (word_valid_i && complete_i),
    .push_data_i(flags_i),
    .push_slot_o(filled),
    .valid_o,
    .data_o(flags_o),
    .slot_o(head),
    .pop_i
  );

  // Storage is not reset.
  always_ff @(posedge clk_i) begin
    if (word_valid_i) values_q[filled][offset_i*WordBits+:WordBits] <= word_i;
  end

  if (Words * WordBits > ValuesBits) begin : gen_filled
    logic [Words*WordBits-1:0] values;
    logic unused_fill;
    assign values = values_q[head];
    assign unused_fill = ^values[Words*WordBits-1:ValuesBits];
    assign values_o = values[ValuesBits-1:0];
  end else begin : gen_full
    assign values_o = values_q[head];
  end

endmodule
