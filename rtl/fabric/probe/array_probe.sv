// Tells the simulator the widths of an array's ports. Simulation only, attached with bind.
module array_probe #(
  parameter int unsigned AccumulatorBits   = 32,
  parameter int unsigned Bits              = 8,
  parameter int unsigned RowCountBits      = 3,
  parameter int unsigned ColumnCountBits   = 3,
  parameter int unsigned RowFlagsBits      = 6,
  parameter int unsigned RowAddressBits    = 8,
  parameter int unsigned RowLengthBits     = 3,
  parameter int unsigned ColumnFlagsBits   = 6,
  parameter int unsigned ColumnAddressBits = 8,
  parameter int unsigned ColumnLengthBits  = 3,
  // Results of a PE, and those of a column, at most.
  parameter int unsigned Results           = 1,
  parameter int unsigned Places            = 4
);

  initial begin
    probe_pkg::lacuna_probe_width("accumulator", AccumulatorBits);
    probe_pkg::lacuna_probe_width("operand", Bits);
    probe_pkg::lacuna_probe_width("row_count", RowCountBits);
    probe_pkg::lacuna_probe_width("column_count", ColumnCountBits);
    probe_pkg::lacuna_probe_width("row_flags", RowFlagsBits);
    probe_pkg::lacuna_probe_width("row_address", RowAddressBits);
    probe_pkg::lacuna_probe_width("row_length", RowLengthBits);
    probe_pkg::lacuna_probe_width("column_flags", ColumnFlagsBits);
    probe_pkg::lacuna_probe_width("column_address", ColumnAddressBits);
    probe_pkg::lacuna_probe_width("column_length", ColumnLengthBits);
    probe_pkg::lacuna_probe_width("result_count", $clog2(Results + 1));
    probe_pkg::lacuna_probe_width("places", Places);
    probe_pkg::lacuna_probe_width("places_count", $clog2(Places + 1));
  end

endmodule
