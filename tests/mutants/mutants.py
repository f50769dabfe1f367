"""Breaks the RTL on purpose, one fault at a time, and asks whether lint, an assertion or the check against SystemC sees it.

    mutants.py PROGRAM SOURCE [--by-rule N] [--seed S] [--only TEXT] [--sample N] [--results FILE]

Every fault by hand, and of each family N faults by rule drawn at random from all there are (without N as many as
machines.py says). Prints one line for each and the score. Exit status 1 if nothing sees a fault and it is not argued equivalent
in equivalent.txt. With --results, verdicts are kept in FILE and not asked for again while the RTL and the machines stay the same.
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
import threading

from by_hand import BY_HAND
from by_hand_gather import BY_HAND_GATHER
from machines import families
from operators import mutants_of

HERE = os.path.dirname(os.path.abspath(__file__))

RANDOM_LAYERS = "120"


def sources(rtl, listed):
    with open(os.path.join(rtl, listed), encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip() and not line.startswith("#")]


def all_mutants(rtl, family, taken):
    """Of files that no family before has, by hand and by rule: (name, file, text of the file with the fault, family).
    Adds the files to `taken`."""
    texts = {}
    for file in sources(rtl, f"{family.name}/sources.f"):
        if file in taken:
            continue
        taken.add(file)
        with open(os.path.join(rtl, file), encoding="utf-8") as source:
            texts[file] = source.read()
    hand = []
    for name, file, old, new in BY_HAND + BY_HAND_GATHER:
        if file not in texts:
            continue
        if texts[file].count(old) != 1:
            sys.exit(f"by_hand.py: '{name}': {file} has the text {texts[file].count(old)} times: {old}")
        hand.append((name, file, texts[file].replace(old, new), family))
    rule = []
    for file, text in texts.items():
        for name, _, offset, old, new in mutants_of(file, text):
            rule.append((f"{os.path.basename(file)}: {name}", file, text[:offset] + new + text[offset + len(old):],
                         family))
    return hand, rule


class Bench:
    """One copy of the RTL that takes a fault at a time, and the machines to try it on."""

    def __init__(self, program, rtl, folder, every):
        os.makedirs(folder)
        self.program = os.path.abspath(program)
        self.folder = folder
        self.rtl = os.path.join(folder, "rtl")
        self.original = rtl
        shutil.copytree(rtl, self.rtl)
        for family in every:
            for name, text in family.machines.items():
                with open(os.path.join(folder, f"{family.name}-{name}.yaml"), "w", encoding="utf-8") as file:
                    file.write(f"name: {name}\n{text}")
        self.env = dict(os.environ, XDG_CACHE_HOME=os.path.join(folder, "cache"))
        if shutil.which("ccache"):  # what the fault does not touch is compiled once
            self.env.setdefault("OBJCACHE", "ccache")

    def lint(self, family):
        """What lint says, nothing if it says nothing."""
        files = sources(self.rtl, f"{family.name}/sources.f") + sources(self.rtl, f"{family.name}/probe/sources.f")
        for flags in family.lint:
            done = subprocess.run(["verilator", "--lint-only", "-Wall", "-GRows=2", "-GColumns=3", *flags, "-Icommon",
                                   "--top-module", family.top, *files],
                                  cwd=self.rtl, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                return done.stderr or "lint fails"
        return ""

    def check(self, family, machine, rtl="rtl"):
        shutil.rmtree(os.path.join(self.folder, "cache"), ignore_errors=True)
        return subprocess.run([self.program, "check", f"{family.name}-{machine}.yaml", "--random", RANDOM_LAYERS, "--no-shrink",
                               "--rtl", rtl],
                              cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=900, check=False)

    def verdict(self, file, text, family, sound):
        """What sees the fault: lint, compiler, assertion, check; None if nothing does."""
        path = os.path.join(self.rtl, file)
        with open(path, "w", encoding="utf-8") as target:
            target.write(text)
        try:
            if self.lint(family):
                return "lint"
            for machine in family.machines_with(file):
                sound.hold(self, family, machine)
                done = self.check(family, machine)
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


class Sound:
    """The machines on which the RTL as it is passes: elsewhere every verdict would be worth nothing."""

    def __init__(self):
        self.lock = threading.Lock()
        self.machines = set()

    def hold(self, bench, family, machine):
        """Tries a machine once, before the first fault is tried on it. RuntimeError if it fails."""
        with self.lock:
            if (family.name, machine) in self.machines:
                return
            done = bench.check(family, machine, bench.original)
            if done.returncode != 0:
                raise RuntimeError(f"the RTL as it is fails on machine '{machine}' of {family.name}:\n"
                                   f"{done.stdout}{done.stderr}")
            self.machines.add((family.name, machine))


def equivalents():
    """Names of faults that change nothing, each followed by its reason: 'NAME :: REASON'."""
    with open(os.path.join(HERE, "equivalent.txt"), encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    return dict(line.split(" :: ", 1) for line in lines)


def fingerprint(every, rtl):
    digest = hashlib.sha256(json.dumps([[family.lint, family.machines] for family in every] + [RANDOM_LAYERS]).encode())
    for family in every:
        for file in sources(rtl, f"{family.name}/sources.f"):
            with open(os.path.join(rtl, file), "rb") as source:
                digest.update(source.read())
    return digest.hexdigest()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("source")
    parser.add_argument("--by-rule", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--sample", type=int, help="only this many of all, drawn with the seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--results")
    options = parser.parse_args()
    rtl = os.path.join(os.path.abspath(options.source), "rtl")
    every = families(os.path.abspath(options.program))
    chosen, places, taken = [], 0, set()
    for family in every:
        hand, rule = all_mutants(rtl, family, taken)
        number = family.by_rule if options.by_rule is None else options.by_rule
        chosen += hand + sorted(random.Random(options.seed).sample(rule, min(number, len(rule))), key=lambda mutant: mutant[:3])
        places += len(rule)
    draw = random.Random(options.seed)
    chosen = [mutant for mutant in chosen if options.only in mutant[0] or options.only in mutant[1]]
    if options.sample:
        chosen = draw.sample(chosen, min(options.sample, len(chosen)))
    known = {}
    mark = fingerprint(every, rtl)
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
            benches.put(Bench(options.program, rtl, os.path.join(folder, str(job)), every))
        for family in every:
            bench = benches.get()
            words = bench.lint(family)
            benches.put(bench)
            if words:
                sys.exit(f"the RTL as it is does not pass lint:\n{words}")
        sound = Sound()

        def verdict_of(mutant):
            name, file, text, family = mutant
            if name not in known:
                bench = benches.get()
                try:
                    known[name] = bench.verdict(file, text, family, sound)
                finally:
                    benches.put(bench)
            return known[name]

        for (name, file, _, _), verdict in zip(chosen, pool.map(verdict_of, chosen)):
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
    print(f"{seen} of {total} faults seen ({100.0 * seen / max(1, total):.1f} %), {places} places by rule; {parts}")
    for file, name in survivors:
        print(f"nothing sees: {name} ({file})")
    sys.exit(1 if survivors or not chosen else 0)


if __name__ == "__main__":
    main()
