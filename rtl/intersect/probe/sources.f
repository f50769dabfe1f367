common/probe/probe_pkg.sv
intersect/probe/intersect_report_pkg.sv
intersect/probe/pe_probe.sv
intersect/probe/feeder_probe.sv
intersect/probe/array_probe.sv
