"""What may become of a release that is there already."""

from pathlib import Path

import pytest

from provender.attest.statement import ENVELOPE, RUN, STATEMENT
from provender.errors import UserError
from provender.release import write

FILES = {STATEMENT: "statement", "bundle/index.html": "page"}
SIGNATURE = {ENVELOPE: "signature", f"bundle/{ENVELOPE}": "signature"}


def make(folder: Path, files: dict[str, str]) -> Path:
    """Write files below a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (FILES, FILES, False),
        ({**FILES, RUN: "then"}, FILES, False),
        ({**FILES, RUN: "then"}, {**FILES, **SIGNATURE}, True),
        ({**FILES, **SIGNATURE}, {**FILES, **SIGNATURE}, False),
        ({**FILES, **SIGNATURE}, FILES, False),
    ],
)
def test_the_same(tmp_path: Path, old: dict, new: dict, expected: bool) -> None:
    """Only a signature is news."""
    folders = make(tmp_path / "old", old), make(tmp_path / "new", new)
    assert write.adds_signature(*folders) is expected


@pytest.mark.parametrize(
    ("old", "new", "differ"),
    [
        (FILES, {**FILES, STATEMENT: "another"}, [STATEMENT]),
        (FILES, {**FILES, "more": ""}, ["more"]),
        ({**FILES, "more": ""}, FILES, ["more"]),
        ({**FILES, "more": "", RUN: ""}, {**FILES, **SIGNATURE}, ["more"]),
        (
            {**FILES, **SIGNATURE},
            {**FILES, **SIGNATURE, ENVELOPE: "by another"},
            [ENVELOPE],
        ),
    ],
)
def test_another(tmp_path: Path, old: dict, new: dict, differ: list[str]) -> None:
    """Anything else is another release, and what differs is named."""
    folders = make(tmp_path / "old", old), make(tmp_path / "new", new)
    with pytest.raises(UserError) as caught:
        write.adds_signature(*folders)
    assert str(caught.value).splitlines()[1:-1] == [f"  {name}" for name in differ]
    assert "release under a new version" in str(caught.value)
