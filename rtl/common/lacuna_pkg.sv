// What modules of every family use: words of the section `array` as numbers, in the order in which
// sim/machine/config.h lists them, and widths.
package lacuna_pkg;

  typedef enum logic [31:0] {
    OperandInt8,
    OperandInt16
  } operand_e;

  // Bits of an index into `n` entries, at least one: width_of(1) = 1, width_of(5) = 3, width_of(8)
  // = 3.
  function automatic int unsigned width_of(int unsigned n);
    width_of = n > 1 ? $clog2(n) : 1;
  endfunction

  // ceil_div(7, 3) = 3.
  function automatic int unsigned ceil_div(int unsigned a, int unsigned b);
    ceil_div = (a + b - 1) / b;
  endfunction

endpackage
