#!/usr/bin/env python3
"""How fast is the compiled RTL, what do Verilator's and the C++ compiler's options bring, and what does a check cost
beside its two engines? Prints, judges nothing. Seconds are of the processor; for two threads, of the clock on the wall.

    rtl_bench.py PROGRAM [LAYER...]        an 8 x 8 array with chunks of 16, layers of LeNet-5 (default: all)
"""

import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MACHINE = ["--set", "array.rows=8", "--set", "array.columns=8", "--set", "intersect.chunk=16"]
REPEATS = 3  # the quickest counts

# What Verilator is told otherwise than the engine tells it.
VARIANTS = {
    "as built (-O2)": "",
    "g++ -O3": "s/OPT_FAST=-O2/OPT_FAST=-O3/",
    "g++ -Os, Verilator's own choice": "s/OPT_FAST=-O2/OPT_FAST=-Os/",
    "--output-split 5000": "s/^--build$/--build --output-split 5000/",
    "--threads 2": "s/^--build$/--build --threads 2/",
}


def seconds(command, environment):
    """Processor seconds and wall seconds of a command, the quickest of some."""
    best = (float("inf"), float("inf"))
    for _ in range(REPEATS):
        begin = time.monotonic()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
        said = child.stderr.read().decode()
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - begin
        if status != 0:
            sys.exit(f"{' '.join(command)}: {said}")
        best = min(best[0], usage.ru_utime + usage.ru_stime), min(best[1], wall)
    return best


def environment(folder, edit):
    """An environment in which `verilator` gets its arguments through sed, and a model cache of its own."""
    folder.mkdir()
    shim = folder / "verilator"
    shim.write_text("#!/usr/bin/env bash\narguments=()\nfor a in \"$@\"; do\n"
                    f"  mapfile -t words < <(sed '{edit}' <<< \"$a\")\n"
                    "  if [[ ${words[0]} == --build\\ * ]]; then arguments+=(${words[0]})\n"
                    "  else arguments+=(\"${words[0]}\"); fi\n"
                    f"done\nexec {shutil.which('verilator')} \"${{arguments[@]}}\"\n")
    shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(folder / "cache")}


def main():
    program, layers = sys.argv[1], sys.argv[2:]
    what = [str(ROOT / "configs/default.yaml"), str(ROOT / "workloads/lenet5"), *MACHINE]
    what += ["--layers", ",".join(layers)] if layers else []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)

        def run(engine):
            return [program, "run", *what, "--engine", engine, "--no-verify"]

        subprocess.run([*run("systemc"), "-o", str(folder / "result")], check=True, stdout=subprocess.DEVNULL)
        cycles = json.loads((folder / "result/result.json").read_text())["total"]["cycles"]
        print(f"{cycles} cycles")
        for number, (variant, edit) in enumerate(VARIANTS.items()):
            own = environment(folder / str(number), edit)
            begin = time.monotonic()
            subprocess.run(run("rtl"), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=own)
            built = time.monotonic() - begin
            processor, wall = seconds(run("rtl"), own)
            spent = wall if "threads" in variant else processor
            print(f"{variant:<32} {cycles / spent:>8.0f} cycles/s   (first run, with compilation: {built:.0f} s)",
                  flush=True)
        own = {**os.environ, "XDG_CACHE_HOME": str(folder / "0/cache")}
        systemc, rtl = seconds(run("systemc"), own)[0], seconds(run("rtl"), own)[0]
        check = seconds([program, "check", *what, "--engines", "systemc,rtl", "--random", "0"], own)[0]
        print(f"systemc {systemc:.2f} s + rtl {rtl:.2f} s; check of the two {check:.2f} s: "
              f"{check / (systemc + rtl):.2f} of their sum")


if __name__ == "__main__":
    main()
