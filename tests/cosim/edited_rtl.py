"""What `lacuna check --rtl DIR` says of edited copies of the RTL: a fault is found and located, an intended change of the
pipeline is told apart from a fault, a file that does not compile is answered with the compiler's lines.

Usage: edited_rtl.py PROGRAM SOURCE_DIR
"""

import json
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

PROGRAM, SOURCE = map(os.path.abspath, sys.argv[1:3])
CONFIG = """name: small
energy: none
array: {rows: 2, columns: 3}
intersect: {chunk: 8, lanes: 2, skip: both, early_termination: exact,
  weights: {buffer_bytes: 64, bus_bytes: 4, fifo_depth: 2},
  activations: {buffer_bytes: 64, bus_bytes: 4, fifo_depth: 2}}
"""
WORKLOAD = """network: tiny
source: generated for a test
layers:
  - {name: conv1, op: conv, shape: {M: 6, C: 5, H: 6, W: 6, R: 3, S: 3}, density: {weights: 0.5, input: 0.5}, seed: 1, relu: true}
"""


# A stage more between the drain bus and the post unit.
DRAIN_STAGE = (
    "fabric/fabric_drain.sv",
    ("  assign valid_o = valid_q;\n  assign first_o = first_q;\n  assign last_o = last_q;\n"
     "  assign sum_o = sum_q;\n  assign multiplier_o = multiplier_q;\n  assign shift_o = shift_q;\n",
     "  always_ff @(posedge clk_i or negedge rst_ni) begin\n"
     "    if (!rst_ni) valid_o <= 1'b0;\n    else valid_o <= valid_q;\n  end\n"
     "  always_ff @(posedge clk_i) begin\n"
     "    first_o <= first_q;\n    last_o <= last_q;\n    sum_o <= sum_q;\n"
     "    multiplier_o <= multiplier_q;\n    shift_o <= shift_q;\n  end\n"))


class EditedRtl(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.write("config.yaml", CONFIG)
        self.write("workload.yaml", WORKLOAD)
        shutil.copytree(os.path.join(SOURCE, "rtl"), os.path.join(self.folder, "edited"))

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def edit(self, file, *changes):
        path = os.path.join(self.folder, "edited", file)
        with open(path, encoding="utf-8") as source:
            text = source.read()
        for old, new in changes:
            self.assertEqual(text.count(old), 1, f"{file} has another number of: {old}")
            text = text.replace(old, new)
        with open(path, "w", encoding="utf-8") as target:
            target.write(text)

    def check(self, *arguments, env=None):
        done = subprocess.run([PROGRAM, "check", *arguments], cwd=self.folder, capture_output=True, timeout=600, text=True,
                              env=env)
        self.assertEqual(done.stderr, "" if done.returncode < 2 else done.stderr)
        return done

    def check_edited(self, *arguments, env=None):
        return self.check("config.yaml", "workload.yaml", "--rtl", "edited", *arguments, env=env)

    def test_a_fault_is_located_and_its_waves_show_the_cycle(self):
        # The last lane of one PE counts twice.
        self.edit("intersect/partial_sum.sv",
                  ("sum_o = sum_o + AccumulatorBits'($signed(products_i[lane*ProductBits+:ProductBits]));",
                   "sum_o = sum_o + AccumulatorBits'($signed(products_i[0+:ProductBits]));"))
        done = self.check_edited("--waves", "found.fst")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, r"conv1: systemc and rtl differ\n  \d+ events agree, then PE \(\d, \d\) differs after \d+")
        left = re.search(r"    systemc: cycle (\d+) group tile \d+ step \d+ executed \d wasted 0 gated 0 psum -?\d+\n", done.stdout)
        right = re.search(r"    rtl: cycle (\d+) group tile \d+ step \d+ executed \d wasted 0 gated 0 psum -?\d+\n", done.stdout)
        self.assertTrue(left and right, done.stdout)
        self.assertEqual(left[1], right[1])
        # FST, block 0: type, length, first and last time in tenths of a nanosecond, big-endian; a cycle is a nanosecond.
        with open(os.path.join(self.folder, "found.fst"), "rb") as file:
            kind, _, first, last = struct.unpack(">BQQQ", file.read(25))
        self.assertEqual(kind, 0)
        self.assertLessEqual(first, 10 * int(left[1]))
        self.assertGreaterEqual(last, 10 * int(left[1]) + 5)
        # The replay command shows the same again.
        replay = shlex.split(re.search(r"  replay: lacuna check (.*)\n", done.stdout)[1])
        again = self.check(*replay)
        self.assertEqual(again.returncode, 1)
        self.assertEqual(again.stdout.split("  waves:")[0], done.stdout.split("  waves:")[0])

    def test_a_fault_in_a_corner_is_found_by_random_layers_and_kept(self):
        # A sum that is exactly zero does not stop.
        self.edit("intersect/partial_sum.sv", (" || sum_o == '0)", ")"))
        done = self.check("config.yaml", "--random", "200", "--rtl", "edited", "--keep", "kept")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("the smallest that still fails:", done.stdout)
        kept = shlex.split(re.search(r"  kept: lacuna check (.*)\n", done.stdout)[1])
        again = self.check(*kept)
        self.assertEqual(again.returncode, 1, again.stdout)
        self.assertIn("systemc and rtl differ", again.stdout)
        sound = [word for word in kept if word not in ("--rtl", "edited")]
        self.assertEqual(self.check(*sound).returncode, 0)

    def test_a_stage_more_in_the_pipeline_is_reported_as_a_shift(self):
        self.edit(*DRAIN_STAGE)
        strict = self.check_edited("--random", "0")
        self.assertEqual(strict.returncode, 1, strict.stdout)
        events = self.check_edited("--compare", "events")
        self.assertEqual(events.returncode, 0, events.stdout)
        # Another order of transfers on DRAM's bus may even gain.
        self.assertRegex(events.stdout, r"conv1: \d+ events agree, \d+ cycles; \d+ events come at another cycle, the first in "
                                        r"memory \(writes\): cycle (\d+) write .*, there in cycle \d+; \d+ cycles there \([+-]\d+\)\n")
        self.assertRegex(events.stdout, r"24 random layers .* agree \(\d+ events or outputs compared, \d+ at another cycle\)\n")
        self.assertEqual(self.check_edited("--compare", "outputs").returncode, 0)

    def compared(self, *arguments):
        shutil.copy(os.path.join(SOURCE, "configs/energy/45nm.yaml"), os.path.join(self.folder, "energy.yaml"))
        # One transfer at a time: no other order of transfers hides what the edit costs.
        self.write("priced.yaml", CONFIG.replace("energy: none", "energy: energy.yaml") + "dram: serial\n")
        return subprocess.run([PROGRAM, "compare", "priced.yaml", "workload.yaml", "--rtl", "edited", *arguments],
                              cwd=self.folder, capture_output=True, timeout=900, text=True)

    def test_compare_tells_what_an_edit_did_to_cycles_events_energy_and_area(self):
        self.edit(*DRAIN_STAGE)
        done = self.compared("--format", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        layer = result["layers"][0]
        self.assertEqual(layer["outputs"], "equal")
        self.assertEqual(layer["cycles"]["model"], layer["cycles"]["base_rtl"])
        self.assertGreater(layer["cycles"]["edited_rtl"], layer["cycles"]["base_rtl"])
        self.assertEqual(layer["events group"]["edited_rtl"], layer["events group"]["model"])
        self.assertGreater(layer["energy"]["edited_rtl"], layer["energy"]["base_rtl"])  # leaks for longer
        area = {part["part"]: part for part in result["area"]}
        # Some sixty flip-flops more in the drain; what is not edited stays but for the scatter of synthesis.
        self.assertGreater(area["drain"]["edited_um2"], 1.2 * area["drain"]["base_um2"])
        self.assertLess(abs(area["pe"]["edited_um2"] / area["pe"]["base_um2"] - 1), 0.02)

    def test_compare_of_rtl_that_only_verilator_reads_says_that_the_area_is_not_known(self):
        self.edit("common/mac_lane.sv", ("  logic active_q, active_d;", "  import lacuna_pkg::*;\n  logic active_q, active_d;"))
        done = self.compared()
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertRegex(done.stderr, r"edited: the area is not known: .*; --no-area leaves it out\n")
        self.assertEqual(self.compared("--no-area").returncode, 0)

    def test_rtl_that_does_not_compile_is_answered_with_the_place(self):
        self.edit("intersect/partial_sum.sv", ("assign retire = complete_q", "assign retire = compleet_q"))
        done = self.check_edited()
        self.assertEqual(done.returncode, 2)
        first, *rest = done.stderr.splitlines()
        self.assertEqual(first, "edited: the RTL does not compile:")
        self.assertRegex(rest[0], r"^  %Error: edited/intersect/partial_sum\.sv:\d+:\d+: .*compleet_q")

    def test_a_combinational_loop_ends(self):
        self.edit("common/chunk_fifo.sv", ("assign room_o = count_q != CountWidth'(Depth);",
                                           "assign room_o = count_q != CountWidth'(Depth) & ~push_i;"))
        done = self.check_edited("--random", "0")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stdout, r"events agree, then rtl breaks off: cycle \d+: ")
        # So do a comparison of outputs, and that of cycles, events and energy; both are differences.
        done = self.check_edited("--random", "0", "--compare", "outputs")
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertRegex(done.stdout, r"^conv1: systemc and rtl differ\n  rtl breaks off: cycle \d+: ")
        done = self.compared("--no-area")
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertRegex(done.stdout, r"^conv1: the edited RTL breaks off: cycle \d+: ")
        # What was found is said though the waves cannot be written in the end: here no model with waves compiles.
        self.write("verilator", '#!/bin/sh\ncase "$*" in *--trace-fst*) exit 1;; esac\n'
                                f'exec {shlex.quote(shutil.which("verilator"))} "$@"\n')
        os.chmod(os.path.join(self.folder, "verilator"), 0o755)
        done = self.check_edited("--random", "0", "--waves", "w.fst",
                                 env=dict(os.environ, PATH=self.folder + os.pathsep + os.environ["PATH"]))
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertRegex(done.stdout, r"rtl breaks off: (?s:.*)\n  no waves: edited: the RTL does not compile:")

    def test_the_rtl_as_it_is_agrees_with_ports_held_back(self):
        done = self.check("config.yaml", "workload.yaml", "--stall", "40%", "--random", "40", "--waves", "none.fst")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("no waves are written: nothing differs", done.stdout)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "none.fst")))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
