"""A real Slurm of several nodes on this machine: a test's own processes, on loopback ports.

``slurmd -N`` is started once for each node, all with the same address and each with its port. Jobs
know nothing of that: they are queued, placed by memory and cores, run and cancelled as anywhere.
"""

import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ports import free_port

# Seconds until a daemon must answer, and a node must be as it was told to be.
START_SECONDS = 60

NODES = ("node1", "node2", "node3")

# What a node says it has; the machine is not asked, so that a small one can be three.
CORES, MEMORY_MB = 2, 4000

# Task and process tracking that need no cgroups. A state that was saved survives the controller;
# jobs that ended are told of for MinJobAge seconds, which is how Snakemake learns of their end.
CONFIG = """
ClusterName=provender
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=300
KillWait=5
SchedulerParameters=sched_interval=2,sched_min_interval=100000
"""
NODE = (
    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} "
    "CPUs={cores} RealMemory={memory} State=UNKNOWN\n"
)
SRUN = '#!/bin/sh\nSLURM_CONF={config} exec /usr/bin/srun "$@"\n'
PARTITION = "PartitionName=main Nodes=ALL Default=YES MaxTime=UNLIMITED State=UP\n"


class Slurm:
    """A controller and its nodes, as long as the block of :func:`started` runs."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        """Write the configuration into ``folder``; ``stack`` ends what is started."""
        self.folder, self.stack = folder, stack
        self.config = folder / "slurm.conf"
        host = socket.gethostname().split(".")[0]
        text = CONFIG.format(host=host, port=free_port(), user=getpass.getuser(), folder=folder)
        for name in NODES:
            text += NODE.format(
                name=name, host=host, port=free_port(), cores=CORES, memory=MEMORY_MB
            )
        self.config.write_text(text + PARTITION, encoding="utf-8")
        self.controller: subprocess.Popen | None = None
        # A job's own srun is started without SLURM_CONF, as where the file has its usual place.
        srun = folder / "bin" / "srun"
        srun.parent.mkdir()
        srun.write_text(SRUN.format(config=self.config), encoding="utf-8")
        srun.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        """Return what Slurm's commands need to know."""
        path = os.pathsep.join([str(self.folder / "bin"), os.environ["PATH"], "/usr/sbin"])
        return {"SLURM_CONF": str(self.config), "PATH": path}

    def daemon(self, *command: str | Path) -> subprocess.Popen:
        """Start what runs until the block ends, or until it is ended."""
        program = shutil.which(command[0], path=self.environment["PATH"])
        assert program, f"there is no {command[0]}: run tests/install-slurm"
        log = (self.folder / "daemons.log").open("ab")
        self.stack.callback(log.close)
        # Also where the tests are killed.
        words = ["setpriv", "--pdeathsig", "KILL", program, *map(str, command[1:])]
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=os.environ | self.environment, start_new_session=True,
        )  # fmt: skip
        self.stack.callback(end, process)
        return process

    def run(self, *command: str) -> str:
        """Run one of Slurm's commands and return what it prints."""
        done = subprocess.run(
            command, env=os.environ | self.environment, check=False, capture_output=True,
            text=True, timeout=START_SECONDS,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}{self.logs()}"
        return done.stdout

    def start_controller(self) -> None:
        """Start the controller, which reads the state that another has left."""
        self.controller = self.daemon("slurmctld", "-D", "-f", self.config)
        self.wait("the controller", lambda: self._answers("scontrol", "ping"))

    def restart_controller(self) -> None:
        """End the controller while jobs run, and start another."""
        assert self.controller is not None
        end(self.controller)
        assert not self._answers("squeue")
        self.start_controller()

    def start(self) -> None:
        """Start all of it, and wait until every node takes jobs."""
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o600)
        (self.folder / "state").mkdir()
        places = [f"--{name}-file={self.folder}/munge.{name}" for name in ("key", "pid", "log")]
        places += [f"--seed-file={self.folder}/munge.seed", f"--socket={self.folder}/munge.socket"]
        # Forced, since a test's folder is closed to all others.
        self.daemon("munged", "--foreground", "--force", *places)
        self.wait("munged", (self.folder / "munge.socket").exists)
        self.start_controller()
        for name in NODES:
            self.daemon("slurmd", "-D", "-N", name, "-f", self.config)
        self.wait("the nodes", lambda: self.states() == dict.fromkeys(NODES, "idle"))

    def states(self) -> dict[str, str]:
        """Return each node's state."""
        lines = self.run("sinfo", "--noheader", "--Node", "--format=%N %T").splitlines()
        return dict(line.split() for line in lines)

    def jobs(self) -> list[tuple[str, str, str, str]]:
        """Return each job's number, state, node and comment, which names its rule."""
        lines = self.run("squeue", "--noheader", "--states=all", "--format=%i|%T|%N|%k")
        return [tuple(line.split("|", 3)) for line in lines.splitlines()]

    def wait(self, what: str, is_so: object) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + START_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, f"{what} did not come:\n{self.logs()}"
            time.sleep(0.1)

    def logs(self) -> str:
        """Return the last lines of what the daemons say."""
        texts = [path.read_text(errors="replace")[-1500:] for path in self.folder.glob("*.log")]
        return "\n".join(texts)

    def _answers(self, *command: str) -> bool:
        done = subprocess.run(
            command, env=os.environ | self.environment, check=False, capture_output=True, text=True
        )
        return done.returncode == 0 and "DOWN" not in done.stdout


def end(process: subprocess.Popen) -> None:
    """End a process, by force where it does not by itself."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def started(folder: Path) -> Iterator[Slurm]:
    """Give a Slurm of three nodes until the end of the block; then nothing of it runs."""
    folder.mkdir()
    with ExitStack() as stack:
        slurm = Slurm(folder, stack)
        slurm.start()
        # What still runs is ended by the nodes while there are any.
        stack.callback(lambda: slurm._answers("scancel", "--state=RUNNING", "--full"))
        yield slurm
