"""`lacuna import` against each format's own formula, on random files with the quirks of real ones; and every complaint.

    python3 tests/import/import_test.py PROGRAM
"""
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv[1])
HEADING = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
GOOD = "conv, 8, 8, 3, 3, 4, 5, 1,\n"
MM = "%%MatrixMarket matrix coordinate real general\n"


def npy(descr, shape, data):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


def problem(instance, shape="", more=""):
    return f"problem:\n{shape}  instance: {{{instance}}}\n{more}"


CONV = "C: 4, K: 5, P: 6, Q: 7, R: 3, S: 3, N: 2"


def spaces(text):
    return f"  shape:\n    dimensions: [M, N, K]\n    data_spaces: [{text}]\n"


ABZ = ("{name: A, projection: [[[M]], [[K]]]}, {name: B, projection: [[[N]], [[K]]]}, "
       "{name: Z, projection: [[[M]], [[N]]], read_write: True}")
A, B, Z = ABZ.replace("}, {", "}|{").split("|")
MNK = "M: 2, N: 3, K: 4"
LAYER = "Network n {{ Layer a {{ Type: {} Dimensions {{ {} }} }} }}\n"
SIZES = "K: 2, C: 3, R: 3, S: 3, Y: 5, X: 5"

# Kind, file, its text, the whole answer.
FILES = [
    ("scale-sim", "f.csv", "", "f.csv: the file is empty"),
    ("scale-sim", "f.csv", HEADING, "f.csv: no layer below the heading of line 1"),
    ("scale-sim", "f.csv", GOOD, "f.csv:1:1: line 1 is a layer; SCALE-Sim takes the first line for a heading and leaves it "
     "out, so put one first"),
    ("scale-sim", "f.csv", "Layer,M,K,N,\na,1,2,3,\n",
     "f.csv:1:7: the columns are named M, K, N; SCALE-Sim reads them as M, N, K"),
    ("scale-sim", "f.csv", HEADING + "a;8;8\n", "f.csv:2:1: the fields are separated by ';'; legal: commas, or tabs"),
    ("scale-sim", "f.csv", HEADING + "a, 8, 8, 3,\n", "f.csv:2:1: the line has 4 fields; need a name and 7 numbers: "
     "ifmap height and width, filter height and width, channels, filters, stride"),
    ("scale-sim", "f.csv", HEADING + "lstm, 1, B, 1, 1, H, 5, 1,\n",
     "f.csv:2:10: ifmap width is 'B'; need a whole number, 1..2147483647"),
    ("scale-sim", "f.csv", HEADING + "fc, 1, 1, 1, ,1 2, 2, 1,\n",
     "f.csv:2:14: filter width is ''; need a whole number, 1..2147483647"),
    ("scale-sim", "f.csv", HEADING + "a, 8, 8, 9, 3, 4, 5, 1,\n", "f.csv:2:10: the filter has 9 x 3, the ifmap 8 x 8"),
    ("scale-sim", "f.csv", HEADING + "a, 8, 8, 3, 3, 4, 5, 70000,\n",
     "f.csv:2:1: a stride or dilation is 70000; allowed 1..65535"),
    ("scale-sim", "f.csv", HEADING + "a, 70000, 8, 1, 1, 70000, 5, 1,\n",
     "f.csv:2:1: the layer's input would have more than 2^31 elements"),
    ("scale-sim", "f.csv", HEADING + "a, 2000000000, 2000000000, 1, 1, 200000, 5, 1,\n",
     "f.csv:2:1: the layer has more than 2^62 products"),
    ("scale-sim", "f.csv", HEADING + "DP, 1, 1, 1, 1, 70000, 70000, 1,\n",
     "f.csv:2:24: 70000 channels of 70000 filters each are too many"),
    ("scale-sim", "f.csv", HEADING + "a, 8, 8, 3, 3, 4, 5, 1, 4:2,\n",
     "f.csv:2:25: sparsity is '4:2'; need N:M with 1 <= N <= M, for example 2:4"),
    ("scale-sim", "f.csv", "Layer,M,N,K,\na,1,70000,1,70000,\n", "f.csv:2:1: a batch of 70000 is too large"),
    ("scale-sim", "f.csv", b"Layer,M,N,K,\n\xe9,1,2,3,\n", "f.csv:2:1: byte 0xe9 is not UTF-8 text"),
    ("timeloop", "f.yaml", "a: 1\n", "f.yaml:1:1: there is no 'problem' in the file"),
    ("timeloop", "f.yaml", "problem: 1\n", "f.yaml:1:10: 'problem' is no map"),
    ("timeloop", "f.yaml", "problem: {instance: 1}\n", "f.yaml:1:21: 'instance' is no map of extents"),
    ("timeloop", "f.yaml", problem("C: 4"), "f.yaml:2:13: the instance has no extent of dimension 'R'"),
    ("timeloop", "f.yaml", problem(CONV, "  shape: cnn-layr\n"),
     "f.yaml:2:10: unknown shape 'cnn-layr'; did you mean 'cnn-layer'? (cnn-layer, gemm-ABZ)"),
    ("timeloop", "f.yaml", problem(CONV, "  shape: [1]\n"),
     "f.yaml:2:10: shape cannot be read; need the name of a shape, or a map that describes one"),
    ("timeloop", "f.yaml", problem(CONV, "  shape: {dimensions: [C]}\n"), "f.yaml:2:10: shape has no 'data_spaces'"),
    ("timeloop", "f.yaml", problem(MNK, spaces(A + ", " + Z)),
     "f.yaml:4:18: 1 data spaces are read and 1 are written; need two that are read, one that is written"),
    ("timeloop", "f.yaml", problem(MNK, spaces(ABZ.replace("[[M]], [[K]]", "[[M, a, b]], [[K]]"))),
     "f.yaml:4:43: the projection of A has a term that cannot be read; need [DIMENSION] or [DIMENSION, COEFFICIENT]"),
    ("timeloop", "f.yaml", problem(MNK, spaces(ABZ.replace("[[M]], [[K]]", "[], [[K]]"))),
     "f.yaml:4:42: the projection of A has an empty rank"),
    ("timeloop", "f.yaml", problem(MNK, spaces(ABZ.replace("[[M]], [[N]]", "[[M], [N]]"))),
     "f.yaml:4:97: the projection of Z has a sum; only that of the input may"),
    ("timeloop", "f.yaml", problem("M: 2, N: 3, K: 4", spaces(ABZ.replace("[[N]], [[K]]", "[[N], [M], [K]]"))),
     "f.yaml:4:58: the projection of B cannot be read; need sums such as [[R, Wdilation], [P, Wstride]]"),
    ("timeloop", "f.yaml", problem("R: 2, S: 2, T: 2, P: 2, Q: 2, F: 2", "  shape:\n    dimensions: [R, S, T, P, Q, F]\n"
                                   "    data_spaces: [{name: W, projection: [R, S, T]}, {name: Z, projection: [P, Q, F], "
                                   "read_write: true},\n      {name: I, projection: [[[R], [P]], [[S], [Q]], [[T], [F]]]}]\n"),
     "f.yaml:5:7: the problem slides along 3 axes; legal: one or two"),
    ("timeloop", "f.yaml", "{{include_text('problem_base.yaml')}}\nproblem:\n  <<<: *problem_base\n  instance: {G: 60000, "
     "C: 60000}\n", "f.yaml:4:13: an extent of the layer is 3600000000; allowed up to 2147483647"),
    ("timeloop", "f.yaml", problem("M: 2, N: 3, K: 4, L: 5",
                                   spaces(ABZ).replace("[M, N, K]", "[M, N, K, L]")),
     "f.yaml:5:35: dimension 'L' of extent 5 indexes one tensor or none; need a convolution or a matrix product"),
    ("timeloop", "f.yaml", problem(CONV + ", densities: 1"), "f.yaml:2:67: 'densities' is no map of tensors"),
    ("timeloop", "f.yaml", problem(CONV + ", densities: {Weight: 1}"),
     "f.yaml:2:68: unknown tensor 'Weight'; did you mean 'Weights'? (Weights, Inputs, Outputs)"),
    ("timeloop", "f.yaml", problem(CONV + ", densities: {Inputs: 1.5}"),
     "f.yaml:2:76: the density of Inputs is 1.5; allowed 0..1"),
    ("timeloop", "f.yaml", problem(CONV + ", densities: {Inputs: {distribution: banded}}"),
     "f.yaml:2:76: the density of Inputs has no 'density'; its distribution 'banded' is not known"),
    ("timeloop", "f.yaml", problem("C: 2000000000, K: 2000000000, P: 1, Q: 1, R: 1, S: 1, N: 1"),
     "f.yaml:2:13: the layer's weights would have more than 2^31 elements"),
    ("timeloop", "f.yaml", "{{add_to_path('x')}}\n" + problem(CONV),
     "f.yaml:1:1: template expression '{{add_to_path('x')}}' is not known; legal: {{include_text('FILE')}}"),
    ("timeloop", "f.yaml", "{{include_text('none.yaml')}}\n" + problem(CONV),
     "f.yaml:1:1: there is no file 'none.yaml' to include"),
    ("timeloop", "f.yaml", "{{include_text('f.yaml')}}\n", "f.yaml:1:1: includes are nested deeper than 8"),
    ("timeloop", "f.yaml", "problem:\n  <<<: 5\n", "f.yaml:2:3: '<<<' takes over the keys of a map or of several maps"),
    ("timeloop", "f.yaml", "{{include_text('problem_base.yaml')}}\nproblem:\n  instance: {C: 4, C: 5}\n",
     "f.yaml:3:20: key 'C' is given twice; first in line 3"),
    ("maestro", "f.m", "NumPEs: 256\n", "f.m:1:1: 'NumPEs' stands outside a network; legal: Network, Constant, Accelerator"),
    ("maestro", "f.m", "// nothing\n", "f.m: there is no Network in the file"),
    ("maestro", "f.m", "Network n { }\n", "f.m: no layer in the file"),
    ("maestro", "f.m", "Network n { Layer a {\n", "f.m:1:21: the file ends where '}' is wanted"),
    ("maestro", "f.m", "Network n { Layer a { Stride X\n", "f.m:1:30: 'X' where '{' is wanted"),
    ("maestro", "f.m", "Network n }\n", "f.m:1:11: '}' where '{' is wanted"),
    ("maestro", "f.m", "Network n { Type }\n", "f.m:1:13: 'Type' where a Layer or '}' is wanted"),
    ("maestro", "f.m", "Network n { Layer a { Typ } }\n",
     "f.m:1:23: 'Typ' in a layer; legal: Type, Stride, Dimensions, Dataflow"),
    ("maestro", "f.m", "Network n { Layer a { } }\n", "f.m:1:13: the layer has no Type"),
    ("maestro", "f.m", "Network n { Layer a { Type: CONV } }\n", "f.m:1:13: the layer has no Dimensions"),
    ("maestro", "f.m", LAYER.format("TRCONV", SIZES), "f.m:1:29: unknown layer type 'TRCONV'; did you mean 'CONV'? "
     "(CONV, DSCONV, NGCONV, GEMM, BMM)"),
    ("maestro", "f.m", LAYER.format("CONV", "Q: 2"),
     "f.m:1:47: unknown name 'Q' in Dimensions (N, G, K, C, R, S, Y, X, M, Y', X', B)"),
    ("maestro", "f.m", LAYER.format("CONV", "K: 2, K: 2"), "f.m:1:53: 'K' is given twice in Dimensions"),
    ("maestro", "f.m", LAYER.format("CONV", "K: 2"), "f.m:1:13: the layer has no size R"),
    ("maestro", "f.m", LAYER.format("CONV", SIZES + ", G: 2"), "f.m:1:86: size G does not belong to a layer of this type"),
    ("maestro", "f.m", LAYER.format("CONV", SIZES + ", Y': 3"),
     "f.m:1:87: the layer has both Y and Y'; one follows from the other"),
    ("maestro", "f.m", LAYER.format("CONV", "K: 2, C: 3, R: 3, S: 3, Y': 2147483647, X: 5"),
     "f.m:1:75: Y' needs an input of 2147483649"),
    ("maestro", "f.m", LAYER.format("CONV", SIZES.replace("Y: 5", "Y: 2")),
     "f.m:1:74: Y is 2, smaller than the filter's 3"),
    ("maestro", "f.m", LAYER.format("DSCONV", SIZES), "f.m:1:52: K of a DSCONV is 2; need 1, a filter for each channel"),
    ("maestro", "f.m", LAYER.format("BMM", "B: 70000, M: 1, N: 70000, K: 1"), "f.m:1:49: 70000 groups are too many"),
    ("mask", "f.txt", "", "f.txt: the mask has no row"),
    ("mask", "f.txt", "0 1\n0 2\n", "f.txt:2:3: '2' is neither 0 nor 1"),
    ("mask", "f.txt", "0 1\n0\n", "f.txt:2:1: the row has 1 places, the first has 2"),
    ("mask", "f.smtx", "2, 4,\n", "f.smtx:1:1: the file ends where the number of nonzeros is wanted"),
    ("mask", "f.smtx", "2, 4, 2\n0 1 1\n0 1\n", "f.smtx:2:1: the last row offset is 1, the number of nonzeros 2"),
    ("mask", "f.smtx", "1, 4, 2\n0 2\n1 1\n", "f.smtx:3:3: row 0 has column 1 twice"),
    ("mask", "f.smtx", "1, 4, 1\n0 1\n1 2\n", "f.smtx:3:1: something follows the last of 1 columns"),
    ("mask", "f.smtx", "1, 4, 1\n0 1\n4\n", "f.smtx:3:1: a column is '4'; need a whole number, 0..3"),
    ("mask", "f.smtx", "100000, 100000, 1\n", "f.smtx:1:1: a matrix of 100000 x 100000 has more than 2^28 places"),
    ("mask", "f.mtx", "hello\n",
     "f.mtx:1:1: no Matrix Market file; the first line is %%MatrixMarket matrix FORMAT FIELD SYMMETRY"),
    ("mask", "f.mtx", MM.replace("real", "complex"),
     "f.mtx:1:34: 'complex' cannot be read; legal: real, double, integer, pattern"),
    ("mask", "f.mtx", "%%MatrixMarket matrix array pattern general\n",
     "f.mtx:1:29: an array has values; pattern goes with coordinate"),
    ("mask", "f.mtx", MM.replace("general", "symmetric") + "2 3 0\n",
     "f.mtx:2:1: a symmetric matrix has as many rows as columns"),
    ("mask", "f.mtx", MM + "1 1 1\n1 1 nan\n", "f.mtx:3:5: value 'nan' is no finite number"),
    ("mask", "f.mtx", MM + "2 2 1\n3 1 1\n", "f.mtx:3:1: a row is '3'; need a whole number, 1..2"),
    ("mask", "f.mtx", MM + "2 2 2\n1 1 1\n1 1 1\n", "f.mtx:4:1: entry (1, 1) is given twice"),
    ("mask", "f.mtx", MM.replace("general", "symmetric") + "2 2 1\n1 2 1\n",
     "f.mtx:3:1: entry (1, 2) is above the diagonal"),
    ("mask", "f.mtx", MM.replace("general", "skew-symmetric") + "2 2 1\n1 1 1\n",
     "f.mtx:3:1: entry (1, 1) is on the diagonal"),
    ("mask", "f.mtx", MM + "2 2 1\n1 1 1\n2 2 2\n", "f.mtx:4:1: something follows the last entry"),
    ("mask", "f.npy", npy("|u1", "(2,)", b"ab"), "f.npy: the array has shape [2]; need [M, K] or [M, C, R, S]"),
    ("mask", "f.npy", npy("|u1", "(0, 2)", b""), "f.npy: the array of shape [0, 2] is empty"),
]
MASK = ["import", "mask", "mask.txt", "-o", "out"]
FILTERS = ["import", "mask", "filters.npy", "-o", "out"]
ARGUMENTS = [
    (["import"], "lacuna: KIND is required; see lacuna import --help"),
    (["import", "scale", "good.csv", "-o", "out"],
     "lacuna import: unknown kind of file 'scale' (scale-sim, timeloop, maestro, mask, onnx)"),
    (["import", "scale-sim", "good.csv", "-o", "out", "--input", "x.npy"],
     "--input: only a network of kind onnx is run on an input"),
    (["import", "onnx", "a.onnx", "b.onnx", "-o", "out"], "lacuna import onnx: 2 files; one model becomes one workload"),
    (["import", "onnx", "a.onnx", "-o", "out", "--relu"], "--relu: a model says itself where its ReLUs are"),
    (["import", "onnx", "a.onnx", "-o", "out", "--input", "x.npy", "--density", "input=0.5"],
     "--density: with --input the tensors are the model's own"),
    (["import", "onnx", "mask.txt", "-o", "out"], "mask.txt: is no ONNX model, or is cut short"),
    (["import", "scale-sim", "good.csv"], "lacuna: --output is required; see lacuna import --help"),
    (["import", "scale-sim", "good.csv", "-o", ""], "--output: the name is empty"),
    (["import", "scale-sim", "", "-o", "out"], "FILE: the name is empty"),
    (["import", "scale-sim", "good.csv", "-o", "mine"],
     "mine: exists and is no workload of lacuna import; it is not overwritten"),
    (["import", "scale-sim", "good.csv", "none.csv", "-o", "out"], "none.csv: cannot read: No such file or directory"),
    *[(["import", "scale-sim", "good.csv", "-o", "out", "--density", text],
       f"--density {text}: need weights=D or input=D with D from 0 to 1, for example weights=0.5")
      for text in ("0.5", "weights=2", "output=0.5", "weights=nan", "weights=")],
    (["import", "scale-sim", "good.csv", "-o", "out", "--density", "input=0.5,input=0.5"],
     "--density input=0.5: 'input' is given twice"),
    (MASK + ["--density", "weights=0.5"], "--density weights=0.5: a mask says itself which weights there are"),
    (["import", "scale-sim", "good.csv", "-o", "out", "--images", "2"],
     "lacuna import: --images, --input-size and --k-order are for masks"),
    (MASK + ["--images", "0"], "--images: 0 images; allowed 1..2147483647"),
    (MASK + ["--input-size", "5"], "--input-size 5: need HEIGHTxWIDTH, for example 56x56"),
    (MASK + ["--input-size", "5x5"], "mask.txt: --input-size is for convolutions; --k-order says that the matrix is one's"),
    (MASK + ["--k-order", "C=2,R=1"],
     "--k-order C=2,R=1: need C, R and S once each, slowest first, for example C=64,R=3,S=3"),
    (MASK + ["--k-order", "C=2,C=1,S=1"],
     "--k-order C=2,C=1,S=1: need C, R and S once each, slowest first, for example C=64,R=3,S=3"),
    (MASK + ["--k-order", "C=2,R=1,S=1"], "mask.txt: the matrix has 3 columns, --k-order counts 2"),
    (FILTERS + ["--k-order", "C=2,R=1,S=1"], "filters.npy: --k-order is for matrices; the array has four dimensions"),
    (FILTERS + ["--input-size", "1x9"], "filters.npy: the filter covers 2 x 2, the input has 1 x 9; "
     "a filter is no larger than its input"),
]


class Import(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="lacuna-import-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.write("good.csv", HEADING + GOOD)
        self.write("mask.txt", "0 1 1\n1 0 0\n")
        self.write("filters.npy", npy("|b1", "(2, 1, 2, 2)", b"\1\0\1\1\0\0\1\1"))
        os.mkdir(os.path.join(self.folder, "mine"))
        self.write("mine/precious.txt", "mine\n")

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def lacuna(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True, timeout=60)

    def refused(self, arguments, expected):
        done = self.lacuna(*arguments)
        error = done.stderr.decode()
        self.assertEqual(done.returncode, 2, error)
        self.assertEqual(error.count("\n"), 1, error)
        if expected is not None:
            self.assertEqual(error, expected + "\n")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "out")))

    def total(self, *arguments):
        """Layers and dense products of an import, as it prints them."""
        done = self.lacuna("import", *arguments, "-o", "out")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        found = re.search(r"^total: (\d+) layers?, (\d+) dense products$", done.stdout.decode(), re.M)
        return int(found.group(1)), int(found.group(2))

    def yaml(self):
        with open(os.path.join(self.folder, "out/workload.yaml"), encoding="utf-8") as file:
            return file.read()

    def test_files_that_cannot_be_read_are_refused_with_their_line(self):
        for kind, name, text, expected in FILES:
            with self.subTest(expected=expected, text=text[:200]):
                self.write(name, text)
                self.refused(["import", kind, name, "-o", "out"], expected)

    def test_bad_arguments_are_refused_in_one_line(self):
        for arguments, expected in ARGUMENTS:
            with self.subTest(arguments=arguments):
                self.refused(arguments, expected)

    def test_scale_sim_topologies_have_the_products_of_its_formula(self):
        draw = random.Random(1)
        for _ in range(20):
            rows, expected, layers = [], 0, draw.randint(1, 300)
            for _ in range(layers):
                r, s, c, m, step = (draw.randint(1, n) for n in (7, 7, 40, 40, 4))
                h, w = r + draw.randint(0, 30), s + draw.randint(0, 30)
                if draw.random() < 0.2:
                    m = 1
                name = draw.choice(["conv", "conv", "Q x K'", "DP", "a_dw", ""])
                more = draw.choice(["", "", " 2:4,", " 1:3,", "#dw"])
                rows.append(f"{name},{h} , {w},\t{r},{s}, {c},{m},{step},{more}")
                # ceil((h - r + step) / step) outputs; DP: c layers of one channel
                p, q = -((r - h - step) // step), -((s - w - step) // step)
                expected += p * q * r * s * c * m
            for end in ("\n", "\r\n"):
                text = end.join([HEADING.strip(), "", "Part,", ",,,,", *rows])
                self.write("t.csv", "\ufeff" + text if draw.random() < 0.5 else text)
                self.assertEqual(self.total("scale-sim", "t.csv"), (layers, expected), text)
        # h 8 and stride 3 and filter 3: ceil(8 / 3) = 3 outputs take 9 rows, so one more at the bottom
        self.write("t.csv", HEADING + "a, 8, 9, 3, 3, 1, 2, 3,\n")
        self.total("scale-sim", "t.csv")
        self.assertIn("pad: [0, 1, 0, 0]\n", self.yaml())

    def test_scale_sim_columns_and_tabs(self):
        self.write("t.csv", "Layer\tIFMAP Height\tb\tc\td\te\tf\tg\t\na\t5\t5\t3\t3\t2\t4\t1\t\n")
        self.assertEqual(self.total("scale-sim", "t.csv"), (1, 9 * 9 * 2 * 4))
        self.write("t.csv", HEADING.strip() + " Batch Size,\na, 5, 5, 3, 3, 2, 4, 1, 3,\n")
        self.assertEqual(self.total("scale-sim", "t.csv"), (1, 3 * 9 * 9 * 2 * 4))
        self.write("t.csv", HEADING.strip() + " Stride Width, Offset,\na, 5, 5, 3, 3, 2, 4, 1, 2, 77,\n")
        self.assertEqual(self.total("scale-sim", "t.csv"), (1, 3 * 2 * 9 * 2 * 4))
        self.write("t.csv", "," + HEADING + "0," + GOOD)
        self.assertEqual(self.total("scale-sim", "t.csv"), (1, 36 * 9 * 4 * 5))

    def test_scale_sim_gemm_swaps_rows_and_filters(self):
        self.write("g.csv", "Layer,M,N,K,\nq,6,7,8,\nq,2,3,4,2:4,\nb,2,3,4,5,\n")
        self.assertEqual(self.total("scale-sim", "g.csv"), (3, 6 * 7 * 8 + 24 + 24 * 5))
        self.assertIn("shape: {M: 7, K: 8, N: 6}\n", self.yaml())
        self.assertIn("- name: q.2\n", self.yaml())
        self.assertIn('pattern: "2:4"\n', self.yaml())
        self.write("g.csv", "Layer,M,N,K,\nq,6,7,9, 1:3,\nq,2,3,4,7:64,\nq,2,3,4,4:4,\nq,2,3,4,1:65,\n")
        self.assertEqual(self.total("scale-sim", "g.csv"), (4, 6 * 7 * 9 + 3 * 24))
        self.assertEqual(re.findall(r'pattern: "(.*)"', self.yaml()), ["1:3", "7:64"])
        self.assertIn("N:M is 1:65: weights of that density, not of that pattern\n", self.yaml())
        self.write("g.csv", "Layer,M,N,K,\ntotal,6,7,8,\n")
        self.assertEqual(self.total("scale-sim", "g.csv"), (1, 6 * 7 * 8))

    def test_timeloop_problems_have_the_product_of_all_extents(self):
        draw = random.Random(2)
        shape = ("  shape:\n    name: x\n    dimensions: [C, M, R, S, N, {p}, {q}, G]\n    coefficients: [{{name: Wstride, "
                 "default: 1}}, {{name: Hstride, default: 1}}]\n    data{_}spaces:\n"
                 "      - {{name: Weights, projection: [[[C]], [[M]], [[R]], [[S]], [[G]]]}}\n"
                 "      - {{name: Inputs, projection: [[[N]], [[C]], [[R], [{p}, Wstride]], [[S], [{q}, Hstride]], [[G]]]}}\n"
                 "      - {{name: Outputs, projection: [[[N]], [[M]], [[{q}]], [[{p}]], [[G]]], read{_}write: True}}\n")
        for _ in range(60):
            p, q = draw.choice(["PQ", "EF"])
            sizes = {key: draw.choice([1, draw.randint(1, 9)]) for key in ("C", "M", "R", "S", "N", p, q, "G")}
            expected = 1
            for size in sizes.values():
                expected *= size
            text = ", ".join(f"{key}: {size}" for key, size in sizes.items()) + ", Wstride: 2"
            self.write("p.yaml", problem(text, shape.format(p=p, q=q, _=draw.choice("-_"))))
            self.assertEqual(self.total("timeloop", "p.yaml"), (1, expected), text)
        flat = "".join(f"  {word}\n" for word in CONV.replace("P", "E").replace("Q", "F").replace("K", "M").split(", "))
        self.write("p.yaml", "problem:\n  shape: cnn_layer\n" + flat)
        self.assertEqual(self.total("timeloop", "p.yaml"), (1, 4 * 5 * 6 * 7 * 9 * 2))
        self.write("p.yaml", problem(MNK + ", densities: {A: {distribution: fixed_structured, density: 0.5}, B: 0.25}",
                                     spaces(ABZ)))
        self.assertEqual(self.total("timeloop", "p.yaml"), (1, 24))
        self.assertIn("density: {weights: 0.5, input: 0.25}\n", self.yaml())

    def test_timeloop_takes_over_keys_of_an_included_file(self):
        self.write("p.yaml", "{{include_text('problem_base.yaml')}}\nproblem:\n  <<<: *problem_base\n"
                   "  instance: {G: 16, P: 12, Q: 12, R: 3, S: 3, HStride: 2}\n")
        self.assertEqual(self.total("timeloop", "p.yaml"), (1, 16 * 144 * 9))
        self.assertIn("op: depthwise\n", self.yaml())
        self.write("problem_base.yaml", "base: &problem_base\n  instance: {C: 7, K: 1, P: 1, Q: 1, R: 1, S: 1, N: 3}\n")
        self.write("p.yaml", "{{include_text('problem_base.yaml')}}\nproblem:\n  <<<: *problem_base\n  instance: {K: 5}\n")
        self.assertEqual(self.total("timeloop", "p.yaml"), (1, 7 * 5 * 3))

    def test_maestro_networks_have_the_products_of_its_loops(self):
        self.write("m.m", "Constant B 4; // batch\nNetwork a.b {\nLayer Conv2d-1 { Type: CONV\nStride { X: 2, Y: 3 }\n"
                   "Dimensions { N B, K 6, C: 3 R: 2, S: 5, Y:11, X:12 }\nDataflow { TemporalMap(1,1) K; Cluster(2, P); }\n}\n"
                   "Layer d { Type: DSCONV Dimensions { K: 1, C: 8, R: 3, S: 3, Y': 4, X': 5} }\n"
                   "Layer n { Type: NGCONV Dimensions { G: 4, K: 2, C: 3, R: 1, S: 1, Y: 2, X: 2 } }\n"
                   "Layer g { Type: GEMM Dimensions { K: 4, M: 5, N: 6} }\n"
                   "Layer b { Type: BMM Dimensions { B: 3, K: 4, M: 5, N: 6} }\n}")
        # (11 - 2) / 3 + 1 = 4 rows, (12 - 5) / 2 + 1 = 4 columns
        expected = 4 * 6 * 3 * 2 * 5 * 4 * 4 + 8 * 9 * 4 * 5 + 4 * 2 * 3 * 4 + 120 + 360
        self.assertEqual(self.total("maestro", "m.m"), (5, expected))
        self.assertIn("name: Conv2d-1\n", self.yaml())
        self.assertIn("shape: {M: 6, K: 4, N: 5}\n", self.yaml())

    def weights(self, name):
        with open(os.path.join(self.folder, f"out/{name}.weights.npy"), "rb") as file:
            data = file.read()
        start = 10 + struct.unpack("<H", data[8:10])[0]
        return list(struct.unpack(f"{len(data) - start}b", data[start:]))

    def test_masks_keep_their_places_in_every_format(self):
        wanted = [0, 1, 1, 1, 0, 0]
        self.write("a.txt", "011\n1,0,0")
        self.write("b.smtx", "2, 3, 3\n0 2 3\n1 2 0\n")
        self.write("c.mtx", MM.replace("real", "pattern") + "% remark\n2 3 3\n1 2\n1 3\n2 1\n")
        self.write("d.npy", npy("<f2", "(2, 3)", struct.pack("<6e", *wanted)))
        self.write("e.npy", npy("|b1", "(2, 3)", bytes(wanted)))
        self.write("f.npy", npy("<i4", "(2, 3)", struct.pack("<6i", *wanted)))
        self.write("g.npy", npy("|u1", "(2, 3)", bytes(wanted)))
        names = ["a.txt", "b.smtx", "c.mtx", "d.npy", "e.npy", "f.npy", "g.npy"]
        self.assertEqual(self.total("mask", *names, "--images", "5"), (7, 7 * 6 * 5))
        for name in "abcdefg":
            self.assertEqual([int(value != 0) for value in self.weights(name)], wanted, name)
        self.assertIn("a mask has no values: drawn from the seed", self.yaml())

    def test_values_of_a_file_are_kept_and_no_nonzero_is_lost(self):
        self.write("w.mtx", MM.replace("general", "symmetric") + "2 2 2\n1 1 -7\n2 1 3\n")
        self.total("mask", "w.mtx")
        self.assertEqual(self.weights("w"), [-7, 3, 3, 0])
        self.write("w.mtx", "%%MatrixMarket matrix array real general\n2 2\n1.0\n-0.5\n0.0001\n0\n")  # by columns
        self.total("mask", "w.mtx")
        self.assertEqual(self.weights("w"), [127, 1, -64, 0])  # -63.5 rounds away from zero

    def test_columns_in_another_order_become_channels_rows_and_columns(self):
        # One filter of 2 channels and 1 x 3 taps; the file counts R, S, C: value 10 c + s + 1 at column 2 s + c
        self.write("w.mtx", MM + "1 6 6\n" + "".join(f"1 {2 * s + c + 1} {10 * c + s + 1}\n" for s in range(3) for c in range(2)))
        self.assertEqual(self.total("mask", "w.mtx", "--k-order", "R=1,S=3,C=2", "--input-size", "4x5"), (1, 6 * 4 * 3))
        self.assertEqual(self.weights("w"), [1, 2, 3, 11, 12, 13])

    def test_the_same_bytes_again_and_a_run_of_them(self):
        self.total("scale-sim", "good.csv", "--density", "weights=0.5,input=0.25", "--relu")
        first = self.yaml()
        self.assertIn("density: {weights: 0.5, input: 0.25}\n    relu: true\n", first)
        self.total("scale-sim", "good.csv", "--density", "weights=0.5,input=0.25", "--relu")
        self.assertEqual(self.yaml(), first)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
