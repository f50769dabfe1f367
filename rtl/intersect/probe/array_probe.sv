// Tells the simulator the widths of the array's ports. Simulation only, attached with bind.
module array_probe #(
  parameter int unsigned AccumulatorBits   = 32,
  parameter int unsigned Bits              = 8,
  parameter int unsigned RowCountBits      = 3,
  parameter int unsigned ColumnCountBits   = 3,
  parameter int unsigned FlagsBits         = 6,
  parameter int unsigned RowAddressBits    = 8,
  parameter int unsigned RowLengthBits     = 3,
  parameter int unsigned ColumnAddressBits = 8,
  parameter int unsigned ColumnLengthBits  = 3
);

  initial begin
    probe_pkg::lacuna_probe_width("accumulator", AccumulatorBits);
    probe_pkg::lacuna_probe_width("operand", Bits);
    probe_pkg::lacuna_probe_width("row_count", RowCountBits);
    probe_pkg::lacuna_probe_width("column_count", ColumnCountBits);
    probe_pkg::lacuna_probe_width("flags", FlagsBits);
    probe_pkg::lacuna_probe_width("row_address", RowAddressBits);
    probe_pkg::lacuna_probe_width("row_length", RowLengthBits);
    probe_pkg::lacuna_probe_width("column_address", ColumnAddressBits);
    probe_pkg::lacuna_probe_width("column_length", ColumnLengthBits);
  end

endmodule

bind intersect_array array_probe #(
  .AccumulatorBits  (AccumulatorBits),
  .Bits             (Bits),
  .RowCountBits     (RowCountBits),
  .ColumnCountBits  (ColumnCountBits),
  .FlagsBits        (FlagsBits),
  .RowAddressBits   (RowAddressBits),
  .RowLengthBits    (RowLengthBits),
  .ColumnAddressBits(ColumnAddressBits),
  .ColumnLengthBits (ColumnLengthBits)
) u_probe ();
