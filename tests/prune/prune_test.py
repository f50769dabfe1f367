"""`lacuna prune` against a plain computation of each criterion from the files; what it keeps; and every complaint.

    python3 tests/prune/prune_test.py PROGRAM SOURCE_FOLDER
"""
import json
import os
import random
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import unittest
from fractions import Fraction

PROGRAM, SOURCE = (os.path.abspath(path) for path in sys.argv[1:3])
LENET = os.path.join(SOURCE, "workloads/lenet5")
LARGE_LEFT_OUT = ["conv1", "conv2", "fc2"]
PATTERNS = [(2, 4), (1, 2), (1, 4), (3, 4), (4, 8), (2, 5), (1, 16), (7, 64)]
TYPES = {"|i1": "b", "|u1": "B", "<i2": "h", "<u2": "H", "<i4": "i", "<i8": "q", "<f4": "f"}
KEPT = ("input", "bias", "requantise", "representatives", "thresholds")

GENERATED = """network: drawn
layers:
  - {name: a, op: conv, shape: {M: 6, C: 5, H: 6, W: 6, R: 3, S: 3}, density: {weights: 1, input: 0.5}, relu: true}
  - {name: b, op: conv, shape: {N: 2, M: 4, C: 6, H: 4, W: 5, R: 2, S: 1}, groups: 2, stride: [2, 1], pad: [0, 1, 2, 3],
     dilation: [1, 2], density: {input: 0.5, output: 0.25}, pattern: 3:4, operand: int16, seed: 7, relu: true,
     notes: ['first "note"', 'second: note']}
"""


def npy(descr, shape, values):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(
        f"<{len(values)}{TYPES[descr]}", *values)


def read_npy(path):
    """(descr, shape, values) of a .npy file."""
    with open(path, "rb") as file:
        data = file.read()
    size = 10 + struct.unpack("<H", data[8:10])[0]
    header = eval(data[10:size], {"__builtins__": {}}, {"False": False, "True": True})
    count = (len(data) - size) // struct.calcsize("<" + TYPES[header["descr"]])
    return header["descr"], header["shape"], list(struct.unpack(f"<{count}{TYPES[header['descr']]}", data[size:]))


def reduction(shape):
    """Places of a filter's weights, in the order of its reduction: row, column, channel of the kernel."""
    if len(shape) == 2:
        return list(range(shape[1]))
    _, channels, rows, columns = shape
    return [(c * rows + r) * columns + s for r in range(rows) for s in range(columns) for c in range(channels)]


def by_pattern(shape, weights, n, m):
    order = reduction(shape)
    size, result = len(order), [0] * len(weights)
    for first in range(0, len(weights), size):
        for block in range(0, size, m):
            places = [first + place for place in order[block:block + m]]
            for place in sorted(places, key=lambda p: -abs(weights[p]))[:n]:  # stable: the first of equal ones
                result[place] = weights[place]
    return result


def magnitudes(shape, weights, requantise):
    size = len(weights) // shape[0]
    scale = lambda m: Fraction(requantise[2 * m], 2 ** requantise[2 * m + 1]) if requantise else 1
    return [abs(w) * scale(i // size) for i, w in enumerate(weights)]


class Prune(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="lacuna-prune-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.write("drawn.yaml", GENERATED)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def lacuna(self, *arguments, **options):
        return subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True, timeout=120, **options)

    def prune(self, *arguments):
        done = self.lacuna("prune", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, b""), done.stderr.decode())
        return done.stdout.decode()

    def result(self, workload, *arguments):
        done = self.lacuna("run", os.path.join(SOURCE, "configs/default.yaml"), workload, "--format", "json", "--no-dense",
                           *arguments)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return json.loads(done.stdout)

    def files(self):
        return sorted(os.path.relpath(os.path.join(top, name), self.folder)
                      for top, folders, names in os.walk(self.folder) for name in names + folders)

    def yaml(self, folder):
        with open(self.path(folder, "workload.yaml"), encoding="utf-8") as file:
            return file.read()

    def given(self, folder="given"):
        """A workload of one layer of each kind with tensors of every type, some with requantisation and bias."""
        draw = random.Random(5)
        text = "network: given\nsource: 'made by a test: \"odd\" and \\ x'\nlayers:\n"
        for name, op, weights, inputs, types, more in [
                ("conv", "conv", (6, 5, 3, 2), (2, 5, 6, 7), ("|i1", "|u1"), "pad: 1, stride: [1, 2], relu: true"),
                ("groups", "conv", (6, 3, 2, 2), (1, 6, 4, 4), ("<i2", "<u2"), "groups: 2"),
                ("depthwise", "depthwise", (8, 1, 3, 3), (1, 4, 5, 5), ("|i1", "|i1"), "dilation: 2"),
                ("fc", "fc", (7, 30), (3, 30), ("|i1", "|u1"), "relu: true"),
                ("matmul", "matmul", (5, 13), (13, 4), ("<i2", "<i2"), "relu: false")]:
            def tensor(kind, descr, shape, low, high):
                size = 1
                for extent in shape:
                    size *= extent
                self.write(f"{folder}/{name}.{kind}.npy", npy(descr, shape, [draw.randint(low, high) for _ in range(size)]))
            tensor("weights", types[0], weights, -5 if types[0] == "|i1" else -300, 4)
            tensor("input", types[1], inputs, 0, 90)
            files = f"weights: {name}.weights.npy, input: {name}.input.npy"
            if name in ("conv", "fc"):
                tensor("bias", "<i4", (weights[0],), -100, 100)
                pairs = [x for _ in range(weights[0]) for x in (draw.randint(1, 60), draw.randint(0, 5))]
                self.write(f"{folder}/{name}.requantise.npy", npy("<i4", (weights[0], 2), pairs))
                files += f", bias: {name}.bias.npy, requantise: {name}.requantise.npy"
            text += f"  - {{name: {name}, op: {op}, {files}, {more}}}\n"
        self.write(f"{folder}/workload.yaml", text)
        return self.path(folder)

    def layers(self, folder):
        return re.findall(r"^  - \{?name: (\w+)", self.yaml_of(folder), re.M)

    def yaml_of(self, folder):
        with open(os.path.join(folder, "workload.yaml"), encoding="utf-8") as file:
            return file.read()

    def tensor(self, folder, layer, kind):
        path = os.path.join(folder, f"{layer}.{kind}.npy")
        return read_npy(path) if os.path.exists(path) else None

    def check_kept(self, before, after):
        """All but the weights' values is the same."""
        for layer in self.layers(before):
            for kind in KEPT:
                was, now = self.tensor(before, layer, kind), self.tensor(after, layer, kind)
                if kind == "input" and len(was[1]) == 4 and len(now[1]) == 2:
                    was = was[0], (was[1][0], was[1][1] * was[1][2] * was[1][3]), was[2]
                self.assertEqual(was, now, (layer, kind))
            was, now = self.tensor(before, layer, "weights"), self.tensor(after, layer, "weights")
            self.assertEqual(was[:2], now[:2])

    def test_a_pattern_keeps_the_largest_of_each_block(self):
        for source, patterns in ((LENET, PATTERNS[:1]), (self.given(), PATTERNS)):
            for n, m in patterns:
                self.prune(source, "--pattern", f"{n}:{m}", "-o", "out")
                self.check_kept(source, self.path("out"))
                for layer in self.layers(source):
                    _, shape, weights = self.tensor(source, layer, "weights")
                    self.assertEqual(self.tensor(self.path("out"), layer, "weights")[2], by_pattern(shape, weights, n, m),
                                     (source, layer, n, m))

    def test_a_density_keeps_the_largest_of_the_layer_and_spreads_equal_ones(self):
        for source, chosen in ((LENET, LARGE_LEFT_OUT), (self.given(), self.layers(self.given()))):
            for density in (0.01, 0.05, 0.3, 0.77):
                self.prune(source, "--density", str(density), "--layers", ",".join(chosen), "-o", "out")
                self.check_kept(source, self.path("out"))
                for layer in chosen:
                    _, shape, weights = self.tensor(source, layer, "weights")
                    scales = self.tensor(source, layer, "requantise")
                    sizes = magnitudes(shape, weights, scales and scales[2])
                    count = int(Fraction(str(density)) * len(weights) + Fraction(1, 2))
                    threshold = sorted(sizes, reverse=True)[count - 1]
                    above, equal = sum(s > threshold for s in sizes), sum(s == threshold for s in sizes)
                    expected, seen = [], 0
                    for weight, size in zip(weights, sizes):
                        stays = size > threshold
                        if size == threshold:
                            stays = (seen + 1) * (count - above) // equal > seen * (count - above) // equal
                            seen += 1
                        expected.append(weight if stays else 0)
                    self.assertEqual(self.tensor(self.path("out"), layer, "weights")[2], expected, (layer, density))

    def test_a_global_density_measures_each_layer_by_its_mean(self):
        for source, chosen in ((LENET, LARGE_LEFT_OUT), (self.given(), self.layers(self.given()))):
            self.prune(source, "--density", "0.05", "--global", "--layers", ",".join(chosen), "-o", "out")
            kept, lost, total = [], [], 0
            for layer in chosen:
                _, shape, weights = self.tensor(source, layer, "weights")
                scales = self.tensor(source, layer, "requantise")
                sizes = magnitudes(shape, weights, scales and scales[2])
                mean = sum(sizes) / len(sizes)
                after = self.tensor(self.path("out"), layer, "weights")[2]
                total += len(weights)
                for weight, now, size in zip(weights, after, sizes):
                    self.assertIn(now, (0, weight))
                    (kept if now else lost).append(size / mean)
            self.assertEqual(len(kept), int(total * Fraction(1, 20) + Fraction(1, 2)))
            self.assertGreaterEqual(min(kept) * (1 + Fraction(1, 10 ** 12)), max(lost))

    def test_float_weights_are_compared_by_their_values(self):
        # Two filters: [1, 2, 3, 4] and a tenth of it, which int8 with a scale a filter makes equal.
        self.write("float/w.npy", npy("<f4", (2, 4), [1, 2, 3, 4, 0.1, 0.2, 0.3, 0.4]))
        self.write("float/x.npy", npy("|u1", (1, 4), [1, 2, 3, 4]))
        self.write("float/workload.yaml", "network: n\nlayers: [{name: a, op: fc, weights: w.npy, input: x.npy}]\n")
        self.prune("float", "--density", "0.5", "-o", "out")
        self.assertEqual(self.tensor(self.path("out"), "a", "weights")[2], [32, 64, 95, 127, 0, 0, 0, 0])
        notes = self.result("out")["layers"][0]["notes"]
        self.assertTrue(any(note.startswith("weights quantised on loading: float32 to int8") for note in notes), notes)

    def test_the_table_counts_what_is_left(self):
        text = self.prune(LENET, "--pattern", "2:4", "--layers", "conv1,fc2", "-o", "out")
        self.assertTrue(text.startswith("lenet5: 2 of 4 layers pruned by magnitude to 2:4, without fine-tuning\n"), text)
        sums = [0, 0, 0]
        for layer in ("conv1", "fc2"):
            _, shape, before = self.tensor(LENET, layer, "weights")
            after = self.tensor(self.path("out"), layer, "weights")[2]
            scales = self.tensor(LENET, layer, "requantise")
            share = (sum(magnitudes(shape, after, scales and scales[2])) /
                     sum(magnitudes(shape, before, scales and scales[2])))
            counts = [len(before), sum(w != 0 for w in before), sum(w != 0 for w in after)]
            sums = [a + b for a, b in zip(sums, counts)]
            cells = [layer, *(f"{c:,}" for c in counts), f"{100 * counts[2] / counts[0]:.2f}", f"{100 * float(share):.2f}"]
            self.assertIn(cells, [line.split() for line in text.splitlines()])
        self.assertIn(["total", *(f"{c:,}" for c in sums), f"{100 * sums[2] / sums[0]:.2f}"],
                      [line.split() for line in text.splitlines()])

    def test_layers_that_are_not_named_stay_as_they_are(self):
        source = self.given()
        self.prune(source, "--pattern", "1:4", "--layers", "fc", "-o", "out")
        for layer in self.layers(source):
            same = self.tensor(source, layer, "weights") == self.tensor(self.path("out"), layer, "weights")
            self.assertEqual(same, layer != "fc")
        self.check_kept(source, self.path("out"))

    def test_predictions_stay_and_those_that_pruning_makes_idle_are_named(self):
        self.write("p/w.npy", npy("|i1", (2, 8), [1, 2, 3, 4, 5, 6, 7, 8] + [8, 0, 7, 0, 6, 0, 5, 0]))
        self.write("p/x.npy", npy("|u1", (1, 8), [1] * 8))
        self.write("p/r.npy", npy("<i4", (2,), [2, 3]))
        self.write("p/t.npy", npy("<i4", (2,), [-5, 70000]))
        predict = "relu: true, predict: {representatives: r.npy, thresholds: t.npy}"
        self.write("p/workload.yaml", "network: n\nlayers:\n"
                   f"  - {{name: given, op: fc, weights: w.npy, input: x.npy, {predict}}}\n"
                   f"  - {{name: drawn, op: fc, shape: {{M: 2, C: 8}}, density: {{weights: 1, input: 1}}, {predict}}}\n")
        # 1:4 leaves two weights of each filter: fewer than both filters need. 3:4 leaves six, and four of the second one.
        for pattern, idle in (("1:4", 2), ("3:4", 0)):
            self.prune("p", "--pattern", pattern, "--layers", "given", "-o", "out")
            for layer in ("given", "drawn"):
                self.assertEqual(self.tensor(self.path("out"), layer, "representatives")[2], [2, 3])
                self.assertEqual(self.tensor(self.path("out"), layer, "thresholds")[2], [-5, 70000])
            notes = self.result("out")["layers"][0]["notes"]
            named = [note for note in notes if note.startswith("warning: predict: ")]
            self.assertEqual([note[:len("warning: predict: 2 of 2")] for note in named],
                             [f"warning: predict: {idle} of 2"] if idle else [])
        # Of a pruned workload that is pruned less, the warning is not a second time there.
        self.prune("p", "--pattern", "1:4", "-o", "out")
        self.prune("out", "--pattern", "3:4", "-o", "twice")
        for layer in self.result("twice")["layers"]:
            self.assertEqual(sum(note.startswith("warning: predict: ") for note in layer["notes"]), 1)

    def test_the_workload_says_what_was_done(self):
        self.prune(LENET, "--pattern", "2:4", "--layers", "fc1", "-o", "out")
        text = self.yaml("out")
        self.assertTrue(text.startswith("# Written by lacuna prune --pattern 2:4\nnetwork: \"lenet5\"\n"), text)
        self.assertRegex(text, r'source: "LeNet-5 .*; weights of 1 of 4 layers pruned by magnitude to 2:4, without fine-tuning; '
                               r'the accuracy of the pruned network is not known"\n')
        result = self.result("out")
        notes = {layer["name"]: layer["notes"] for layer in result["layers"]}
        untrained = "no fine-tuning after pruning; input, bias and requantisation are those of the network before it"
        self.assertEqual(notes["fc1"].count(untrained), 1)
        self.assertRegex("\n".join(notes["fc1"]), "(?m)^weights pruned by magnitude: to 2:4, .* % are left, .* % of their magnitude$")
        self.assertFalse(any("prun" in note for note in notes["conv1"]), notes)

    def test_a_generated_layer_gets_the_tensors_it_is_drawn_with(self):
        # Of layers of 270 and 24 weights a share of 0.999 is all of them: their tensors as they are drawn.
        self.prune("drawn.yaml", "--density", "0.999", "-o", "all")
        self.prune("drawn.yaml", "--pattern", "1:2", "-o", "out")
        self.check_kept(self.path("all"), self.path("out"))
        for layer in ("a", "b"):
            _, shape, weights = self.tensor(self.path("all"), layer, "weights")
            self.assertEqual(self.tensor(self.path("out"), layer, "weights")[2], by_pattern(shape, weights, 1, 2))
        # The run of the drawn layers and of their tensors is the same run, and says the same of them.
        option = ["--set", "array.operand=int16"]
        drawn, written = self.result("drawn.yaml", *option), self.result("all", *option)
        for a, b in zip(drawn["layers"], written["layers"]):
            self.assertEqual(a["cycles"], b["cycles"])
            self.assertEqual(a["pairs"], b["pairs"])
            self.assertTrue(set(a["notes"]) < set(b["notes"]), (a["notes"], b["notes"]))
            self.assertTrue(any(note.startswith("generated tensors: ") for note in b["notes"]))

    def test_a_generated_layer_that_is_not_named_stays_generated(self):
        self.prune("drawn.yaml", "--pattern", "1:2", "--layers", "a", "-o", "out")
        self.assertEqual([name for name in self.files() if ".b." in name or "/b." in name], [])
        option = ["--set", "array.operand=int16", "--layers", "b"]
        drawn, kept = self.result("drawn.yaml", *option)["layers"][0], self.result("out", *option)["layers"][0]
        drawn.pop("engine_path", None), kept.pop("engine_path", None)
        self.assertEqual(drawn, kept)
        self.assertIn("pattern: \"3:4\"\n    operand: int16\n", self.yaml("out"))

    def test_recordings_go_along_and_activations_are_not_pruned(self):
        source = self.given()
        recording = {"network": "given", "layers": [{"name": "conv", "from": "input", "weights_from": None},
                                                    {"name": "matmul", "from": "fc", "weights_from": "conv"}]}
        self.write("given/recording.json", json.dumps(recording))
        text = self.prune("given", "--pattern", "2:4", "-o", "out")
        self.assertIn("matmul stays as it is: its weights are activations\n", text)
        self.assertEqual(self.tensor(source, "matmul", "weights"), self.tensor(self.path("out"), "matmul", "weights"))
        with open(self.path("out/recording.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file), recording)
        self.refused(["given", "--pattern", "2:4", "--layers", "matmul", "-o", "new"],
                     "--layers: the weights of 'matmul' are activations; nothing to prune")
        for layer in recording["layers"]:
            layer["weights_from"] = "conv"
        recording["layers"] += [{"name": n, "weights_from": "conv"} for n in ("groups", "depthwise", "fc")]
        self.write("given/recording.json", json.dumps(recording))
        self.refused(["given", "--pattern", "2:4", "-o", "new"], "given: has no layer with weights to prune")
        self.write("given/recording.json", "{")
        self.refused(["given", "--pattern", "2:4", "-o", "new"],
                     "given/recording.json:1:2: is no JSON, or its end is missing")

    def test_pruning_twice_is_pruning_to_the_sparser(self):
        self.prune(LENET, "--pattern", "2:4", "-o", "once")
        self.prune("once", "--pattern", "1:4", "-o", "twice")
        self.prune(LENET, "--pattern", "1:4", "-o", "direct")
        for layer in self.layers(LENET):
            self.assertEqual(self.tensor(self.path("twice"), layer, "weights"),
                             self.tensor(self.path("direct"), layer, "weights"))
        for note, times in (("weights pruned by magnitude: to 2:4", 4), ("weights pruned by magnitude: to 1:4", 4),
                            ("no fine-tuning after pruning", 4)):
            self.assertEqual(self.yaml("twice").count(note), times)

    def test_the_same_bytes_each_time(self):
        for folder in ("one", "two"):
            self.prune(LENET, "--density", "0.04", "--global", "-o", folder)
        for name in os.listdir(self.path("one")):
            with open(self.path("one", name), "rb") as one, open(self.path("two", name), "rb") as two:
                self.assertEqual(one.read(), two.read(), name)

    def refused(self, arguments, expected, **options):
        before = self.files()
        done = self.lacuna("prune", *arguments, **options)
        self.assertEqual(done.stderr.decode(), expected + "\n")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertEqual(self.files(), before)

    def test_bad_arguments_are_refused_in_one_line(self):
        both = "lacuna prune: need either --pattern N:M or --density D"
        cases = [
            ([], "lacuna: WORKLOAD is required; see lacuna prune --help"),
            (["drawn.yaml"], "lacuna: --output is required; see lacuna prune --help"),
            (["drawn.yaml", "-o", "out"], both),
            (["drawn.yaml", "-o", "out", "--pattern", "2:4", "--density", "0.5"], both),
            *[(["drawn.yaml", "-o", "out", f"--pattern={word}"],
               f"--pattern: '{word}' is no pattern; need N:M with 1 <= N < M <= 64, for example 2:4")
              for word in ("4:2", "0:4", "4:4", "1:65", "2/4", "2", "unstructured")],
            *[(["drawn.yaml", "-o", "out", f"--density={word}"],
               f"--density: '{word}' is no density; need a number above 0 and below 1, for example 0.3")
              for word in ("0", "1", "-0.5", "1.5", "30%", "nan", "inf", "0,3")],
            (["drawn.yaml", "-o", "out", "--pattern="], "lacuna: --pattern: 1 required N:M missing; see lacuna prune --help"),
            (["drawn.yaml", "-o", "out", "--pattern", "2:4", "--global"],
             "--global: a pattern is one of every layer; --global goes with --density"),
            (["drawn.yaml", "-o", "out", "--pattern", "2:4", "--layers", "c"], "--layers: unknown layer 'c' (a, b)"),
            (["drawn.yaml", "-o", "out", "--patern", "2:4"],
             "lacuna: unknown option '--patern'; did you mean '--pattern'? "
             "(--help, --pattern, --density, --global, --layers, --output)"),
            (["", "-o", "out", "--pattern", "2:4"], "WORKLOAD: the name is empty"),
            (["drawn.yaml", "-o", "", "--pattern", "2:4"], "--output: the name is empty"),
            (["none.yaml", "-o", "out", "--pattern", "2:4"], "none.yaml: cannot read: No such file or directory"),
            (["lenet5", "-o", "out", "--pattern", "2:4"],
             f"lenet5: there is no such file here; the workload of that name is {LENET}"),
            ([os.path.join(SOURCE, "configs/default.yaml"), "-o", "out", "--pattern", "2:4"],
             f"{SOURCE}/configs/default.yaml: is a configuration; need a workload, a folder with a workload.yaml or that "
             "file"),
            ([os.path.join(SOURCE, "configs/sweeps/array.yaml"), "-o", "out", "--pattern", "2:4"],
             f"{SOURCE}/configs/sweeps/array.yaml: is a sweep; need a workload, a folder with a workload.yaml or that file"),
            (["drawn.yaml", "-o", "none/out", "--pattern", "2:4"], "none/out: there is no folder 'none' to put it in"),
        ]
        for arguments, expected in cases:
            with self.subTest(arguments=arguments):
                self.refused(arguments, expected)

    def test_only_a_workload_of_its_own_is_replaced(self):
        self.write("mine/precious.txt", "mine\n")
        self.given()
        for folder in ("mine", "given"):
            self.refused([LENET, "--pattern", "2:4", "-o", folder],
                         f"{folder}: exists and is no workload of lacuna prune; it is not overwritten")
        for pattern in ("2:4", "1:4"):
            self.prune(LENET, "--pattern", pattern, "-o", "out")
        self.assertIn("--pattern 1:4", self.yaml("out"))
        self.refused(["out", "--pattern", "1:8", "-o", "out"], "out: is the workload that is pruned; give another folder")
        self.refused(["out/workload.yaml", "--pattern", "1:8", "-o", "out"],
                     "out: is the workload that is pruned; give another folder")
        self.write("out/more.txt", "mine\n")
        self.refused([LENET, "--pattern", "2:4", "-o", "out"],
                     "out: exists and is no workload of lacuna prune; it is not overwritten")

    def test_what_does_not_fit_leaves_nothing(self):
        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        self.refused([LENET, "--pattern", "2:4", "-o", "out"], "out/fc1.weights.npy: cannot write: File too large",
                     preexec_fn=small_files)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
