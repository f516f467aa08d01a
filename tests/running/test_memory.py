"""What is said where the system gives no more memory."""

import argparse
import subprocess
import sys

import pytest

import provender
from provender import errors
from provender.running import step

MEND = "with fewer --cores, with a higher limit, or where there is more: finished steps are kept"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "no memory left. Run"),
        (MemoryError("realloc of size 9 failed"), "no memory left (realloc of size 9 failed). Run"),
        (RuntimeError("can't start new thread"), "no memory left (can't start new thread). Run"),
        (
            ImportError("a.so: failed to map segment from shared object"),
            "no memory left (a.so: failed to map segment from shared object). Run",
        ),
    ],
)
def test_of_a_step(error: Exception, said: str, capfd: pytest.CaptureFixture) -> None:
    """Each way in which libraries say so is told in one line; before a step begins, too."""

    def work(_: argparse.Namespace) -> None:
        raise error

    assert step.run(argparse.ArgumentParser("a.py"), work, [], receipts=False) == 1
    told = capfd.readouterr().err
    assert told.startswith(f"a: error: {said}") and told.endswith(f"{MEND}\n")
    provender._tell(type(error), error, None)
    assert capfd.readouterr().err == told.removeprefix("a: ")


def test_another_error() -> None:
    """A defect passes through."""

    def work(_: argparse.Namespace) -> None:
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        step.run(argparse.ArgumentParser("a.py"), work, [], receipts=False)
    assert errors.lack_of_memory(ImportError("no module")) is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells of a process")
@pytest.mark.parametrize("share", [0.5, 0.99])
def test_at_a_limit(share: float) -> None:
    """Where addresses are used up, whatever compiled code says is laid to that, and only there."""
    code = f"""
import mmap, resource, argparse
from provender.running import step

used = 1024 * int(open("/proc/self/status").read().partition("VmPeak:")[2].split()[0])
limit = used + (512 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

def work(_):
    held = mmap.mmap(-1, int({share} * limit) - used)
    raise SystemError("error return without exception set")

raise SystemExit(step.run(argparse.ArgumentParser("a.py"), work, [], receipts=False))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    if share < errors.FULL:
        assert done.stderr.endswith("SystemError: error return without exception set\n")
    else:
        said = "a: error: no memory left (error return without exception set). Run"
        assert done.stderr.startswith(said) and done.stderr.endswith(f"{MEND}\n")
