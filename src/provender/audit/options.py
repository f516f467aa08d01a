"""The options of ``provender audit`` and ``provender trace``, known before what they need."""

import argparse
from pathlib import Path

# By what a rebuild is done.
PYTHON, NODE = "python", "node"

AUDIT = """\
Tell whether a release is what its publisher made from the commit that it names:
its files and signature, the commit and the data behind it, and with --rebuild
whether building it again gives the same. See docs/audit.md.
Exit codes: 0 confirmed, 1 refuted, 2 undecided.
"""


def add_audit(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``provender audit``."""
    parser.add_argument("release", nargs="?", metavar="RELEASE", help="folder, archive or address")
    parser.add_argument(
        "--key", type=Path, action="append", default=[], metavar="PUB",
        help="public key of the publisher; with --collect one an auditor",
    )  # fmt: skip
    parser.add_argument("--version", metavar="V", help="the version that you wanted")
    parser.add_argument(
        "--repository", metavar="PLACE",
        help="the project's git repository, a folder or an address (default: this folder's, "
        "else the one that the release names)",
    )  # fmt: skip
    parser.add_argument(
        "--remote", metavar="PLACE",
        help="DVC remote, its name, folder or address (default: the repository's own default)",
    )  # fmt: skip
    parser.add_argument(
        "--tool", metavar="PLACE",
        help="provender's own git repository, where the project's is another (default: the one "
        "that this is installed from)",
    )  # fmt: skip
    parser.add_argument("--files", action="store_true", help="look at the files alone")
    parser.add_argument(
        "--rebuild", action="store_true",
        help="build the commit again and compare; this runs the commit's code",
    )  # fmt: skip
    parser.add_argument(
        "--by", choices=(PYTHON, NODE), default=PYTHON,
        help="build it again as it was built, or the model alone in Node.js, by code that shares "
        "none with the Python that built it (default: python)",
    )  # fmt: skip
    parser.add_argument(
        "--environment", type=Path, metavar="PROJECT",
        help="rebuild in the environment of this project (default: make one from the lock)",
    )  # fmt: skip
    parser.add_argument("--cores", type=int, default=4, help="jobs at once (default: 4)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a report for people")
    parser.add_argument("--vsa", type=Path, metavar="FILE", help="write a signed summary")
    parser.add_argument("--sign", type=Path, metavar="KEY", help="your private key, for --vsa")
    parser.add_argument(
        "--collect", type=Path, nargs="+", metavar="FILE",
        help="count the auditors whose signed summaries confirm one release",
    )  # fmt: skip
    parser.add_argument(
        "--need", type=int, metavar="K", help="auditors that must confirm it (default: all)"
    )


TRACE = """\
Print the way from a file of the build, or from a release, back to the inputs:
every step, what it read and wrote, by digest. Nothing is built, and no text of
a post is printed.
"""


def add_trace(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``provender trace``."""
    parser.add_argument("given", metavar="FILE-OR-RELEASE", help="file of the build, or a release")
    parser.add_argument(
        "--post", type=int, metavar="ROWID",
        help="tell in which split the post of this row is, and under which digests",
    )  # fmt: skip
    parser.add_argument("--repository", metavar="PLACE", help="as for provender audit")
    parser.add_argument("--remote", metavar="PLACE", help="as for provender audit")
