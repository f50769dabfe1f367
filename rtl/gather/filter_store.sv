// The filters that a PE holds: each its header, the bias first, and its entries, value and index,
// one behind the other in words as they come over the row's bus. Each port reads an entry.
module filter_store #(
  parameter  int unsigned EntryBits  = 16,
  parameter  int unsigned HeaderBits = 32,
  parameter  int unsigned CountBits  = 7,
  parameter  int unsigned Depth      = 2,
  parameter  int unsigned WordBits   = 128,
  parameter  int unsigned Words      = 8,  // of the largest filter
  parameter  int unsigned OffsetBits = 4,
  parameter  int unsigned Ports      = 1,
  localparam int unsigned BitBits    = lacuna_pkg::width_of(WordBits)
) (
  input  logic                        clk_i,
  input  logic                        rst_ni,
  // From the row's feeder: a word, and with the last one the filter.
  output logic                        room_o,
  input  logic                        word_valid_i,
  input  logic [OffsetBits-1:0]       offset_i,
  input  logic [WordBits-1:0]         word_i,
  input  logic                        complete_i,
  input  logic [CountBits-1:0]        count_i,  // entries
  // The filter at the head.
  output logic                        valid_o,
  output logic [CountBits-1:0]        count_o,
  output logic [HeaderBits-1:0]       header_o,
  // Where each port's entry begins.
  input  logic [Ports*OffsetBits-1:0] word_at_i,
  input  logic [Ports*BitBits-1:0]    bit_at_i,
  output logic [Ports*EntryBits-1:0]  entry_o,
  input  logic                        pop_i
);

  localparam int unsigned SlotBits = lacuna_pkg::width_of(Depth);
  localparam int unsigned HeaderWords = lacuna_pkg::ceil_div(HeaderBits, WordBits);
  // An entry may begin with the last bit of a word.
  localparam int unsigned EntryWords = lacuna_pkg::ceil_div(WordBits - 1 + EntryBits, WordBits);
  localparam int unsigned Places = Depth * Words + EntryWords;
  localparam int unsigned PlaceBits = $clog2(Places);

  logic [WordBits-1:0] words_q[Places];
  logic [HeaderWords*WordBits-1:0] header_q[Depth];
  logic [SlotBits-1:0] filled, head;
  logic [PlaceBits-1:0] write_at, base;

  slot_fifo #(
    .Width(CountBits),
    .Depth(Depth)
  ) u_slots (
    .clk_i,
    .rst_ni,
    .room_o,
    .push_i     (word_valid_i && complete_i),
    .push_data_i(count_i),
    .push_slot_o(filled),
    .valid_o,
    .data_o(count_o),
    .slot_o(head),
    .pop_i
  );

  assign write_at = PlaceBits'(32'(filled) * Words + 32'(offset_i));
  assign base = PlaceBits'(32'(head) * Words);

  // Storage is not reset.
  always_ff @(posedge clk_i) begin
    if (word_valid_i) words_q[write_at] <= word_i;
    if (word_valid_i && 32'(offset_i) < HeaderWords) begin
      header_q[filled][offset_i*WordBits+:WordBits] <= word_i;
    end
  end

  if (HeaderWords * WordBits > HeaderBits) begin : gen_wide
    logic [HeaderWords*WordBits-1:0] header;
    logic unused_entries;
    assign header = header_q[head];
    assign unused_entries = ^header[HeaderWords*WordBits-1:HeaderBits];
    assign header_o = header[HeaderBits-1:0];
  end else begin : gen_whole
    assign header_o = header_q[head];
  end

  for (genvar port = 0; port < Ports; port++) begin : gen_port
    logic [EntryWords*WordBits-1:0] raw;
    logic [PlaceBits-1:0] at;
    assign at = base + PlaceBits'(word_at_i[port*OffsetBits+:OffsetBits]);
    for (genvar i = 0; i < EntryWords; i++) begin : gen_word
      assign raw[i*WordBits+:WordBits] = words_q[at+PlaceBits'(i)];
    end
    assign entry_o[port*EntryBits+:EntryBits] =
        EntryBits'(raw >> bit_at_i[port*BitBits+:BitBits]);
  end

endmodule
