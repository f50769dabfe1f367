"""Sweeps on a real Slurm: a controller and two node daemons on the loopback interface, started and ended by this test.

    python3 tests/sweep/slurm_test.py PROGRAM SOURCE_FOLDER

No cgroups, no accounting, no service of the system: munged, slurmctld and slurmd run with files in a temporary folder as
whoever runs the test. Ends with status 77, and the reason, where the packages are missing.
"""
import contextlib
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM, SOURCE = (os.path.abspath(path) for path in sys.argv[1:3])
os.environ["PATH"] += ":/usr/sbin:/sbin"
NODES = ("n1", "n2")

# The clocked engine, so that a task lasts some seconds whatever becomes of the fast one.
SWEEP = """base: {source}/configs/default.yaml
workloads: {{path: {source}/workloads/lenet5, layers: [conv1, conv2]}}
engine: systemc
axes:
  array.rows: {{from: 4, to: 18, step: 2}}
  array.columns: [4, 8, 16]
  intersect.skip: [none, gate, weights, both]
  intersect.weights.buffer_bytes: [16, 8192]  # 16 do not hold a chunk: half of the points cannot run
invalid: skip
"""
POINTS = 8 * 3 * 4
SEARCH = """base: {source}/configs/default.yaml
workloads: {{path: {source}/workloads/lenet5, layers: [conv1, conv2]}}
engine: systemc
axes:
  array.rows: [4, 8, 12, 16]
  array.columns: [4, 8, 12, 16]
  intersect.skip: [none, gate, both]
search: {{objectives: [cycles, energy], points: 30, seed: 2}}
"""


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class Cluster:
    """munged, slurmctld and one slurmd a node."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = {}
        host = socket.gethostname().split(".")[0]
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        ports = free_ports(1 + len(NODES))
        os.mkdir(self.path("munge"), 0o700)
        os.mkdir(self.path("state"))
        with open(self.path("munge/key"), "wb") as file:
            os.chmod(file.fileno(), 0o600)
            file.write(os.urandom(128))
        with open(self.path("slurm.conf"), "w", encoding="utf-8") as file:
            file.write(f"""ClusterName=lacuna
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
AuthType=auth/munge
AuthInfo=socket={self.path("munge/socket")}
CredType=cred/munge
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={self.path("state")}
SlurmdSpoolDir={self.path("spool-%n")}
SlurmctldPidFile={self.path("slurmctld.pid")}
SlurmdPidFile={self.path("slurmd-%n.pid")}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdTimeout=4
KillWait=2
MessageTimeout=5
SchedulerParameters=sched_interval=2,batch_sched_delay=0
""")
            for node, port in zip(NODES, ports[1:]):
                os.mkdir(self.path(f"spool-{node}"))
                file.write(f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1\n")
            file.write("PartitionName=test Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP\n")
        os.environ["SLURM_CONF"] = self.path("slurm.conf")
        self.start("munged", "--foreground", "--force", *(f"--{name}={self.path('munge/' + name.split('-')[0])}" for name
                                                          in ("key-file", "socket", "pid-file", "log-file", "seed-file")))
        self.wait(lambda: os.path.exists(self.path("munge/socket")), "munged makes its socket")
        self.start("slurmctld", "-D")
        for node in NODES:
            self.start_node(node)
        self.wait(lambda: self.idle() == len(NODES), "both nodes are idle")

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, program, *arguments, name=None):
        log = open(self.path(f"{name or program}.out"), "ab")
        self.processes[name or program] = subprocess.Popen([program, *arguments], stdout=log, stderr=log,
                                                           stdin=subprocess.DEVNULL)
        log.close()

    def start_node(self, node):
        self.start("slurmd", "-D", "-N", node, name=node)

    def wait(self, condition, what, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                logs = []
                for name in self.processes:
                    with open(self.path(f"{name}.out"), errors="replace") as file:
                        logs.append(f"--- {name}\n" + file.read()[-2000:])
                raise RuntimeError(f"not within {seconds} s: {what}\n" + "\n".join(logs))
            time.sleep(0.1)

    def idle(self):
        done = subprocess.run(["sinfo", "-h", "-N", "-o", "%N %T"], capture_output=True, text=True)
        return sum(line.endswith(" idle") for line in done.stdout.splitlines())

    def tasks(self):
        """Node of every running task."""
        done = subprocess.run(["squeue", "-h", "-r", "-t", "RUNNING", "-o", "%N"], capture_output=True, text=True)
        return done.stdout.split()

    def processes_of(self, node, daemons=True):
        """Processes of tasks on a node, and the step daemons above them if wanted."""
        found = set()
        for entry in os.listdir("/proc"):
            try:
                with open(f"/proc/{entry}/environ", "rb") as file:
                    environment = file.read().split(b"\0")
                if f"SLURMD_NODENAME={node}".encode() not in environment or \
                        f"SLURM_CONF={self.path('slurm.conf')}".encode() not in environment:
                    continue
                found.add(int(entry))
                with open(f"/proc/{entry}/stat", encoding="utf-8") as file:
                    parent = int(file.read().rsplit(")", 1)[1].split()[1])
                with open(f"/proc/{parent}/cmdline", "rb") as file:
                    if daemons and b"slurmstepd" in file.read():
                        found.add(parent)
            except (OSError, ValueError):
                continue
        return found

    def kill_tasks(self, node, daemons=True):
        for process in self.processes_of(node, daemons):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def kill_daemon(self, node):
        self.processes[node].kill()
        self.processes.pop(node).wait()

    def stop(self):
        subprocess.run(["scancel", "--me"], capture_output=True)
        for node in NODES:
            self.kill_tasks(node)
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Slurm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="lacuna-slurm-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        for name, text in (("it's a sweep.yaml", SWEEP), ("search.yaml", SEARCH)):
            with open(os.path.join(cls.folder, name), "w", encoding="utf-8") as file:
                file.write(text.format(source=SOURCE))
        cls.cluster = Cluster(cls.folder)
        cls.addClassCleanup(cls.cluster.stop)
        local = cls.start("local.sqlite", slurm=False)
        _, error = local.communicate(timeout=300)
        assert local.returncode == 0, error
        cls.expected = cls.export("local.sqlite")
        assert cls.expected.count(b"\n") == POINTS + 1

    def setUp(self):
        for node in NODES:
            if node not in self.cluster.processes:
                self.cluster.start_node(node)
        self.cluster.wait(lambda: self.cluster.idle() == len(NODES), "both nodes are idle")

    @classmethod
    def start(cls, store, *more, slurm=True, sweep="it's a sweep.yaml"):
        command = [PROGRAM, "sweep", sweep, "-o", store, *(["--slurm"] if slurm else []), *more]
        return subprocess.Popen(command, cwd=cls.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    @classmethod
    def export(cls, store, sweep="it's a sweep.yaml"):
        done = subprocess.run([PROGRAM, "sweep", sweep, "-o", store, "--export", "csv"], cwd=cls.folder,
                              capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def finished(self, follower, store):
        """What the follower printed, once the store is seen to have the right points and nothing is left over."""
        out, error = follower.communicate(timeout=240)
        self.assertEqual(follower.returncode, 0, error)
        self.assertEqual(self.export(store), self.expected)
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith(store)], [store])
        return out.decode()

    def points(self, store):
        with contextlib.closing(sqlite3.connect(os.path.join(self.folder, store))) as database:
            return database.execute("SELECT count(*) FROM points").fetchone()[0]

    def until_both_nodes_work(self, follower, wait=1):
        def both():
            self.assertIsNone(follower.poll(), "the sweep ended before anything could be done to it")
            return set(self.cluster.tasks()) == set(NODES)
        self.cluster.wait(both, "both nodes have a task")
        time.sleep(wait)  # a few points are finished

    def test_two_nodes_compute_what_one_machine_computes(self):
        follower = self.start("two.sqlite", "--shards", "4")
        self.until_both_nodes_work(follower)
        self.assertEqual(self.finished(follower, "two.sqlite"),
                         f"{POINTS} points in two.sqlite, {POINTS} of them computed by Slurm tasks, 0 tasks submitted "
                         f"again; {POINTS} cannot run\n")
        again = self.start("two.sqlite")
        self.assertEqual(again.communicate(timeout=60)[0].decode(),
                         f"{POINTS} points in two.sqlite, 0 of them computed by Slurm tasks, 0 tasks submitted again; "
                         f"{POINTS} cannot run\n")

    def test_tasks_of_a_node_that_dies_are_submitted_again(self):
        follower = self.start("dead.sqlite", "--shards", "2")
        self.until_both_nodes_work(follower)
        self.cluster.kill_daemon("n1")
        self.cluster.kill_tasks("n1")
        self.assertIn("1 task submitted again", self.finished(follower, "dead.sqlite"))

    def test_tasks_of_a_node_whose_daemon_dies_are_submitted_again_though_they_still_run(self):
        follower = self.start("daemon.sqlite", "--shards", "2")
        self.until_both_nodes_work(follower)
        for process in self.cluster.processes_of("n1"):  # as if the node hung: it neither ends nor answers
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGSTOP)
        self.cluster.kill_daemon("n1")
        try:
            self.assertIn("1 task submitted again", self.finished(follower, "daemon.sqlite"))
        finally:
            self.cluster.kill_tasks("n1")

    def test_a_killed_task_is_submitted_again_and_its_points_are_kept(self):
        follower = self.start("task.sqlite", "--shards", "2")
        self.until_both_nodes_work(follower)
        self.cluster.kill_tasks("n2", daemons=False)
        self.assertIn("1 task submitted again", self.finished(follower, "task.sqlite"))

    def test_a_follower_that_is_killed_is_replaced_by_another(self):
        follower = self.start("follower.sqlite", "--shards", "3")
        self.until_both_nodes_work(follower)
        follower.kill()
        follower.communicate()
        self.assertNotEqual(self.cluster.tasks(), [])
        follower = self.start("follower.sqlite", "--shards", "3")
        time.sleep(1)
        follower.send_signal(signal.SIGINT)
        out, error = follower.communicate(timeout=30)
        self.assertEqual((follower.returncode, out), (130, b""))
        self.assertRegex(error.decode(), r"^lacuna: no longer followed; the tasks go on, the same command follows them "
                                         r"again, scancel --name=lacuna-[0-9a-f]{12}-[0-9a-f]{8} ends them\n$")
        self.assertNotEqual(self.cluster.tasks(), [])
        follower = self.start("follower.sqlite", "--shards", "3")
        self.assertIn(", 0 tasks submitted again; ", self.finished(follower, "follower.sqlite"))

    def test_points_that_are_there_are_not_computed_on_the_cluster(self):
        part = self.start("part.sqlite", "--shard", "1/3", slurm=False)
        there = int(part.communicate(timeout=300)[0].split()[0])
        self.assertTrue(0 < there < POINTS, there)
        follower = self.start("part.sqlite", "--shards", "2")
        self.assertIn(f" {POINTS - there} of them computed by Slurm tasks", self.finished(follower, "part.sqlite"))

    def test_a_search_asks_on_the_cluster_what_it_asks_here_and_goes_on_when_its_follower_is_killed(self):
        local = self.start("here.sqlite", slurm=False, sweep="search.yaml")
        out, error = local.communicate(timeout=120)
        self.assertEqual((local.returncode, error), (0, b""))
        head, _, front = out.decode().partition("\n")
        self.assertEqual(head, "30 of 48 configurations in here.sqlite, 30 points computed now")
        self.assertIn("Pareto front", front)
        follower = self.start("search.sqlite", "--shards", "2", sweep="search.yaml")
        self.until_both_nodes_work(follower, wait=0)
        follower.kill()
        first = follower.communicate()[1].decode()
        # The next one finds the tasks of the round in which the first was killed: what it submits is another round, in
        # which it is killed too.
        follower = self.start("search.sqlite", "--shards", "2", sweep="search.yaml")
        second = follower.stderr.readline().decode()
        jobs = [re.fullmatch(r"lacuna: Slurm job \d+ \((lacuna-[0-9a-f]{12})-([0-9a-f]{8})\): [12] of 2 shards\n", line)
                for line in (first, second)]
        self.assertTrue(all(jobs), [first, second])
        self.assertEqual(jobs[0][1], jobs[1][1])
        self.assertNotEqual(jobs[0][2], jobs[1][2])
        self.assertGreater(self.points("search.sqlite"), 0)
        follower.kill()
        follower.communicate()
        there = self.points("search.sqlite")
        self.assertLess(there, 30)
        follower = self.start("search.sqlite", "--shards", "2", sweep="search.yaml")
        out, error = follower.communicate(timeout=120)
        self.assertEqual(follower.returncode, 0, error)
        self.assertEqual(out.decode(), f"30 of 48 configurations in search.sqlite, {30 - there} points computed by Slurm "
                                       f"tasks, 0 tasks submitted again\n{front}")
        self.assertEqual(self.export("search.sqlite", "search.yaml"), self.export("here.sqlite", "search.yaml"))
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith("search.sqlite")], ["search.sqlite"])

    def test_a_refused_submission_is_one_line(self):
        follower = self.start("refused.sqlite", "--sbatch=--partition=none")
        out, error = follower.communicate(timeout=60)
        self.assertEqual((follower.returncode, out), (2, b""))
        self.assertEqual(error.decode(), "sbatch: sbatch: error: invalid partition specified: none\n")

    def test_tasks_that_never_finish_a_point_are_given_up(self):
        program = os.path.join(self.folder, "lacuna")
        shutil.copy(PROGRAM, program)
        follower = subprocess.Popen([program, "sweep", "it's a sweep.yaml", "-o", "vain.sqlite", "--slurm", "--shards", "2",
                                     "--sbatch=--begin=now+2"], cwd=self.folder, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE)
        self.cluster.wait(lambda: b"lacuna-" in subprocess.run(["squeue", "-h", "-o", "%j"], capture_output=True).stdout,
                          "the tasks are submitted")
        os.remove(program)  # no node will find it
        out, error = follower.communicate(timeout=120)
        self.assertEqual((follower.returncode, out), (2, b""))
        self.assertRegex(error.decode().splitlines()[-1],
                         "^.*/vain.sqlite.lacuna-[0-9a-f]{12}: shard 1 of 2 ended 3 times "
                         "without a point; its logs are in this folder$")


if __name__ == "__main__":
    missing = [name for name in ("munged", "slurmctld", "slurmd", "sbatch") if shutil.which(name) is None]
    if missing:
        print(f"skipped: {', '.join(missing)} not found; scripts/setup installs slurm-wlm and munge")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
