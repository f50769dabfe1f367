#!/usr/bin/env python3
"""README.md: short, its links lead somewhere, and the answer it shows is the program's.

  readme.py ROOT PROGRAM
"""

import pathlib
import re
import subprocess
import sys

MOST_LINES = 150


def anchor(heading):
    return re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-")


def broken_links(page, root):
    text = page.read_text()
    anchors = {anchor(heading) for heading in re.findall(r"^#+ (.*)$", text, re.M)}
    for link in re.findall(r"\]\(([^)]+)\)", re.sub(r"```.*?```", "", text, flags=re.S)):
        if link.startswith("#"):
            if link[1:] not in anchors:
                yield f"{page.relative_to(root)}: no heading {link}"
        elif not re.match(r"[a-z]+:", link) and not (page.parent / link.partition("#")[0]).exists():
            yield f"{page.relative_to(root)}: no file {link}"


def pages(root):
    for page in root.rglob("*.md"):
        if not {"build", "node_modules", ".git"} & set(page.relative_to(root).parts):
            yield page


def main():
    root, program = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    text = (root / "README.md").read_text()
    faults = [fault for page in pages(root) for fault in broken_links(page, root)]
    lines = text.count("\n")
    if lines > MOST_LINES:
        faults.append(f"README.md has {lines} lines; at most {MOST_LINES}, deeper pages are for the rest")
    command = re.search(r"^    \$ lacuna (run .*)$", text, re.M).group(1).split()
    output = subprocess.run([program, *command], cwd=root, stdout=subprocess.PIPE, text=True, check=True).stdout
    summary = output.rstrip("\n").split("\n\n")[-1]
    indented = "".join(f"    {line}\n" for line in summary.split("\n"))
    if indented not in text:
        faults.append("README.md does not show what its first command prints last:\n" + indented)
    for fault in faults:
        print(fault)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
