"""What is the accuracy worth? LeNet-5 with predictive stops, tuned for several losses: speed against accuracy.

    scripts/tune_lenet5            writes sim/datapaths/early_termination.png, prints the tables of EARLY_TERMINATION.md

LeNet-5 of workloads/ becomes an ONNX model with the same integers. `lacuna tune` profiles it on the first 1000 of
MNIST's test images, chooses on the next 2000, and counts on the other 7000, which decide nothing: images that the
network was trained on would be almost all right. `lacuna run` then measures the machine on the recorded images, with
predictions and with exact stops alone.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parent.parent
LENET5 = ROOT / "workloads/lenet5"
PROGRAM = str(ROOT / "build/release/lacuna")
PLOT = ROOT / "sim/datapaths/early_termination.png"
MACHINE = str(ROOT / "configs/presets/snapea.yaml")

PROFILED, CHOSEN, RECORDED = 1000, 2000, 16
LOSSES = [0, 0.5, 1, 2, 3, 5]
LAYERS = {"conv1": True, "conv2": True, "fc1": False}  # name: is a convolution, and max pooling follows


def tensor(layer, what):
    return np.load(LENET5 / f"{layer}.{what}.npy")


def model():
    """The integer network: a layer's weights are scaled by its requantisation, so that all activations have step 1."""
    nodes, constants = [], []

    def constant(name, array):
        constants.append(numpy_helper.from_array(array, name))
        return name

    def node(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    one, zero = constant("one", np.float32(1)), constant("zero", np.uint8(0))

    def dequantised(name, integers, scale):
        return node("DequantizeLinear", [constant(f"{name}_quantized", integers), scale], name, axis=0)

    def parameters(layer, scale):
        steps = constant(f"{layer}.scale", scale.astype(np.float32))
        return [dequantised(f"{layer}.{what}", tensor(layer, file), steps)
                for what, file in (("weight", "weights"), ("bias", "bias"))]

    def rounded(x, name):
        quantised = node("QuantizeLinear", [x, one, zero], f"{name}.integers")
        return node("DequantizeLinear", [quantised, one, zero], f"{name}.rounded")

    x = rounded("image", "image")
    for layer, convolution in LAYERS.items():
        multiplier, shift = tensor(layer, "requantise").T
        inputs = [x, *parameters(layer, multiplier / 2.0**shift)]
        if convolution:
            x = node("Conv", inputs, layer)
        else:
            x = node("Gemm", [node("Flatten", [x], "flat"), *inputs[1:]], layer, transB=1)
        x = rounded(node("Relu", [x], f"{layer}.relu"), layer)
        if convolution:
            x = node("MaxPool", [x], f"{layer}.pooled", kernel_shape=[2, 2], strides=[2, 2])
    node("Gemm", [x, *parameters("fc2", np.ones(10))], "classes", transB=1)
    graph = helper.make_graph(
        nodes, "lenet5",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["images", 1, 28, 28])],
        [helper.make_tensor_value_info("classes", TensorProto.FLOAT, ["images", 10])], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])


def write_inputs(mnist, folder):
    images = np.fromfile(mnist / "t10k-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 1, 28, 28)
    labels = np.fromfile(mnist / "t10k-labels-idx1-ubyte", np.uint8)[8:]
    decide = PROFILED + CHOSEN
    for name, array in (("images", images[:decide]), ("labels", labels[:decide]),
                        ("test_images", images[decide:]), ("test_labels", labels[decide:])):
        np.save(folder / f"{name}.npy", array)
    onnx.save(model(), str(folder / "lenet5.onnx"))


def tune(folder, loss):
    """The counts of lacuna tune; its workload has the integers of workloads/lenet5."""
    out = folder / f"tuned_{loss}"
    subprocess.run([PROGRAM, "tune", folder / "lenet5.onnx", "--input", folder / "images.npy", "--labels",
                    folder / "labels.npy", "--profile", str(PROFILED), "--record", str(RECORDED), "--loss", f"{loss}%",
                    "--test-input", folder / "test_images.npy", "--test-labels", folder / "test_labels.npy", "-o", out],
                   check=True, stdout=sys.stderr)
    for layer in (*LAYERS, "fc2"):
        for what in ("weights", "bias"):
            if not np.array_equal(np.load(out / f"{layer}.{what}.npy"), tensor(layer, what)):
                sys.exit(f"{layer}.{what}: not the integers of {LENET5}")
    return json.loads((out / "tuning.json").read_text())


def run(folder, loss, settings):
    """Cycles, energy and pairs of the convolutions and of the whole network."""
    command = [PROGRAM, "run", MACHINE, folder / f"tuned_{loss}", "--format", "json", "--no-dense"]
    for setting in settings:
        command += ["--set", setting]
    result = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    convolutions = [layer for layer in result["layers"] if LAYERS.get(layer["name"])]
    return {"cycles": result["total"]["cycles"], "energy": result["total"]["energy_pj"]["total"],
            "convolution_cycles": sum(layer["cycles"] for layer in convolutions)}


def percent(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "0 %"


def print_table(head, rows):
    print("\n| " + " | ".join(head) + " |\n|---" + "|--:" * (len(head) - 1) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def rate(accuracy, which):
    return 100 * accuracy[which] / accuracy["images"]


def print_tables(points):
    print_table(
        ["accepted loss", "accuracy, 2000 images chosen on", "accuracy, 7000 others", "products left of exact",
         "speed, convolutions", "speed, network", "lanes apart: convolutions", "network", "energy"],
        [[f"{p['loss']:g} %", f"{rate(p['accuracy'], 'right_tuned'):.2f} %", f"{rate(p['test'], 'right_tuned'):.2f} %",
          percent(p["products"], p["exact"]),
          *(f"{p[machine][figure]:.2f}x" for machine in ("together", "apart")
            for figure in ("convolution_speed", "speed")), f"{p['together']['energy']:.2f}"] for p in points])
    rows = []
    for p in points:
        for layer in p["layers"]:
            if "not_tuned" in layer:
                continue
            rows.append([f"{p['loss']:g} %, {layer['name']}",
                         f"{layer['filters_predicting']} of {layer['filters']}",
                         percent(layer["predicted"], layer["outputs"]), percent(layer["wrong"], layer["positive"]),
                         percent(layer["missed"], layer["outputs"] - layer["positive"]),
                         percent(layer["lost_value"], layer["positive_value"]),
                         percent(layer["products_exact"], layer["pairs"]), percent(layer["products"], layer["pairs"])])
    print_table(["accepted loss, layer", "filters that predict", "predicted", "wrong, of positive", "missed, of the rest",
                 "value lost", "products, exact stops", "with predictions"], rows)


def draw(points, exact):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(6.4, 4.0), dpi=110)
    x = [exact - rate(p["test"], "right_tuned") for p in points]
    for label, values, style in (
            ("multiplications", [p["exact"] / p["products"] for p in points], "k:o"),
            ("convolutions, lanes apart", [p["apart"]["convolution_speed"] for p in points], "C1-^"),
            ("convolutions, 4 lanes wait", [p["together"]["convolution_speed"] for p in points], "C0-s"),
            ("network, 4 lanes wait", [p["together"]["speed"] for p in points], "C0--s")):
        axes.plot(x, values, style, label=label, markersize=4)
    axes.axhline(1, color="grey", linewidth=0.8)
    axes.set_xlabel("accuracy lost on 7000 images that decided nothing, points")
    axes.set_ylabel("speed over exact stops")
    axes.set_title("LeNet-5 on the SnaPEA preset, predictive stops", fontsize=10)
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(PLOT, metadata={"Software": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", type=pathlib.Path, required=True, help="folder of the MNIST files")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/tune_lenet5", help="folder for what is made")
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    write_inputs(options.mnist, options.work)
    points = []
    for loss in LOSSES:
        tuning = tune(options.work, loss)
        layers = [layer for layer in tuning["layers"] if "not_tuned" not in layer]
        point = {"loss": loss, "accuracy": tuning["accuracy"], "test": tuning["test_accuracy"], "layers": layers,
                 "products": sum(layer["products"] for layer in layers),
                 "exact": sum(layer["products_exact"] for layer in layers)}
        for machine in ("together", "apart"):
            step = f"gather.lane_step={machine}"
            exact = run(options.work, loss, [step, "gather.weight_order=sign"])
            predictive = run(options.work, loss, [step, "gather.weight_order=predictive"])
            point[machine] = {"speed": exact["cycles"] / predictive["cycles"],
                              "convolution_speed": exact["convolution_cycles"] / predictive["convolution_cycles"],
                              "energy": predictive["energy"] / exact["energy"]}
        points.append(point)
    first = points[0]
    print(f"exact: {rate(first['accuracy'], 'right_exact'):.2f} % of {first['accuracy']['images']}, "
          f"{rate(first['test'], 'right_exact'):.2f} % of {first['test']['images']}")
    print_tables(points)
    draw(points, rate(first["test"], "right_exact"))


if __name__ == "__main__":
    main()
