"""The page "Adding a machine" prints the toy family as it is.

    python3 tests/structure/adding_page.py SOURCE_FOLDER            fails if the page is not fresh
    python3 tests/structure/adding_page.py SOURCE_FOLDER --write    writes it
"""
import pathlib
import sys

FILES = ("toy.h", "toy.cc", "systemc.cc", "fast.cc", "families.cc", "energy.yaml")
HEADING = "## A whole one\n"


def page(source):
    """The text of the page with the files of the toy behind its last section's words."""
    text = (source / "sim/datapaths/README.md").read_text()
    words = text[: text.index(HEADING)] + HEADING + text[text.index(HEADING) + len(HEADING):].split("\n`tests/toy/", 1)[0]
    blocks = []
    for name in FILES:
        kind = "yaml" if name.endswith(".yaml") else "cpp"
        blocks.append(f"\n`tests/toy/{name}`\n\n```{kind}\n{(source / 'tests/toy' / name).read_text()}```\n")
    return words.rstrip("\n") + "\n" + "".join(blocks)


def main():
    source = pathlib.Path(sys.argv[1])
    path = source / "sim/datapaths/README.md"
    fresh = page(source)
    if "--write" in sys.argv[2:]:
        path.write_text(fresh)
    elif path.read_text() != fresh:
        print("sim/datapaths/README.md does not print tests/toy as it is; run this script with --write")
        return 1
    print(f"{len(FILES)} files of the toy are on the page")
    return 0


if __name__ == "__main__":
    sys.exit(main())
