"""How many files must know a new family? Those outside its own folder that name the toy.

    python3 tests/structure/toy_family.py SOURCE_FOLDER

The toy lives in tests/toy. Tests that ask something of it in particular, and pages, are listed; the program must not
know it, and of build files one line is enough. Fails if another file names it, or if more than five do.
"""
import pathlib
import re
import sys

# Tests and pages about the toy itself, which a real family does not need.
ABOUT_IT = {
    "tests/structure/toy_family.py",
    "tests/structure/adding_page.py",
    "tests/structure/dependencies.py",
    "tests/conformance/conformance_test.cc",
    "sim/datapaths/README.md",
    "sim/README.md",
    "CHANGELOG.md",
}
MOST = 5


def main():
    source = pathlib.Path(sys.argv[1])
    word = re.compile(r"\btoy\b|toy_|toy::", re.I)
    suffixes = {".cc", ".h", ".inc", ".def", ".py", ".sv", ".svh", ".f", ".json", ".yaml", ".md", ".txt", ".js", ".cmake"}
    naming = []
    for top in ("sim", "rtl", "tests", "configs", "scripts", "workloads", "CMakeLists.txt", "README.md", "CHANGELOG.md"):
        top = source / top
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            name = path.relative_to(source).as_posix()
            if path.suffix not in suffixes or "node_modules" in name or name.startswith("tests/toy/") or name in ABOUT_IT:
                continue
            if word.search(path.read_text(errors="replace")):
                naming.append(name)
    in_program = [name for name in naming if name.startswith(("sim/", "rtl/", "configs/", "scripts/"))]
    print(f"{len(naming)} files outside tests/toy name the toy: {', '.join(naming)}")
    if in_program:
        print(f"the program must not know it: {', '.join(in_program)}")
    return 1 if in_program or len(naming) > MOST or not naming else 0


if __name__ == "__main__":
    sys.exit(main())
