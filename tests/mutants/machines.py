"""Machines on which faults in the RTL of each family are tried, and how its RTL is linted."""

import json
import re
import subprocess

# Each rule, both mappings, both widths, both encodings, FIFOs and buses of one; all but one with early termination.
INTERSECT = {
    "both": "array: {rows: 2, columns: 3}\n"
            "intersect: {chunk: 8, lanes: 2, skip: both, early_termination: exact,\n"
            "  weights: {buffer_bytes: 64, bus_bytes: 4, fifo_depth: 1},\n"
            "  activations: {buffer_bytes: 48, bus_bytes: 3, fifo_depth: 2}}\npost: {threshold: 3}\n",
    "gate": "array: {rows: 3, columns: 2, operand: int16}\n"
            "intersect: {chunk: 16, lanes: 1, skip: gate, early_termination: exact, mapping: filters,\n"
            "  weights: {buffer_bytes: 192, bus_bytes: 8, fifo_depth: 3},\n"
            "  activations: {buffer_bytes: 64, bus_bytes: 16, fifo_depth: 1, encoding: dense}}\n",
    "weights": "array: {rows: 3, columns: 1}\n"
               "intersect: {chunk: 16, lanes: 3, skip: weights, early_termination: exact,\n"
               "  weights: {buffer_bytes: 96, bus_bytes: 16, fifo_depth: 2, encoding: dense},\n"
               "  activations: {buffer_bytes: 64, bus_bytes: 1, fifo_depth: 4}}\n",
    "activations": "array: {rows: 1, columns: 2}\n"
                   "intersect: {chunk: 8, lanes: 1, skip: activations, early_termination: exact,\n"
                   "  weights: {buffer_bytes: 64, bus_bytes: 2, fifo_depth: 2},\n"
                   "  activations: {buffer_bytes: 64, bus_bytes: 4, fifo_depth: 3}}\n",
    "none": "array: {rows: 2, columns: 2}\n"
            "intersect: {chunk: 8, lanes: 4, skip: none,\n"
            "  weights: {buffer_bytes: 64, bus_bytes: 4, fifo_depth: 2},\n"
            "  activations: {buffer_bytes: 64, bus_bytes: 8, fifo_depth: 2}}\n",
}

# Both deliveries; every index code, reach, order of weights and lane step; both widths, zeros multiplied and gated, FIFOs and
# buses of one.
GATHER = {
    "step": "array: {datapath: gather, rows: 2, columns: 3}\n"
            "gather: {lanes: 3, windows: 2, segment: 24, segments_resident: 2, index: step, index_bits: 2,\n"
            "  weights: {buffer_bytes: 1024, bus_bytes: 4, fifo_depth: 1},\n"
            "  activations: {buffer_bytes: 256, bus_bytes: 3}}\npost: {threshold: 3}\n",
    "bank": "array: {datapath: gather, rows: 3, columns: 1}\n"
            "gather: {lanes: 4, windows: 1, segment: 17, segments_resident: 1, index: absolute, reach: bank, banks: 3,\n"
            "  zeros: gated, weights: {buffer_bytes: 1024, bus_bytes: 16, fifo_depth: 3},\n"
            "  activations: {buffer_bytes: 64, bus_bytes: 1}}\n",
    "block": "array: {datapath: gather, rows: 2, columns: 2, operand: int16}\n"
             "gather: {lanes: 2, windows: 2, segment: 10, segments_resident: 3, index: offset, block: 5, per_block: 2,\n"
             "  reach: block, weights: {buffer_bytes: 1024, bus_bytes: 8, fifo_depth: 2},\n"
             "  activations: {buffer_bytes: 256, bus_bytes: 16}}\n",
    "predictive": "array: {datapath: gather, rows: 2, columns: 2}\n"
                  "gather: {delivery: resident, windows: 3, window_groups: 2, segment: 800, segments_resident: 2,\n"
                  "  index: absolute, reach: bank, weight_order: predictive, lane_step: together,\n"
                  "  weights: {buffer_bytes: 2048, bus_bytes: 3, fifo_depth: 2},\n"
                  "  activations: {buffer_bytes: 2048, bus_bytes: 4}}\n",
    "sign": "array: {datapath: gather, rows: 1, columns: 2, operand: int16}\n"
            "gather: {delivery: resident, windows: 2, window_groups: 3, segment: 800, segments_resident: 1,\n"
            "  index: absolute, reach: bank, weight_order: sign, lane_step: apart, zeros: gated,\n"
            "  weights: {buffer_bytes: 4096, bus_bytes: 16, fifo_depth: 1},\n"
            "  activations: {buffer_bytes: 4096, bus_bytes: 3}}\n",
    "natural": "array: {datapath: gather, rows: 2, columns: 1}\n"
               "gather: {delivery: resident, windows: 1, window_groups: 3, segment: 800, segments_resident: 3,\n"
               "  index: absolute, reach: bank, weight_order: natural,\n"
               "  weights: {buffer_bytes: 2048, bus_bytes: 8, fifo_depth: 3},\n"
               "  activations: {buffer_bytes: 2048, bus_bytes: 1}}\n",
}
# Files that only one delivery has. Faults in them are not tried on the other.
STREAM = ("group_assembly", "index_adder", "segment_store", "operand_reach", "stream_pe")
RESIDENT = ("bank_walk", "filter_store", "tile_store", "lane_sequencer", "stop_rule", "resident_pe")


class FamilyBench:
    """What a family's faults are tried with. by_rule: how many of those by rule are drawn if nothing else is said."""

    def __init__(self, name, top, lint, machines, by_rule):
        self.name, self.top, self.lint, self.machines, self.by_rule = name, top, lint, machines, by_rule

    def machines_with(self, file):
        """Names of the machines that have the file's module."""
        if self.name != "gather":
            return list(self.machines)
        resident, stream = (any(file == f"gather/{name}.sv" for name in names) for names in (RESIDENT, STREAM))
        return [name for name, text in self.machines.items() if not (stream if "resident," in text else resident)]


def intersect_machines(program):
    """INTERSECT, and one for each skip rule of the program that none of them has."""
    said = subprocess.run([program, "list", "skip_rules", "--format", "json"], capture_output=True, text=True, check=True)
    every = dict(INTERSECT)
    for rule in (line["name"] for line in json.loads(said.stdout)):
        if not any(re.search(rf"\bskip: {rule}\b", text) for text in INTERSECT.values()):
            every[rule] = ("array: {rows: 2, columns: 3}\n"
                           f"intersect: {{chunk: 8, lanes: 2, skip: {rule}, early_termination: exact,\n"
                           "  weights: {buffer_bytes: 64, bus_bytes: 4, fifo_depth: 1},\n"
                           "  activations: {buffer_bytes: 48, bus_bytes: 3, fifo_depth: 2}}\n")
    return every


def families(program):
    """The families in the order in which they take files: what several share is tried on the first."""
    return [
        FamilyBench("intersect", "intersect_array", [["-GEarlyTermination=1", "-GChunk=16", "-GLanes=2"]],
                    intersect_machines(program), 120),
        FamilyBench("gather", "gather_array",
                    [["-GLanes=3", "-GWindows=2", "-GSegment=24", "-GIndexBits=2"],
                     ["-GDelivery=1", "-GReach=1", "-GIndex=2", "-GWindows=3", "-GWindowGroups=2", "-GSegment=50",
                      "-GWeightOrder=2", "-GWeightsBusBytes=3"]],
                    GATHER, 60),
    ]
