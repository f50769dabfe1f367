// The input tiles that a PE holds, in a bank for each lane: column x lies in bank floor(x / stride)
// mod Lanes, so that neighbouring windows read different banks. Words are written as they come over
// the column's bus, each to all banks in which some of its bytes lie, and beside them the bank of
// each byte: that of a kernel position in window 0 says by how much the lanes are rotated.
//
//   4 lanes, a kernel position in bank 2 of window 0     lane 0 1 2 3
//                                                        bank 2 3 0 1
//
// With one port each bank serves one lane, the lanes being at the same entry. With a port for each
// lane every lane goes where it likes.
module tile_store #(
  parameter  int unsigned Lanes        = 4,
  parameter  int unsigned Ports        = 1,   // 1 or Lanes
  parameter  int unsigned Segment      = 64,  // positions of an input tile, at most
  parameter  int unsigned Bits         = 8,
  parameter  int unsigned CountBits    = 7,
  parameter  int unsigned Slots        = 2,
  parameter  int unsigned BusBytes     = 16,
  parameter  int unsigned Words        = 4,  // of the largest tile
  parameter  int unsigned OffsetBits   = 3,
  localparam int unsigned WordBits     = 8 * BusBytes,
  localparam int unsigned BankBits     = lacuna_pkg::width_of(Lanes),
  localparam int unsigned PositionBits = lacuna_pkg::width_of(Segment)
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  // From the column's feeder: a word, and with the last one the tile.
  output logic                          room_o,
  input  logic                          word_valid_i,
  input  logic [OffsetBits-1:0]         offset_i,
  input  logic [WordBits-1:0]           word_i,
  input  logic [BusBytes*BankBits-1:0]  bank_i,
  input  logic [Lanes-1:0]              written_i,
  input  logic                          complete_i,
  input  logic [CountBits-1:0]          windows_i,
  // The tile at the head.
  output logic                          valid_o,
  output logic [CountBits-1:0]          windows_o,
  // The kernel position of each port, in window 0; that of each lane, in its window.
  input  logic [Ports*PositionBits-1:0] kernel_i,
  input  logic [Lanes*PositionBits-1:0] position_i,
  output logic [Lanes*Bits-1:0]         value_o,
  input  logic                          pop_i
);

  localparam int unsigned OperandBytes = Bits / 8;
  // A value may begin with the last byte of a word.
  localparam int unsigned ValueWords = BusBytes % OperandBytes == 0 ? 1 : 2;
  localparam int unsigned SlotBits = lacuna_pkg::width_of(Slots);
  localparam int unsigned Places = Slots * Words + ValueWords - 1;
  localparam int unsigned PlaceBits = lacuna_pkg::width_of(Places);
  localparam int unsigned ByteBits = lacuna_pkg::width_of(BusBytes);
  localparam int unsigned TileByteBits = PositionBits + (OperandBytes == 2 ? 1 : 0);

  logic [SlotBits-1:0] filled, head;
  logic [PlaceBits-1:0] write_at, base;
  logic [BusBytes*BankBits-1:0] banks_q[Places];

  slot_fifo #(
    .Width(CountBits),
    .Depth(Slots)
  ) u_slots (
    .clk_i,
    .rst_ni,
    .room_o,
    .push_i     (word_valid_i && complete_i),
    .push_data_i(windows_i),
    .push_slot_o(filled),
    .valid_o,
    .data_o(windows_o),
    .slot_o(head),
    .pop_i
  );

  assign write_at = PlaceBits'(32'(filled) * Words + 32'(offset_i));
  assign base = PlaceBits'(32'(head) * Words);

  // Storage is not reset.
  always_ff @(posedge clk_i) begin
    if (word_valid_i) banks_q[write_at] <= bank_i;
  end

  // The bank of each port's kernel position.
  logic [Ports*BankBits-1:0] rotation;
  for (genvar port = 0; port < Ports; port++) begin : gen_rotation
    logic [TileByteBits-1:0] word;
    logic [ByteBits-1:0] place;
    logic [BusBytes*BankBits-1:0] banks;

    divide_by #(
      .Width  (TileByteBits),
      .Divisor(BusBytes)
    ) u_word (
      .value_i   (TileByteBits'(kernel_i[port*PositionBits+:PositionBits]) << (OperandBytes - 1)),
      .quotient_o(word),
      .rest_o    (place)
    );

    logic unused_word;
    assign unused_word = ^word;
    assign banks = banks_q[base+PlaceBits'(word)];
    assign rotation[port*BankBits+:BankBits] = banks[place*BankBits+:BankBits];
  end

  // The bank of each lane, and the place of its value there.
  logic [Lanes*BankBits-1:0] bank;
  logic [Lanes*PlaceBits-1:0] at;
  logic [Lanes*ByteBits-1:0] byte_at;
  for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
    localparam int unsigned Port = Ports == 1 ? 0 : lane;
    logic [TileByteBits-1:0] word;
    logic [BankBits:0] turned;

    divide_by #(
      .Width  (TileByteBits),
      .Divisor(BusBytes)
    ) u_word (
      .value_i   (TileByteBits'(position_i[lane*PositionBits+:PositionBits]) << (OperandBytes - 1)),
      .quotient_o(word),
      .rest_o    (byte_at[lane*ByteBits+:ByteBits])
    );

    logic unused_word;
    assign unused_word = ^word;
    assign at[lane*PlaceBits+:PlaceBits] = base + PlaceBits'(word);
    assign turned = (BankBits + 1)'(rotation[Port*BankBits+:BankBits]) + (BankBits + 1)'(lane);
    assign bank[lane*BankBits+:BankBits] = BankBits'(
        turned >= (BankBits + 1)'(Lanes) ? turned - (BankBits + 1)'(Lanes) : turned);
  end

  localparam int unsigned ReadBits = ValueWords * WordBits;
  logic [Lanes*Ports*ReadBits-1:0] read;  // of each bank, port by port
  for (genvar b = 0; b < Lanes; b++) begin : gen_bank
    logic [WordBits-1:0] words_q[Places];
    logic [Ports*PlaceBits-1:0] read_at;

    // Storage is not reset.
    always_ff @(posedge clk_i) begin
      if (word_valid_i && written_i[b]) words_q[write_at] <= word_i;
    end

    if (Ports == 1) begin : gen_one
      always_comb begin
        read_at = '0;
        for (int unsigned lane = 0; lane < Lanes; lane++) begin
          if (bank[lane*BankBits+:BankBits] == BankBits'(b)) begin
            read_at = at[lane*PlaceBits+:PlaceBits];
          end
        end
      end
    end else begin : gen_each
      assign read_at = at;
    end

    for (genvar port = 0; port < Ports; port++) begin : gen_port
      for (genvar i = 0; i < ValueWords; i++) begin : gen_word
        assign read[(b*Ports+port)*ReadBits+i*WordBits+:WordBits] =
            words_q[read_at[port*PlaceBits+:PlaceBits]+PlaceBits'(i)];
      end
    end
  end

  for (genvar lane = 0; lane < Lanes; lane++) begin : gen_value
    localparam int unsigned Port = Ports == 1 ? 0 : lane;
    logic [ReadBits-1:0] word;
    assign word = read[(32'(bank[lane*BankBits+:BankBits])*Ports+Port)*ReadBits+:ReadBits];
    assign value_o[lane*Bits+:Bits] = word[byte_at[lane*ByteBits+:ByteBits]*8+:Bits];
  end

endmodule
