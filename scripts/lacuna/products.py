"""Which calls of PyTorch are products, and what are their weights, inputs and biases as Lacuna has them?

One form for all: conv and depthwise have weights [M, C/groups, R, S] and input [N, C, H, W]; fc has weights [M, C] and
input [N, C]; matmul has weights [M, K] and input [K, N]. A batch of B matrix products is a 1x1 convolution of B groups.
"""

import re
from dataclasses import dataclass
from typing import Any, Callable, Optional

import torch


class Unsupported(Exception):
    """A product that a workload cannot say; the text says why."""


@dataclass(eq=False)
class Product:
    """One product in Lacuna's form. Values are the tracer's; tensors are copies, or parameters."""

    op: str
    weights: torch.Tensor
    input: torch.Tensor
    weights_value: Any
    input_value: Any
    restore: Callable  # from the output in Lacuna's form to the shape the model sees
    bias: Optional[torch.Tensor] = None  # [M]
    addend: Optional[torch.Tensor] = None  # what another unit adds, in the shape the model sees
    stride: tuple = (1, 1)
    pad: tuple = (0, 0)
    dilation: tuple = (1, 1)
    groups: int = 1


def bind(function, args, kwargs):
    """Arguments by name, defaults of the schema filled in."""
    bound = {}
    for index, argument in enumerate(function._schema.arguments):
        if index < len(args):
            bound[argument.name] = args[index]
        elif argument.name in kwargs:
            bound[argument.name] = kwargs[argument.name]
        elif argument.has_default_value():
            bound[argument.name] = argument.default_value
    return bound


def _convolution(a, value):
    x, w = a["input"], a["weight"]
    if a["transposed"]:
        raise Unsupported("transposed convolution")
    if w.dim() > 4:
        raise Unsupported("convolution of three dimensions")
    one = w.dim() == 3  # a signal is an image of height 1
    pair = (lambda v, fill: (fill, v[0])) if one else (lambda v, fill: tuple(v) * 2 if len(v) == 1 else tuple(v))
    groups = a["groups"]
    depthwise = groups > 1 and groups == x.shape[1]
    return Product(
        "depthwise" if depthwise else "conv",
        w.unsqueeze(2) if one else w,
        x.unsqueeze(2) if one else x,
        value(w),
        value(x),
        (lambda y: y.squeeze(2)) if one else (lambda y: y),
        a["bias"],
        None,
        pair(a["stride"], 1),
        pair(a["padding"], 0),
        pair(a["dilation"], 1),
        groups,
    )


def _matrices(x, y, value):
    """x [n, k] times y [k, m]; the constant operand is the weights, else the left one."""
    if value(y).constant:
        return Product("fc", y.t(), x, value(y), value(x), lambda out: out)
    if value(x).constant:
        return Product("matmul", x, y, value(x), value(y), lambda out: out)
    return Product("matmul", x, y, value(x), value(y), lambda out: out)


def _batch(x, y, value):
    """x [B, n, k] times y [B, k, m]."""
    count, n, k = x.shape
    m = y.shape[2]
    if value(y).constant:
        if y.stride(0) == 0:  # one matrix for all
            rows = x.reshape(count * n, k)
            return Product("fc", y[0].t(), rows, value(y), value(x), lambda out: out.reshape(count, n, m))
        weights = y.transpose(1, 2).reshape(count * m, k, 1, 1)
        columns = x.transpose(1, 2).reshape(1, count * k, 1, n)
        restore = lambda out: out.reshape(count, m, n).transpose(1, 2).contiguous()  # noqa: E731
        return Product("conv", weights, columns, value(y), value(x), restore, groups=count)
    weights, columns = x.reshape(count * n, k, 1, 1), y.reshape(1, count * k, 1, m)
    return Product(
        "conv", weights, columns, value(x), value(y), lambda out: out.reshape(count, n, m), groups=count
    )


def _with_addend(product, a, value, shape):
    """beta * self + alpha * product."""
    alpha, beta = a.get("alpha", 1), a.get("beta", 1)
    if alpha != 1:
        if not product.weights_value.constant:
            raise Unsupported(f"matrix product scaled by {alpha}")
        product.weights = product.weights * alpha
    if beta == 0:
        return product
    added = a["self"]
    filters = product.weights.shape[0]
    per_filter = added.numel() == filters and added.shape[-1] == filters and value(added).constant
    if product.op == "fc" and per_filter:
        product.bias = (added * beta).reshape(filters)
    else:
        product.addend = (added * beta).expand(shape)
    return product


def describe(word, function, args, kwargs, value):
    """The Product of a call of `word`, or None; Unsupported for a product that has no form here.

    `value(tensor)` is what the tracer knows of a tensor; a product of constants alone is none."""
    known = ("convolution", "mm", "addmm", "bmm", "baddbmm", "mv", "addmv", "dot")
    if word not in known:
        pattern = r"conv|attention|transformer|lstm|gru|rnn|linear|matmul|mm$|mv$|dot$|trilinear|cdist|addbmm"
        if re.search(pattern, word) and not re.search(r"upsample|_backward", word):
            raise Unsupported("product inside a fused operation, or of a kind unknown here")
        return None
    a = bind(function, args, kwargs)
    if word == "convolution":
        if value(a["input"]).constant and value(a["weight"]).constant:
            return None
        return _convolution(a, value)
    names = {"addmm": ("mat1", "mat2"), "baddbmm": ("batch1", "batch2"), "addmv": ("mat", "vec")}
    names.update({"mm": ("self", "mat2"), "bmm": ("self", "mat2"), "mv": ("self", "vec"), "dot": ("self", "tensor")})
    x, y = (a[name] for name in names[word])
    if value(x).constant and value(y).constant:
        return None
    if word in ("bmm", "baddbmm"):
        product, shape = _batch(x, y, value), (x.shape[0], x.shape[1], y.shape[2])
    elif word in ("mv", "addmv", "dot"):
        matrix = x if word != "dot" else x.unsqueeze(0)
        end = (lambda out: out.reshape(-1)) if word != "dot" else (lambda out: out.reshape(()))
        shape = (matrix.shape[0],) if word != "dot" else ()
        if value(x).constant:
            product = Product("fc", matrix, y.unsqueeze(0), value(x), value(y), end)
        else:
            product = Product("fc", y.unsqueeze(0), matrix, value(y), value(x), end)
            if word == "addmv":
                raise Unsupported("addmv with a vector of weights")
    else:
        product, shape = _matrices(x, y, value), (x.shape[0], y.shape[1])
    return _with_addend(product, a, value, shape) if word in ("addmm", "baddbmm", "addmv") else product
