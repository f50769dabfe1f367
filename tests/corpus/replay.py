"""Every case that was once found and kept: the three engines agree on it, with and without ports held back.

Each folder is a configuration and a workload, as `lacuna check --random N --keep DIR` writes them; its workload.yaml says what
it showed. Usage: replay.py PROGRAM SOURCE_DIR
"""

import os
import subprocess
import sys

PROGRAM, SOURCE = map(os.path.abspath, sys.argv[1:3])
CORPUS = os.path.join(SOURCE, "tests", "corpus")

cases = sorted(name for name in os.listdir(CORPUS) if os.path.isfile(os.path.join(CORPUS, name, "config.yaml")))
if not cases:
    sys.exit("the corpus is empty")
failed = 0
for name in cases:
    folder = os.path.join(CORPUS, name)
    for options in (["--engines", "systemc,fast"], ["--engines", "systemc,rtl", "--random", "0"],
                    ["--engines", "systemc,rtl", "--random", "0", "--stall", "30%", "--seed", "5"]):
        command = [PROGRAM, "check", os.path.join(folder, "config.yaml"), folder, *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode != 0:
            failed += 1
            print(f"{name}: {' '.join(command)}\n{done.stdout}{done.stderr}")
print(f"{len(cases)} cases, {failed} failures")
sys.exit(1 if failed else 0)
