"""train_model in blocks: killed at any moment, it goes on, and leaves nothing but the model."""

import signal
import subprocess
import sys
from pathlib import Path

from conftest import ROOT, Project
from test_train_model import all_files, arguments, trained_with

# Of the small build's training features a tenth at once. Each thing that is written counts, and so
# does each dealing of posts: at the last one that is asked for, the process is gone, as by kill -9.
RUN = """
import os, signal, sys
sys.path.insert(0, "scripts")
from provender.model import blocks, checkpoints

blocks.MOST_FEATURES, blocks.DEALT, checkpoints.SECONDS = int(sys.argv.pop(1)), 300, 0
left = int(sys.argv.pop(1))

def counted(function):
    def call(*arguments):
        global left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments)
    return call

checkpoints.Checkpoints.write = counted(checkpoints.Checkpoints.write)
blocks.Blocks.deal = counted(blocks.Blocks.deal)
import train_model
from provender.running import step
sys.exit(step.run(train_model.parse_arguments(), train_model.main, receipts=False))
"""

NEVER = 10**6


def run(options: list[str | Path], last: int = NEVER) -> tuple[int, str]:
    """Train in blocks until so many things are written; return exit code and messages."""
    words = [sys.executable, "-c", RUN, "2000", str(last), *map(str, options)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_killed_again_and_again(small_build: Project, tmp_path: Path) -> None:
    """Each run does some more; in the end all is as if it had been one."""
    data = small_build.folder / "data"
    how = {**trained_with(small_build), "epochs": 2}
    whole = tmp_path / "whole"
    code, said = run(arguments(data, whole, **how))
    assert code == 0, said
    assert "features are learnt from in blocks" in said
    names = {"choice.json", "history.csv", "model.h5", "saved_model", "sizes.csv"}
    names |= {"validation.parquet", "vocabulary.json"}
    assert {path.name for path in whole.iterdir()} == names
    parts = tmp_path / "parts"
    # What another seed has come to is not gone on from.
    code, _ = run(arguments(data, parts, **{**how, "seed": 2}), 4)
    assert code == -signal.SIGKILL
    kept = parts / "model.h5.checkpoint"
    other = (kept / "key").read_text()
    for last in (3, 3, 12):
        code, _ = run(arguments(data, parts, **how), last)
        assert code == -signal.SIGKILL
        assert (kept / "key").read_text() != other
    assert (parts / "model.h5.scratch").is_dir()
    code, said = run(arguments(data, parts, **how))
    assert code == 0, said
    assert all_files(parts) == all_files(whole)
