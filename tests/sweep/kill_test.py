"""A sweep that is killed at random moments, out of disk, stopped by Ctrl-C or run twice at once ends with the same points.

    python3 tests/sweep/kill_test.py PROGRAM SOURCE_FOLDER [SEED]

Every test compares the export of the store with that of a sweep nobody disturbed, byte for byte, and looks into the
tables for anything half there.
"""
import contextlib
import os
import pty
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM, SOURCE = (os.path.abspath(path) for path in sys.argv[1:3])
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1

SWEEP = """base: {source}/configs/default.yaml
workloads: [{source}/workloads/lenet-300-100, {{path: {source}/workloads/lenet5, layers: [fc1, fc2]}}]
axes:
  array.rows: {{from: 4, to: 32, factor: 2}}
  array.columns: {{from: 4, to: 32, factor: 2}}
  intersect.chunk: [32, 64]
  intersect.skip: [none, both]
"""
POINTS = 4 * 4 * 2 * 2 * 2
SLOW = """base: {source}/configs/default.yaml
workloads: {{path: {source}/workloads/vgg16, layers: [conv1_2]}}
engine: systemc
axes: {{array.rows: [4, 5, 6, 7], intersect.skip: [none, both]}}
"""


class Kill(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="lacuna-kill-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for name, text in (("sweep.yaml", SWEEP), ("slow.yaml", SLOW)):
            with open(os.path.join(cls.folder, name), "w", encoding="utf-8") as file:
                file.write(text.format(source=SOURCE))
        done = cls.lacuna("calm.sqlite")
        assert done.returncode == 0, done.stderr
        cls.expected = cls.export("calm.sqlite")
        assert cls.expected.count(b"\n") == POINTS + 1

    @classmethod
    def command(cls, store, *more, sweep="sweep.yaml"):
        return [PROGRAM, "sweep", sweep, "-o", store, *more]

    @classmethod
    def lacuna(cls, store, *more, **options):
        return subprocess.run(cls.command(store, *more), cwd=cls.folder, capture_output=True, timeout=300, **options)

    @classmethod
    def start(cls, store, *more, sweep="sweep.yaml", **options):
        return subprocess.Popen(cls.command(store, *more, sweep=sweep), cwd=cls.folder, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **options)

    @classmethod
    def export(cls, store):
        done = cls.lacuna(store, "--export", "csv")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def whole_points(self, store):
        """How many points there are; each must have all its layers, and layers must have a point."""
        with contextlib.closing(sqlite3.connect(os.path.join(self.folder, store))) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            if not database.execute("SELECT name FROM sqlite_master").fetchall():
                return 0
            counts = dict(database.execute("SELECT point, count(*) FROM layers GROUP BY point"))
            keys = {key: network for key, network in database.execute("SELECT key, network FROM points")}
            self.assertEqual(set(counts), set(keys))
            for key, network in keys.items():
                self.assertEqual(counts[key], 3 if network == "lenet-300-100" else 2)
            return len(keys)

    def test_killed_at_random_moments_it_goes_on_and_ends_with_the_same_points(self):
        generator = random.Random(SEED)
        kills, most, recomputed = 0, 0, 0
        while True:
            process = self.start("killed.sqlite", "--jobs", "2")
            try:
                out, _ = process.communicate(timeout=generator.uniform(0.01, 0.1) * (1 + kills / 10))
                self.assertEqual(process.returncode, 0)
                recomputed = int(out.split(b", ")[1].split()[0])
                break
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                kills += 1
            # Every other time the program itself is the first to open what the kill left.
            if kills % 2 == 0 and os.path.exists(os.path.join(self.folder, "killed.sqlite")):
                there = self.whole_points("killed.sqlite")
                self.assertGreaterEqual(there, most, "a finished point was lost")
                most = there
            self.assertLess(kills, 1000, f"seed {SEED}: it never ends")
        self.assertGreater(kills, 1, f"seed {SEED}: nothing was killed; the sweep is too short for this test")
        self.assertLessEqual(recomputed, POINTS - most)
        self.assertEqual(self.export("killed.sqlite"), self.expected)

    def test_two_processes_share_the_work_and_a_killed_one_leaves_its_points_to_the_other(self):
        processes = [self.start("shared.sqlite", "--jobs", "1") for _ in range(3)]
        time.sleep(0.1)
        processes[0].send_signal(signal.SIGKILL)
        computed = []
        for process in processes:
            out, error = process.communicate(timeout=300)
            if process is not processes[0]:
                self.assertEqual((process.returncode, error), (0, b""))
                computed.append(int(out.split(b", ")[1].split()[0]))
        self.assertLessEqual(sum(computed), POINTS)
        self.assertGreater(sum(computed), 0)
        self.assertEqual(self.whole_points("shared.sqlite"), POINTS)
        self.assertEqual(self.export("shared.sqlite"), self.expected)

    def test_two_processes_compute_no_point_twice(self):
        processes = [self.start("pair.sqlite", "--jobs", "2") for _ in range(2)]
        computed = 0
        for process in processes:
            out, error = process.communicate(timeout=300)
            self.assertEqual((process.returncode, error), (0, b""))
            computed += int(out.split(b", ")[1].split()[0])
        self.assertEqual(computed, POINTS)
        self.assertEqual(self.export("pair.sqlite"), self.expected)

    def test_a_full_disk_ends_it_in_one_line_and_the_next_start_goes_on(self):
        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
        done = self.lacuna("full.sqlite", preexec_fn=small_files)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout, b"")
        self.assertEqual(done.stderr.count(b"\n"), 1)
        self.assertTrue(done.stderr.startswith(b"full.sqlite: cannot write the store: "), done.stderr)
        self.assertTrue(done.stderr.endswith(b"; what was finished is kept\n"), done.stderr)
        there = self.whole_points("full.sqlite")
        self.assertTrue(0 < there < POINTS, there)
        done = self.lacuna("full.sqlite")
        self.assertEqual(int(done.stdout.split(b", ")[1].split()[0]), POINTS - there)
        self.assertEqual(self.export("full.sqlite"), self.expected)

    def test_ctrl_c_ends_it_in_one_line_with_status_130(self):
        process = self.start("slow.sqlite", sweep="slow.yaml")
        time.sleep(1.5)
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=60)
        self.assertLess(time.monotonic() - begin, 10)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(out, b"")
        self.assertRegex(error.decode(),
                         r"^lacuna: stopped; \d+ of 8 points are in slow.sqlite, the same command goes on\n$")
        with contextlib.closing(sqlite3.connect(os.path.join(self.folder, "slow.sqlite"))) as database:
            self.assertEqual(database.execute("SELECT count(*) FROM claims").fetchone(), (0,))
        self.assertEqual(sorted(name for name in os.listdir(self.folder) if name.startswith("slow.sqlite")),
                         ["slow.sqlite"])

    def test_shards_merge_into_the_same_points(self):
        names = [f"part{i}.sqlite" for i in (1, 2, 3)]
        for i, name in enumerate(names):
            self.assertEqual(self.lacuna(name, "--shard", f"{i + 1}/3").returncode, 0)
        done = subprocess.run([PROGRAM, "merge", "merged.sqlite", *names], cwd=self.folder, capture_output=True,
                              timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout.decode(), f"{POINTS} points in merged.sqlite, {POINTS} of them new\n")
        done = self.lacuna("merged.sqlite")
        self.assertEqual(done.stdout.decode(), f"{POINTS} points in merged.sqlite, 0 of them computed now\n")
        self.assertEqual(self.export("merged.sqlite"), self.expected)

    def test_a_dry_run_says_how_much_there_is_to_do_and_writes_nothing(self):
        before = sorted(os.listdir(self.folder))
        done = self.lacuna("new.sqlite", "--dry-run")
        self.assertEqual(done.stdout.decode(), f"{POINTS} points, 0 in new.sqlite already\n")
        done = self.lacuna("calm.sqlite", "--dry-run")
        self.assertEqual(done.stdout.decode(), f"{POINTS} points, {POINTS} in calm.sqlite already\n")
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_on_a_terminal_a_bar_shows_rate_and_time_left_and_in_a_pipe_there_is_none(self):
        reader, writer = pty.openpty()
        process = subprocess.Popen(self.command("bar.sqlite"), cwd=self.folder, stdout=subprocess.DEVNULL, stderr=writer)
        os.close(writer)
        shown = b""
        with contextlib.suppress(OSError):  # a terminal that nobody has open any more cannot be read
            while block := os.read(reader, 4096):
                shown += block
        os.close(reader)
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertRegex(shown, rb"\[#+\.*\] \d+ of 128 points, [0-9.e+]+/s, \d+ s left")
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown[-20:])
        self.assertEqual(self.lacuna("piped.sqlite").stderr, b"")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
