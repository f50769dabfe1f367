"""Every C++ source is laid out as clang-format 14 has it with the file .clang-format.

    python3 tests/structure/layout.py SOURCE_FOLDER [--write]

Prints each place that differs and fails; --write lays out the files instead. Other versions of clang-format break lines
elsewhere, so the version is part of the rule.
"""
import pathlib
import re
import shutil
import subprocess
import sys

VERSION = 14
FOLDERS = ("sim", "tests")
KINDS = (".cc", ".h", ".inc")


def program():
    """A clang-format of that version, or the reason why there is none."""
    for name in (f"clang-format-{VERSION}", "clang-format"):
        if path := shutil.which(name):
            said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
            if re.search(rf"version {VERSION}\.", said):
                return path
    sys.exit(f"clang-format {VERSION} is not there; scripts/setup installs it")


def main():
    source = pathlib.Path(sys.argv[1])
    files = sorted(str(path) for folder in FOLDERS for path in (source / folder).rglob("*") if path.suffix in KINDS)
    if not files:
        sys.exit(f"no sources below {source}")
    how = ["-i"] if "--write" in sys.argv[2:] else ["--dry-run", "-Werror"]
    done = subprocess.run([program(), "--style=file", *how, *files], stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        print(done.stderr + "laid out by: python3 tests/structure/layout.py . --write")
        return 1
    print(f"{len(files)} files are laid out by .clang-format")
    return 0


if __name__ == "__main__":
    sys.exit(main())
