probe/probe_pkg.sv
probe/pe_probe.sv
probe/feeder_probe.sv
probe/drain_probe.sv
probe/array_probe.sv
