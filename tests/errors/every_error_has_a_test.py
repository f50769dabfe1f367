"""Every error text of the program occurs in some test.

Finds each `fail(PLACE, "text")` and each `throw UserError(PLACE, ...)` below sim/, takes the longest piece of its text
between placeholders, and looks for it in the files below tests/. Prints what is not there and fails.

    python3 tests/errors/every_error_has_a_test.py SOURCE_FOLDER
"""
import pathlib
import re
import sys

SHORTEST = 6  # a piece shorter than this is found anywhere


def arguments(code, start):
    """The top-level arguments of the call whose '(' is at code[start]."""
    parts, depth, begin, i = [], 0, start + 1, start
    while i < len(code):
        c = code[i]
        if c in "\"'":
            i += 1
            while code[i] != c:
                i += 2 if code[i] == "\\" else 1
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth == 0:
                parts.append(code[begin:i])
                return parts
        elif c == "," and depth == 1:
            parts.append(code[begin:i])
            begin = i + 1
        i += 1
    raise SystemExit("unbalanced call")


def literals(expression):
    """The string literals of an expression; neighbours are one text."""
    joined = re.sub(r'"\s*"', "", expression)
    return [text.encode().decode("unicode_escape") for text in re.findall(r'"((?:[^"\\]|\\.)*)"', joined)]


def texts(code):
    """(position, text) of every error in one file."""
    for call in re.finditer(r"(?<![\w:])fail\(|throw UserError\(", code):
        parts = arguments(code, call.end() - 1)
        if len(parts) < 2 or "fmt::format_string" in parts[1]:
            continue  # the declaration
        word = re.search(r'unknown_word\(\s*"([^"]+)"', ",".join(parts[1:]))
        if word:
            yield call.start(), f"unknown {word.group(1)} '"
            continue
        for text in literals(parts[1]):
            yield call.start(), text


def longest_piece(text):
    pieces = re.split(r"\{[^}]*\}", text.replace("{{", "\0").replace("}}", "\1"))
    return max((piece.replace("\0", "{").replace("\1", "}") for piece in pieces), key=len)


def main():
    source = pathlib.Path(sys.argv[1])
    tests = []
    for path in sorted((source / "tests").rglob("*")):
        if path.suffix in (".cc", ".h", ".py", ".txt", ".yaml") and path.name != pathlib.Path(__file__).name:
            text = path.read_text(encoding="utf-8", errors="replace")
            tests.append(re.sub(r'"\s*f?"', "", text))  # a text may be broken over lines
    checked, missing = 0, []
    for path in sorted((source / "sim").rglob("*")):
        if path.suffix not in (".cc", ".h"):
            continue
        code = re.sub(r"//[^\n]*", lambda comment: " " * len(comment.group()), path.read_text(encoding="utf-8"))
        for position, text in texts(code):
            piece = longest_piece(text)
            if len(piece.strip()) < SHORTEST:
                continue
            checked += 1
            if not any(piece in test for test in tests):
                line = code.count("\n", 0, position) + 1
                missing.append(f"{path.relative_to(source)}:{line}: no test has the text '{piece}'")
    print("\n".join(missing + [f"{checked} error texts, {len(missing)} without a test"]))
    return 1 if missing or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
