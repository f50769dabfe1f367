common/probe/probe_pkg.sv
fabric/probe/fabric_report_pkg.sv
fabric/probe/feeder_probe.sv
fabric/probe/array_probe.sv
intersect/probe/intersect_report_pkg.sv
intersect/probe/pe_probe.sv
intersect/probe/intersect_feeder_probe.sv
