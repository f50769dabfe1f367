// Compresses the results of one column in one tile as a bitmask: one bit a result, and the nonzero
// values in the order of results.
//
//   values 0 7 0 9:  mask 1010, nonzeros 2, values 9 7 (the lowest first)
module column_encoder #(
  parameter  int unsigned Results   = 4,  // of a column in a tile, at most
  parameter  int unsigned Bits      = 8,
  localparam int unsigned CountBits = $clog2(Results + 1)
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  input  logic                    valid_i,
  input  logic                    first_i,
  input  logic                    last_i,
  input  logic [Bits-1:0]         value_i,
  // The whole column, in the cycle after its last value.
  output logic                    valid_o,
  output logic [Results-1:0]      mask_o,
  output logic [CountBits-1:0]    nonzeros_o,
  output logic [Results*Bits-1:0] values_o
);

  logic valid_q, valid_d;
  logic [Results-1:0] place_q, place_d;  // one-hot: where the next value goes
  logic [Results-1:0] mask_q, mask_d;
  logic [CountBits-1:0] nonzeros_q, nonzeros_d;
  logic [Results*Bits-1:0] values_q, values_d;

  always_comb begin
    valid_d = valid_i && last_i;
    place_d = place_q;
    mask_d = mask_q;
    nonzeros_d = nonzeros_q;
    values_d = values_q;
    if (valid_i) begin
      if (first_i) begin
        place_d = Results'(1);
        mask_d = '0;
        nonzeros_d = '0;
        values_d = '0;
      end
      if (value_i != '0) begin
        mask_d = mask_d | place_d;
        values_d[nonzeros_d*Bits+:Bits] = value_i;
        nonzeros_d = nonzeros_d + CountBits'(1);
      end
      place_d = place_d << 1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      place_q <= '0;
      mask_q <= '0;
      nonzeros_q <= '0;
      values_q <= '0;
    end else begin
      valid_q <= valid_d;
      place_q <= place_d;
      mask_q <= mask_d;
      nonzeros_q <= nonzeros_d;
      values_q <= values_d;
    end
  end

  assign valid_o = valid_q;
  assign mask_o = mask_q;
  assign nonzeros_o = nonzeros_q;
  assign values_o = values_q;

endmodule
