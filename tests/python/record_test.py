"""Models recorded by scripts/lacuna, against what their definitions say, their float outputs, committed traces, and the program.

    /usr/bin/python3 tests/python/record_test.py PROGRAM SOURCE_FOLDER

Ends with status 77, and the reason, where PyTorch or torchvision is missing (`scripts/setup torch`).
"""
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
    import torch
    import torch.nn.utils.prune
    import torchvision
    from torch import nn
except ImportError as error:
    print(f"skipped: {error}; scripts/setup torch installs it")
    sys.exit(77)

PROGRAM, SOURCE = (os.path.abspath(path) for path in sys.argv[1:3])
sys.path.insert(0, os.path.join(SOURCE, "scripts"))
import lacuna  # noqa: E402
from lacuna import report  # noqa: E402


class Steps(nn.Module):
    """A LeNet of workloads/ with its committed integers as floating-point weights."""

    def __init__(self, folder, layers):
        super().__init__()
        self.layers, self.scales, step = layers, {}, 1 / 255
        for name, op, pool, relu in layers:
            w, bias = (np.load(f"{folder}/{name}.{kind}.npy").astype(np.float64) for kind in ("weights", "bias"))
            self.scales[name] = step
            if relu:
                pairs = np.load(f"{folder}/{name}.requantise.npy").astype(np.float64)
                following = 0.0173  # any step will do: the weights' scales are made to fit it
                scale = pairs[:, 0] / 2 ** pairs[:, 1] * following / step
            else:
                scale, following = np.full(len(w), 0.01), None
            module = nn.Conv2d(w.shape[1], len(w), w.shape[2:]) if op == "conv" else nn.Linear(w.shape[1], len(w))
            module = module.double()
            module.weight.data = torch.tensor(w * scale.reshape((-1,) + (1,) * (w.ndim - 1)))
            module.bias.data = torch.tensor(bias * scale * step)
            self.add_module(name, module)
            step = following

    def forward(self, x):
        for name, op, pool, relu in self.layers:
            x = getattr(self, name)(x if op == "conv" else x.flatten(1))
            x = torch.max_pool2d(x, 2) if pool else x
            x = torch.relu(x) if relu else x
        return x


LENET5 = [("conv1", "conv", True, True), ("conv2", "conv", True, True), ("fc1", "fc", False, True), ("fc2", "fc", False, False)]
LENET300 = [("fc1", "fc", False, True), ("fc2", "fc", False, True), ("fc3", "fc", False, False)]


def small():
    """Convolutions of every kind, a residual, ReLU6, a batch norm, signed inputs, attention."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
            self.bn = nn.BatchNorm2d(8)
            self.b = nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=8)
            self.c = nn.Conv2d(8, 8, 1, groups=2)
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
            self.d = nn.Linear(8, 5)
            self.never = nn.Linear(3, 3)
            for module in self.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.running_mean.uniform_(-0.2, 0.2)
                    module.running_var.uniform_(0.5, 2)
                    nn.init.uniform_(module.weight, -1, 2)
                    nn.init.uniform_(module.bias, -0.5, 0.5)

        def forward(self, x):
            x = torch.relu_(self.bn(self.a(x)))
            y = nn.functional.relu6(self.b(x))
            x = x + self.c(y)
            x = x.flatten(2).transpose(1, 2)
            x = self.attention(x, x, x, need_weights=False)[0]
            return self.d(x.mean(1))

    torch.manual_seed(3)
    return Net()


class Record(unittest.TestCase):
    def check_errors(self, recording, limit):
        for layer in recording.layers:
            self.assertLess(layer.error(), limit, layer.name)

    def run_program(self, recording, *settings):
        """The program's outputs (which it has verified with its own reference) are those predicted here."""
        with tempfile.TemporaryDirectory() as folder:
            with contextlib.redirect_stdout(io.StringIO()) as said:
                recording.save(f"{folder}/net")
            self.assertIn("products recorded", said.getvalue())
            done = subprocess.run(
                [PROGRAM, "run", f"{SOURCE}/configs/default.yaml", f"{folder}/net", "--engine", "fast", "-o", f"{folder}/out"]
                + [word for setting in settings for word in ("--set", setting)],
                capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            for layer in recording.layers:
                output = np.load(f"{folder}/out/{layer.name}.output.npy")
                self.assertEqual(output.dtype, layer.output.dtype, layer.name)
                np.testing.assert_array_equal(output, layer.output.reshape(output.shape), layer.name)

    def lenet(self, name, layers):
        folder = f"{SOURCE}/workloads/{name}"
        model = Steps(folder, layers)
        images = torch.tensor(np.load(f"{folder}/{layers[0][0]}.input.npy").astype(np.float64) / 255)
        recording = lacuna.record(model, images, inputs="quantised", scales=model.scales)
        self.assertEqual([layer.name for layer in recording.layers], [layer[0] for layer in layers])
        for layer in recording.layers:
            for kind in ("weights", "bias", "requantise", "input", "output"):
                path, ours = f"{folder}/{layer.name}.{kind}.npy", getattr(layer, kind)
                if ours is None:
                    self.assertFalse(os.path.exists(path))
                    continue
                theirs = np.load(path)
                self.assertEqual(ours.dtype, theirs.dtype, path)
                np.testing.assert_array_equal(ours.reshape(theirs.shape), theirs, path)

    def test_lenet5_equals_its_committed_trace(self):
        self.lenet("lenet5", LENET5)

    def test_lenet_300_100_equals_its_committed_trace(self):
        self.lenet("lenet-300-100", LENET300)

    def test_a_leaky_relu_is_no_relu(self):
        recording = lacuna.record(nn.Sequential(nn.Conv2d(1, 2, 1), nn.LeakyReLU()), torch.randn(1, 1, 3, 3))
        self.assertEqual(recording.layers[0].feeds, ["leaky_relu"])
        self.assertFalse(recording.layers[0].relu)

    def test_program_computes_the_predicted_outputs(self):
        torch.manual_seed(4)
        model, images = small(), torch.randn(2, 3, 9, 8)
        for inputs in ("float", "quantised"):
            recording = lacuna.record(model, images, inputs=inputs)
            self.assertEqual(recording.unseen, [])
            self.check_errors(recording, 0.1 if inputs == "quantised" else 0.03)
            self.run_program(recording)
        self.assertEqual([(name, share) for name, _, share, _ in recording.unused], [("never.weight", 0.0)])
        self.assertEqual(recording.layers[0].feeds, ["relu"])
        self.assertEqual(recording.layers[0].norms, 1)
        self.assertEqual([layer.op for layer in recording.layers[:3]], ["conv", "depthwise", "conv"])
        self.assertEqual(recording.layers[2].feeds, ["add"])
        add = next(o for o in recording.operations if o["op"] == "add")
        self.assertEqual(sorted(add["from"]), ["a", "c"])
        with torch.no_grad():
            expected = model.eval()(images)
        error = (recording.result - expected).norm() / expected.norm()
        self.assertLess(float(error), 0.1)

    def test_zero_points_are_subtracted_and_keep_zero(self):
        torch.manual_seed(5)
        images = torch.rand(1, 3, 9, 8) * 3 - 1
        images[0, 0, 0] = 0
        recording = lacuna.record(small(), images, zero_points=True)
        self.run_program(recording, "array.operand=int16")
        layer = recording.layers[0]
        step = (float(images.max()) - float(images.min())) / 255
        self.assertAlmostEqual(layer.input_scale, step, places=9)
        self.assertEqual(layer.zero_point, round(-float(images.min()) / step))
        self.assertEqual(layer.input.dtype, np.int16)
        self.assertTrue((layer.input[0, 0, 0] == 0).all())
        self.assertEqual(int(layer.input.min()), -layer.zero_point)
        self.assertEqual(int(layer.input.max()), 255 - layer.zero_point)

    def test_sums_stay_within_the_bound_of_rounding(self):
        """|acc * s_w * s_x - y| <= (s_x / 2) sum |w| + (s_w / 2) sum |x'| + s_w s_x / 2, x' the rounded input."""
        torch.manual_seed(6)
        model, x = nn.Linear(40, 7), torch.rand(5, 40)
        layer = lacuna.record(model, x).layers[0]
        w = model.weight.detach().double().numpy()
        y = x.double().numpy() @ w.T + model.bias.detach().double().numpy()
        s_x, s_w = float(x.max()) / 255, np.abs(w).max() / 127
        near = np.round(x.double().numpy() / s_x) * s_x
        bound = s_x / 2 * np.abs(w).sum(1) + s_w / 2 * near.sum(1)[:, None] + s_w * s_x / 2
        self.assertTrue((np.abs(layer.dequantised() - y) <= bound + 1e-6).all())

    def test_resnet18_has_9_relus_and_11_additions(self):
        torch.manual_seed(7)
        recording = lacuna.record(torchvision.models.resnet18(weights=None), torch.randn(1, 3, 64, 64))
        self.assertEqual(len(recording.layers), 21)
        self.assertEqual(len(report.direct_relus(recording)), 9)
        self.assertEqual(len(report.additions(recording)), 11)
        self.assertEqual(sum(layer.norms for layer in recording.layers), 20)
        self.assertTrue(all(not layer.relu for layer in recording.layers if "add" in layer.feeds))
        self.assertEqual((recording.unused, recording.unseen, recording.norms_left), ([], [], 0))
        self.assertEqual(recording.layers[-1].feeds, ["output"])
        self.check_errors(recording, 0.05)

    def test_vgg16_mobilenet_and_densenet(self):
        # 13 + 3 products, the last without ReLU; 53, of which 17 blocks' projections have none, nor has the classifier;
        # 121, of which 58 first convolutions of dense layers and the stem feed a ReLU.
        for name, products, relus in (("vgg16", 16, 15), ("mobilenet_v2", 53, 35), ("densenet121", 121, 59)):
            with self.subTest(name):
                torch.manual_seed(8)
                recording = lacuna.record(getattr(torchvision.models, name)(weights=None), torch.randn(1, 3, 64, 64))
                self.assertEqual((len(recording.layers), len(report.direct_relus(recording))), (products, relus))
                self.assertEqual((recording.unused, recording.unseen), ([], []))
                self.check_errors(recording, 0.05)

    def test_vit_b_16_loses_no_matrix(self):
        # 12 layers of in_proj, QK, PV, out_proj and two of the MLP; the stem and the head.
        torch.manual_seed(9)
        model = torchvision.models.vit_b_16(weights=None, image_size=32)
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        recording = lacuna.record(model, torch.randn(1, 3, 32, 32))
        self.assertEqual(len(recording.layers), 12 * 6 + 2)
        self.assertEqual(recording.unseen, [])
        # two matrices of numbers that are added, not multiplied
        self.assertEqual({name for name, *_ in recording.unused}, {"class_token", "encoder.pos_embedding"})
        self.assertFalse(any(p.requires_grad for p in model.parameters()))
        self.check_errors(recording, 0.1)

    def test_pruned_and_shared_weights_are_found(self):
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.b = nn.Linear(6, 6), nn.Linear(6, 6)
                self.b.weight = self.a.weight
                self.matrix = nn.Parameter(torch.randn(8, 6))
                self.c = nn.Linear(6, 4)

            def forward(self, x):
                return self.c(self.b(torch.relu(self.a(x))) + x @ self.matrix[2:].t())

        torch.manual_seed(10)
        model = Net()
        torch.nn.utils.prune.random_unstructured(model.c, "weight", 0.5)
        recording = lacuna.record(model, torch.randn(3, 6))
        self.assertEqual([layer.name for layer in recording.layers], ["a", "b", "matrix", "c"])
        self.assertEqual([(name, share) for name, _, share, _ in recording.unused], [("matrix", 0.75)])
        c = next(layer for layer in recording.layers if layer.name == "c")
        self.assertEqual(c.float_zeros["weights"], 12)
        self.assertEqual(c.zeros_made("weights"), int((c.weights == 0).sum()) - 12)

    def test_what_cannot_be_recorded_is_listed(self):
        model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.ConvTranspose2d(4, 2, 3))
        recording = lacuna.record(model, torch.randn(1, 2, 6, 6))
        self.assertEqual([reason for _, _, reason in recording.unseen], ["transposed convolution"])
        self.assertEqual([name for name, *_ in recording.unused], ["2.weight"])
        self.assertIn("transposed convolution", str(recording))

    def test_two_readers_take_the_relu_away(self):
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)

            def forward(self, x):
                x = self.a(x)
                return self.b(torch.relu(x)), torch.sigmoid(x)

        first = lacuna.record(Net(), torch.randn(2, 4)).layers[0]
        self.assertEqual((first.relu, first.feeds), (False, ["relu", "sigmoid"]))

    def test_mistakes_are_said(self):
        model, x = nn.Linear(2, 2), torch.ones(1, 2)
        for arguments, text in (
            ({"inputs": "integers"}, "inputs is 'integers'; legal: float, quantised"),
            ({"percentile": 0}, "percentile is 0; allowed above 0, up to 100"),
            ({"scales": {"x": 1}}, "scales names 'x', no layer (fc)"),
        ):
            with self.assertRaises(ValueError) as raised:
                lacuna.record(model, x, **arguments)
            self.assertEqual(str(raised.exception), text)
        with self.assertRaisesRegex(ValueError, "no product was seen"):
            lacuna.record(nn.ReLU(), x)

    def test_folder_holds_the_graph(self):
        with tempfile.TemporaryDirectory() as folder:
            lacuna.record(small(), torch.randn(1, 3, 9, 8)).save(folder, quiet=True)
            with open(f"{folder}/recording.json") as file:
                kept = json.load(file)
        known = {"input"} | {layer["name"] for layer in kept["layers"]} | {o["name"] for o in kept["operations"]}
        for entry in kept["layers"]:
            self.assertIn(entry["from"], known)
        for entry in kept["operations"]:
            self.assertTrue(set(entry["from"]) <= known, entry)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
