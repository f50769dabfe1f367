"""Writes a workload of random layers and their outputs, computed by NumPy, for reference_test.cc to compare with.

    python3 random_layers.py FOLDER SEED COUNT

Written from the definition of a convolution alone. NAME.output.npy is the output, NAME.output7.npy the output with
values nearer to zero than 7 set to zero, both in the shape a user sees.
"""

import os
import sys

import numpy as np

folder, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random = np.random.default_rng(seed)


def integer(lowest, highest):
    return int(random.integers(lowest, highest + 1))


def sparse(shape, dtype, density):
    info = np.iinfo(dtype)
    values = random.integers(info.min, info.max, shape, endpoint=True)
    return (values * (random.random(shape) < density)).astype(dtype)


def wrapped(values, bits):
    """Two's complement of `bits` bits."""
    half = 1 << (bits - 1)
    return ((values + half) & ((1 << bits) - 1)) - half


def convolution(x, w, stride, pad, dilation, groups):
    """x [N, C, H, W], w [M, C/groups, R, S], all int64; out[n, m, p, q] by its definition."""
    x = np.pad(x, ((0, 0), (0, 0), pad[:2], pad[2:]))
    (n, c, h, width), (m, depth, r, s) = x.shape, w.shape
    p = (h - dilation[0] * (r - 1) - 1) // stride[0] + 1
    q = (width - dilation[1] * (s - 1) - 1) // stride[1] + 1
    out = np.zeros((n, m, p, q), np.int64)
    for filter_ in range(m):
        first = filter_ // (m // groups) * depth
        for i in range(p):
            for j in range(q):
                top, left = i * stride[0], j * stride[1]
                window = x[
                    :,
                    first : first + depth,
                    top : top + dilation[0] * (r - 1) + 1 : dilation[0],
                    left : left + dilation[1] * (s - 1) + 1 : dilation[1],
                ]
                out[:, filter_, i, j] = (window * w[filter_]).sum(axis=(1, 2, 3))
    return out


yaml = ["network: random", "source: random layers", "layers:"]
for index in range(count):
    name = f"layer{index}"
    op = ["conv", "conv", "conv", "depthwise", "fc", "matmul"][index % 6]
    wide = integer(0, 3) == 0
    w_type = random.choice(["int16", "int8"] if wide else ["int8"])
    x_type = random.choice(["int16", "uint16"] if wide else ["int8", "uint8"])
    density = random.choice([0.1, 0.5, 1.0])
    n, m = integer(1, 3), integer(1, 9)
    keys = {}

    if op in ("conv", "depthwise"):
        groups = integer(1, 3)
        depth = integer(1, 6)
        if op == "depthwise":
            groups, depth = integer(1, 7), 1
        m, c = groups * integer(1, 4), groups * depth
        r, s = integer(1, 4), integer(1, 4)
        stride, dilation = [integer(1, 3), integer(1, 3)], [integer(1, 2), integer(1, 2)]
        pad = [integer(0, 2) for _ in range(4)]
        h = max(1, dilation[0] * (r - 1) + 1 - pad[0] - pad[1]) + integer(0, 7)
        width = max(1, dilation[1] * (s - 1) + 1 - pad[2] - pad[3]) + integer(0, 7)
        w, x = sparse((m, depth, r, s), w_type, density), sparse((n, c, h, width), x_type, density)
        out = convolution(x.astype(np.int64), w.astype(np.int64), stride, pad, dilation, groups)
        keys = dict(stride=stride, dilation=dilation, pad=pad)
        if op == "conv":
            keys["groups"] = groups
    elif op == "fc":
        c, h, width = integer(1, 20), integer(1, 3), integer(1, 3)
        w, x = sparse((m, c * h * width), w_type, density), sparse((n, c, h, width), x_type, density)
        out = x.reshape(n, -1).astype(np.int64) @ w.T.astype(np.int64)
        if integer(0, 1):
            x = x.reshape(n, -1)
    else:
        k = integer(1, 40)
        w, x = sparse((m, k), w_type, density), sparse((k, n), x_type, density)
        out = w.astype(np.int64) @ x.astype(np.int64)

    # A filter's axis is the first for matmul and the second elsewhere.
    filter_axis = 0 if op == "matmul" else 1
    per_filter = [1] * out.ndim
    per_filter[filter_axis] = m
    bits = 16 if w.dtype.itemsize == 2 or x.dtype.itemsize == 2 else 8
    accumulator = 32 if bits == 8 else 48
    if integer(0, 3):
        bias = random.integers(-(2**31) if index % 5 == 0 else -5000, 2**31 if index % 5 == 0 else 5000, m)
        np.save(os.path.join(folder, f"{name}.bias.npy"), bias.astype(np.int32))
        keys["bias"] = f"{name}.bias.npy"
        out = out + bias.reshape(per_filter)
    out = wrapped(out, accumulator)
    relu = bool(integer(0, 1))
    if integer(0, 3):
        pairs = np.stack([random.integers(1, 65536, m), random.integers(0, 48, m)], axis=1)
        if integer(0, 2):
            pairs[:, 1] = random.integers(16, 32, m)
        np.save(os.path.join(folder, f"{name}.requantise.npy"), pairs.astype(np.int32))
        keys["requantise"] = f"{name}.requantise.npy"
        exact = out.astype(object)  # Python's integers have no end
        for position in np.ndindex(out.shape):
            multiplier, shift = (int(v) for v in pairs[position[filter_axis]])
            exact[position] = (int(out[position]) * multiplier + ((1 << shift) >> 1)) >> shift
        out, dtype = exact, f"{'u' if relu else ''}int{bits}"
    else:
        dtype = "int32" if bits == 8 else "int64"
    info = np.iinfo(dtype)
    out = np.clip(out, max(0, info.min) if relu else info.min, info.max).astype(dtype)

    np.save(os.path.join(folder, f"{name}.weights.npy"), w)
    np.save(os.path.join(folder, f"{name}.input.npy"), x)
    np.save(os.path.join(folder, f"{name}.output.npy"), out)
    np.save(os.path.join(folder, f"{name}.output7.npy"), np.where(np.abs(out.astype(object)) < 7, 0, out).astype(dtype))
    yaml += [
        f"  - name: {name}",
        f"    op: {op}",
        f"    weights: {name}.weights.npy",
        f"    input: {name}.input.npy",
        f"    relu: {str(relu).lower()}",
    ] + [f"    {key}: {value}" for key, value in keys.items()]

with open(os.path.join(folder, "workload.yaml"), "w") as file:
    file.write("\n".join(yaml) + "\n")
