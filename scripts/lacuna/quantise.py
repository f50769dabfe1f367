"""From floating-point tensors to the integers of a layer, and what the layer makes of them.

    acc = bias[m] + sum of weights * input
    out = clamp((acc * multiplier[m] + (1 << (shift[m] - 1))) >> shift[m])
"""

import math

import numpy as np
import torch
import torch.nn.functional as F


def multiplier_and_shift(factor):
    """A factor as multiplier / 2^shift: multiplier 32768..65535 where shift 1..47 allows it."""
    shift = min(max(15 - math.floor(math.log2(factor)), 1), 47)
    multiplier = round(factor * 2**shift)
    if multiplier == 65536 and shift > 1:
        multiplier, shift = 32768, shift - 1
    if not 1 <= multiplier <= 65535:
        raise ValueError(f"factor {factor} has no multiplier in 1..65535 with a shift in 1..47")
    return multiplier, shift


def highest(values, percentile):
    """The largest magnitude, or that percentile of the magnitudes that are not zero; 0 of zeros."""
    magnitudes = np.abs(values[values != 0])
    if magnitudes.size == 0:
        return 0.0
    return float(magnitudes.max() if percentile is None else np.percentile(magnitudes, percentile))


def weights(values, per_channel, floor):
    """int8 steps in -127..127 and their scale [M]; scale is at least `floor` [M]. Halves to even."""
    largest = np.abs(values).reshape(len(values), -1).max(axis=1)
    if not per_channel:
        largest[:] = largest.max()
    largest[largest == 0] = largest.max() or 127  # a channel without weights: any scale will do
    scale = np.maximum(largest / 127, floor)
    steps = np.rint(values / scale.reshape((-1,) + (1,) * (values.ndim - 1)))
    return steps.astype(np.int8), scale


def activations(values, scale, zero_point, kind):
    """Steps of `scale`, halves up, in the range of int8 or uint8 with the zero point already subtracted.

    With a zero point z that is 0..255 - z less: -z..255 - z, which needs int16."""
    low, high = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-zero_point, 255 - zero_point)}[kind]
    return np.clip(np.floor(values / scale + 0.5), low, high).astype(kind)


def sums(layer, x):
    """Accumulators of integer input `x`, int64, in Lacuna's form. Float64 is exact: every sum is below 2^53."""
    w, x = torch.from_numpy(layer.weights.astype(np.float64)), torch.from_numpy(x.astype(np.float64))
    if layer.op == "fc":
        acc = x @ w.t()
        bias = layer.bias[None, :]
    elif layer.op == "matmul":
        acc, bias = w @ x, layer.bias[:, None]
    else:
        with torch.no_grad():
            acc = F.conv2d(x, w, None, layer.stride, layer.pad, layer.dilation, layer.groups)
        bias = layer.bias[None, :, None, None]
    acc = acc.numpy().astype(np.int64) + bias.astype(np.int64)
    bits = 48 if layer.wide else 32
    if acc.size and np.abs(acc).max() >= 2 ** (bits - 1):
        raise ValueError(f"{layer.name}: a sum does not fit {bits} bits")
    return acc


def finish(layer, acc):
    """The layer's output from its accumulators, in the element type Lacuna gives it."""
    if layer.requantise is None:
        acc = np.maximum(acc, 0) if layer.relu else acc
        return acc.astype(np.int64 if layer.wide else np.int32)
    axis = 0 if layer.op == "matmul" else 1
    shape = [1] * acc.ndim
    shape[axis] = -1
    multiplier, shift = (layer.requantise[:, i].astype(np.int64).reshape(shape) for i in (0, 1))
    y = (acc * multiplier + (np.int64(1) << (shift - 1))) >> shift
    kind = ("uint" if layer.relu else "int") + ("16" if layer.wide else "8")
    return np.clip(y, np.iinfo(kind).min, np.iinfo(kind).max).astype(kind)
