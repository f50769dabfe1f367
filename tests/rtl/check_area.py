#!/usr/bin/env python3
"""scripts/area.py and scripts/toggles.py on small PEs: the figures keep the laws of hardware.

  check_area.py area|toggles PARAMETERS_PROGRAM
  check_area.py model PARAMETERS_PROGRAM MODEL_PROGRAM
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def program(name, *words):
    return subprocess.run([sys.executable, str(ROOT / "scripts" / f"{name}.py"), "--parameters-program", sys.argv[2],
                           str(ROOT / "configs/default.yaml"), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True)


def measured(name, *words):
    result = program(name, "--format", "json", *words)
    if result.returncode != 0:
        sys.exit(f"{name} {words}: {result.stderr}")
    return json.loads(result.stdout)


def hold(law, text):
    if not law:
        sys.exit(f"not so: {text}")


def area():
    small = ["--set", "array.rows=2", "--set", "array.columns=3", "--set", "intersect.chunk=8",
             "--set", "intersect.weights.fifo_depth=1", "--set", "intersect.activations.fifo_depth=1",
             "--set", "intersect.weights.buffer_bytes=256", "--set", "intersect.activations.buffer_bytes=512"]
    result = measured("area", *small, "--skip", "both", "--early-termination", "none,exact")
    plain, exact = ({r["part"]: r for r in result["parts"] if r["early_termination"] == early}
                    for early in ("none", "exact"))
    hold(exact["pe"]["area_um2"] > plain["pe"]["area_um2"], "early termination costs area")
    hold(exact["pe"]["area_um2"] < 1.15 * plain["pe"]["area_um2"], "early termination costs less than 15 % of a PE")
    for r in list(plain.values()) + list(exact.values()):
        hold(r["cells"] > r["register_bits"] >= 0 and r["area_um2"] > r["register_area_um2"] >= 0, f"{r}: gates cost")
    # FIFO entries of one chunk: weights have first, last, two check flags, mask, owned mask, bias and values;
    # activations first, last, mask and values; each FIFO two counts of one bit, and two pointers that stay at 0.
    weights, activations = 4 + 8 + 8 + 32 + 64, 2 + 8 + 64
    bits = plain["pe.fifos"]["register_bits"]
    hold(weights + activations + 4 <= bits <= weights + activations + 8, f"{bits} flip-flops of FIFOs of one entry")
    # Operand buffers: bytes of both halves, and a table entry (place, length, six flags) for each word of them.
    words = 512 // 16
    table = words * (4 + 1 + 6)
    hold(plain["activation_feeder"]["memory_bits"] == 512 * 8 + table, "operand buffers are counted in bits")
    # One product and one sum: 2 x 8 operand bits and a valid bit, 2 x 32 bits of sums and two flags.
    hold(plain["pe.mac"]["register_bits"] == 17 + 66, "registers of a MAC")
    parts = sum(plain[part]["area_um2"] for part in plain if part.startswith("pe."))
    hold(abs(parts / plain["pe"]["area_um2"] - 1) < 0.1, "the parts of a PE add up to it")
    sums = 6 * plain["pe"]["area_um2"] + 2 * plain["weight_feeder"]["area_um2"] + 3 * (
        plain["activation_feeder"]["area_um2"] + plain["drain"]["area_um2"] + plain["post"]["area_um2"])
    hold(abs(sums - plain["array"]["area_um2"]) < 1, "2 x 3 PEs, 2 and 3 feeders are the array")
    slowest = plain["post"]["longest_path_ns"]
    hold(plain["array"]["longest_path_ns"] >= slowest - 0.5 > 1, "the array is as slow as its parts")
    wider = ["intersect.chunk=16" if word == "intersect.chunk=8" else word for word in small]
    wide = measured("area", *wider, "--skip", "both", "--early-termination", "none", "--parts",
                    "pe", "--no-timing")["parts"][0]
    hold(wide["area_um2"] > 1.2 * plain["pe"]["area_um2"], "a chunk of 16 takes more than one of 8")
    # 8 positions more: mask, owned mask and values of weights, mask and values of activations, issued slots.
    wider_by = wide["register_bits"] - plain["pe"]["register_bits"]
    hold(wider_by == (8 + 8 + 64) + (8 + 64) + 8, "registers of 8 positions")
    hold("longest_path_ns" not in wide, "no path was asked for")

    # An edited copy: a FIFO one entry deeper shows, and nothing else of the tree is read.
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "rtl"
        shutil.copytree(ROOT / "rtl", copy)
        control = copy / "intersect/intersect_pe.sv"
        control.write_text(control.read_text().replace(".Depth(WeightDepth)", ".Depth(WeightDepth + 1)"))
        edited = measured("area", *small, "--rtl", str(copy), "--skip", "both", "--early-termination", "none",
                          "--parts", "pe", "--no-timing")["parts"][0]
        hold(edited["register_bits"] >= plain["pe"]["register_bits"] + weights, "an edited FIFO has more flip-flops")
        control.write_text("module intersect_pe(;\n")
        result = program("area", *small, "--rtl", str(copy), "--parts", "pe")
        hold(result.returncode == 2 and "intersect_pe.sv:1" in result.stderr, f"a wrong line is named: {result.stderr}")
    for words, text in ((["--rtl", "/nowhere"], "--rtl wants a copy of the folder rtl/"),
                        (["--skip", "some"], "unknown word 'some'; legal: none, gate"),
                        (["--set", "intersect.chunk=17"], "intersect.chunk is 17; allowed 8..128")):
        result = program("area", *words)
        hold(result.returncode == 2 and text in result.stderr, f"{words}: {result.stderr}")
    print("areas keep the laws")


def model():
    """The area model beside synthesis, on a PE so small that nothing of it was fitted there."""
    table = str(ROOT / "configs/area/45nm.yaml")
    small = ["--set", "array.rows=2", "--set", "array.columns=3", "--set", "intersect.chunk=8", "--set",
             "intersect.weights.fifo_depth=2", "--set", "intersect.activations.fifo_depth=2"]
    options = ["--model-program", sys.argv[3], *small, "--model"]
    result = measured("area", *options, table, "--vary", "lanes,fifo1,int16,none")
    machines = {r["machine"]: r for r in result["machines"]}
    hold(list(machines) == ["base", "lanes", "fifo1", "int16", "none"], f"one row a machine: {list(machines)}")
    base = machines["base"]
    hold(base["ratio"] == base["model_ratio"] == 1 and base["error"] == 0 and base["set"] == [], "the base is the unit")
    # By hand from the table: 2 x 8 + 3 x 32 + 8 registers, 2 x (8 x 10 + 32) + 2 x 8 x 9 bits of FIFOs, 8 positions, 128
    # bits to choose from.
    by_hand = 282 + 137 + 120 * 7.182 + 368 * 7.738 + 8 * 30.55 + 128 * 2.754
    hold(abs(base["model_um2"] - by_hand) < 0.01, f"{base['model_um2']} um2 of one PE, without the SRAM of the array")
    for name, r in machines.items():
        hold(abs(r["ratio"] - r["pe_um2"] / base["pe_um2"]) < 1e-9, f"{name}: the ratio of synthesised areas")
        hold(abs(r["model_ratio"] - r["model_um2"] / base["model_um2"]) < 1e-9, f"{name}: the ratio of the model")
        hold(abs((1 + r["error"]) * r["ratio"] - r["model_ratio"]) < 1e-9, f"{name}: the error is that of the model")
        # The pages claim a few per cent for larger PEs; a slip in a count or a price is far more.
        hold(abs(r["error"]) < 0.12, f"{name}: the model is {100 * r['error']:.1f} % off synthesis")
    hold(machines["lanes"]["set"] == ["intersect.lanes=2"] and machines["lanes"]["ratio"] > 1.1, "a lane takes area")
    hold(machines["fifo1"]["ratio"] < 0.9 and machines["int16"]["ratio"] > 1.5, "FIFOs and operands take area")
    for side in ("share", "model_share"):
        hold(abs(sum(group[side] for group in result["groups"].values()) - 1) < 1e-6, f"{side}s add up")
    with tempfile.TemporaryDirectory() as folder:  # a table that is wrong by a factor is seen
        wrong = pathlib.Path(folder) / "wrong.yaml"
        wrong.write_text(pathlib.Path(table).read_text().replace("area: 7.738", "area: 77.38"))
        rows = measured("area", *options, str(wrong), "--vary", "fifo1")["machines"]
        hold(abs(rows[1]["error"]) > 0.2, f"ten times the price of FIFOs: {rows[1]['error']}")
    for words, text in (([*options, "/nowhere.yaml"], "/nowhere.yaml: cannot read"),
                        ([*options, table, "--vary", "some"], "--vary: unknown word 'some'; legal: chunk, half-chunk")):
        result = program("area", *words)
        hold(result.returncode == 2 and text in result.stderr, f"{words}: {result.stderr}")
    print("the area model keeps to synthesis")


def toggles():
    result = measured("toggles", "--set", "intersect.chunk=8", "--set", "intersect.weights.fifo_depth=2", "--set",
                      "intersect.activations.fifo_depth=2", "--cycles", "240")
    runs = result["runs"]
    # A chunk of 8 takes 8 cycles, one of skipped positions 1.
    for name, cycles in ("executed", 8), ("wasted", 8), ("gated", 8), ("skipped", 1), ("matched", 8):
        chunks = runs[name]["chunks"]
        hold(abs(chunks - 240 / cycles) <= 1, f"{chunks} chunks of {name} in 240 cycles")
    mac = {name: run["pj"]["pe.mac"] / run["cycles"] for name, run in runs.items()}
    hold(0 < mac["gated"] < 0.1 * mac["executed"], "a gated multiplier rests")
    hold(mac["skipped"] < 0.1 * mac["executed"], "a skipped chunk does not reach the multiplier")
    hold(mac["gated"] < mac["wasted"] < mac["executed"], "a zero saves something, gating more")
    hold(len({round(run["pj"]["clock"], 1) for run in runs.values()}) <= 3, "the clock ticks in all")
    claims = {c["claim"]: c for c in result["claims"]}
    hold(len(claims) == 7 and all(c["agree"] == (0.5 <= c["netlist"] / c["table"] <= 2) for c in result["claims"]),
         "agreement is a factor of two")
    result = program("toggles", "--set", "intersect.lanes=2")
    hold(result.returncode == 2 and "intersect.lanes=1" in result.stderr, result.stderr)
    print("toggles keep the laws")


if __name__ == "__main__":
    {"area": area, "model": model, "toggles": toggles}[sys.argv[1]]()
