"""A build on emulated CPUs, with and without AVX2, has the bytes of one on this machine."""

import re
import subprocess

import pytest
from conftest import ROOT

# What computes, or says how; of the rest no byte can come from a CPU's way to round.
COMPUTES = (
    "src/provender/determinism.py",
    "src/provender/model/*.py",
    "src/provender/splits/*.py",
    "src/provender/text/*.py",
    "scripts/*.py",
    "workflow/rules/*.smk",
    "web/src/*.js",
    "requirements.lock",
    "web/package-lock.json",
    "config/config.yaml",
    "config/cpus.yaml",
    "src/provender/reproduction/reproduce.py",
)


@pytest.mark.ci
@pytest.mark.proof(*COMPUTES)
def test_emulated_cpus() -> None:
    """``make reproduce-cpus`` finds every file equal."""
    subprocess.run([ROOT / "tests/install-variations"], check=True)
    command = ["provender", "reproduce", "--cpus", "--config", "config/cpus.yaml"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^Reproduced: \d{2,} files, each with the same sha256", done.stdout)
