"""What makes TensorFlow's files and start-up the same every time."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def runtime() -> Iterator[ModuleType]:
    """Import the module, and keep its environment from the tests that start processes."""
    before = dict(os.environ)
    from provender.model import runtime

    yield runtime
    os.environ.clear()
    os.environ.update(before)


def test_fingerprint_loses_its_identifier_only(runtime: ModuleType, tmp_path: Path) -> None:
    """Two savings of one model, which differ in a random identifier, become the same bytes."""
    with runtime.quiet_start():
        from tensorflow.core.protobuf.fingerprint_pb2 import FingerprintDef
    kept = {"saved_model_checksum": 2**64 - 1, "graph_def_program_hash": 5, "checkpoint_hash": 7}
    contents = set()
    for uuid in ("15209013245", "8"):
        path = tmp_path / uuid
        path.write_bytes(FingerprintDef(**kept, uuid=uuid).SerializeToString())
        runtime.clear_fingerprint_uuid(path)
        contents.add(path.read_bytes())
    (content,) = contents
    assert FingerprintDef.FromString(content) == FingerprintDef(**kept)


def test_quiet_start_holds_back(runtime: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    """What libraries print to descriptor 2 is not shown, and what comes after is."""
    with runtime.quiet_start():
        os.write(2, b"start-up note\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_quiet_start_shows_a_failure(
    runtime: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where an import fails, what the libraries printed says why."""
    with pytest.raises(ImportError, match=r"^missing$"), runtime.quiet_start():
        os.write(2, b"libthing.so: no such file\n")
        raise ImportError("missing")
    assert capfd.readouterr().err == "libthing.so: no such file\n"
