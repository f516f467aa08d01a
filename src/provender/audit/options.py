"""The options of ``provender audit`` and ``provender trace``, known before what they need."""

import argparse
from pathlib import Path

AUDIT = """\
Tell whether a release is what its publisher made from the commit that it names: its files
and signature, the commit and the data behind it, and with --rebuild whether building it
again gives the same. See docs/audit.md. Exit codes: 0 confirmed, 1 refuted, 2 undecided.
"""


def add_audit(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``provender audit``."""
    parser.add_argument("release", nargs="?", metavar="RELEASE", help="folder, archive or address")
    parser.add_argument(
        "--key", type=Path, action="append", default=[], metavar="PUB",
        help="public key of the publisher",
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
    parser.add_argument("--files", action="store_true", help="look at the files alone")
