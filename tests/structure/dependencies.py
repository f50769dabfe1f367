"""Dependencies point one way, and each outside library has its one place.

    python3 tests/structure/dependencies.py SOURCE_FOLDER

Checks the #include lines below sim/: a folder includes only itself and folders named after it in ALLOWED; families of
machines never include each other, nor do the engines of one; nothing outside a family's folders includes or names it;
SystemC headers stay in the clocked kernel, Verilated ones and dlopen in sim/rtl, yaml-cpp in the YAML reader; only the
program prints or exits. Prints every line that breaks a rule and fails.
"""
import pathlib
import re
import sys

# Folder: the folders it may include beside itself. None may include the programs' folder, cli.
ALLOWED = {
    "base": set(),
    "tensor": {"base"},
    "sparse": {"base", "tensor"},
    "workload": {"base", "tensor", "sparse"},
    "prune": {"base", "tensor", "sparse", "workload"},
    "onnx": {"base", "tensor"},
    "import": {"base", "tensor", "sparse", "workload", "onnx"},
    "tune": {"base", "tensor", "sparse", "workload", "onnx", "import"},
    "machine": {"base", "tensor", "sparse", "workload"},
    "memory": {"base", "tensor", "sparse", "workload", "machine"},
    "rtl": {"base", "tensor", "sparse", "workload", "machine", "memory"},
    "datapaths": {"base", "tensor", "sparse", "workload", "machine", "memory", "rtl"},
    "check": {"base", "tensor", "sparse", "workload", "machine"},
    "energy": {"base", "tensor", "sparse", "workload", "machine"},
    "explain": {"base", "tensor", "sparse", "workload", "machine"},
    "report": {"base", "tensor", "sparse", "workload", "machine", "energy", "explain"},
    "sweep": {"base", "tensor", "sparse", "workload", "machine", "energy", "explain", "report"},
}
ALLOWED["cli"] = set(ALLOWED) - {"datapaths", "memory"}

# What only some files may include or say: pattern, files that may, why.
ONLY_IN = [
    (r"#include <systemc", r"datapaths/clocked/.*", "SystemC stays in the clocked kernel"),
    (r"#include [<\"](verilated|V\w+\.h)", r"rtl/.*", "Verilated headers stay in sim/rtl"),
    (r"#include <(onnx|google)/|::onnx::", r"onnx/(proto\.h|tensor_proto\.(h|cc)|model\.cc)", "protobuf stays in the ONNX reader"),
    (r"#include <Eigen", r"onnx/products\.cc", "Eigen stays in the products of ONNX models"),
    (r"\bdlopen\(", r"rtl/.*", "shared objects are opened in sim/rtl"),
    (r"#include <yaml-cpp", r"base/yaml\.cc", "yaml-cpp stays in the YAML reader"),
    (r"#include <(iostream|cstdio)>", r"(cli/.*|tensor/npy\.cc|base/atomic_file\.cc|base/yaml\.cc|rtl/.*)",
     "only the program prints"),
    (r"\b(std::)?(exit|abort|quick_exit)\(", r"cli/.*", "only the program exits"),
    (r"\bfmt::print\(|std::cout|std::cerr|\bprintf\(", r"cli/.*", "only the program prints"),
]
# Folders of datapaths that families share.
SHARED = {"clocked", "fabric"}


def families(source):
    """The families of machines, as families.def names them."""
    names = re.findall(r"^LACUNA_FAMILY\((\w+)\)", (source / "datapaths/families.def").read_text(), re.M)
    assert names, "families.def names no family"
    return names


def place(name):
    """(family or shared folder, engine) of a file below datapaths, "" for neither."""
    parts = name.split("/")
    if parts[0] != "datapaths" or len(parts) < 3:
        return "", ""
    return parts[1], parts[2] if len(parts) > 3 else ""


def include_faults(name, target):
    """What is wrong with an #include of `target` in file `name`."""
    folder, theirs = name.split("/")[0], target.split("/")[0]
    if theirs in ALLOWED and theirs != folder and theirs not in ALLOWED[folder]:
        yield f"{folder} includes {theirs}"
    family, engine = place(name)
    other, other_engine = place(target)
    if other and other != family and other not in SHARED:
        yield f"{family or 'a file beside the families'} includes family {other}"
    if other and engine and other_engine and engine != other_engine:
        yield f"engine {engine} includes engine {other_engine}"


def main():
    source = pathlib.Path(sys.argv[1]) / "sim"
    faults = []
    named = {family: re.compile(rf"\b{family}\b") for family in families(source)}
    files = sorted(p for p in source.rglob("*") if p.suffix in (".h", ".cc", ".inc", ".js", ".def"))
    for path in files:
        name = path.relative_to(source).as_posix()
        folder = name.split("/")[0]
        if folder not in ALLOWED:
            faults.append(f"sim/{name}: folder '{folder}' is not in the layout")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            where = f"sim/{name}:{number}"
            include = re.match(r'#include "([\w/]+\.\w+)"', line)
            if include:
                faults += [f"{where}: {fault}" for fault in include_faults(name, include.group(1))]
            if line.lstrip().startswith("//"):
                continue
            for family, word in named.items() if path.suffix != ".js" else ():  # a word of Chart.js
                if word.search(line) and place(name)[0] != family and name != "datapaths/families.def":
                    faults.append(f"{where}: names the family {family}")
            for pattern, may, why in ONLY_IN:
                if re.search(pattern, line) and not re.fullmatch(may, name):
                    faults.append(f"{where}: {why}")
    if not files:
        faults.append(f"no source below {source}")
    print("\n".join(faults) if faults else f"{len(files)} files keep the rules")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
