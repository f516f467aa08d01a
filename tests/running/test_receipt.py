"""What a step records of itself, and what it refuses to record."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from provender.errors import UserError
from provender.files import read_json, sha256
from provender.running import receipt

RECEIPT = "data/receipts/make_thing.json"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with an input, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    # The tests' own process imports more of the project than a step does.
    monkeypatch.setattr(sys, "argv", ["make_thing.py"])
    (tmp_path / "input").write_text("before")
    return tmp_path


def make(work: Callable[[], object], inputs: tuple[str, ...] = ("input",)) -> None:
    """Do ``work`` as a step that reads ``inputs`` and writes output."""
    outputs = ["output", RECEIPT]
    with receipt.writing(RECEIPT, ["python", "make_thing.py"], list(inputs), outputs):
        work()


def write(path: str, text: str) -> Callable[[], object]:
    """Return work that writes a file."""
    return lambda: Path(path).write_text(text)


def test_digests_of_what_was_read_and_written(folder: Path) -> None:
    """A receipt names all but itself."""
    make(write("output", "made"))
    assert read_json(RECEIPT) == {
        "command": ["python", "make_thing.py"],
        "inputs": {"input": sha256("input")},
        "outputs": {"output": sha256("output")},
    }
    assert receipt.differences(read_json(RECEIPT), sha256) == []


def test_what_shards_left(folder: Path) -> None:
    """A receipt of what they shared out is that of a step that did everything; theirs names it."""
    part, own = "data/shards/make_thing/1-of-2.arrow", "data/receipts/shards/make_thing/1-of-2.json"
    shard = ["python", "make_thing.py", "--shard", "1-of-2", "--part", part]
    with receipt.writing(own, shard, ["input"], [part, own]):
        Path(part).parent.mkdir(parents=True)
        write(part, "half")()
    assert read_json(own)["command"] == shard
    assert read_json(own)["outputs"] == {part: sha256(part)}
    command = ["python", "make_thing.py", "--parts", part, "--inputs", "input", part, own]
    with receipt.writing(RECEIPT, command, ["input", part, own], ["output", RECEIPT]):
        write("output", "made")()
    assert read_json(RECEIPT) == {
        "command": ["python", "make_thing.py", "--parts", "--inputs", "input"],
        "inputs": {"input": sha256("input")},
        "outputs": {"output": sha256("output")},
    }
    # Another part than the shard has left is noticed.
    write(part, "other")()
    with pytest.raises(UserError, match=f"{part} was edited after"):
        make(write("output", "made"), ("input", part))


def test_an_input_that_changes_meanwhile(folder: Path) -> None:
    """Output that may come from either state gets no receipt."""
    with pytest.raises(UserError, match="input changed while this step ran"):
        make(write("input", "after"))
    assert not Path(RECEIPT).exists()


def test_a_failed_step(folder: Path) -> None:
    """What a step leaves that ends with an error gets no receipt."""
    with pytest.raises(ZeroDivisionError):
        make(lambda: 1 / 0)
    assert not Path(RECEIPT).exists()


def test_an_input_that_its_step_did_not_write(folder: Path) -> None:
    """An edited result of another step is refused before the work begins."""
    make(write("output", "made"))
    Path("output").write_text("edited")
    with (
        pytest.raises(UserError, match="output was edited after the step that made it: delete it"),
        receipt.writing("data/receipts/next.json", [], ["output"], []),
    ):
        pytest.fail("the step must not run")
    Path("output").write_text("made")
    with receipt.writing("data/receipts/next.json", [], ["output"], []):
        pass
    assert read_json("data/receipts/next.json")["inputs"] == {"output": sha256("output")}


def test_code_that_is_not_among_the_inputs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of this project that was imported must be an input; others need not."""
    modules = [m for n, m in sys.modules.items() if n.split(".")[0] == "provender"]
    monkeypatch.setattr(sys.modules["__main__"], "__file__", "input", raising=False)
    monkeypatch.setattr(sys, "argv", ["input"])
    paths = sorted(module.__file__ for module in modules)
    with pytest.raises(UserError, match=r"/receipt\.py(, .+)? ran, but the rule"):
        make(write("output", "made"))
    assert not Path(RECEIPT).exists()
    make(write("output", "made"), ("input", *paths))
    assert set(read_json(RECEIPT)["inputs"]) == {"input", *paths}


def test_differences(folder: Path) -> None:
    """Changed inputs and outputs are told; a file that is missing is no difference."""
    make(write("output", "made"))
    found = read_json(RECEIPT)
    Path("input").write_text("after!")
    Path("output").write_text("edited")
    said = ["input is not what was read", "output is not what was written"]
    assert receipt.differences(found, sha256) == said
    Path("input").unlink()
    assert receipt.differences(found, sha256) == said[1:]
