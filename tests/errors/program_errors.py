"""Every mistake a user can make on the command line or in a configuration, and the whole line the program answers.

Each case runs the built program in a folder of its own and checks four things: exit status 2, the exact line on
standard error, nothing on standard output, and no file that was not there before.

    python3 tests/errors/program_errors.py PROGRAM SOURCE_FOLDER
"""
import contextlib
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM, SOURCE = (os.path.abspath(path) for path in sys.argv[1:3])

CONFIG = "name: test\nenergy: energy.yaml\n"
WORKLOAD = """network: tiny
source: generated for a test
layers:
  - {name: conv1, op: conv, shape: {M: 4, C: 3, H: 6, W: 6, R: 3, S: 3}, density: {weights: 0.5, input: 0.5}, seed: 1}
  - {name: conv2, op: conv, shape: {M: 4, C: 4, H: 4, W: 4, R: 1, S: 1}, density: {weights: 0.5, input: 0.5}, seed: 2}
"""
ARRAY_KEYS = "datapath, rows, columns, operand"
TOP_KEYS = "name, clock_mhz, energy, array, intersect, post, global_buffer, dram, storage"
FEEDER_KEYS = "buffer_bytes, bus_bytes, fifo_depth, encoding"
SWEEP = ["sweep", "sweep.yaml"]
CHECK = ["check", "config.yaml", "workload.yaml"]
EXPLAIN = ["explain", "config.yaml", "workload.yaml"]
RUN_OPTIONS = ("--help, --engine, --layers, --set, --format, --output, --timeline, --timeline-cycles, --threads, "
               "--sample, --sample-seed, --timing-only, --no-verify, --no-wrap, --all-layers, --no-dense, --force")
TOPICS = ("datapaths, engines, skip_rules, events, actions, pair_classes, pe_classes, parameters, presets, dram, "
          "layer_kinds, formats, manual")


def datapaths():
    """The words of array.datapath: the families in the order of the list."""
    with open(os.path.join(SOURCE, "sim/datapaths/families.def"), encoding="utf-8") as file:
        return ", ".join(re.findall(r"^LACUNA_FAMILY\((\w+)\)", file.read(), re.M))


# Text of the configuration, and the answer to `lacuna run bad.yaml workload.yaml`.
CONFIG_CASES = [
    ("", "bad.yaml: the file is empty"),
    ("# nothing\n", "bad.yaml: the file is empty"),
    ("- rows\n", f"bad.yaml:1:1: the document is a list; need a map with keys ({TOP_KEYS})"),
    ("rows\n", f"bad.yaml:1:1: the document is a single value; need a map with keys ({TOP_KEYS})"),
    ("arrray: {rows: 3}\n", f"bad.yaml:1:1: unknown key 'arrray'; did you mean 'array'? ({TOP_KEYS})"),
    ("<<: {rows: 3}\n", f"bad.yaml:1:1: unknown key '<<' ({TOP_KEYS})"),
    ("array:\n  rows: 3\n  colums: 4\n",
     f"bad.yaml:3:3: unknown key 'colums' in 'array'; did you mean 'columns'? ({ARRAY_KEYS})"),
    ("array:\n  rows: 3\n  rows: 4\n", "bad.yaml:3:3: key 'rows' is given twice; first in line 2"),
    ("array:\n  rows: 0\n", "bad.yaml:2:9: array.rows is 0; allowed 1..256"),
    ("array:\n  rows: 257\n", "bad.yaml:2:9: array.rows is 257; allowed 1..256"),
    ("array:\n  rows: 99999999999999999999999\n",
     "bad.yaml:2:9: array.rows is 99999999999999999999999; allowed 1..256"),
    ("array:\n  rows: 010\n",
     "bad.yaml:2:9: array.rows is '010'; need a whole number in decimal digits, 1..256"),
    ("array:\n  rows: 0x10\n",
     "bad.yaml:2:9: array.rows is '0x10'; need a whole number in decimal digits, 1..256"),
    ("array:\n  rows: 1.5\n",
     "bad.yaml:2:9: array.rows is '1.5'; need a whole number in decimal digits, 1..256"),
    ("array:\n  rows: '8'\n",
     "bad.yaml:2:9: array.rows is '8'; need a whole number in decimal digits, 1..256"),
    ("array:\n  rows: [8]\n", "bad.yaml:2:9: array.rows is a list; need a whole number"),
    ("array:\n  rows: {a: 8}\n", "bad.yaml:2:9: array.rows is a map; need a whole number"),
    ("intersect: {chunk: 20}\n", "bad.yaml:1:20: intersect.chunk is 20; allowed 8..128 in steps of 8"),
    ("intersect: {skip: bot}\n",
     "bad.yaml:1:19: unknown intersect.skip 'bot'; did you mean 'both'? (none, gate, activations, weights, both)"),
    ("intersect: {skip: [both]}\n", "bad.yaml:1:19: intersect.skip is a list; need text"),
    ("intersect:\n  weights: {buss_bytes: 4}\n",
     "bad.yaml:2:13: unknown key 'buss_bytes' in 'intersect.weights'; did you mean 'bus_bytes'? "
     f"({FEEDER_KEYS})"),
    ("array: {datapath: intersec}\n",
     "bad.yaml:1:19: unknown array.datapath 'intersec'; did you mean 'intersect'? (" + datapaths() + ")"),
    ("name: x\narray:\n  skip: both\n", "bad.yaml:3:3: 'array.skip' is now 'intersect.skip'"),
    ("weights: {encoding: dense}\n", "bad.yaml:1:11: 'weights.encoding' is now 'intersect.weights.encoding'"),
    ("array: 5\n", f"bad.yaml:1:8: array is a single value; need a map with keys ({ARRAY_KEYS})"),
    ("dram: ddr5\n", "bad.yaml:1:7: unknown dram 'ddr5' (ddr4-3200, hbm2-channel, lpddr4, serial)"),
    ("name: ''\n", "bad.yaml:1:7: name is empty; need text"),
    ("energy: none.yaml\n", "bad.yaml:1:9: energy is 'none.yaml'; there is no file 'none.yaml'"),
    ("array:\n\trows: 3\n", "bad.yaml:2:1: YAML syntax error: a tab in the indentation; use spaces"),
    ("array: {rows: 3\n", "bad.yaml:2:1: YAML syntax error: end of map flow not found"),
    ("name: 'x\n", "bad.yaml: YAML syntax error: a quoted text is never closed"),
    ("name: x: y\n", "bad.yaml:1:8: YAML syntax error: illegal map value"),
    ("name: *other\n", "bad.yaml:1:7: YAML syntax error: the referenced anchor is not defined"),
    ("name: &a [*a]\n", "bad.yaml:1:11: the alias stands inside the value it names"),
    ("clock_mhz: !!int 5\n", "bad.yaml:1:12: tag 'tag:yaml.org,2002:int' is not allowed; leave it out"),
    ("[1]: 2\n", "bad.yaml:1:1: a key must be a word"),
    ("name: x\n---\nname: y\n", "bad.yaml:2:1: a second document begins; one file holds one document"),
    (b"name: \x00\n", "bad.yaml:1:7: byte 0x00 is not text"),
    ('name: "m\\e[31mx"\n', "bad.yaml:1:7: character 0x1b is not text"),
    (b"name: \xff\n", "bad.yaml:1:7: byte 0xff is not UTF-8 text"),
    ("[" * 2000, "bad.yaml: YAML syntax error: nested too deeply"),
    ("name: [" + "0," * 1000000 + "0]\n", None),  # one value too many; the column is not worth counting
]

# How one line of the energy table is changed, and the answer.
MAC = "mac_gated: {int8: 0.018, int16: 0.066, unit: pJ/product,"
LEAK = "pe_leakage: {int8: 0.145, int16: 0.29, at_mhz: 800,"
ENERGY_CASES = [
    ("unit: pJ\n", "unit: joule\n", "energy.yaml:{line}:7: unknown unit 'joule' (pJ, RF)"),
    ("name: 45nm\n", "", "energy.yaml:{line}:1: missing key 'name'"),
    (MAC, "mac_gated: {price: 1, int8: 0.018, unit: pJ/product,",
     "energy.yaml:{line}:22: actions.mac_gated has both 'price' and 'int8'; "
     "give one price, or one for int8 and one for int16"),
    (MAC, "mac_gated: {int8: 0.018, unit: pJ/product,",
     "energy.yaml:{line}:14: missing key 'int16' in 'actions.mac_gated'"),
    (MAC, "mac_gated: {unit: pJ/product,", "energy.yaml:{line}:14: missing key 'price' in 'actions.mac_gated'"),
    (MAC, "mac_gated: {price: -1, unit: pJ/product,",
     "energy.yaml:{line}:22: actions.mac_gated.price is -1; allowed 0..1000000000"),
    (MAC, "mac_gated: {price: .nan, unit: pJ/product,",
     "energy.yaml:{line}:22: actions.mac_gated.price is '.nan'; need a decimal number, 0..1000000000"),
    (MAC, "mac_gated: {price: 1, unit: pJ/byte,",
     "energy.yaml:{line}:31: actions.mac_gated.unit is 'pJ/byte'; "
     "this action is counted so that it must be 'pJ/product'"),
    (LEAK, "pe_leakage: {price: 1,", "energy.yaml:{line}:15: missing key 'at_mhz' in 'actions.pe_leakage'"),
]

# Arguments, and the answer. The folder holds config.yaml, energy.yaml, workload.yaml and the folder `mine`.
RUN = ["run", "config.yaml", "workload.yaml"]
ARGUMENT_CASES = [
    (["rnu"],
     "lacuna: unknown command 'rnu'; did you mean 'run'? "
     "(run, explain, check, compare, report, sweep, merge, import, prune, tune, list, completion)"),
    (["--verbose"], "lacuna: unknown option '--verbose' (--help, --version)"),
    (["run"], "lacuna: CONFIG is required; see lacuna run --help"),
    (["run", "config.yaml"], "lacuna: WORKLOAD is required; see lacuna run --help"),
    (RUN + ["more"], "lacuna run: 'more' is one argument too many; see lacuna run --help"),
    (RUN + ["--formt", "csv"], f"lacuna: unknown option '--formt'; did you mean '--format'? ({RUN_OPTIONS})"),
    (RUN + ["--sample", "5"], "--sample: '5' is not a share; write 5%"),
    (RUN + ["--sample", "five%"], "--sample: 'five%' is not a share; write 5%"),
    (RUN + ["--sample", "0%"], "--sample: 0% is out of range; allowed above 0% up to 50%"),
    (RUN + ["--sample", "51%"], "--sample: 51% is out of range; allowed above 0% up to 50%"),
    (RUN + ["--sample", "5%", "--engine", "systemc"],
     "--sample: engine systemc simulates every tile; only fast samples"),
    (RUN + ["--sample", "5%", "--timeline", "t.json"], "--sample: a timeline needs every tile; leave out --timeline"),
    (RUN + ["--threads", "0"], "--threads: 0 threads; allowed 1..1024"),
    (RUN + ["--threads", "1025"], "--threads: 1025 threads; allowed 1..1024"),
    (RUN + ["--format", "xml"], "--format: unknown format 'xml' (table, json, csv)"),
    (RUN + ["--engine", "sistemc"], "--engine: unknown engine 'sistemc'; did you mean 'systemc'? (systemc, fast, rtl)"),
    (["explain"], "lacuna: CONFIG is required; see lacuna explain --help"),
    (["explain", "config.yaml"], "lacuna: WORKLOAD is required; see lacuna explain --help"),
    (EXPLAIN + ["--threads", "0"], "--threads: 0 threads; allowed 1..1024"),
    (EXPLAIN + ["--format", "xml"], "--format: unknown format 'xml' (table, json, csv)"),
    (EXPLAIN + ["--layers", "conv3"], "--layers: unknown layer 'conv3'; did you mean 'conv1'? (conv1, conv2)"),
    (EXPLAIN + ["--set", "array.rows=0"], "--set array.rows=0: array.rows is 0; allowed 1..256"),
    (["explain", "workload.yaml", "config.yaml"],
     "workload.yaml: is a workload and config.yaml a configuration; the configuration comes first"),
    (EXPLAIN + ["-o", ""], "--output: the name is empty"),
    (EXPLAIN + ["-o", "none/e.json"], "none/e.json: cannot write: No such file or directory"),
    (EXPLAIN + ["-o", "mine"], "mine: cannot write: Is a directory"),
    (EXPLAIN + ["-o", "mine/precious.txt"],
     "mine/precious.txt: exists and is no explanation of lacuna; --force overwrites it"),
    (["check"], "lacuna check: CONFIG and WORKLOAD are needed, or --random N"),
    (["check", "config.yaml"], "lacuna check: a WORKLOAD is needed, or --random N"),
    (["compare", "config.yaml", "workload.yaml", "--no-area"],
     "lacuna compare: --layers, --set and --no-area go with --rtl"),
    (["compare", "config.yaml", "workload.yaml", "--rtl", "x", "--fail-above", "1%"],
     "--rtl: gates are for two results; lacuna check is the gate of an edit"),
    (CHECK + ["--stall", "much"], "--stall: 'much' is no share of cycles; legal: 0% to 90%, such as 20%"),
    (CHECK + ["--stall", "91%"], "--stall: '91%' is no share of cycles; legal: 0% to 90%, such as 20%"),
    (CHECK + ["--stall", "10%", "--engines", "systemc,fast"], "--stall: the engine fast has no ports to hold back"),
    (CHECK + ["--waves", "w.fst", "--engines", "systemc,fast"],
     "--waves: neither engine is rtl (systemc, fast); only RTL has signals"),
    (CHECK + ["--datapath", "intersect"],
     "--datapath: random machines are of that family, but CONFIG is 'config.yaml'; leave one of them out"),
    (CHECK + ["--keep", "new", "--no-shrink"], "--keep: a kept case is shrunk; leave --no-shrink out"),
    (CHECK + ["--keep", "config.yaml"], "--keep: 'config.yaml' exists; a kept case needs a folder of its own"),
    (CHECK + ["--engines", "systemc"], "--engines: 1 engines are named; a check compares two"),
    (CHECK + ["--engines", "fast,fast"], "--engines: 'fast' is named twice; a check compares two engines"),
    (CHECK + ["--engines", "systemc,fats"],
     "--engines: unknown engine 'fats'; did you mean 'fast'? (systemc, fast, rtl)"),
    (CHECK + ["--engines", "systemc,fast", "--rtl", "rtl"], "--rtl: neither engine is rtl (systemc, fast)"),
    (CHECK + ["--compare", "cycle"],
     "--compare: unknown comparison 'cycle'; did you mean 'cycles'? (cycles, events, outputs)"),
    (CHECK + ["--rtl", "missing"], "missing/intersect/sources.f: cannot be read; the RTL engine compiles it"),
    (CHECK + ["--rtl", ""], "--rtl: the name is empty"),
    (CHECK + ["--waves", ""], "--waves: the name is empty"),
    (CHECK + ["--waves", "missing/w.fst"], "missing/w.fst: cannot write: No such file or directory"),
    (CHECK + ["--waves", "mine"], "mine: cannot write: Is a directory"),
    (CHECK + ["--waves", "mine/precious.txt"],
     "mine/precious.txt: exists and is no wave file (FST); --force overwrites it"),
    (CHECK + ["--keep", ""], "--keep: the name is empty"),
    (["compare", "config.yaml", "workload.yaml", "--rtl", ""], "--rtl: the name is empty"),
    (CHECK + ["--rtl", "empty"], "empty/intersect/sources.f: names no source"),
    (CHECK + ["--datapath", "intersect"],
     "--datapath: random machines are of that family, but CONFIG is 'config.yaml'; leave one of them out"),
    (RUN + ["--engine"], "lacuna: --engine: 1 required WORD missing; see lacuna run --help"),
    (RUN + ["--layers", "conv3"], "--layers: unknown layer 'conv3'; did you mean 'conv1'? (conv1, conv2)"),
    (["run", "workload.yaml", "config.yaml"],
     "workload.yaml: is a workload and config.yaml a configuration; the configuration comes first"),
    (["run", "sweep.yaml", "workload.yaml"], "sweep.yaml: is a sweep; lacuna sweep sweep.yaml runs it"),
    (["run", "workload.yaml", "workload.yaml"],
     f"workload.yaml: is a workload; the first argument is a configuration, such as {SOURCE}/configs/default.yaml"),
    (["sweep", "workload.yaml"], "workload.yaml: is a workload; a sweep file names it under 'workloads'"),
    (["check", "sweep.yaml", "workload.yaml"], "sweep.yaml: is a sweep; lacuna sweep sweep.yaml runs it"),
    (["run", "sparten", "workload.yaml"],
     f"sparten: there is no such file here; the preset of that name is {SOURCE}/configs/presets/sparten.yaml"),
    (["run", "config.yaml", "lenet5"],
     f"lenet5: there is no such file here; the workload of that name is {SOURCE}/workloads/lenet5"),
    (["sweep", "config.yaml"], "config.yaml: is a configuration; a sweep file names it under 'base'"),
    (RUN + ["--set", "rows=8"], "--set rows=8: there is no parameter 'rows'; did you mean array.rows?"),
    (RUN + ["--set", "bus_bytes=8"],
     "--set bus_bytes=8: there is no parameter 'bus_bytes'; did you mean intersect.weights.bus_bytes or "
     "intersect.activations.bus_bytes?"),
    (RUN + ["--set", "array.rows", "8"], "--set array.rows: need NAME=VALUE, for example array.rows=8"),
    (RUN + ["--layers", "conv1,conv1"], "--layers: layer 'conv1' is named twice"),
    (RUN + ["--layers", "conv1,,conv2"], "--layers: 'conv1,,conv2' has an empty name"),
    (RUN + ["--layers", ""], "--layers: '' has an empty name"),
    (RUN + ["--no-wrap", "--timing-only"],
     "--no-wrap: the reference finds the sums; leave out --timing-only, --no-verify and --sample"),
    (RUN + ["--timeline", "config.yaml"], "config.yaml: exists and is no trace of lacuna; --force overwrites it"),
    (RUN + ["--set", "array.rows=0"], "--set array.rows=0: array.rows is 0; allowed 1..256"),
    (RUN + ["--set", "array.rows"], "--set array.rows: need NAME=VALUE, for example array.rows=8"),
    (RUN + ["--set", "=3"], "--set =3: need NAME=VALUE, for example array.rows=8"),
    (RUN + ["--set", "array.rows="], "--set array.rows=: array.rows is empty; need a whole number"),
    (RUN + ["--set", "array.rosw=8"],
     f"--set array.rosw=8: unknown key 'rosw' in 'array'; did you mean 'rows'? ({ARRAY_KEYS})"),
    (RUN + ["--set", "array.rows=1", "--set", "array.rows=2"], "--set array.rows=2: 'array.rows' is set twice"),
    (RUN + ["--set", "array.chunk=8"], "--set array.chunk=8: 'array.chunk' is now 'intersect.chunk'"),
    (RUN + ["--set", "weights.bus_bytes=4"],
     "--set weights.bus_bytes=4: 'weights.bus_bytes' is now 'intersect.weights.bus_bytes'"),
    (RUN + ["--set", "energy=x.yaml"], "--set energy=x.yaml: energy is 'x.yaml'; there is no file 'x.yaml'"),
    (RUN + ["--set", "name=a\nb", "--set", "array.rows=a\nb"],
     "--set array.rows=a\\x0ab: array.rows is 'a\\x0ab'; need a whole number in decimal digits, 1..256"),
    (["run", "none.yaml", "workload.yaml"], "none.yaml: cannot read: No such file or directory"),
    (["run", "mine", "workload.yaml"], "mine: cannot read: it is a folder"),
    (["run", "", "workload.yaml"], "CONFIG: the name is empty"),
    (["run", "config.yaml", ""], "WORKLOAD: the name is empty"),
    (RUN + ["-o", ""], "--output: the name is empty"),
    (RUN + ["-o", "mine"], "mine: exists and is no result of lacuna; it is not overwritten"),
    (RUN + ["-o", "config.yaml"], "config.yaml: exists and is no result of lacuna; it is not overwritten"),
    (RUN + ["-o", "none/out"], "none/out: there is no folder 'none' to put it in"),
    (RUN + ["--timeline", ""], "--timeline: the name is empty"),
    (RUN + ["--timeline-cycles", "0-9"], "--timeline-cycles: there is no trace; --timeline FILE writes one"),
    (RUN + ["--engine", "systemc", "--timeline", "none/t.json"],
     "none/t.json: cannot write: No such file or directory"),
    (RUN + ["--engine", "systemc", "--timeline", "mine"], "mine: cannot write: Is a directory"),
    (RUN + ["--engine", "systemc", "--timeline", "/dev/null"], "/dev/null: cannot write: it is no regular file"),
    *[(RUN + ["--engine", "systemc", "--timeline", "t.json", "--timeline-cycles", text],
       f"--timeline-cycles {text}: need FROM-TO in cycles of each layer, for example 1000-2000")
      for text in ("5", "5-", "-5", "9-9", "9-8", "a-b", "1-2-3")],
    (["sweep"], "lacuna: SWEEP is required; see lacuna sweep --help"),
    (["sweep", ""], "SWEEP: the name is empty"),
    (["sweep", "engine.yaml"],
     "engine.yaml:3:9: unknown engine 'fats'; did you mean 'fast'? (systemc, fast, rtl)"),
    (["sweep", "none.yaml"], "none.yaml: cannot read: No such file or directory"),
    (SWEEP + ["--jobs", "5000"], "--jobs: 5000 is more than 4096"),
    (SWEEP + ["--shard", "0/3"],
     "--shard: '0/3' is no part; need I/N with 1 <= I <= N <= 100000, for example 2/5"),
    (SWEEP + ["--shard", "2"], "--shard: '2' is no part; need I/N with 1 <= I <= N <= 100000, for example 2/5"),
    (SWEEP + ["--export", "parquet"], "--export: unknown format 'parquet' (csv, jsonl)"),
    (SWEEP + ["--rows", "pes"], "--rows: unknown kind of row 'pes' (points, layers)"),
    (SWEEP + ["-o", ""], "--output: the name is empty"),
    (SWEEP + ["-o", "none/s.sqlite"], "none/s.sqlite: there is no folder 'none' to put it in"),
    (SWEEP + ["-o", "none/folder"], "none/folder: cannot make this folder: No such file or directory"),
    (SWEEP + ["-o", "mine/../mine/precious.sqlite"], "mine/../mine/precious.sqlite: is no store of lacuna sweep"),
    (SWEEP + ["--shards", "3"], "--shards: is for --slurm; --shard I/N runs one part here"),
    (SWEEP + ["--points", "none.txt"], "none.txt: cannot read: No such file or directory"),
    (SWEEP + ["--points", "points.txt"],
     "points.txt:1: '0 0 0123' is no point of sweep.yaml; a list serves the sweep file it was made from"),
    (SWEEP + ["--points", "points.txt", "--slurm"], "--points: --slurm lists the points of its tasks itself"),
    (SWEEP + ["--points", "points.txt", "--shard", "1/2"],
     "--points: lists what to compute; --shard would take a part of the sweep"),
    (SWEEP + ["--points", "points.txt", "--export", "csv"],
     "--points: computes points and notes no sweep, so nothing to export"),
    (SWEEP + ["--sbatch=--partition=p"], "--sbatch: is for --slurm"),
    (SWEEP + ["--slurm", "--shard", "1/3"], "--shard: --slurm makes the shards itself; --shards says how many"),
    (SWEEP + ["--slurm", "--shards", "1001"], "--shards: 1001 is more than 1000"),
    (["sweep", "search.yaml", "--shard", "1/2"],
     "--shard: a search decides what to run by what has run, so it has no parts; --slurm runs it on a cluster"),
    (["sweep", "clocked.yaml", "--jobs", "2"],
     "--jobs: engine systemc simulates one point at a time in a process; --shard makes parts for several"),
    (["merge"], "lacuna: STORE is required; see lacuna merge --help"),
    (["merge", "a.sqlite"], "lacuna: SHARD is required; see lacuna merge --help"),
    (["merge", "a.sqlite", "none.sqlite"], "none.sqlite: there is no such store"),
    (["merge", "config.yaml", "config.yaml"], "config.yaml: a store cannot be merged into itself"),
    (["list"], "lacuna: WHAT is required; see lacuna list --help"),
    (["list", "parametrs"], f"lacuna list: unknown topic 'parametrs'; did you mean 'parameters'? ({TOPICS})"),
    (["list", "parameters", "--format", "csv"], "--format: unknown format 'csv' (table, json)"),
    (["list", "manual", "--format", "json"], "--format: the manual is YAML; it has no other format"),
    (["list", "parameters", "--datapath", "intersekt"],
     f"--datapath: unknown datapath 'intersekt'; did you mean 'intersect'? ({datapaths()})"),
    (["list", "presets", "--datapath", "intersect"],
     "--datapath: 'presets' is the same for every family; leave --datapath out"),
    (["sweep", "datapaths.yaml"],
     "datapaths.yaml:3:8: 'array.datapath' is no axis; list a base configuration of each datapath"),
    (["compare"], "lacuna: BASE is required; see lacuna compare --help"),
    (["compare", "config.yaml"], "lacuna: NEW is required; see lacuna compare --help"),
    (["compare", "none", "none"], "none: cannot read: No such file or directory"),
    (["compare", "mine", "mine"], "mine: has no result.json; lacuna run -o makes one"),
    (["compare", "config.yaml", "config.yaml"], "config.yaml:1:2: is no JSON, or its end is missing"),
    (["compare", "a", "b", "--format", "csv"], "--format: unknown format 'csv' (table, json, markdown)"),
    (["compare", "a", "b", "--fail-above", "1"], "--fail-above 1: need a percentage, for example 1%"),
    (["compare", "a", "b", "--fail-above", "%"], "--fail-above %: need a percentage, for example 1%"),
    (["compare", "a", "b", "--fail-above", "-1%"], "--fail-above -1%: need a percentage, for example 1%"),
    (["compare", "a", "b", "--fail-above", "1x%"], "--fail-above 1x%: need a percentage, for example 1%"),
    (["compare", "a", "b", "--fail-above", "nan%"], "--fail-above nan%: need a percentage, for example 1%"),
    (["compare", "a", "b", "--fail-above", "1%", "--fail-on", "time"],
     "--fail-on: unknown figure 'time' (cycles, energy)"),
    (["compare", "a", "b", "--fail-on", "cycles"], "--fail-on: there is no gate; --fail-above 1% makes one"),
    (["compare", "a", "b", "--each-layer"], "--each-layer: there is no gate; --fail-above 1% makes one"),
    (["report"], "lacuna: RESULT is required; see lacuna report --help"),
    (["report", "mine"], "lacuna: --output is required; see lacuna report --help"),
    (["report", "mine", "-o", "p.html"], "mine: has no result.json; lacuna run -o makes one"),
    (["report", "mine", "-o", ""], "--output: the name is empty"),
    (["report", "mine", "-o", "none/p.html"], "none/p.html: cannot write: No such file or directory"),
    (["report", "mine", "-o", "mine"], "mine: cannot write: Is a directory"),
    (["completion", "tcsh"], "lacuna completion: unknown shell 'tcsh' (bash, zsh, fish)"),
]


class ProgramErrors(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="lacuna-errors-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.write("config.yaml", CONFIG)
        self.write("workload.yaml", WORKLOAD)
        shutil.copy(os.path.join(SOURCE, "configs/energy/45nm.yaml"), os.path.join(self.folder, "energy.yaml"))
        os.mkdir(os.path.join(self.folder, "mine"))
        self.write("mine/precious.txt", "not a result\n")
        self.write("mine/precious.sqlite", "not a store\n" * 100)
        self.write("sweep.yaml", "base: config.yaml\nworkloads: workload.yaml\naxes: {array.rows: [4, 8]}\n")
        self.write("datapaths.yaml",
                   "base: config.yaml\nworkloads: workload.yaml\naxes: {array.datapath: [intersect]}\n")
        os.makedirs(os.path.join(self.folder, "empty/intersect"))
        self.write("empty/intersect/sources.f", "\n")
        self.write("clocked.yaml", "base: config.yaml\nworkloads: workload.yaml\nengine: systemc\n")
        self.write("points.txt", "0 0 0123\n")
        self.write("search.yaml", "base: config.yaml\nworkloads: workload.yaml\n"
                   "search: {objectives: [cycles, energy], points: 2}\n")
        self.write("engine.yaml", "base: config.yaml\nworkloads: workload.yaml\nengine: fats\n")

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def files(self):
        return sorted(os.path.relpath(os.path.join(top, name), self.folder)
                      for top, folders, names in os.walk(self.folder) for name in names + folders)

    def lacuna(self, arguments, **options):
        return subprocess.run([PROGRAM] + arguments, cwd=self.folder, capture_output=True, timeout=60, **options)

    def refused(self, arguments, expected, **options):
        """Runs the program and checks that it refuses in one line; `expected` None checks all but the text."""
        before = self.files()
        done = self.lacuna(arguments, **options)
        error = done.stderr.decode()
        if expected is not None:
            self.assertEqual(error, expected + "\n")
        self.assertEqual(error.count("\n"), 1)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout, b"")
        self.assertEqual(self.files(), before)
        return error

    def test_a_bad_configuration_is_refused_in_one_line(self):
        for text, expected in CONFIG_CASES:
            with self.subTest(text=text[:60]):
                self.write("bad.yaml", text)
                error = self.refused(["run", "bad.yaml", "workload.yaml", "-o", "out"], expected)
                if expected is None:
                    self.assertTrue(error.endswith("the document has more than 1000000 values\n"), error)

    def test_a_configuration_that_is_far_too_large_is_refused(self):
        self.write("bad.yaml", "")
        os.truncate(os.path.join(self.folder, "bad.yaml"), (64 << 20) + 1)
        self.refused(["run", "bad.yaml", "workload.yaml"], "bad.yaml: the file is larger than 64 MiB")

    def test_a_bad_energy_table_is_refused_in_one_line(self):
        with open(os.path.join(self.folder, "energy.yaml"), encoding="utf-8") as file:
            table = file.read()
        for old, new, expected in ENERGY_CASES:
            with self.subTest(new=new):
                self.assertEqual(table.count(old), 1)
                self.write("energy.yaml", table.replace(old, new))
                line = table[:table.index(old)].count("\n") + 1
                self.refused(RUN + ["-o", "out"], expected.format(line=line))

    def test_an_energy_entry_too_many_or_too_few_is_refused(self):
        with open(os.path.join(self.folder, "energy.yaml"), encoding="utf-8") as file:
            lines = file.readlines()
        at = next(i for i, line in enumerate(lines) if line.startswith("  dram_write:"))
        first = next(i for i, line in enumerate(lines) if line.startswith("  mac_executed:"))
        self.write("energy.yaml", "".join(lines[:at] + lines[at + 1:]))
        self.refused(RUN, f"energy.yaml:{first + 1}:3: missing key 'dram_write' in 'actions'")
        self.write("energy.yaml", "".join(lines).replace("source: \"estimate: as weight_bus\"", "source: ''", 1))
        bus = next(i for i, line in enumerate(lines) if line.startswith("  activation_bus:"))
        column = lines[bus].index("source: ") + len("source: ") + 1
        self.refused(RUN, f"energy.yaml:{bus + 1}:{column}: actions.activation_bus.source is empty; "
                          "say where the number is from")
        self.write("energy.yaml", "".join(lines) + "  teleport: {price: 1, unit: pJ/byte, source: x}\n")
        error = self.refused(RUN, None)
        place = f"energy.yaml:{len(lines) + 1}:3"
        self.assertTrue(error.startswith(f"{place}: unknown key 'teleport' in 'actions' (mac_executed, "), error)

    def test_bad_arguments_are_refused_in_one_line(self):
        for arguments, expected in ARGUMENT_CASES:
            with self.subTest(arguments=arguments):
                self.refused(arguments, expected)

    def test_a_result_of_another_machine_or_workload_is_kept(self):
        self.assertEqual(self.lacuna(RUN + ["-o", "out"]).returncode, 0)
        again = self.lacuna(RUN + ["-o", "out", "--engine", "systemc"])
        self.assertEqual((again.returncode, again.stderr), (0, b""))
        other = RUN + ["-o", "out", "--set", "array.rows=3"]
        error = self.refused(other, None)
        self.assertRegex(error, r"^out: holds the result of another machine, .* on .*; --force replaces it\n$")
        self.assertEqual(self.lacuna(other + ["--force"]).returncode, 0)

    def test_a_report_overwrites_reports_only(self):
        self.assertEqual(self.lacuna(RUN + ["-o", "out"]).returncode, 0)
        for name in ("out/result.json", "mine/precious.txt"):
            self.refused(["report", "out", "-o", name],
                         f"{name}: exists and is no report of lacuna; --force overwrites it")
        for _ in range(2):
            self.assertEqual(self.lacuna(["report", "out", "-o", "page.html"]).returncode, 0)
        self.assertEqual(self.lacuna(["report", "out", "-o", "mine/precious.txt", "--force"]).returncode, 0)

    def test_an_explanation_is_replaced_reported_and_refused_when_damaged(self):
        for _ in range(2):
            self.assertEqual(self.lacuna(EXPLAIN + ["-o", "e.json"]).returncode, 0)
        self.assertEqual(self.lacuna(["report", "e.json", "-o", "page.html"]).stdout[:24], b"page.html: 1 explanation")
        with open(os.path.join(self.folder, "e.json"), encoding="utf-8") as file:
            text = file.read()
        self.write("e.json", re.sub(r'"total": (\d+)', '"total": 1', text, count=1))
        self.refused(["report", "e.json", "-o", "page.html"],
                     "e.json: cycles is not the sum of 2 layers; the file is damaged")
        self.write("e.json", text[:-10])
        self.assertRegex(self.refused(["report", "e.json", "-o", "page.html"], None),
                         r"^e\.json:\d+:\d+: is no JSON, or its end is missing\n$")
        self.assertEqual(self.lacuna(EXPLAIN + ["-o", "mine/precious.txt", "--force"]).returncode, 0)

    def test_a_store_that_lacks_a_table_is_damaged(self):
        self.assertEqual(self.lacuna(SWEEP + ["-o", "whole.sqlite"]).returncode, 0)
        for table in ("points", "layers", "areas", "sweeps", "sweep_points", "claims"):
            with self.subTest(table=table):
                shutil.copy(os.path.join(self.folder, "whole.sqlite"), os.path.join(self.folder, "part.sqlite"))
                with contextlib.closing(sqlite3.connect(os.path.join(self.folder, "part.sqlite"))) as store:
                    store.execute(f"DROP TABLE {table}")
                    store.commit()
                for arguments in (["report", "part.sqlite", "-o", "page.html"], SWEEP + ["-o", "part.sqlite"],
                                  ["merge", "new.sqlite", "part.sqlite"], ["compare", "part.sqlite", "whole.sqlite"]):
                    error = self.refused(arguments, None)
                    self.assertRegex(error, r"^part\.sqlite: the store is damaged: no such table: ")

    def test_what_is_sound_of_a_damaged_store_is_shown_and_the_damage_named(self):
        self.assertEqual(self.lacuna(SWEEP + ["-o", "s.sqlite"]).returncode, 0)
        with contextlib.closing(sqlite3.connect(os.path.join(self.folder, "s.sqlite"))) as store:
            store.execute("UPDATE points SET cycles = cycles + 1 WHERE rowid = 1")
            store.commit()
            key = store.execute("SELECT key FROM points WHERE rowid = 1").fetchone()[0]
        for arguments in (["report", "s.sqlite", "-o", "page.html"], ["compare", "s.sqlite", "s.sqlite"],
                          ["merge", "other.sqlite", "s.sqlite"]):
            done = self.lacuna(arguments)
            self.assertEqual(done.stderr.decode(), "s.sqlite: the store is damaged, the rest of it is good: "
                                                   f"a row is damaged: point {key}\n")
            self.assertEqual(done.returncode, 2)
            self.assertNotEqual(done.stdout, b"")
        done = self.lacuna(SWEEP + ["-o", "s.sqlite", "--export", "csv"])
        self.assertEqual((done.returncode, done.stderr, done.stdout.count(b"\n")), (0, b"", 3))

    def test_a_name_of_a_store_is_no_uri(self):
        name = "file:x.sqlite?mode=memory.sqlite"
        self.assertEqual(self.lacuna(SWEEP + ["-o", name]).returncode, 0)
        self.assertIn(name, self.files())

    def test_help_comes_in_every_way_one_asks_for_it(self):
        whole, run = self.lacuna(["--help"]), self.lacuna(["run", "--help"])
        for arguments, same in (([], whole), (["help"], whole), (["help", "run"], run)):
            done = self.lacuna(arguments)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, same.stdout, b""))
        self.assertNotEqual(whole.stdout, run.stdout)

    def test_a_full_standard_output_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "list", "events"], stdout=full, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.stderr.decode(), "standard output: cannot write: No space left on device\n")
        self.assertEqual(done.returncode, 2)

    def test_a_result_that_does_not_fit_leaves_nothing(self):
        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))
        self.refused(RUN + ["-o", "out"], "out/config.yaml: cannot write: File too large", preexec_fn=small_files)

    def test_a_good_run_leaves_a_whole_result_and_may_be_repeated(self):
        before = self.files()
        for _ in range(2):  # the second replaces the first
            done = self.lacuna(RUN + ["-o", "out", "--format", "json"])
            self.assertEqual(done.stderr, b"")
            self.assertEqual(done.returncode, 0)
        made = [name for name in self.files() if name not in before]
        self.assertEqual(made, ["out", "out/config.yaml", "out/conv1.output.npy", "out/conv2.output.npy",
                                "out/energy.yaml", "out/result.csv", "out/result.json"])
        with open(os.path.join(self.folder, "out/result.json"), "rb") as file:
            first = file.read()
        self.assertEqual(first, done.stdout)
        done = self.lacuna(["run", "out/config.yaml", "workload.yaml", "-o", "again"])  # the folder stands alone
        self.assertEqual(done.returncode, 0)
        self.write("out/precious.txt", "mine\n")  # no longer only ours
        self.refused(RUN + ["-o", "out"], "out: exists and is no result of lacuna; it is not overwritten")

    def test_a_trace_that_does_not_fit_leaves_nothing(self):
        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
        self.refused(RUN + ["--engine", "systemc", "--timeline", "t.json"], "t.json: cannot write: File too large",
                     preexec_fn=small_files)

    def test_an_interrupted_trace_leaves_nothing(self):
        self.write("long.yaml", WORKLOAD.replace("M: 4, C: 3, H: 6, W: 6", "M: 64, C: 64, H: 112, W: 112"))
        before = self.files()
        process = subprocess.Popen([PROGRAM, "run", "config.yaml", "long.yaml", "--engine", "systemc", "--timeline",
                                    "t.json", "--timeline-cycles", "0-20000"],
                                   cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), -signal.SIGINT)
        self.assertEqual(self.files(), before)

    def test_a_result_of_an_unknown_datapath_is_refused(self):
        self.assertEqual(self.lacuna(RUN + ["-o", "base"]).returncode, 0)
        with open(os.path.join(self.folder, "base/result.json"), encoding="utf-8") as file:
            text = file.read()
        name = '"array.datapath": "intersect"' if '"array.datapath"' in text else '"datapath": "intersect"'
        self.assertEqual(text.count(name), 1)
        self.write("base/result.json", text.replace(name, name.replace("intersect", "inter")))
        error = self.refused(["compare", "base", "base"], None)
        self.assertIn(f"unknown config.array.datapath 'inter' ({datapaths()})", error)

    def test_the_gate_decides_the_exit_status(self):
        self.assertEqual(self.lacuna(RUN + ["-o", "base"]).returncode, 0)
        self.assertEqual(self.lacuna(RUN + ["-o", "slow", "--set", "intersect.skip=none"]).returncode, 0)
        for arguments, status in [(["base", "base", "--fail-above", "0%", "--each-layer"], 0), (["base", "slow"], 0),
                                  (["base", "slow", "--fail-above", "1%"], 1),
                                  (["slow", "base", "--fail-above", "1%"], 0),
                                  (["base", "slow", "--fail-above", "1%", "--format", "markdown"], 1)]:
            with self.subTest(arguments=arguments):
                done = self.lacuna(["compare"] + arguments)
                self.assertEqual(done.stderr, b"")
                self.assertEqual(done.returncode, status)
                self.assertIn(b"cycles", done.stdout)

    def test_an_interrupted_run_leaves_nothing(self):
        self.write("long.yaml", WORKLOAD.replace("M: 4, C: 3, H: 6, W: 6", "M: 256, C: 256, H: 224, W: 224"))
        before = self.files()
        process = subprocess.Popen([PROGRAM, "run", "config.yaml", "long.yaml", "-o", "out", "--no-verify"],
                                   cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), -signal.SIGINT)
        self.assertEqual(self.files(), before)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
