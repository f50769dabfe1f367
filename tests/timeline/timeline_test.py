"""A trace holds what the run counted: slices nest, and every PE-cycle is in exactly one slice of its class.

    python3 tests/timeline/timeline_test.py PROGRAM SOURCE_FOLDER

Runs the program on machines that differ in shape, skip rule, mapping and early termination, reads the trace as JSON and
holds it against the result file of the same run.
"""
import collections
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM, SOURCE = (os.path.abspath(path) for path in sys.argv[1:3])

WORKLOAD = """network: 'ti "ny'
source: generated for a test
layers:
  - {name: conv1, op: conv, shape: {M: 5, C: 3, H: 6, W: 6, R: 3, S: 3}, density: {weights: 0.5, input: 0.5},
     relu: true, seed: 1}
  - {name: fc, op: fc, shape: {M: 10, C: 40}, density: {weights: 0.4, input: 0.6}, relu: true, seed: 2}
"""
MACHINES = [
    [],
    ["array.rows=3", "array.columns=2", "intersect.chunk=8", "intersect.skip=weights"],
    ["array.rows=2", "array.columns=3", "intersect.chunk=8", "intersect.lanes=2", "intersect.skip=gate"],
    ["array.rows=3", "array.columns=2", "intersect.chunk=8", "intersect.early_termination=exact"],
    ["array.rows=2", "array.columns=2", "intersect.chunk=16", "intersect.mapping=filters", "intersect.weights.bus_bytes=2"],
]


def of_tracks(events):
    """Slices by track in the order of time: (begin, end, name, depth). Fails where slices overlap without nesting."""
    tracks = collections.defaultdict(list)
    # Stable, as viewers sort: of two that begin together the first in the file is the outer one.
    for event in sorted((e for e in events if e["ph"] == "X"), key=lambda e: e["ts"]):
        found = tracks[event["pid"], event["tid"]]
        begin, end, tile = event["ts"], event["ts"] + event["dur"], event["name"].startswith("tile ")
        assert end > begin, f"a slice of no length: {event}"
        outer = next((slice for slice in reversed(found) if slice[3] == 0), (0, 0))  # the latest that is in no other
        latest = found[-1][1] if found else 0
        if tile or begin >= outer[1]:
            assert begin >= outer[1] and begin >= latest, f"a slice begins in a slice: {event}"
            found.append((begin, end, event["name"], 0))
        else:
            assert outer[2].startswith("tile "), f"slices overlap: {event}"
            assert end <= outer[1], f"a slice outlives its tile: {event}"
            assert found[-1] is outer or begin >= latest, f"slices overlap: {event}"
            found.append((begin, end, event["name"], 1))
    return tracks


class TimelineTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="lacuna-timeline-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        with open(os.path.join(self.folder, "workload.yaml"), "w", encoding="utf-8") as file:
            file.write(WORKLOAD)

    def run_lacuna(self, settings, *more):
        arguments = [PROGRAM, "run", os.path.join(SOURCE, "configs/default.yaml"), "workload.yaml", "-o", "out", "--force",
                     "--timeline", "trace.json", *more]
        for setting in settings:
            arguments += ["--set", setting]
        done = subprocess.run(arguments, cwd=self.folder, capture_output=True, timeout=120)
        self.assertEqual((done.stderr, done.returncode), (b"", 0), " ".join(arguments))
        with open(os.path.join(self.folder, "trace.json"), encoding="utf-8") as file:
            trace = json.load(file)
        with open(os.path.join(self.folder, "out/result.json"), encoding="utf-8") as file:
            result = json.load(file)
        return trace, result

    def names(self, trace):
        return {e["pid"]: e["args"]["name"] for e in trace["traceEvents"] if e.get("name") == "process_name"}

    def test_every_pe_cycle_is_in_one_slice_of_its_class(self):
        for settings in MACHINES:
            with self.subTest(settings=settings):
                trace, result = self.run_lacuna(settings)
                processes = self.names(trace)
                tracks = of_tracks([e for e in trace["traceEvents"] if e["ph"] != "M"])
                pes = {key: found for key, found in tracks.items() if processes[key[0]] == "PEs"}
                array = result["config"]["array"]
                self.assertEqual(len(pes), array["rows"] * array["columns"])
                begin = 0
                for layer in result["layers"]:
                    end = begin + layer["cycles"]
                    by_class = collections.Counter()
                    for (_, tid), found in pes.items():
                        covered, busy = 0, 0
                        for first, last, name, _ in found:
                            if name.startswith("tile ") or not begin <= first < end:
                                continue
                            self.assertLessEqual(last, end)
                            by_class[name] += last - first
                            covered += last - first
                            busy += last - first if name == "busy" else 0
                        self.assertEqual(covered, layer["cycles"])
                        row, column = divmod(tid % 100000, array["columns"])
                        self.assertEqual(busy, layer["per_pe_busy"][row][column])
                    expected = {name: cycles for name, cycles in layer["pe_cycles"].items() if cycles}
                    self.assertEqual(dict(by_class), expected)
                    begin = end
                layers = [found for key, found in tracks.items() if processes[key[0]] == "layers"][0]
                self.assertEqual([name for _, _, name, _ in layers], ["conv1", "fc"])
                self.assertEqual(layers[-1][1], result["total"]["cycles"])

    def test_feeders_and_drain_and_memory_carry_what_the_run_counted(self):
        for settings in MACHINES:
            with self.subTest(settings=settings):
                trace, result = self.run_lacuna(settings)
                processes = self.names(trace)
                sums = collections.Counter()
                for event in trace["traceEvents"]:
                    if event["ph"] != "X" or event["name"].startswith("tile "):
                        continue
                    process = processes[event["pid"]]
                    for name, value in event.get("args", {}).items():
                        if name != "value":
                            sums[process, name] += value
                    sums[process, "slices"] += 1
                    if event["name"].startswith("write"):
                        sums["written"] += event["args"]["dram_bytes"]
                total = result["total"]
                traffic = total["traffic_bytes"]
                self.assertEqual(sums["row feeders (weights)", "bytes"], traffic["weight_buffer_read"])
                self.assertEqual(sums["column feeders (activations)", "bytes"], traffic["activation_buffer_read"])
                self.assertEqual(sums["drain buses", "slices"], total["outputs"]["all"])
                self.assertEqual(sums["memory", "dram_bytes"], traffic["dram_read"] + traffic["dram_write"])
                self.assertEqual(sums["written"], traffic["dram_write"])
                self.assertEqual(sums["PEs", "executed"], total["pairs"]["executed"])
                stops = sum(1 for e in trace["traceEvents"] if e["ph"] == "i" and e["name"] == "stop")
                self.assertEqual(stops, total["outputs"]["terminated"])
                results = [e["args"]["psum"] for e in trace["traceEvents"] if e["ph"] == "i" and e["name"] == "result"]
                self.assertEqual(len(results), total["outputs"]["all"])
                self.assertGreater(len(set(results)), 10)
                if "intersect.early_termination=exact" in settings:
                    self.assertGreater(stops, 0)

    def test_a_window_of_cycles_is_that_part_of_the_whole_trace(self):
        settings = MACHINES[3]
        whole, result = self.run_lacuna(settings)
        lengths = [layer["cycles"] for layer in result["layers"]]
        windows = [(begin + 40, begin + 90) for begin in (0, lengths[0])]
        self.assertTrue(all(length > 90 for length in lengths))

        def cut(trace):
            pieces = []
            for key, found in of_tracks([e for e in trace["traceEvents"] if e["ph"] != "M"]).items():
                for first, last, name, depth in found:
                    for begin, end in windows:
                        if key[0] != 1 and max(first, begin) < min(last, end) and not name.startswith("tile "):
                            pieces.append((key, max(first, begin), min(last, end), name, depth))
            return sorted(pieces)

        part, _ = self.run_lacuna(settings, "--timeline-cycles", "40-90")
        self.assertEqual(cut(part), cut(whole))
        self.assertTrue(cut(part))
        for event in part["traceEvents"]:
            if event["ph"] in "Xi" and event["pid"] != 1:
                self.assertTrue(any(begin <= event["ts"] <= end for begin, end in windows), event)

    def test_engines_write_the_same_trace(self):
        for settings in MACHINES:
            with self.subTest(settings=settings):
                tracks = []
                for engine in ("systemc", "fast"):
                    trace, _ = self.run_lacuna(settings, "--engine", engine)
                    self.assertEqual(trace["otherData"]["engine"], engine)
                    tracks.append(sorted(json.dumps(event, sort_keys=True) for event in trace["traceEvents"]))
                self.assertEqual(tracks[0], tracks[1])

    def test_the_same_run_gives_the_same_bytes_and_the_same_result_as_without_a_trace(self):
        contents = []
        for _ in range(2):
            _, result = self.run_lacuna(MACHINES[1])
            with open(os.path.join(self.folder, "trace.json"), "rb") as file:
                contents.append(file.read())
        self.assertEqual(contents[0], contents[1])
        arguments = [PROGRAM, "run", os.path.join(SOURCE, "configs/default.yaml"), "workload.yaml", "--format", "json"]
        for setting in MACHINES[1]:
            arguments += ["--set", setting]
        done = subprocess.run(arguments, cwd=self.folder, check=True, capture_output=True, timeout=120)
        self.assertEqual(json.loads(done.stdout), result)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
