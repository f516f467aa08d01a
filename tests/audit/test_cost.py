"""The first part of an audit is done before one has to wait for it."""

import json
import resource
import subprocess
import sys
from pathlib import Path

from releases import Release

# What takes long to import, or much memory, and has no place in reading files.
HEAVY = {
    "dvc", "dvc_data", "h5py", "jinja2", "numpy", "pandas", "pyarrow", "requests", "snakemake",
    "tensorflow", "tf_keras",
}  # fmt: skip

# Kilobytes, and CPU seconds: of Python and of Node for the canaries.
MOST_MEMORY = 200_000
MOST_SECONDS = 1.0

AUDIT = """
import json, sys
from provender.command import main
try:
    main()
finally:
    print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


def test_the_first_part(released: Release) -> None:
    """It imports nothing heavy, and takes under a second and 200 MB with all that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = released.project.run(
        sys.executable, "-c", AUDIT, "audit", released.folder, "--files",
        "--key", released.public_key,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "✓ canaries: " in done.stdout
    assert set(json.loads(done.stdout.splitlines()[-1])) & HEAVY == set()
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert seconds < MOST_SECONDS
    command = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True)\n"
    command += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    measured = subprocess.run(
        [
            sys.executable, "-c", command, Path(sys.executable).with_name("provender"), "audit",
            released.folder, "--files", "--key", released.public_key,
        ],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert int(measured.stdout.splitlines()[-1]) < MOST_MEMORY
