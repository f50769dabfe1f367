"""Faults made by rule, one at a time: every place in a source where an operator, constant, condition or width can be wrong."""

import re

# (what is done, pattern of the place, replacement). Applied to code only: comments, parameters, ports, assertions stay.
RULES = [
    ("and for or", r"\|\|", "&&"),
    ("or for and", r"&&", "||"),
    ("bitwise and for or", r"(?<!\|) \| (?!\|)", " & "),
    ("bitwise or for and", r"(?<!&) & (?!&)", " | "),
    ("equal for unequal", r" != ", " == "),
    ("unequal for equal", r" == ", " != "),
    ("no negation", r"(?<![\w'])!(?=[a-z(])", ""),
    ("no complement", r"~(?=[a-z({])", ""),
    ("minus for plus", r" \+ ", " - "),
    ("plus for minus", r" - (?!1\b)", " + "),
    ("shift to the other side", r" << ", " >> "),
    ("at most for less", r"(?<=[a-z_\])]) < (?=[a-z-])", " <= "),
    ("constant one more", r"'\(1\)", "'(2)"),
    ("constant zero", r"'\(1\)", "'(0)"),
    ("ones for zeros", r"(?<= )'0(?=[;:) ])", "'1"),
    ("one for zero", r"1'b0(?=;)", "1'b1"),
    ("zero for one", r"1'b1(?=;)", "1'b0"),
    ("alternatives swapped", r"(?<=\? )([\w'\[\].]+) : ([\w'\[\].]+)(?=;)", r"\2 : \1"),
    ("a bit less", r"(?<=logic \[)(\w+)-1:0\] (?=\w+_q)", r"\1-2:0] "),
    ("the other operand", r"\bweight_(?=\w+_[iq]\b)", "activation_"),
    ("the next value is kept", r"_q <= (\w+)_d;", r"_q <= \1_q;"),
]

# Lines in which a change of text is no change of the machine, or breaks the language rather than the design.
SKIPPED = re.compile(r"^\s*(//|`|parameter|localparam|input|output|import|module|endmodule|package|typedef|enum|\.\w+)"
                     r"|\$error|begin : gen_|genvar|unused")


def mutants_of(file, text):
    """(name, file, offset, old, new) for every rule and place of one source."""
    found = []
    times = {}
    offset = 0
    for line in text.splitlines(keepends=True):
        code = line.split("//")[0]
        if not SKIPPED.search(code):
            for rule, pattern, replacement in RULES:
                for match in re.finditer(pattern, code):
                    new = code[:match.start()] + match.expand(replacement) + code[match.end():]
                    if new != code:
                        name = f"{rule}: {new.strip()}"
                        times[name] = times.get(name, 0) + 1
                        if times[name] > 1:
                            name += f" (place {times[name]})"
                        found.append((name, file, offset, code, new))
        offset += len(line)
    return found
