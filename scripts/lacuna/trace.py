"""Which operations does a model run, on what, and who reads their results?

A TorchDispatchMode sees every operation below autograd, where fused layers are already taken apart: with gradients
enabled and parameters that ask for them PyTorch does not enter the fused transformer kernels. Module hooks would miss
products that no module owns, and serve here for names alone.

A tensor is known by its storage, offset, sizes and strides, not by its Python object, which views exchange. An operation
in place makes a new value; other views of that storage read old and new value through an `alias` from then on.
"""

import contextlib
from dataclasses import dataclass, field
from typing import Any, Optional

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from . import products


@dataclass(eq=False)
class Value:
    """A tensor at one moment. Constant: depends on no input of the network."""

    node: Any
    constant: bool
    sources: frozenset = frozenset()  # names of the parameters and buffers it is made from
    shape: tuple = ()
    readers: list = field(default_factory=list)
    is_output: bool = False
    data: Optional[torch.Tensor] = None  # of constants, and of outputs of products and batch norms


@dataclass(eq=False)
class Node:
    """One operation. `view`: its output has its input's elements, at most in another place or fewer of them."""

    call: int  # number of the call, from 0; -1 for an alias
    op: str
    inputs: list
    arguments: dict
    view: bool = False
    module: str = ""
    outputs: list = field(default_factory=list)
    product: Any = None


COPIES = ("clone", "_unsafe_view", "contiguous", "_to_copy", "detach", "lift_fresh", "_reshape_alias")
NORMS = ("native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training", "cudnn_batch_norm")


def storage_of(tensor):
    return tensor.untyped_storage() if hasattr(tensor, "untyped_storage") else tensor.storage()


def place_of(tensor):
    return (tensor.storage_offset(), tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype)


def tensors_in(tree):
    if isinstance(tree, torch.Tensor):
        yield tree
    elif isinstance(tree, dict):
        for item in tree.values():
            yield from tensors_in(item)
    elif isinstance(tree, (list, tuple)):
        for item in tree:
            yield from tensors_in(item)


class Storage:
    def __init__(self, tensor):
        self.keep = storage_of(tensor)  # as long as it lives, no other storage has its address
        self.values = {}  # place -> (value, version)
        self.version = 0
        self.last = None


class Tracer(TorchDispatchMode):
    """Records nodes while active. `modules` is the stack of module names that hooks keep."""

    def __init__(self, model, inputs):
        super().__init__()
        self.nodes, self.unseen = [], []
        self.calls = 0
        self.modules = [""]
        self.storages, self.owners, self.covered = {}, {}, {}
        named = list(all_parameters(model)) + list(model.named_buffers())
        for name, tensor in named:
            self.owners.setdefault(storage_of(tensor).data_ptr(), []).append((name, tensor))
        for tensor in tensors_in(inputs):
            self._set(tensor, Value(None, False, shape=tuple(tensor.shape)))

    def _storage(self, tensor):
        address = storage_of(tensor).data_ptr()
        if address not in self.storages:
            self.storages[address] = Storage(tensor)
        return self.storages[address]

    def _set(self, tensor, value, write=False):
        storage = self._storage(tensor)
        storage.version += write
        storage.values[place_of(tensor)] = (value, storage.version)
        storage.last = value

    def value(self, tensor):
        """What is known of `tensor` now; a tensor never seen is a constant, with the parameters of its storage."""
        storage = self._storage(tensor)
        if storage.last is None:
            owners = self.owners.get(storage_of(tensor).data_ptr(), [])
            made = Value(None, True, frozenset(n for n, _ in owners), tuple(tensor.shape), data=tensor.detach())
            self._set(tensor, made)
        place = place_of(tensor)
        value, version = storage.values.get(place, (None, -1))
        if value is not None and version == storage.version:
            return value
        if storage.last.node is None and storage.last.constant and value is None:  # another view of a parameter
            made = Value(None, True, storage.last.sources, tuple(tensor.shape), data=tensor.detach())
            storage.values[place] = (made, storage.version)
            return made
        read = [v for v in (value, storage.last) if v is not None]
        node = Node(-1, "alias", read, {}, view=len(read) == 1, module=self.modules[-1])
        made = self._output(node, tensor)
        self.nodes.append(node)
        for known in read:
            known.readers.append(node)
        storage.values[place] = (made, storage.version)
        return made

    def _output(self, node, tensor):
        constant = all(v.constant for v in node.inputs)
        sources = frozenset().union(*(v.sources for v in node.inputs)) if constant else frozenset()
        value = Value(node, constant, sources, tuple(tensor.shape), data=tensor.detach() if constant else None)
        node.outputs.append(value)
        return value

    def _cover(self, tensor, value):
        """Marks the elements of parameters that a product uses."""
        owners = self.owners.get(storage_of(tensor).data_ptr(), [])
        for name, owner in owners:
            if name not in self.covered:
                held = storage_of(owner)
                size = held.nbytes() // owner.element_size()
                self.covered[name] = torch.zeros(size, dtype=torch.bool)
            seen = self.covered[name]
            seen.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset()).fill_(True)
        if not owners:
            for name in value.sources:
                self.covered[name] = True  # reached through a computation: all of it

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        word = function._schema.name.split("::")[1]
        base = word[:-1] if word.endswith("_") else word
        bound = products.bind(function, args, kwargs)
        read = {id(t): self.value(t) for t in tensors_in(bound)}
        inputs = list(dict.fromkeys(read.values()))
        translate = lambda item: read[id(item)] if isinstance(item, torch.Tensor) else item  # noqa: E731
        arguments = {k: [translate(i) for i in v] if isinstance(v, (list, tuple)) else translate(v) for k, v in bound.items()}
        node = Node(self.calls, base, inputs, arguments, module=self.modules[-1])
        self.calls += 1
        active = any(not v.constant for v in inputs)
        if active:
            try:
                node.product = products.describe(base, function, args, kwargs, self.value)
            except products.Unsupported as reason:
                self.unseen.append((node, str(reason)))
        if node.product:
            p = node.product
            weights = next(t for t in tensors_in(bound) if read[id(t)] is p.weights_value)
            if p.weights_value.constant:
                self._cover(weights, p.weights_value)
            p.input = p.input.detach().clone()
            p.weights = p.weights.detach().clone()
            p.addend = None if p.addend is None else p.addend.detach().clone()
        result = function(*args, **kwargs)
        returns = function._schema.returns
        aliases = [r.alias_info for r in returns]
        node.view = base in COPIES or any(i is not None and not i.is_write for i in aliases)
        outputs = list(tensors_in(result))
        if inputs or outputs:
            self.nodes.append(node)
            for value in inputs:
                value.readers.append(node)
            writes = any(i is not None and i.is_write for i in aliases)
            for tensor in outputs:
                value = self._output(node, tensor)
                if node.product or base in NORMS:
                    value.data = tensor.detach().clone()
                self._set(tensor, value, write=writes)
        return result


def all_parameters(model):
    """Parameters under every name they have (PyTorch before 2.0 names a shared one once)."""
    for prefix, module in model.named_modules(remove_duplicate=False):
        for name, parameter in module._parameters.items():
            if parameter is not None:
                yield (prefix + "." if prefix else "") + name, parameter


@contextlib.contextmanager
def prepared(model):
    """The model in evaluation mode, with gradients, so that no fused kernel is chosen; afterwards as it was."""
    training = {module: module.training for module in model.modules()}
    asked = {p: p.requires_grad for p in model.parameters()}
    with contextlib.ExitStack() as stack:
        try:
            model.eval()
            for p in asked:
                if p.is_floating_point():
                    p.requires_grad_(True)
            mha = getattr(torch.backends, "mha", None)
            if mha is not None:
                stack.callback(mha.set_fastpath_enabled, mha.get_fastpath_enabled())
                mha.set_fastpath_enabled(False)
            attention = getattr(torch.nn, "attention", None)
            if attention is not None and hasattr(attention, "sdpa_kernel"):
                stack.enter_context(attention.sdpa_kernel(attention.SDPBackend.MATH))
            stack.enter_context(torch.inference_mode(False))
            stack.enter_context(torch.enable_grad())
            yield
        finally:
            for module, was in training.items():
                module.training = was
            for p, was in asked.items():
                p.requires_grad_(was)


def run(model, inputs, mode):
    """The model's result with `mode` active; keeps mode.modules while modules are entered and left."""
    names = {module: name for name, module in model.named_modules()}
    stack = getattr(mode, "modules", [""])
    before = lambda m, _: stack.append(names.get(m, stack[-1]))  # noqa: E731

    def after(*_):
        stack.pop()

    hooks = torch.nn.modules.module
    handles = [hooks.register_module_forward_pre_hook(before), hooks.register_module_forward_hook(after)]
    try:
        with prepared(model), mode:
            return model(*inputs)
    finally:
        for handle in handles:
            handle.remove()


def trace(model, inputs):
    """Runs the model once; the Tracer, with the network's outputs marked."""
    tracer = Tracer(model, inputs)
    result = run(model, inputs, tracer)
    for tensor in tensors_in(_plain(result)):
        tracer.value(tensor).is_output = True
    return tracer


def _plain(result):
    return vars(result) if hasattr(result, "__dataclass_fields__") else result
