"""The command line that every step shares."""

import argparse
import errno
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from provender import console
from provender.errors import Unavailable, UserError
from provender.running import step

# The kernel's file that is always full.
FULL = "/dev/full"


def run(work: Callable[[argparse.Namespace], object], *arguments: str) -> int:
    """Run ``work`` as the step make_thing."""
    return step.run(argparse.ArgumentParser(prog="make_thing.py"), work, list(arguments))


def fail(error: BaseException) -> Callable[[argparse.Namespace], None]:
    """Return work that ends with an error."""

    def work(_: argparse.Namespace) -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UserError("lower it"), 1, "error: lower it"),
        (Unavailable("no network"), 3, "error: no network"),
        (
            KeyboardInterrupt(),
            130,
            "interrupted: nothing was half-written; run the same command again to go on",
        ),
        (
            OSError(errno.ENOSPC, "anything", "data/file"),
            1,
            "error: no disk space left while writing data/file (No space left on device). Free "
            "some and run the same command again: finished steps are kept",
        ),
        (
            OSError(errno.EDQUOT, "anything"),
            1,
            "error: no disk space left (Disk quota exceeded). Free some and run the same command "
            "again: finished steps are kept",
        ),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "x.json"),
            1,
            "error: cannot read or write: [Errno 2] No such file or directory: 'x.json'. Check "
            "the path and its rights, then run again",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "x.json"),
            1,
            "error: cannot read or write: [Errno 13] Permission denied: 'x.json'. Check the path "
            "and its rights, then run again",
        ),
        (
            OSError("no Parquet file"),
            1,
            "error: cannot read or write: no Parquet file. Check the path and its rights, then "
            "run again",
        ),
    ],
)
def test_errors_that_a_user_can_mend(
    error: BaseException,
    code: int,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each has its exit code and one line, named by the step, on standard error and in the log."""
    log = tmp_path / "logs" / "make_thing.log"
    assert run(fail(error), "--log", str(log)) == code
    shown = capsys.readouterr()
    assert shown.err == f"make_thing: {message}\n"
    assert shown.out == ""
    assert log.read_text(encoding="utf-8") == shown.err


@pytest.mark.parametrize(
    "error", [ValueError("defect"), OSError(errno.EIO, "defect"), SystemExit(7)]
)
def test_other_errors_pass_through(error: BaseException) -> None:
    """A defect keeps its stack trace."""
    with pytest.raises(type(error)) as caught:
        run(fail(error))
    assert caught.value is error


def test_work_that_is_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 0; each run's log file has that run's lines alone, and all of them."""
    before = list(console.log.handlers)
    for name in ("first", "second"):
        log = tmp_path / f"{name}.log"
        assert run(lambda _, name=name: console.log.info("%s: ½", name), "--log", str(log)) == 0
        assert log.read_text(encoding="utf-8") == f"make_thing: {name}: ½\n"
    assert capsys.readouterr().err == "make_thing: first: ½\nmake_thing: second: ½\n"
    assert console.log.handlers == before


def test_a_log_file_starts_anew(tmp_path: Path) -> None:
    """A second run's log does not follow the first one's."""
    log = tmp_path / "make_thing.log"
    log.write_text("of the run before\n")
    assert run(lambda _: console.log.info("now"), "--log", str(log)) == 0
    assert log.read_text() == "make_thing: now\n"


def test_a_log_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    """On a full disk the message of the step itself still shows, without a stack trace."""
    assert run(fail(UserError("lower it")), "--log", FULL) == 1
    assert capsys.readouterr().err == "make_thing: error: lower it\n"


def test_options_reach_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    """The work gets what was parsed; a wrong option ends with the code of argparse."""
    parser = argparse.ArgumentParser(prog="make_thing.py")
    parser.add_argument("--size", type=int)
    found = []
    assert step.run(parser, lambda options: found.append(options.size), ["--size", "7"]) == 0
    assert found == [7]
    with pytest.raises(SystemExit) as caught:
        run(lambda _: None, "--wrong")
    assert caught.value.code == 2
    assert "unrecognized arguments: --wrong" in capsys.readouterr().err


def test_progress_gives_every_item(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a terminal there is a line now and then; items come in order either way."""
    monkeypatch.setattr(console, "PROGRESS_SECONDS", -1)
    found = []
    assert run(lambda _: found.extend(console.progress("abc", "reading", 3000))) == 0
    assert found == ["a", "b", "c"]
    lines = [f"make_thing: reading: {count} of 3,000, about 5 s left\n" for count in (1, 2, 3)]
    assert capsys.readouterr().err == "".join(lines)


def test_progress_tells_the_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As what is done took."""
    monkeypatch.setattr(console, "PROGRESS_SECONDS", 0)
    times = iter([0.0, 100.0, 100.0, 200.0, 200.0])
    monkeypatch.setattr(console.time, "monotonic", lambda: next(times))
    assert run(lambda _: list(console.progress("ab", "reading", 5))) == 0
    said = ["1 of 5, about 7 min left", "2 of 5, about 5 min left"]
    assert capsys.readouterr().err == "".join(f"make_thing: reading: {line}\n" for line in said)


def test_progress_is_silent_when_quick(capsys: pytest.CaptureFixture[str]) -> None:
    """What is done within seconds logs no progress."""
    assert run(lambda _: list(console.progress("abc", "reading", 3))) == 0
    assert capsys.readouterr().err == ""


# A step that has Arrow look whether pandas is there.
USES_ARROW = """
import argparse
import sys
import pyarrow as pa
from provender.running import step
seen = []
work = lambda options: seen.append(len(pa.array(["a", "b"])))
code = step.run(argparse.ArgumentParser(), work, [])
print(code, seen, "pandas" in sys.modules)
import pandas
"""


def test_arrow_does_not_import_pandas() -> None:
    """That takes longer than most steps; a script that wants pandas has it all the same."""
    done = subprocess.run([sys.executable, "-c", USES_ARROW], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("0 [2] False\n", "")


# Writes how many MB are held of forty arrays of 2 MB of which all but the last are gone.
ARRAYS = """
import sys
import numpy as np
from provender.running import step

if sys.argv[1] == "give back":
    step.give_back_memory()

def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

# By the first that goes, the C library learns to keep what is of its size.
first = np.ones(1 << 18)
del first
before = held()
arrays = [np.ones(1 << 18) for _ in range(40)]
del arrays[:-1]
print(held() - before)
"""


def test_memory_goes_back() -> None:
    """All but the array that is left; without, glibc keeps what may be wanted again."""
    megabytes = [
        float(subprocess.check_output([sys.executable, "-c", ARRAYS, how], text=True))
        for how in ("give back", "keep")
    ]
    assert megabytes[0] < 10 < 70 < megabytes[1]


def test_another_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no such setting, and none is wanted."""
    monkeypatch.setattr(step.ctypes, "CDLL", lambda _: object())
    step.give_back_memory()
