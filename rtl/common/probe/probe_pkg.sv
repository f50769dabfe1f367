// The functions by which probes report to the simulator, whatever they watch. A probe registers
// once, by its kind and its path, and reports with its number in each cycle. Simulation only.
package probe_pkg;

  // What a probe reports: words of 32 bits, the first one lowest. The kind of the probe decides
  // what they mean.
  localparam int unsigned ReportWords = 12;
  typedef bit [32*ReportWords-1:0] report_t;

  import "DPI-C" function int lacuna_probe(input string kind, input string path);
  import "DPI-C" function void lacuna_probe_report(input int id, input report_t report);

  // Widths of ports, by name.
  import "DPI-C" function void lacuna_probe_width(input string name, input int unsigned bits);

endpackage
