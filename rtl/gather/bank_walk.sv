// In which banks of the PEs the words of an input tile go: column x lies in bank floor(x / stride)
// mod Banks. The tile comes row by row of the kernel, column by column, channels innermost.
//
//   stride 2, 2 banks, 1 channel, 5 columns     column 0 1 2 3 4   0 1 2 3 4
//                                               bank   0 0 1 1 0   0 0 1 1 0
module bank_walk #(
  parameter  int unsigned Banks        = 4,
  parameter  int unsigned Segment      = 64,  // positions of an input tile, at most
  parameter  int unsigned OperandBytes = 1,
  parameter  int unsigned BusBytes     = 4,
  localparam int unsigned BankBits     = lacuna_pkg::width_of(Banks),
  localparam int unsigned LengthBits   = $clog2(Segment + 1)
) (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  // Layer registers.
  input  logic [LengthBits-1:0]        channels_i,
  input  logic [LengthBits-1:0]        columns_i,
  input  logic [LengthBits-1:0]        stride_i,
  input  logic [LengthBits-1:0]        positions_i,
  // The column's bus.
  input  logic                         word_valid_i,
  input  logic                         complete_i,
  // The bank of each byte of the word; the banks it is written to.
  output logic [BusBytes*BankBits-1:0] bank_o,
  output logic [Banks-1:0]             written_o
);

  typedef struct packed {
    logic half;                       // the second byte of an operand
    logic [BankBits-1:0] bank;
    logic [LengthBits-1:0] phase;     // column mod stride
    logic [LengthBits-1:0] column;
    logic [LengthBits-1:0] channel;
    logic [LengthBits-1:0] position;
  } place_t;

  place_t place_q, place_d;

  always_comb begin
    place_d = place_q;
    written_o = '0;
    for (int unsigned i = 0; i < BusBytes; i++) begin
      bank_o[i*BankBits+:BankBits] = place_d.bank;
      // What fills the last word goes nowhere.
      if (place_d.position < positions_i) written_o[place_d.bank] = 1'b1;
      if (OperandBytes == 2 && !place_d.half) begin
        place_d.half = 1'b1;
      end else begin
        place_d.half = 1'b0;
        if (place_d.position < positions_i) place_d.position = place_d.position + LengthBits'(1);
        place_d.channel = place_d.channel + LengthBits'(1);
        if (place_d.channel == channels_i) begin
          place_d.channel = '0;
          place_d.column = place_d.column + LengthBits'(1);
          place_d.phase = place_d.phase + LengthBits'(1);
          if (place_d.phase == stride_i) begin
            place_d.phase = '0;
            place_d.bank =
                place_d.bank == BankBits'(Banks - 1) ? '0 : place_d.bank + BankBits'(1);
          end
          if (place_d.column == columns_i) begin
            place_d.column = '0;
            place_d.phase = '0;
            place_d.bank = '0;
          end
        end
      end
    end
    if (!word_valid_i) place_d = place_q;
    if (word_valid_i && complete_i) place_d = '0;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) place_q <= '0;
    else place_q <= place_d;
  end

endmodule
