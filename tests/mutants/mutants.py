"""Breaks the RTL on purpose, one fault at a time, and asks whether lint, an assertion or the check against SystemC sees it.

    mutants.py PROGRAM SOURCE [--by-rule N] [--seed S] [--only TEXT] [--sample N] [--results FILE]

Every fault by hand, and N faults by rule drawn at random from all there are (default 120). Prints one line for each and the
score. Exit status 1 if nothing sees a fault and it is not argued equivalent in equivalent.txt. With --results, verdicts are
kept in FILE and not asked for again while the RTL and the machines stay the same.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import queue
import random
import re
import shutil
import subprocess
import sys
import tempfile

from by_hand import BY_HAND
from operators import mutants_of

HERE = os.path.dirname(os.path.abspath(__file__))

# Each rule, both mappings, both widths, both encodings, FIFOs and buses of one; all but one with early termination.
MACHINES = {
    "both": "array: {rows: 2, columns: 3}\n"
            "intersect: {chunk: 8, lanes: 2, skip: both, early_termination: exact,\n"
            "  weights: {buffer_bytes: 64, bus_bytes: 4, fifo_depth: 1},\n"
            "  activations: {buffer_bytes: 48, bus_bytes: 3, fifo_depth: 2}}\npost: {threshold: 3}\n",
    "gate": "array: {rows: 3, columns: 2, operand: int16}\n"
            "intersect: {chunk: 16, lanes: 1, skip: gate, early_termination: exact, mapping: filters,\n"
            "  weights: {buffer_bytes: 192, bus_bytes: 8, fifo_depth: 3},\n"
            "  activations: {buffer_bytes: 64, bus_bytes: 16, fifo_depth: 1, encoding: dense}}\n",
    "weights": "array: {rows: 3, columns: 1}\n"
               "intersect: {chunk: 16, lanes: 3, skip: weights, early_termination: exact,\n"
               "  weights: {buffer_bytes: 96, bus_bytes: 16, fifo_depth: 2, encoding: dense},\n"
               "  activations: {buffer_bytes: 64, bus_bytes: 1, fifo_depth: 4}}\n",
    "activations": "array: {rows: 1, columns: 2}\n"
                   "intersect: {chunk: 8, lanes: 1, skip: activations, early_termination: exact,\n"
                   "  weights: {buffer_bytes: 64, bus_bytes: 2, fifo_depth: 2},\n"
                   "  activations: {buffer_bytes: 64, bus_bytes: 4, fifo_depth: 3}}\n",
    "none": "array: {rows: 2, columns: 2}\n"
            "intersect: {chunk: 8, lanes: 4, skip: none,\n"
            "  weights: {buffer_bytes: 64, bus_bytes: 4, fifo_depth: 2},\n"
            "  activations: {buffer_bytes: 64, bus_bytes: 8, fifo_depth: 2}}\n",
}
RANDOM_LAYERS = "120"


def machines(program):
    """MACHINES, and one for each skip rule of the program that none of them has."""
    said = subprocess.run([program, "list", "skip_rules", "--format", "json"], capture_output=True, text=True, check=True)
    every = dict(MACHINES)
    for rule in (line["name"] for line in json.loads(said.stdout)):
        if not any(re.search(rf"\bskip: {rule}\b", text) for text in MACHINES.values()):
            every[rule] = ("array: {rows: 2, columns: 3}\n"
                           f"intersect: {{chunk: 8, lanes: 2, skip: {rule}, early_termination: exact,\n"
                           "  weights: {buffer_bytes: 64, bus_bytes: 4, fifo_depth: 1},\n"
                           "  activations: {buffer_bytes: 48, bus_bytes: 3, fifo_depth: 2}}\n")
    return every


LINT_FLAGS = ["-Wall", "-GRows=2", "-GColumns=3", "-GEarlyTermination=1", "-GChunk=16", "-GLanes=2"]


def sources(rtl, listed="intersect/sources.f"):
    with open(os.path.join(rtl, listed), encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip() and not line.startswith("#")]


def all_mutants(rtl):
    """By hand and by rule: (name, file, text of the file with the fault)."""
    texts = {}
    for file in sources(rtl):
        with open(os.path.join(rtl, file), encoding="utf-8") as source:
            texts[file] = source.read()
    hand = []
    for name, file, old, new in BY_HAND:
        if texts[file].count(old) != 1:
            sys.exit(f"by_hand.py: '{name}': {file} has the text {texts[file].count(old)} times: {old}")
        hand.append((name, file, texts[file].replace(old, new)))
    rule = []
    for file, text in texts.items():
        for name, _, offset, old, new in mutants_of(file, text):
            rule.append((f"{os.path.basename(file)}: {name}", file, text[:offset] + new + text[offset + len(old):]))
    return hand, rule


class Bench:
    """One copy of the RTL that takes a fault at a time, and the machines to try it on."""

    def __init__(self, program, rtl, folder):
        os.makedirs(folder)
        self.program = os.path.abspath(program)
        self.folder = folder
        self.rtl = os.path.join(folder, "rtl")
        self.original = rtl
        shutil.copytree(rtl, self.rtl)
        self.machines = machines(self.program)
        for name, text in self.machines.items():
            with open(os.path.join(folder, f"{name}.yaml"), "w", encoding="utf-8") as file:
                file.write(f"name: {name}\n{text}")
        self.env = dict(os.environ, XDG_CACHE_HOME=os.path.join(folder, "cache"))
        if shutil.which("ccache"):  # what the fault does not touch is compiled once
            self.env.setdefault("OBJCACHE", "ccache")

    def lint(self):
        files = sources(self.rtl) + sources(self.rtl, "intersect/probe/sources.f")
        done = subprocess.run(["verilator", "--lint-only", *LINT_FLAGS, "-Icommon", "--top-module", "intersect_array", *files],
                              cwd=self.rtl, capture_output=True, text=True, check=False)
        return done.returncode == 0, done.stderr

    def check(self, machine):
        shutil.rmtree(os.path.join(self.folder, "cache"), ignore_errors=True)
        return subprocess.run([self.program, "check", f"{machine}.yaml", "--random", RANDOM_LAYERS, "--no-shrink", "--rtl", "rtl"],
                              cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=600, check=False)

    def verdict(self, file, text):
        """What sees the fault: lint, compiler, assertion, check; None if nothing does."""
        path = os.path.join(self.rtl, file)
        with open(path, "w", encoding="utf-8") as target:
            target.write(text)
        try:
            if not self.lint()[0]:
                return "lint"
            for machine in self.machines:
                done = self.check(machine)
                if done.returncode == 1:
                    return "assertion" if "breaks off" in done.stdout and "Assertion failed" in done.stdout else "check"
                if done.returncode == 2:
                    return "compiler"
                if done.returncode != 0:
                    return f"status {done.returncode}: {done.stderr.strip()}"
            return None
        except subprocess.TimeoutExpired:
            return "time-out"
        finally:
            shutil.copy(os.path.join(self.original, file), path)


def equivalents():
    """Names of faults that change nothing, each followed by its reason: 'NAME :: REASON'."""
    with open(os.path.join(HERE, "equivalent.txt"), encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    return dict(line.split(" :: ", 1) for line in lines)


def fingerprint(program, rtl):
    digest = hashlib.sha256(json.dumps([machines(program), RANDOM_LAYERS, LINT_FLAGS]).encode())
    for file in sources(rtl):
        with open(os.path.join(rtl, file), "rb") as source:
            digest.update(source.read())
    return digest.hexdigest()


def sound(benches):
    """Ends the program if the RTL as it is does not pass: every verdict would be worth nothing."""
    bench = benches.get()
    clean, words = bench.lint()
    if not clean:
        sys.exit(f"the RTL as it is does not pass lint:\n{words}")
    for machine in bench.machines:
        done = bench.check(machine)
        if done.returncode != 0:
            sys.exit(f"the RTL as it is fails on machine '{machine}':\n{done.stdout}{done.stderr}")
    benches.put(bench)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("source")
    parser.add_argument("--by-rule", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--sample", type=int, help="only this many of all, drawn with the seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--results")
    options = parser.parse_args()
    rtl = os.path.join(os.path.abspath(options.source), "rtl")
    hand, rule = all_mutants(rtl)
    draw = random.Random(options.seed)
    chosen = hand + sorted(draw.sample(rule, min(options.by_rule, len(rule))))
    chosen = [mutant for mutant in chosen if options.only in mutant[0] or options.only in mutant[1]]
    if options.sample:
        chosen = draw.sample(chosen, min(options.sample, len(chosen)))
    known = {}
    mark = fingerprint(options.program, rtl)
    if options.results and os.path.exists(options.results):
        with open(options.results, encoding="utf-8") as file:
            kept = json.load(file)
        known = kept["verdicts"] if kept["rtl"] == mark else {}
    reasons = equivalents()
    count = {}
    survivors = []
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        benches = queue.SimpleQueue()
        for job in range(options.jobs):
            benches.put(Bench(options.program, rtl, os.path.join(folder, str(job))))
        sound(benches)

        def verdict_of(mutant):
            name, file, text = mutant
            if name not in known:
                bench = benches.get()
                try:
                    known[name] = bench.verdict(file, text)
                finally:
                    benches.put(bench)
            return known[name]

        for (name, file, _), verdict in zip(chosen, pool.map(verdict_of, chosen)):
            if verdict is None:
                verdict = "equivalent" if name in reasons else "SURVIVES"
                if verdict == "SURVIVES":
                    survivors.append((file, name))
            elif name in reasons:
                sys.exit(f"equivalent.txt lists '{name}', but {verdict} sees it")
            count[verdict] = count.get(verdict, 0) + 1
            print(f"{verdict:10}  {name}", flush=True)
            if options.results:
                with open(options.results, "w", encoding="utf-8") as target:
                    json.dump({"rtl": mark, "verdicts": dict(known)}, target, indent=1)
    seen = sum(n for verdict, n in count.items() if verdict not in ("equivalent", "SURVIVES"))
    total = sum(count.values()) - count.get("equivalent", 0)
    parts = ", ".join(f"{n} {verdict}" for verdict, n in sorted(count.items()))
    print(f"{seen} of {total} faults seen ({100.0 * seen / max(1, total):.1f} %), {len(rule)} places by rule; {parts}")
    for file, name in survivors:
        print(f"nothing sees: {name} ({file})")
    sys.exit(1 if survivors or not chosen else 0)


if __name__ == "__main__":
    main()
