"""What a recording says of itself: every layer, who reads it, what quantisation did, and what was not seen."""


def source(recording):
    return (
        f"recorded from PyTorch: {len(recording.layers)} products, {len(recording.unused)} weight matrices that no product "
        f"used, {len(recording.unseen)} operations left out; recording.txt says more"
    )


def _list(title, items, none="none"):
    return [f"{title}: {none if not items else len(items)}"] + [f"  {item}" for item in items]


def direct_relus(recording):
    return [layer.name for layer in recording.layers if layer.feeds == ["relu"]]


def additions(recording):
    return [layer.name for layer in recording.layers if "add" in layer.feeds]


def text(recording):
    layers = recording.layers
    width = max(len(layer.name) for layer in layers)
    lines = [f"{recording.network}: {len(layers)} products recorded, {sum(x.norms for x in layers)} batch norms folded"]
    for x in layers:
        made = f"zeros made: {x.zeros_made('weights')} of {x.weights.size} weights, {x.zeros_made('input')} of {x.input.size} inputs"
        scale = "sums" if x.output_scale is None else f"step {x.output_scale:.4g}"
        lines.append(
            f"  {x.name:{width}} {x.op:9} weights {list(x.weights.shape)} {x.input.dtype} input {list(x.input.shape)}"
            f", feeds {', '.join(x.feeds)}, {scale}, error {100 * x.error():.2f} % rms; {made}"
        )
    relus, added = direct_relus(recording), additions(recording)
    pooled = [x.name for x in layers if x.relu and x.feeds != ["relu"]]
    lines.append(f"{len(relus)} of {len(layers)} layers feed a ReLU directly")
    if pooled:
        lines.append(f"{len(pooled)} feed a ReLU through max pooling: {', '.join(pooled)}")
    lines.append(f"{len(added)} feed an addition: no early termination is claimed for them")
    lines.append(f"{recording.norms_left} batch norms follow no product alone and stay operations")
    wide = [x.name for x in layers if x.wide]
    if wide:
        lines.append(f"{len(wide)} layers have a zero point and need operand: int16: {', '.join(wide)}")
    lines += _list(
        "weight matrices that no product used, or not all of",
        [
            f"{name} {list(shape)}, {100 * share:.0f} % used"
            + (f"; read by {', '.join(words)}" if words else "; read by no operation")
            for name, shape, share, words in recording.unused
        ],
    )
    lines += _list(
        "products left out", [f"{op} in {module or 'the model'}: {reason}" for op, module, reason in recording.unseen]
    )
    return "\n".join(lines)


def machine_readable(recording):
    """recording.json: scales, readers and the graph. A layer's output scale is null where its sums are the output."""
    return {
        "network": recording.network,
        "layers": [
            {
                "name": x.name,
                "from": x.reads,
                "weights_from": x.weights_read,
                "feeds": x.feeds,
                "relu": x.relu,
                "batch_norms_folded": x.norms,
                "weight_scale": list(x.weight_scale),
                "input_scale": x.input_scale,
                "zero_point": x.zero_point,
                "output_scale": x.output_scale,
                "error_rms": x.error(),
                "zeros_made": {"weights": x.zeros_made("weights"), "input": x.zeros_made("input")},
            }
            for x in recording.layers
        ],
        "operations": recording.operations,
        "unused_weights": [{"name": n, "shape": s, "used": u, "read_by": r} for n, s, u, r in recording.unused],
        "left_out": [{"op": o, "module": m, "reason": r} for o, m, r in recording.unseen],
    }
