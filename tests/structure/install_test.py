"""What `cmake --install` makes is whole: the program runs in any folder with the files that were installed with it.

    python3 tests/structure/install_test.py BUILD_FOLDER SOURCE_FOLDER

Installs into a temporary prefix and runs presets, a configuration without an energy table, and the RTL. An installed
program could still find the sources it was built from; so the installed files are spoilt, one after the other, and the
program must notice.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD, SOURCE = (pathlib.Path(path).resolve() for path in sys.argv[1:3])

TINY = "name: tiny\narray: {rows: 1, columns: 2}\nintersect: {chunk: 8}\n"
WORKLOAD = """network: tiny
source: generated for a test
layers:
  - {name: fc, op: fc, shape: {M: 3, C: 20}, density: {weights: 0.5, input: 0.5}, seed: 1}
"""


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="lacuna-install-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.prefix = cls.folder / "prefix"
        subprocess.run(["cmake", "--install", str(BUILD), "--prefix", str(cls.prefix)], check=True,
                       stdout=subprocess.DEVNULL)
        cls.files = cls.prefix / "share/lacuna"
        cls.elsewhere = cls.folder / "elsewhere"
        cls.elsewhere.mkdir()
        (cls.elsewhere / "tiny.yaml").write_text(TINY, encoding="utf-8")
        (cls.elsewhere / "tiny_workload.yaml").write_text(WORKLOAD, encoding="utf-8")

    def lacuna(self, *words):
        """(exit status, standard output, standard error) of the installed program in a folder that is not its own."""
        done = subprocess.run([self.prefix / "bin/lacuna", *words], cwd=self.elsewhere, capture_output=True, text=True,
                              timeout=600, env={**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache")})
        return done.returncode, done.stdout, done.stderr

    def spoilt(self, name):
        """Breaks an installed file for one test."""
        path = self.files / name
        whole = path.read_text(encoding="utf-8")
        self.addCleanup(path.write_text, whole, encoding="utf-8")
        path.write_text("spoilt {\n" + whole, encoding="utf-8")
        return path

    def test_every_preset_runs_a_workload_that_is_installed(self):
        presets = sorted((self.files / "configs/presets").glob("*.yaml"))
        self.assertEqual([path.name for path in presets],
                         sorted(path.name for path in (SOURCE / "configs/presets").glob("*.yaml")))
        for preset in presets:
            with self.subTest(preset=preset.name):
                status, out, error = self.lacuna("run", str(preset), str(self.files / "workloads/lenet-300-100"),
                                                 "--layers", "fc3")
                self.assertEqual((status, error), (0, ""))
                self.assertIn("fc3", out)

    def test_presets_are_listed_where_they_are_installed(self):
        status, out, error = self.lacuna("list", "presets")
        self.assertEqual((status, error), (0, ""))
        self.assertIn(str(self.files / "configs/presets/dense.yaml"), out)
        presets = self.files / "configs/presets"
        presets.rename(self.folder / "away")
        self.addCleanup((self.folder / "away").rename, presets)
        status, _, error = self.lacuna("list", "presets")
        self.assertEqual((status, error), (2, f"{presets}: cannot list the presets: No such file or directory\n"))

    def test_a_configuration_anywhere_has_the_energy_table_of_the_program(self):
        run = ("run", "tiny.yaml", "tiny_workload.yaml")
        self.assertEqual(self.lacuna(*run)[0], 0)
        table = self.spoilt("configs/energy/45nm.yaml")
        status, _, error = self.lacuna(*run)
        self.assertEqual(status, 2)
        self.assertTrue(error.startswith(f"{table}:"), error)

    def test_the_rtl_is_the_installed_one(self):
        run = ("run", "tiny.yaml", "tiny_workload.yaml", "--format", "csv", "--engine")
        status, rtl, error = self.lacuna(*run, "rtl")
        self.assertEqual((status, error), (0, ""))
        cycles = [dict(zip(text.splitlines()[0].split(","), text.splitlines()[1].split(",")))["cycles"]
                  for text in (rtl, self.lacuna(*run, "systemc")[1])]
        self.assertEqual(cycles[0], cycles[1])
        for name in ("rtl/intersect/intersect_pe.sv", "sim/rtl/model/wrapper.cc"):
            with self.subTest(name=name):
                self.spoilt(name)
                status, _, error = self.lacuna(*run, "rtl")
                self.assertEqual(status, 2)
                self.assertIn("the RTL does not compile", error)
                self.doCleanups()

    def test_the_area_script_finds_its_programs(self):
        done = subprocess.run([self.files / "scripts/area", "--set", "array.rows=0"], cwd=self.elsewhere,
                              capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)  # said by the program that reads configurations, before any synthesis
        self.assertIn("array.rows is 0; allowed 1..256", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
