// What becomes of a complete sum, in two cycles: rescaled and rounded, clipped by ReLU and to the
// output's range, and set to zero if it is nearer to zero than the threshold.
//
//   cycle   d+1        d+2                      d+3
//           multiply   add half, shift, clip    value_o, and the column's compressed results
//
// value = clip((sum x multiplier + half) >> shift); half is the weight of the bit below the last
// one kept.
module fabric_post #(
  parameter  int unsigned Results         = 4,
  parameter  int unsigned Bits            = 8,
  parameter  int unsigned AccumulatorBits = 32,
  localparam int unsigned CountBits       = $clog2(Results + 1)
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  // Layer registers.
  input  logic                       rescale_i,  // 0: outputs are raw sums
  input  logic                       relu_i,
  input  logic                       wide_i,  // rescaled outputs have 16 bits, else 8
  input  logic [14:0]                threshold_i,
  // From the drain bus.
  input  logic                       valid_i,
  input  logic                       first_i,
  input  logic                       last_i,
  input  logic [AccumulatorBits-1:0] sum_i,
  input  logic [15:0]                multiplier_i,
  input  logic [5:0]                 shift_i,
  // To the output buffer, which has kept room: every value, ...
  output logic                       value_valid_o,
  output logic [AccumulatorBits-1:0] value_o,
  // ... and with the last one of a tile the column's results as mask and packed nonzero values.
  output logic                       column_valid_o,
  output logic [Results-1:0]         column_mask_o,
  output logic [CountBits-1:0]       column_nonzeros_o,
  output logic [Results*Bits-1:0]    column_values_o
);

  // |sum| <= 2^(AccumulatorBits-1), multiplier < 2^16, half <= 2^46.
  localparam int unsigned ProductBits = AccumulatorBits + (AccumulatorBits < 47 ? 17 : 16);

  localparam logic [ProductBits-1:0] One = 1;

  // First cycle.
  logic valid_q, valid_d;
  logic first_q, first_d;
  logic last_q, last_d;
  logic [ProductBits-1:0] product_q, product_d;
  logic [5:0] shift_q, shift_d;
  // Second cycle.
  logic value_valid_q, value_valid_d;
  logic [AccumulatorBits-1:0] value_q, value_d;

  always_comb begin
    valid_d = valid_i;
    first_d = first_q;
    last_d = last_q;
    product_d = product_q;
    shift_d = shift_q;
    if (valid_i) begin
      first_d = first_i;
      last_d = last_i;
      product_d = ProductBits'($signed(sum_i)) *
          (rescale_i ? ProductBits'(multiplier_i) : ProductBits'(1));
      shift_d = rescale_i ? shift_i : '0;
    end
  end

  logic signed [ProductBits-1:0] half, scaled, lowest, highest, clipped, threshold;
  always_comb begin
    half = shift_q == '0 ? '0 : One << (shift_q - 6'd1);
    scaled = $signed(product_q + half) >>> shift_q;
    // The range of the output: raw sums have their own.
    lowest = wide_i ? -(One << 15) : -(One << 7);
    if (!rescale_i) lowest = -(One << (AccumulatorBits - 1));
    if (relu_i) lowest = '0;
    highest = wide_i ? (One << 15) - One : (One << 7) - One;
    if (relu_i) highest = wide_i ? (One << 16) - One : (One << 8) - One;
    if (!rescale_i) highest = (One << (AccumulatorBits - 1)) - One;
    clipped = scaled < lowest ? lowest : scaled > highest ? highest : scaled;
    threshold = ProductBits'(threshold_i);
    if (clipped > -threshold && clipped < threshold) clipped = '0;
    value_valid_d = valid_q;
    value_d = valid_q ? AccumulatorBits'(clipped) : value_q;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      first_q <= 1'b0;
      last_q <= 1'b0;
      product_q <= '0;
      shift_q <= '0;
      value_valid_q <= 1'b0;
      value_q <= '0;
    end else begin
      valid_q <= valid_d;
      first_q <= first_d;
      last_q <= last_d;
      product_q <= product_d;
      shift_q <= shift_d;
      value_valid_q <= value_valid_d;
      value_q <= value_d;
    end
  end

  assign value_valid_o = value_valid_q;
  assign value_o = value_q;

  column_encoder #(
    .Results(Results),
    .Bits   (Bits)
  ) u_encoder (
    .clk_i,
    .rst_ni,
    .valid_i   (valid_q),
    .first_i   (first_q),
    .last_i    (last_q),
    .value_i   (Bits'(clipped)),
    .valid_o   (column_valid_o),
    .mask_o    (column_mask_o),
    .nonzeros_o(column_nonzeros_o),
    .values_o  (column_values_o)
  );

endmodule
