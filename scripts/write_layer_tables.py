#!/usr/bin/env python3
"""Where do the published layer tables in workloads/ come from?  From this file.

    scripts/write_layer_tables.py           writes workloads/<network>/workload.yaml
    scripts/write_layer_tables.py --check   writes nothing; exit status 1 if a file differs

Shapes are the networks' published ones, densities are those of the sources named in each file.
The tensors themselves are generated when a layer is simulated.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Percent of the weights that remain: Deep Compression, ICLR 2016.
ALEXNET_WEIGHTS = [84, 38, 35, 37, 37, 9, 9, 25]
VGG16_WEIGHTS = [58, 22, 34, 36, 53, 24, 42, 32, 27, 34, 35, 29, 36, 4, 4, 23]
# Percent of the inputs that are not zero. Convolutions: Sparseloop's artifact (AlexNet), SCNN's figure 1 (VGG-16).
# Fully connected layers: EIE, ISCA 2016, table III.
ALEXNET_INPUTS = [99.9, 60, 27.5, 20.7, 23, 35.1, 35.3, 37.5]
VGG16_INPUTS = [100, 50, 89, 79, 81, 63, 69, 71, 50, 45, 39, 33, 32, 18.3, 37.5, 41.1]

OUTPUT_NOTE = (
    "density.output, the share of sums above zero that biases are drawn for, is the input density of the next layer, "
    "also where a pooling lies in between (its input has a lower density than its output, which no source states)"
)


def fraction(percent):
    return f"{percent / 100:.4g}"


def layer(name, op, shape, weights, inputs, output=None, relu=True, pattern=None, **steps):
    """`weights` None: decided by the pattern."""
    return dict(
        name=name, op=op, shape=shape, weights=weights, inputs=inputs, output=output, relu=relu,
        pattern=pattern, steps=steps,
    )


def conv(name, m, c, h, r, weights, inputs, output=None, **more):
    return layer(name, "conv", dict(M=m, C=c, H=h, W=h, R=r, S=r), weights, inputs, output, **more)


def text(network, source, layers):
    lines = [
        "# Written by scripts/write_layer_tables.py. Shapes and densities are given, tensors are generated from them.",
        f"network: {network}",
        f'source: "{source}"',
        "layers:",
    ]
    for seed, item in enumerate(layers, start=1):
        densities = [] if item["weights"] is None else [f"weights: {fraction(item['weights'])}"]
        densities.append(f"input: {fraction(item['inputs'])}")
        if item["relu"] and item["output"] is not None:
            densities.append(f"output: {fraction(item['output'])}")
        shape = ", ".join(f"{key}: {value}" for key, value in item["shape"].items())
        lines += [f"  - name: {item['name']}", f"    op: {item['op']}", f"    shape: {{{shape}}}"]
        lines += [f"    {key}: {value}" for key, value in item["steps"].items()]
        if item["pattern"]:
            lines.append(f'    pattern: "{item["pattern"]}"')
        lines += [
            f"    density: {{{', '.join(densities)}}}",
            f"    relu: {'true' if item['relu'] else 'false'}",
            f"    seed: {seed}",
        ]
    return "\n".join(lines) + "\n"


def alexnet():
    shapes = [  # name, M, C, H, R, steps
        ("conv1", 96, 3, 227, 11, dict(stride=4)),
        ("conv2", 256, 96, 27, 5, dict(pad=2, groups=2)),
        ("conv3", 384, 256, 13, 3, dict(pad=1)),
        ("conv4", 384, 384, 13, 3, dict(pad=1, groups=2)),
        ("conv5", 256, 384, 13, 3, dict(pad=1, groups=2)),
    ]
    weights, inputs, outputs = ALEXNET_WEIGHTS, ALEXNET_INPUTS, ALEXNET_INPUTS[1:] + [None]
    layers = [
        conv(name, m, c, h, r, w, i, o, **steps)
        for (name, m, c, h, r, steps), w, i, o in zip(shapes, weights, inputs, outputs)
    ]
    for (name, m, c), w, i, o in zip(
        [("fc6", 4096, 9216), ("fc7", 4096, 4096), ("fc8", 1000, 4096)], weights[5:], inputs[5:], outputs[5:]
    ):
        layers.append(layer(name, "fc", dict(M=m, C=c), w, i, o, relu=o is not None))
    source = (
        "shapes: Krizhevsky et al., NIPS 2012, the two-group network; weight densities: Deep Compression, ICLR 2016; "
        "input densities of conv1..5: Sparseloop's artifact, of fc6..8: EIE, ISCA 2016, table III, quoted from general "
        f"knowledge; {OUTPUT_NOTE}; tensors are generated"
    )
    return text("alexnet", source, layers)


def vgg16():
    layers, c, h, index = [], 3, 224, 0
    outputs = VGG16_INPUTS[1:] + [None]
    for block, (m, count) in enumerate([(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], start=1):
        for part in range(1, count + 1):
            densities = VGG16_WEIGHTS[index], VGG16_INPUTS[index], outputs[index]
            layers.append(conv(f"conv{block}_{part}", m, c, h, 3, *densities, pad=1))
            c, index = m, index + 1
        h //= 2
    for name, m, c in [("fc6", 4096, 25088), ("fc7", 4096, 4096), ("fc8", 1000, 4096)]:
        densities = VGG16_WEIGHTS[index], VGG16_INPUTS[index], outputs[index]
        layers.append(layer(name, "fc", dict(M=m, C=c), *densities, relu=outputs[index] is not None))
        index += 1
    source = (
        "shapes: Simonyan and Zisserman, ICLR 2015, configuration D; weight densities: Deep Compression, ICLR 2016; "
        "input densities of the convolutions: read off figure 1 of SCNN, ISCA 2017, by two public "
        f"re-implementations, of fc6..8: EIE, ISCA 2016, table III, quoted from general knowledge; "
        f"{OUTPUT_NOTE}; tensors are generated"
    )
    return text("vgg16", source, layers)


def resnet50(two_of_four):
    """The network with the stride in the 3x3 convolution ("v1.5"), as it is pruned and timed today."""
    weights = None if two_of_four else 50
    pattern = "2:4" if two_of_four else None
    some, pooled = 50, 100  # input densities, percent
    layers = [
        conv("conv1", 64, 3, 224, 7, 100 if two_of_four else weights, 100, some, stride=2, pad=3)
    ]
    c, h = 64, 56
    for stage, (width, blocks) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)], start=1):
        for block in range(blocks):
            stride = 2 if stage > 1 and block == 0 else 1
            name, after = f"layer{stage}.{block}", h // stride
            more = dict(pattern=pattern)
            layers.append(conv(f"{name}.conv1", width, c, h, 1, weights, some, some, **more))
            layers.append(conv(f"{name}.conv2", width, width, h, 3, weights, some, some, stride=stride, pad=1, **more))
            layers.append(conv(f"{name}.conv3", 4 * width, width, after, 1, weights, some, relu=False, **more))
            if block == 0:
                layers.append(
                    conv(f"{name}.downsample", 4 * width, c, h, 1, weights, some, relu=False, stride=stride, **more)
                )
            c, h = 4 * width, after
    layers.append(layer("fc", "fc", dict(M=1000, C=2048), weights, pooled, relu=False, pattern=pattern))
    pruned = (
        "weights 2:4 (two of every four along the reduction) in all layers but conv1, which has only 3 channels and "
        "stays dense"
        if two_of_four
        else "50 % of the weights of every layer, unstructured, a round number and no publication's"
    )
    source = (
        "shapes: He et al., CVPR 2016, with the stride in the 3x3 convolutions (v1.5); "
        f"{pruned}; input densities 50 % after ReLU, 100 % for the image and after the average pooling, and 50 % of "
        "sums above zero: assumed, not published; conv3 and downsample have no ReLU of their own, it follows their "
        "sum; tensors are generated"
    )
    return text("resnet50-2-4" if two_of_four else "resnet50", source, layers)


def mobilenet_v1():
    dense, pruned, some = 100, 50, 50
    layers = [conv("conv1", 32, 3, 224, 3, dense, 100, some, stride=2, pad=1)]
    c, h = 32, 112
    blocks = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)] + 5 * [(512, 1)] + [(1024, 2), (1024, 1)]
    for index, (m, stride) in enumerate(blocks, start=1):
        shape = dict(C=c, H=h, W=h, R=3, S=3)
        layers.append(layer(f"dw{index}", "depthwise", shape, dense, some, some, stride=stride, pad=1))
        h //= stride
        layers.append(conv(f"pw{index}", m, c, h, 1, pruned, some, some))
        c = m
    layers.append(layer("fc", "fc", dict(M=1000, C=1024), pruned, 100, relu=False))
    source = (
        "shapes: Howard et al., arXiv 1704.04861, width 1.0, 224 x 224; weights: pointwise layers and fc 50 %, the "
        "mildest pruning of Zhu and Gupta, arXiv 1710.01878 (quoted from general knowledge), conv1 and depthwise "
        "layers dense; input densities 50 % after ReLU, 100 % for the image and after the average pooling, and 50 % of "
        "sums above zero: assumed, not published; tensors are generated"
    )
    return text("mobilenet-v1", source, layers)


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    files = {
        "alexnet": alexnet(),
        "vgg16": vgg16(),
        "resnet50": resnet50(False),
        "resnet50-2-4": resnet50(True),
        "mobilenet-v1": mobilenet_v1(),
    }
    differs = 0
    for network, content in files.items():
        path = os.path.join(ROOT, "workloads", network, "workload.yaml")
        if check:
            with open(path) as file:
                if file.read() != content:
                    print(f"{path} differs from what scripts/write_layer_tables.py writes", file=sys.stderr)
                    differs = 1
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(content)
    return differs


if __name__ == "__main__":
    sys.exit(main())
