// Quotient and rest by a constant, which costs nothing where that is a power of two.
//
//   value 11, divisor 3:  quotient 3, rest 2
module divide_by #(
  parameter  int unsigned Width    = 8,
  parameter  int unsigned Divisor  = 3,
  localparam int unsigned RestBits = lacuna_pkg::width_of(Divisor)
) (
  input  logic [Width-1:0]    value_i,
  output logic [Width-1:0]    quotient_o,
  output logic [RestBits-1:0] rest_o
);

  // Both numbers fit.
  localparam int unsigned WideBits = Width > RestBits ? Width + 1 : RestBits + 1;

  logic [WideBits-1:0] quotient, rest;
  logic unused_above;

  assign quotient = WideBits'(value_i) / WideBits'(Divisor);
  assign rest = WideBits'(value_i) % WideBits'(Divisor);
  assign unused_above = ^{quotient, rest};
  assign quotient_o = quotient[Width-1:0];
  assign rest_o = rest[RestBits-1:0];

endmodule
