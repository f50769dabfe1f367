"""What is the accuracy worth? LeNet-5 with predictive stops, tuned for several losses: speed against accuracy.

    scripts/tune_lenet5            writes sim/datapaths/early_termination.png, prints the tables of EARLY_TERMINATION.md

LeNet-5 of workloads/ becomes an ONNX model with the same integers. `lacuna tune` profiles it on the first 1000 of
MNIST's test images, chooses on the next 2000, and counts on the other 7000, which decide nothing: images that the
network was trained on would be almost all right. `lacuna run` then measures machines on the recorded images: without
stops, with exact ones, with predictions.
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
RESIDENT = "configs/studies/resident.yaml"
# What delivers operands is as wide as it can be, memory too: what is left is multiplying, imbalance and results.
WIDE = ["gather.activations.bus_bytes=1024", "gather.activations.buffer_bytes=2621440", "gather.weights.bus_bytes=1024",
        "gather.weights.buffer_bytes=2359296", "dram.bytes_per_cycle=4096", "dram.latency=0", "dram.t_rcd=0",
        "dram.t_rp=0", "dram.t_cas=0", "dram.outstanding=64", "dram.turnaround=0", "global_buffer.bytes=1073741824",
        "global_buffer.bytes_per_cycle=256"]
APART = ["gather.lane_step=apart"]
MACHINES = {  # name: configuration, settings
    "4 lanes wait": (RESIDENT, []),
    "lanes apart": (RESIDENT, APART),
    "wide feed": (RESIDENT, WIDE),
    "wide feed, apart": (RESIDENT, WIDE + APART),
    "SnaPEA preset": ("configs/presets/snapea.yaml", []),
}

PROFILED, CHOSEN, RECORDED = 1000, 2000, 16
LOSSES = [0, 0.5, 1, 2, 3, 5]
DETAILED = [0, 1, 3]  # layer by layer
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


def tune(folder, loss, keep):
    """The counts of lacuna tune; its workload has the integers of workloads/lenet5."""
    out = folder / f"tuned_{loss}"
    if keep and (out / "tuning.json").exists():
        return json.loads((out / "tuning.json").read_text())
    subprocess.run([PROGRAM, "tune", folder / "lenet5.onnx", "--input", folder / "images.npy", "--labels",
                    folder / "labels.npy", "--profile", str(PROFILED), "--record", str(RECORDED), "--loss", f"{loss}%",
                    "--test-input", folder / "test_images.npy", "--test-labels", folder / "test_labels.npy", "-o", out],
                   check=True, stdout=sys.stderr)
    for layer in (*LAYERS, "fc2"):
        for what in ("weights", "bias"):
            if not np.array_equal(np.load(out / f"{layer}.{what}.npy"), tensor(layer, what)):
                sys.exit(f"{layer}.{what}: not the integers of {LENET5}")
    return json.loads((out / "tuning.json").read_text())


def cycles(folder, loss, machine, order):
    """Cycles of each layer, and energy of the network, on the recorded images; outputs are verified by other runs."""
    config, settings = MACHINES[machine]
    command = [PROGRAM, "run", str(ROOT / config), folder / f"tuned_{loss}", "--format", "json", "--no-dense",
               "--timing-only"]
    for setting in [*settings, f"gather.weight_order={order}"]:
        command += ["--set", setting]
    result = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return {"network": result["total"]["cycles"], "energy": result["total"]["energy_pj"]["total"],
            **{layer["name"]: layer["cycles"] for layer in result["layers"]}}


def measured(folder, loss, order, without):
    """For each machine how many times as fast it is as without stops; energy is with over without."""
    result = {}
    for machine in MACHINES:
        its = cycles(folder, loss, machine, order)
        result[machine] = {what: without[machine][what] / its[what] for what in its}
        result[machine]["energy"] = 1 / result[machine]["energy"]
    return result


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
        ["", "accuracy, 2000 images chosen on", "7000 others", "multiplications, network", "conv2",
         *(f"conv2, {machine}" for machine in MACHINES), "conv1, 4 lanes wait", "network", "energy"],
        [[p["name"], f"{p['chosen']:.2f} %", f"{p['test']:.2f} %", percent(p["products"], p["pairs"]),
          percent(p["products_conv2"], p["pairs_conv2"]), *(f"{p['speed'][machine]['conv2']:.2f}x" for machine in MACHINES),
          f"{p['speed']['4 lanes wait']['conv1']:.2f}x", f"{p['speed']['4 lanes wait']['network']:.2f}x",
          f"{p['speed']['4 lanes wait']['energy']:.2f}"] for p in points])
    print_table(
        ["", "filters that predict", "predicted", "wrong, of positive", "missed, of the rest",
         "value lost", "multiplications, exact stops", "with predictions"],
        [[f"{p['name']}, {layer['name']}", f"{layer['filters_predicting']} of {layer['filters']}",
          percent(layer["predicted"], layer["outputs"]), percent(layer["wrong"], layer["positive"]),
          percent(layer["missed"], layer["outputs"] - layer["positive"]),
          percent(layer["lost_value"], layer["positive_value"]),
          percent(layer["products_exact"], layer["pairs"]), percent(layer["products"], layer["pairs"])]
         for p in points for layer in p["layers"]])


def draw(points):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(8.4, 4.2), dpi=100)
    points = sorted(points, key=lambda point: -point["test"])
    x = [points[0]["test"] - p["test"] for p in points]
    for label, values, style in (
            ("conv2, multiplications", [p["pairs_conv2"] / p["products_conv2"] for p in points], "k:o"),
            *((f"conv2, {machine}", [p["speed"][machine]["conv2"] for p in points], style)
              for machine, style in zip(MACHINES, ("C0-s", "C1-^", "C0--s", "C1--^", "C3-v"))),
            ("network, 4 lanes wait", [p["speed"]["4 lanes wait"]["network"] for p in points], "C2-d")):
        axes.plot(x, values, style, label=label, markersize=4)
    axes.axhline(1, color="grey", linewidth=0.8)
    axes.set_xlabel("accuracy lost on 7000 images that decided nothing, points")
    axes.set_ylabel("over no stops at all, times")
    axes.set_yscale("log")
    ticks = [1, 1.5, 2, 3, 4, 6]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_title("LeNet-5: exact stops (left), then predictions", fontsize=10)
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5))
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(PLOT, metadata={"Software": None})


def point_of(name, tuning, speed, predicting):
    """A row of the tables; `predicting`: with its predictions, else with exact stops alone."""
    layers = [layer for layer in tuning["layers"] if "not_tuned" not in layer]
    products, right = ("products", "right_tuned") if predicting else ("products_exact", "right_exact")
    conv2 = next(layer for layer in layers if layer["name"] == "conv2")
    return {"name": name, "speed": speed, "layers": layers if predicting and name in [f"{loss} %" for loss in DETAILED] else [],
            "chosen": rate(tuning["accuracy"], right), "test": rate(tuning["test_accuracy"], right),
            "products": sum(layer[products] for layer in layers), "pairs": sum(layer["pairs"] for layer in layers),
            "products_conv2": conv2[products], "pairs_conv2": conv2["pairs"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", type=pathlib.Path, required=True, help="folder of the MNIST files")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/tune_lenet5", help="folder for what is made")
    parser.add_argument("--keep", action="store_true", help="measure what an earlier call has tuned")
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    write_inputs(options.mnist, options.work)
    tunings = {loss: tune(options.work, loss, options.keep) for loss in LOSSES}
    first = LOSSES[0]
    without = {machine: cycles(options.work, first, machine, "natural") for machine in MACHINES}
    points = [point_of("exact stops", tunings[first], measured(options.work, first, "sign", without), False)]
    for loss in LOSSES:
        speed = measured(options.work, loss, "predictive", without)
        points.append(point_of(f"{loss:g} %", tunings[loss], speed, True))
    print_tables(points)
    draw(points)


if __name__ == "__main__":
    main()
