"""What make reproduce starts Python and Node with lists folders in a random order."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from provender.reproduction.reproduce import SHUFFLED

# In so many files, two random orders are the same once in 10^18.
NAMES = [f"{number:02}" for number in range(20)]

# Each way to list a folder, as a list of names a way.
PYTHON = """
import glob, json, os, pathlib
with os.scandir() as entries:
    scanned = [entry.name for entry in entries]
walked = next(os.walk("."))[2]
paths = [path.name for path in pathlib.Path().iterdir()]
print(json.dumps([os.listdir(), scanned, walked, paths, glob.glob("*")]))
"""
NODE = """
const fs = require("fs");
fs.readdir(".", async (_, names) => {
  const later = await fs.promises.readdir(".");
  console.log(JSON.stringify([names, later, fs.readdirSync(".")]));
});
"""


@pytest.mark.parametrize(
    ("command", "environment"),
    [
        ([sys.executable, "-c", PYTHON], {"PYTHONPATH": str(SHUFFLED)}),
        (["node", "-e", NODE], {"NODE_OPTIONS": f'--require="{SHUFFLED / "preload.cjs"}"'}),
    ],
    ids=["Python", "Node"],
)
def test_orders_are_random(tmp_path: Path, command: list[str], environment: dict[str, str]) -> None:
    """Each way to list a folder gives all names, each time in another order."""
    for name in NAMES:
        (tmp_path / name).touch()
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, **environment},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    listings = json.loads(done.stdout)
    assert [sorted(names) for names in listings] == [NAMES] * len(listings)
    assert len({tuple(names) for names in [NAMES, *listings]}) == 1 + len(listings)
