"""What becomes of a product's output: batch norms folded into it, who reads it, and whether it ends in ReLU.

A ReLU belongs to a product if every path from its output ends in one, through views and max pooling only (which
commute with it). A product whose output also goes elsewhere, or into an addition first, has none: stopping its sums
early would change what the other reader sees.
"""

from dataclasses import dataclass, field

import numpy as np
import torch

from .trace import NORMS, Node, Value

WORDS = {
    "max_pool2d_with_indices": "max_pool",
    "_adaptive_avg_pool2d": "average_pool",
    "avg_pool2d": "average_pool",
    "cat": "concat",
    "native_layer_norm": "layer_norm",
    "_softmax": "softmax",
    "constant_pad_nd": "pad",
}


def word(node):
    if node.op in NORMS:
        return "batch_norm"
    return "relu" if is_relu(node) else WORDS.get(node.op, node.op.lstrip("_"))


def is_relu(node):
    a = node.arguments
    if node.op == "relu":
        return True
    if node.op == "hardtanh":
        return a["min_val"] == 0 and a["max_val"] > 0
    if node.op == "clamp":
        return a["min"] == 0 and (a["max"] is None or a["max"] > 0)
    if node.op == "clamp_min":
        return a["min"] == 0
    return node.op == "threshold" and a["threshold"] == 0 and a["value"] == 0


def passes(node):
    """Keeps values and the order of them: what a ReLU may be moved across."""
    return node.view or word(node) == "max_pool"


@dataclass(eq=False)
class Folded:
    """A product with what was folded into it: output = scale[m] * product + shift[m]."""

    node: Node
    tail: Value
    scale: np.ndarray
    shift: np.ndarray
    folded: list = field(default_factory=list)  # nodes that became part of it
    norms: int = 0
    relu: bool = False
    feeds: list = field(default_factory=list)  # words: relu, max_pool+relu, add, ..., product, output


def numbers(tensor):
    return tensor.detach().to(torch.float64).numpy()


def _constant(value, count):
    """A constant with one number a channel, or None."""
    return numbers(value.data).reshape(-1) if value.constant and value.data.numel() == count else None


def fold(node):
    p = node.product
    count = p.weights.shape[0]
    result = Folded(node, node.outputs[0], np.ones(count), np.zeros(count))
    if p.bias is not None:
        result.shift += numbers(p.bias)
    if not p.weights_value.constant or p.addend is not None or p.op == "matmul":
        return result
    channel = -1 if p.op == "fc" else 1 - len(node.outputs[0].shape)
    while len(result.tail.readers) == 1 and not result.tail.is_output:
        reader, a = result.tail.readers[0], result.tail.readers[0].arguments
        if reader.op in NORMS and a["input"] is result.tail and not a.get("training", False):
            mean, var = (numbers(a[k].data) for k in ("running_mean", "running_var"))
            gain = 1 / np.sqrt(var + a["eps"])
            if a["weight"] is not None:
                gain = gain * numbers(a["weight"].data)
            result.scale *= gain
            result.shift = (result.shift - mean) * gain
            if a["bias"] is not None:
                result.shift = result.shift + numbers(a["bias"].data)
            result.norms += 1
        elif reader.op == "add" and isinstance(a["other"], Value) and a.get("alpha", 1) == 1:
            other = a["other"] if a["self"] is result.tail else a["self"]
            added = _constant(other, count)
            axis = channel + len(other.shape)
            if added is None or not 0 <= axis < len(other.shape) or other.shape[axis] != count:
                break
            result.shift = result.shift + added
        else:
            break
        result.folded.append(reader)
        result.tail = reader.outputs[0]
    return result


def ends(value, through=""):
    """Words of the readers at the ends of all paths from `value` through views and max pooling."""
    found = ["output"] if value.is_output else []
    for node in value.readers:
        if node.product:
            found.append("product")
        elif is_relu(node):
            found.append(through + "relu")
        elif passes(node):
            deeper = through if node.view else "max_pool+"
            kept = node.outputs if node.view else node.outputs[:1]  # max pooling also gives indices
            found += [e for o in kept for e in ends(o, deeper)]
        else:
            found.append(word(node))
    return found


def find_relu(folded):
    """Sets relu and feeds."""
    found = ends(folded.tail)
    folded.feeds = sorted(set(found)) or ["nothing"]
    plain = folded.node.product.addend is None
    folded.relu = plain and bool(found) and all(e in ("relu", "max_pool+relu") for e in found)


def source(value, tails):
    """The Folded whose output `value` holds unchanged but for views, max pooling and its own ReLU, or None."""
    while value.node is not None:
        if value in tails:
            return tails[value]
        node = value.node
        if not (passes(node) or is_relu(node)):
            return None
        relu, value = is_relu(node), next(v for v in node.inputs if not v.constant)
        if relu:
            folded = source(value, tails)
            return folded if folded is not None and folded.relu else None
    return None


def operations(nodes, names, folded):
    """The operations between layers, in order, as {name, op, from}; and a function from a value to its name.

    `names` maps product nodes to layer names. Views are left out, and so are nodes that became part of a layer: folded
    ones, and the ReLU of a layer that has one. The network's input is `input`."""
    tails = {f.tail: f for f in folded}
    inside = {n for f in folded for n in f.folded}
    known, listed, used = {}, [], {}

    def name(value):
        if value.node is None:
            return None if value.constant else "input"
        return known.get(value.node)

    for node in nodes:
        active = [v for v in node.inputs if not v.constant]
        if not active:
            continue
        if node in names:
            known[node] = names[node]
        elif node in inside or node.view:
            known[node] = name(active[0])
        elif is_relu(node) and (own := source(active[0], tails)) is not None and own.relu:
            known[node] = name(active[0])
        else:
            base = word(node)
            used[base] = used.get(base, 0) + 1
            known[node] = f"{base}_{used[base]}"
            while known[node] in names.values():
                known[node] += "_"
            listed.append({"name": known[node], "op": base, "from": [name(v) for v in active]})
    return listed, name
