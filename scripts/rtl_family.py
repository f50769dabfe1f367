"""What the RTL of a family of machines says of itself: its files, the words of its parameters, and rtl/FAMILY/checks.json,
which has what tests and scripts need to know of it. Words stand for their numbers.

  top         the top module
  machines    parameters of machines whose RTL differs in kind: lint and synthesis take all of them
  each        parameters of which every word must be in some machine: words that none has get a machine of their own
  synthesis   what synthesis sets in every machine, and instead of the parameters of "default"
  words       parameters whose enumeration has another name than they end with
  refused     a parameter and what its unknown words are refused with
  netlists    modules whose netlist is compared with them, and parameters; `each` takes every word of a parameter
  held        input ports that keep a parameter's value for half of that comparison, then 1
  tables      tables that C++ has, too: the function here, the enumeration of its lines, the C++ file and its macro
  reports     types of what probes report, here and in probe/report.h; `flags` likewise
  area        what scripts/area needs: the modules the array is made of, the parts of a PE, words that are varied
"""

import json
import pathlib
import re


def snake(word):
    """EarlyTermination -> early_termination"""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", word).lower()


def camel(word):
    """early_termination -> EarlyTermination"""
    return "".join(part.capitalize() for part in word.split("_"))


def members(text, kind, pattern):
    """What `pattern` finds in the body of `kind`, from top to bottom; ValueError if there is no such thing."""
    body = re.search(kind, text, re.S)
    if not body:
        raise ValueError(f"nothing looks like {kind}")
    return re.findall(pattern, body[1], re.M)


class RtlFamily:
    """The RTL of family `name` below the folder `rtl`. FileNotFoundError if it is not there."""

    def __init__(self, rtl, name):
        self.rtl, self.name = pathlib.Path(rtl).resolve(), name
        self.folder = self.rtl / name
        self.package = (self.folder / f"{name}_pkg.sv").read_text()
        self.checks = json.loads((self.folder / "checks.json").read_text())
        self.top = self.checks["top"]

    def sources(self, name="sources.f"):
        """Files in the order of dependencies, relative to rtl/; of the probes with probe/sources.f."""
        return [line for line in (self.folder / name).read_text().split("\n") if line and not line.startswith("#")]

    def enumerations(self):
        """Enumerations of the packages whose words are numbers of parameters: name -> words without their prefix."""
        common = (self.rtl / "common/lacuna_pkg.sv").read_text()
        found = re.findall(r"enum logic \[31:0\] \{([^}]*)\} (\w+)_e;", common + self.package)
        return {name: [word.removeprefix(camel(name)) for word in re.findall(r"\w+", body)] for body, name in found}

    def words(self, parameter):
        """The words of a parameter, by number: ["none", "gate", ...] of Skip."""
        of = self.checks.get("words", {}).get(parameter)
        for name, words in self.enumerations().items():
            if name == of or (of is None and parameter.endswith(camel(name))):
                return [snake(word) for word in words]
        raise ValueError(f"parameter {parameter} has no enumeration in the packages")

    def numbers(self, parameters):
        """The same parameters with words as numbers. ValueError for a word that there is not."""
        return {key: self.words(key).index(value) if isinstance(value, str) else value
                for key, value in parameters.items()}

    def machines(self):
        """Parameters of machines by name: those of checks.json, and one for each word that `each` asks for and none has."""
        machines = {name: self.numbers(values) for name, values in self.checks["machines"].items()}
        for parameter, small in self.checks["each"].items():
            for number, word in enumerate(self.words(parameter)):
                if not any(values.get(parameter) == word for values in self.checks["machines"].values()):
                    machines[f"{snake(parameter)} {word}"] = {**self.numbers(small), parameter: number}
        return machines

    def netlists(self):
        """(module, parameters) of every netlist that is compared."""
        result = []
        for entry in self.checks["netlists"]:
            parameters = self.numbers(entry.get("parameters", {}))
            if "each" in entry:
                result += [(entry["module"], {**parameters, entry["each"]: number})
                           for number in range(len(self.words(entry["each"])))]
            else:
                result.append((entry["module"], parameters))
        return result


def families(rtl):
    """All families below rtl/, by name."""
    return [RtlFamily(rtl, path.parent.name) for path in sorted(pathlib.Path(rtl).glob("*/checks.json"))]
