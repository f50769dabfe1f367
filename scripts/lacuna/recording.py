"""Records a model: traces it, folds, chooses scales, quantises, predicts every output, and writes the workload."""

import json
import os
import re
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from . import graph, products, quantise, report
from .trace import all_parameters, run, trace


@dataclass(eq=False)
class Layer:
    """One layer's integers, as they are written, and what they stand for."""

    name: str
    op: str
    weights: np.ndarray  # int8
    input: np.ndarray  # uint8, int8, or int16 with a zero point
    bias: np.ndarray  # int32 [M]
    requantise: np.ndarray  # int32 [M, 2], or None
    relu: bool
    stride: tuple
    pad: tuple
    dilation: tuple
    groups: int
    weight_scale: np.ndarray  # [M]
    input_scale: float
    zero_point: int  # of the input, already subtracted
    output_scale: float  # None: accumulators
    feeds: list
    norms: int
    reads: str = None  # name of a layer, an operation, or `input`
    weights_read: str = None  # the same for weights that are activations
    float_output: np.ndarray = None  # of the model, after folding and ReLU, in Lacuna's form
    output: np.ndarray = None  # predicted
    float_zeros: dict = field(default_factory=dict)
    kind: str = "uint8"

    @property
    def wide(self):
        return self.input.dtype == np.int16

    def zeros_made(self, what):
        """Zeros that quantisation made of `weights` or `input` beyond the float ones."""
        return int((getattr(self, what) == 0).sum()) - self.float_zeros[what]

    def dequantised(self):
        if self.output_scale is not None:
            return self.output.astype(np.float64) * self.output_scale
        shape = [1] * self.output.ndim
        shape[0 if self.op == "matmul" else 1] = -1
        return self.output * (self.weight_scale * self.input_scale).reshape(shape)

    def error(self):
        """Root mean square of dequantised minus float output, relative to the float output's."""
        size = np.sqrt(np.mean(self.float_output**2))
        return float(np.sqrt(np.mean((self.dequantised() - self.float_output) ** 2)) / size) if size else 0.0


def _names(nodes, parameters):
    """A layer name for every product: its parameter's module, else the module in which it ran.

    Of several parameters the one of the module that ran is taken; masks and other buffers come last."""
    taken, names = {"input", "total"}, {}
    for node in nodes:
        p = node.product
        own = node.module + "."
        sources = sorted(p.weights_value.sources, key=lambda s: (s not in parameters, not s.startswith(own), s))
        base = sources[0] if sources else (node.module + "." if node.module else "") + "matmul"
        base = re.sub(r"(\.weight(_orig|_v|_g)?|^weight(_orig|_v|_g)?)$", "", base) or p.op
        base = re.sub(r"_weight$", "", base)
        base = re.sub(r"[^A-Za-z0-9._-]", "_", base).lstrip(".-")[-90:].lstrip(".-") or p.op
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        taken.add(name)
        names[node] = name
    return names


class Recording:
    """Layers in order, `operations` between them, and what was not seen: unseen, unused."""

    def __init__(self, network):
        self.network = network
        self.layers, self.operations = [], []
        self.unseen = []  # (operation, module, reason)
        self.unused = []  # (parameter, shape, share used, words of operations that read it)
        self.norms_left = 0
        self.result = None  # what the model returned under inputs="quantised"

    def __str__(self):
        return report.text(self)

    def save(self, folder, quiet=False):
        """Writes the workload into `folder` and prints the report, which recording.txt keeps."""
        os.makedirs(folder, exist_ok=True)
        lines = [f"network: {self.network}", f"source: {json.dumps(report.source(self))}", "layers:"]
        for layer in self.layers:
            lines += [f"  - name: {json.dumps(layer.name)}", f"    op: {layer.op}"]
            for kind in ("weights", "input", "bias", "requantise", "output"):
                array = getattr(layer, kind)
                if array is None:
                    continue
                file = f"{layer.name}.{kind}.npy"
                with open(os.path.join(folder, file), "wb") as out:
                    np.lib.format.write_array(out, np.ascontiguousarray(array), version=(1, 0))
                if kind != "output":
                    lines.append(f"    {kind}: {json.dumps(file)}")
            if layer.op in ("conv", "depthwise"):
                for key in ("stride", "pad", "dilation"):
                    lines.append(f"    {key}: {list(getattr(layer, key))}")
                lines.append(f"    groups: {layer.groups}")
            lines.append(f"    relu: {str(layer.relu).lower()}")
        for name, content in (
            ("workload.yaml", "\n".join(lines) + "\n"),
            ("recording.json", json.dumps(report.machine_readable(self), indent=1) + "\n"),
            ("recording.txt", str(self) + "\n"),
        ):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
                out.write(content)
        if not quiet:
            print(self)
        return self


class _Quantised(TorchDispatchMode):
    """Replaces every product by its integers, dequantised; folded operations let pass what they get."""

    def __init__(self, products, folded):
        super().__init__()
        self.products, self.folded, self.calls = products, folded, 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        call, self.calls = self.calls, self.calls + 1
        if call in self.folded:
            result = args[0] if function._schema.name.split("::")[1].endswith("_") else args[0].clone()
            several = len(function._schema.returns) > 1
            return (result,) + (torch.empty(0), torch.empty(0))[: len(function._schema.returns) - 1] if several else result
        if call not in self.products:
            return function(*args, **(kwargs or {}))
        name, layer, describe = self.products[call]
        word = function._schema.name.split("::")[1]
        if word != name:
            raise ValueError(f"{layer.name}: the model ran {word} the second time, {name} the first")
        x, w, restore, addend = describe(function, args, kwargs or {})
        layer.input = quantise.activations(graph.numbers(x), layer.input_scale, layer.zero_point, layer.kind)
        if layer.weights_read is not None:
            layer.weights = np.clip(np.rint(graph.numbers(w) / layer.weight_scale[0]), -127, 127).astype(np.int8)
        layer.output = quantise.finish(layer, quantise.sums(layer, layer.input))
        result = restore(torch.from_numpy(layer.dequantised()).to(x.dtype))
        return result if addend is None else result + addend


def record(model, images, *, inputs="float", percentile=None, zero_points=False, scales=None, network=None):
    """Runs `model` once on `images` (a tensor, or a tuple of the model's arguments) and quantises what it sees.

    inputs       "float": each layer's input is the model's, rounded; "quantised": the model runs a second time on the
                 integers, and each layer's input is what the layers before it make
    percentile   None: scales span the range of the activations; else that percentile of those that are not zero
    zero_points  inputs with negative values that no layer makes directly get 256 steps from lowest to highest and a
                 zero point, which is subtracted; such values need int16
    scales       {layer: value of one step of its input}, instead of the recorded range
    network      the workload's name; default: the model's class

    ValueError for an argument that is wrong, or a model in which no product was seen.
    """
    if inputs not in ("float", "quantised"):
        raise ValueError(f"inputs is '{inputs}'; legal: float, quantised")
    if percentile is not None and not 0 < percentile <= 100:
        raise ValueError(f"percentile is {percentile}; allowed above 0, up to 100")
    arguments = images if isinstance(images, tuple) else (images,)
    traced = trace(model, arguments)
    nodes = [n for n in traced.nodes if n.product]
    if not nodes:
        raise ValueError("no product was seen; nothing to record")
    names = _names(nodes, {name for name, _ in all_parameters(model)})
    scales = dict(scales or {})
    for name in scales:
        if name not in names.values():
            raise ValueError(f"scales names '{name}', no layer ({', '.join(names.values())})")

    folded = [graph.fold(node) for node in nodes]
    for f in folded:
        graph.find_relu(f)
    tails = {f.tail: f for f in folded}
    recording = Recording(network or re.sub(r"[^A-Za-z0-9._-]", "_", type(model).__name__).lower())
    recording.operations, name_of = graph.operations(traced.nodes, names, folded)
    absorbed = {n for f in folded for n in f.folded}
    recording.norms_left = sum(graph.word(n) == "batch_norm" and n not in absorbed for n in traced.nodes)
    recording.unseen = [(n.op, n.module, reason) for n, reason in traced.unseen]
    recording.unused = _unused(model, traced)

    # One scale for all inputs that are the same layer's output, and for that output.
    direct, shared, plan = {}, {}, {}
    for f in folded:
        p, name = f.node.product, names[f.node]
        values = graph.numbers(p.input)
        source = graph.source(p.input_value, tails)
        negative = bool((values < 0).any())
        kind = "int8" if negative or source is not None and not source.relu else "uint8"
        scale, zero = scales.get(name), 0
        if scale is None and zero_points and negative and source is None:
            low, high = min(values.min(), 0.0), max(values.max(), 0.0)
            if percentile is not None:
                low, high = np.percentile(values, [100 - percentile, percentile])
                low, high = min(low, 0.0), max(high, 0.0)
            scale = (high - low) / 255 or 1.0
            zero, kind = int(np.rint(-low / scale)), "int16"
        if scale is None:
            scale = (quantise.highest(values, percentile) / (127 if kind == "int8" else 255)) or 1.0
        plan[f] = [values, scale, zero, kind]
        if source is not None:
            direct[f] = source
            shared.setdefault(source, []).append(scale if name not in scales else (scale,))
    for source, found in shared.items():
        given = [s[0] for s in found if isinstance(s, tuple)]
        if len(set(given)) > 1:
            raise ValueError(f"scales differ for inputs that are all the output of {names[source.node]}")
        shared[source] = given[0] if given else max(found)
    for f, source in direct.items():
        plan[f][1] = shared[source]

    for f in folded:
        recording.layers.append(_layer(f, names[f.node], plan[f], shared.get(f), percentile, name_of))
    if inputs == "quantised":
        _run_quantised(model, arguments, recording, folded)
    return recording


def _layer(f, name, plan, output_scale, percentile, name_of):
    p = f.node.product
    values, input_scale, zero, kind = plan
    constant = p.weights_value.constant
    count = p.weights.shape[0]
    axis = [1] * p.weights.dim()
    axis[0] = -1
    w = graph.numbers(p.weights) * f.scale.reshape(axis)
    sums_leave = f.feeds in (["output"], ["nothing"]) and output_scale is None and not f.relu
    y = graph.numbers(f.tail.data)
    if p.addend is not None:
        y = y - graph.numbers(p.addend)
    if f.relu:
        y = np.maximum(y, 0)
    if not sums_leave and output_scale is None:
        output_scale = quantise.highest(y, percentile) / (255 if f.relu else 127) or 1.0
    # A channel of tiny weights takes a coarser scale where its bias or its rescaling would not fit.
    floor = np.abs(f.shift) / (2**30 * input_scale)
    if not sums_leave:
        floor = np.maximum(floor, output_scale / input_scale * 2.0**-31)
    steps, scale = quantise.weights(w, constant and not sums_leave, floor if constant else np.full(count, floor.max()))
    layer = Layer(
        name,
        p.op,
        steps,
        quantise.activations(values, input_scale, zero, kind),
        np.rint(f.shift / (scale * input_scale)).astype(np.int32),
        None,
        f.relu,
        p.stride,
        p.pad,
        p.dilation,
        p.groups,
        scale,
        float(input_scale),
        zero,
        None if sums_leave else float(output_scale),
        f.feeds,
        f.norms,
        name_of(p.input_value),
        None if constant else name_of(p.weights_value),
        float_zeros={"weights": int((w == 0).sum()), "input": int((values == 0).sum())},
        kind=kind,
    )
    if not sums_leave:
        layer.requantise = np.array(
            [quantise.multiplier_and_shift(s * input_scale / output_scale) for s in scale], np.int32
        )
    layer.output = quantise.finish(layer, quantise.sums(layer, layer.input))
    layer.float_output = _as_layer(p, y, layer.output.shape)
    return layer


def _as_layer(p, y, shape):
    """The model's output `y` in Lacuna's form; the inverse of p.restore, found by restoring element numbers."""
    order = p.restore(torch.arange(int(np.prod(shape))).reshape(shape)).reshape(-1).numpy()
    flat = np.empty(y.size)
    flat[order] = y.reshape(-1)
    return flat.reshape(shape)


def _run_quantised(model, arguments, recording, folded):
    by_call, passed = {}, {n.call for f in folded for n in f.folded}
    for f, layer in zip(folded, recording.layers):
        constant = f.node.product.weights_value.constant

        def describe(function, args, kwargs, layer=layer, constant=constant, f=f):
            fixed = f.node.product
            word = function._schema.name.split("::")[1].rstrip("_")
            marks = {}
            bound = products.bind(function, args, kwargs)
            for key, value in f.node.arguments.items():
                if isinstance(bound.get(key), torch.Tensor) and hasattr(value, "constant"):
                    marks[id(bound[key])] = value
            again = products.describe(word, function, args, kwargs, lambda t: marks[id(t)])
            return again.input.detach(), again.weights.detach(), fixed.restore, again.addend

        word = f.node.op
        by_call[f.node.call] = (word, layer, describe)
    recording.result = run(model, arguments, _Quantised(by_call, passed))


def _unused(model, traced):
    """Weight matrices (parameters of two dimensions or more) of which no product used all elements."""
    found, seen = [], set()
    readers = {}
    for node in traced.nodes:
        if any(not v.constant for v in node.inputs) and not node.product:
            for value in node.inputs:
                for name in value.sources:
                    readers.setdefault(name, set()).add(graph.word(node))
    for name, parameter in model.named_parameters():
        if parameter.dim() < 2 or id(parameter) in seen:
            continue
        seen.add(id(parameter))
        covered = traced.covered.get(name)
        if covered is True:
            continue
        share = 0.0
        if covered is not None:
            share = float(covered.as_strided(parameter.shape, parameter.stride(), parameter.storage_offset()).float().mean())
        if share < 1:
            found.append((name, tuple(parameter.shape), share, sorted(readers.get(name, ()))))
    return found
