"""Dependencies point one way, and each outside library has its one place.

    python3 tests/structure/dependencies.py SOURCE_FOLDER

Checks the #include lines below sim/: a folder includes only itself and folders named after it in ALLOWED; SystemC headers
stay in the SystemC engine, Verilated ones and dlopen in sim/rtl, yaml-cpp in the YAML reader; only the program prints or
exits; engines never include each other. Prints every line that breaks a rule and fails.
"""
import pathlib
import re
import sys

# Folder: the folders it may include beside itself.
ALLOWED = {
    "base": set(),
    "tensor": {"base"},
    "sparse": {"base", "tensor"},
    "workload": {"base", "tensor", "sparse"},
    "import": {"base", "tensor", "sparse", "workload"},
    "machine": {"base", "tensor", "sparse", "workload"},
    "memory": {"base", "tensor", "sparse", "workload", "machine"},
    "datapaths": {"base", "tensor", "sparse", "workload", "machine", "memory"},
    "rtl": {"base", "tensor", "sparse", "workload", "machine", "memory"},
    "check": {"base", "tensor", "sparse", "workload", "machine", "memory", "datapaths", "rtl"},
    "energy": {"base", "tensor", "sparse", "workload", "machine"},
    "report": {"base", "tensor", "sparse", "workload", "machine", "energy"},
    "sweep": {"base", "tensor", "sparse", "workload", "machine", "memory", "energy", "report"},
}
ALLOWED["cli"] = set(ALLOWED)

# What only some files may include or say: pattern, files that may, why.
ONLY_IN = [
    (r"#include <systemc", r"datapaths/\w+/(systemc_engine\.cc|channels\.h)", "SystemC stays in the SystemC engine"),
    (r"#include [<\"](verilated|V\w+\.h)", r"rtl/.*", "Verilated headers stay in sim/rtl"),
    (r"#include <yaml-cpp", r"base/yaml\.cc", "yaml-cpp stays in the YAML reader"),
    (r"#include <(iostream|cstdio)>", r"(cli/.*|tensor/npy\.cc|base/atomic_file\.cc|base/yaml\.cc|rtl/.*)",
     "only the program prints"),
    (r"\b(std::)?(exit|abort|quick_exit)\(", r"cli/.*", "only the program exits"),
    (r"\bfmt::print\(|std::cout|std::cerr|\bprintf\(", r"cli/.*", "only the program prints"),
]
# Headers of one engine that another must not see.
ENGINES = {
    "fast": r"datapaths/intersect/fast",
    "systemc": r"datapaths/intersect/(systemc_engine|channels|pe_array|feeder_bank|drain_bank|post_unit|line_mask)",
    "rtl": r"rtl/",
}


def engine_of(name):
    return next((engine for engine, pattern in ENGINES.items() if re.match(pattern, name)), None)


def main():
    source = pathlib.Path(sys.argv[1]) / "sim"
    faults = []
    files = sorted(p for p in source.rglob("*") if p.suffix in (".h", ".cc"))
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
                target = include.group(1).split("/")[0]
                if target in ALLOWED and target != folder and target not in ALLOWED[folder]:
                    faults.append(f"{where}: {folder} includes {target}")
                ours, theirs = engine_of(name), engine_of(include.group(1))
                if ours and theirs and ours != theirs:
                    faults.append(f"{where}: engine {ours} includes engine {theirs}")
            if line.lstrip().startswith("//"):
                continue
            for pattern, may, why in ONLY_IN:
                if re.search(pattern, line) and not re.fullmatch(may, name):
                    faults.append(f"{where}: {why}")
    if not files:
        faults.append(f"no source below {source}")
    print("\n".join(faults) if faults else f"{len(files)} files keep the rules")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
