"""The command line of ``provender``: what it says of itself, and of what is mistyped."""

import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from provender import command


def say(capsys: pytest.CaptureFixture, *arguments: str, code: int) -> str:
    """Parse arguments that end the command; return what it said, in one line."""
    with pytest.raises(SystemExit) as ended:
        command.parse_arguments().parse_args(arguments)
    assert ended.value.code == code
    said = capsys.readouterr()
    return " ".join((said.out + said.err).split())


def test_version(capsys: pytest.CaptureFixture) -> None:
    """It is that of the package."""
    assert re.fullmatch(r"provender \d+\.\d+\.\d+", say(capsys, "--version", code=0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bild"], "there is no command bild: did you mean build?"),
        (["xyz"], "there is no command xyz: there are init, setup, build, "),
        (["serve", "--port", "99999"], "argument --port: 99999 is no number from 0 to 65535"),
        (["serve", "--port", "-1"], "argument --port: "),
        (["build", "--cores", "0"], "argument --cores: 0 is no number from 1 to 4096"),
        (["build", "--cores", "²"], "argument --cores: ² is no number from 1 to 4096"),
    ],
)
def test_what_is_mistyped(
    capsys: pytest.CaptureFixture, arguments: list[str], message: str
) -> None:
    """The message names what was meant, or what there is."""
    assert message in say(capsys, *arguments, code=2)


@pytest.mark.parametrize("name", command.EXAMPLES)
def test_help_has_a_sentence_and_an_example(capsys: pytest.CaptureFixture, name: str) -> None:
    """The example is a command line that the parser takes."""
    said = say(capsys, name, "--help", code=0)
    assert re.search(r"\] .*?[A-Z][^.]{10,}\.", said), said
    example = f"{name} {command.EXAMPLES[name]}".rstrip()
    assert f"Example: provender {example}" in said
    assert command.parse_arguments().parse_args(example.split()).work


def test_every_command_has_an_example(capsys: pytest.CaptureFixture) -> None:
    """A new command needs one."""
    said = say(capsys, "none", code=2)
    assert said.endswith(f"there are {', '.join(command.EXAMPLES)}")


def test_serves_at_another_address(tmp_path: Path) -> None:
    """Only where it is asked to: by default no other machine can reach it."""
    (tmp_path / "index.html").write_text("here")
    for options, address in (([], "127.0.0.1"), (["--host", "127.0.0.2"], "127.0.0.2")):
        program = Path(sys.executable).with_name("provender")
        words = [program, "serve", "--bundle", tmp_path, "--port", "0", *options]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
            try:
                port = re.search(r":(\d+)/", server.stdout.readline())[1]
                with urllib.request.urlopen(f"http://{address}:{port}/", timeout=20) as page:
                    assert page.read() == b"here"
                with pytest.raises(urllib.error.URLError):
                    urllib.request.urlopen(f"http://127.0.0.3:{port}/", timeout=20)
            finally:
                server.terminate()
