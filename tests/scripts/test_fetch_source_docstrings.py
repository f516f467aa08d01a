"""fetch_source docstrings: installed packages, here one made by the test."""

from pathlib import Path

import pytest
from databases import read_table
from step_runs import RunScript, names_in

TRAIN_YEARS = range(1922, 1954)
TEST_YEARS = range(1990, 2001)

MODULES = {
    "kneading/__init__.py": '''"""All that dough needs, from flour to a loaf."""
class Oven:
    """Bakes a loaf of rye until it sounds hollow.

        The second paragraph is indented.
    """
    def heat(self):
        "Waits until the oven is as hot as it should be."
        def inner():
            """Not eight words: too short to keep."""
    async def cool(self):
        """Opens the door of the oven and waits a while."""
def unsaid():
    value = """A string of more than eight words that is no docstring."""
''',
    "kneading/copy.py": '"""All that dough needs, from flour to a loaf."""\n',
    "kneading/tests/fixtures.py": '"""What the tests of this package share with one another."""\n',
    "kneading/template.py": "def {{ name }}(): pass\n",
    "kneading/binary.py": '"""A file with a NUL, which no Python of these days reads."""\0',
    "kneading/data.txt": '"""Eight words or more in a file of another kind."""\n',
}

DOCSTRINGS = {
    "All that dough needs, from flour to a loaf.",
    "Bakes a loaf of rye until it sounds hollow.\n\nThe second paragraph is indented.",
    "Waits until the oven is as hot as it should be.",
    "Opens the door of the oven and waits a while.",
}


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return a folder with a package installed in it, to be put on the path."""
    folder = tmp_path / "site"
    for name, text in MODULES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    described = folder / "kneading-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: kneading\nVersion: 1.0\n")
    (described / "RECORD").write_text("".join(f"{name},,\n" for name in MODULES))
    return folder


def test_takes_the_docstrings_of_each_package(
    run_script: RunScript, installed: Path, tmp_path: Path
) -> None:
    """Docstrings of eight words and more come once each, labelled; nothing is imported."""
    output = tmp_path / "source" / "news.sqlite"
    packages = ("docstrings", "--packages", "kneading", "iniconfig")
    run_script("fetch_source", "--output", output, *packages, PYTHONPATH=str(installed))
    rows = read_table(output)
    assert {row[1] for row in rows if row[2] == "kneading"} == DOCSTRINGS
    assert {row[2] for row in rows} == {"kneading", "iniconfig"}
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert len({row[1] for row in rows}) == len(rows)
    assert names_in(output.parent) == ["news.sqlite"]


def test_years_and_order(run_script: RunScript, tmp_path: Path) -> None:
    """Two fifths of each package are the test part, and the newest tenth holds both packages.

    A second run gives the same bytes.
    """
    output = tmp_path / "news.sqlite"
    fetch = ("fetch_source", "--output", output, "docstrings", "--packages", "jinja2", "hypothesis")
    run_script(*fetch)
    first = output.read_bytes()
    rows = read_table(output)
    assert {row[3] for row in rows} <= {*TRAIN_YEARS, *TEST_YEARS}
    for package in ("jinja2", "hypothesis"):
        years = [row[3] for row in rows if row[2] == package]
        newest = [row[2] for row in rows[-len(rows) // 10 :]]
        assert len(years) > 100
        assert 0.3 < sum(year in TEST_YEARS for year in years) / len(years) < 0.5
        assert abs(newest.count(package) / len(newest) - len(years) / len(rows)) < 0.15
    run_script(*fetch)
    assert output.read_bytes() == first


def test_a_package_that_is_not_installed(run_script: RunScript, tmp_path: Path) -> None:
    """The message names it, and where installed packages come from."""
    output = tmp_path / "source" / "news.sqlite"
    packages = ("docstrings", "--packages", "jinja2", "no-such-package")
    done = run_script("fetch_source", "--output", output, *packages, code=1)
    assert "source.packages names no-such-package, which is not installed" in done.stderr
    assert "requirements.lock" in done.stderr
    assert names_in(tmp_path) == []
