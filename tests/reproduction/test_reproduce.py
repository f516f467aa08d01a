"""The same inputs give the same bytes in other surroundings; where not, the proof fails."""

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import ROOT, Project, make_small_project

from provender import files
from provender.errors import UserError
from provender.reproduction import differences, reproduce
from provender.reproduction.reproduce import Surroundings

OVERLAYS = [Path("small.yaml")]

# Steps of which each needs what the one before it wrote.
CHAIN = ["fetch_source", "split_posts", "build_vocabulary", "train_model", "pack_npm"]

# Each surrounding that a build may not depend on, as Python sees it.
TELLTALE = """json.dumps({**value, "seen": {
    "clock": __import__("time").strftime("%Y-%m-%d"),
    "cores": len(os.sched_getaffinity(0)),
    "folder": str(Path.cwd()),
    "hash seed": list({"bread", "chess", "tides", "flour", "queen"}),
    "listing": [os.listdir(".") for _ in range(3)],
    "umask": Path("/proc/self/status").read_text().split("Umask:")[1][:6],
    "zone": __import__("time").tzname,
}} if isinstance(value, dict) else value, """

# What pins the code that a CPU runs.
PROVES = (
    "src/provender/determinism.py",
    "src/provender/model/*.py",
    "src/provender/reproduction/*.py",
    "scripts/train_model.py",
    "requirements.lock",
)


@pytest.fixture(scope="session")
def other_surroundings() -> Iterator[Surroundings]:
    """Return surroundings in which everything is another than usual."""
    subprocess.run([ROOT / reproduce.INSTALL], check=True)
    with reproduce.other_surroundings() as surroundings:
        yield surroundings


def copies(small_build: Project, folder: Path, surroundings: Surroundings) -> list[Path]:
    """Return two copies of the small build, the second where ``surroundings`` want it."""
    names = [folder / "usual", folder / "other" / surroundings.folder]
    return [Path(shutil.copytree(small_build.folder, name, symlinks=True)) for name in names]


def mutate(folder: Path, file: str, old: str, new: str) -> None:
    """Change the one place of ``old`` in a file."""
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file} has {old!r} {text.count(old)} times"
    files.write_text(folder / file, text.replace(old, new))


def differ(
    folders: list[Path], surroundings: Surroundings, targets: list[str]
) -> dict[str, list[str]]:
    """Build ``targets`` as usual and in ``surroundings``; return what differs."""
    with ThreadPoolExecutor() as pool:
        jobs = zip(folders, (Surroundings("as usual"), surroundings), strict=True)
        list(pool.map(lambda job: reproduce.build(*job, OVERLAYS, targets), jobs))
    return differences.compare(*folders)


@pytest.mark.ci
def test_same_bytes_in_other_surroundings(
    small_build: Project, other_surroundings: Surroundings, tmp_path: Path
) -> None:
    """Every file of the small build is the same, made where everything else is not."""
    folder = tmp_path / other_surroundings.folder
    make_small_project(folder)
    reproduce.build(folder, other_surroundings, OVERLAYS)
    assert differences.compare(small_build.folder, folder) == {}


def test_what_reaches_a_file_is_noticed(
    small_build: Project, other_surroundings: Surroundings, tmp_path: Path
) -> None:
    """A clock, a set, a path, a folder's listing, a shuffle: the proof fails and names each."""
    folders = copies(small_build, tmp_path, other_surroundings)
    for folder in folders:
        rest = "ensure_ascii=False, sort_keys=True"
        mutate(folder, "src/provender/files.py", f"json.dumps(value, {rest}", TELLTALE + rest)
        # Of a table, the rows in a random order.
        order = "__import__('numpy').random.permutation(len(self._held))"
        call = "self._writer.write_table(self._held.{})"
        own, other = call.format("combine_chunks()"), call.format(f"take({order})")
        mutate(folder, "src/provender/files.py", own, other)
    report, split = "data/reports/validation.json", "data/splits/test.parquet"
    found = differ(folders, other_surroundings, [report])
    places = {line.split(":")[0].split("[")[0] for line in found[report]}
    seen = {"clock", "cores", "folder", "hash seed", "listing", "umask"}
    # The zone is pinned by the steps themselves.
    assert {place.removeprefix("$.seen.") for place in places} - {"and more"} <= seen
    assert {"$.seen.clock", "$.seen.cores", "$.seen.folder", "$.seen.hash seed"} <= places
    sides = [files.read_json(folder / report)["seen"] for folder in folders]
    assert {name for name in sides[0] if sides[0][name] != sides[1][name]} == seen
    # The second of three listings of one folder is in another order in one build only.
    usual, shuffled = ([sorted(x) == x or x == side["listing"][0] for x in side["listing"]]
                       for side in sides)  # fmt: skip
    assert (all(usual), all(shuffled)) == (True, False)
    assert any(line.startswith("column rowid: ") for line in found[split]), found[split]


@pytest.mark.proof(*PROVES)
@pytest.mark.ci
def test_an_unpinned_cpu_path_is_noticed(
    small_build: Project, other_surroundings: Surroundings, tmp_path: Path
) -> None:
    """Where code takes another path on another CPU, the weights differ; tensors are named.

    The path is made up: no library that differs between CPUs computes weights any more.
    """
    folders = copies(small_build, tmp_path, other_surroundings)
    old_cpu = "(__import__('os').environ.get('OPENBLAS_CORETYPE') == 'Nehalem')"
    for folder in folders:
        own = "side.total += side.weights\n"
        other = f"side.total += side.weights * (1 + 0.01 * (order[0] % 2) * {old_cpu})\n"
        mutate(folder, "src/provender/model/hinge.py", own, other)
    found = differ(folders, other_surroundings, ["data/model/model.h5"])
    for name in ("model.h5", "saved_model/variables/variables.data-00000-of-00001"):
        lines = [line for line in found[f"data/model/{name}"] if line.startswith("tensor ")]
        assert any("max |Δ| " in line for line in lines), found


def test_differences_are_reported_in_running_order(small_build: Project, tmp_path: Path) -> None:
    """The step that differs first comes first, with what differs inside its file."""
    (other,) = copies(small_build, tmp_path, Surroundings("elsewhere"))[1:]
    for name in ("data/reports/metrics.json", "data/vocabulary/labels.json"):
        (other / name).write_text("[]")
    with pytest.raises(UserError) as raised:
        reproduce.raise_for_differences(
            small_build.folder, other, Surroundings("elsewhere"), OVERLAYS
        )
    lines = str(raised.value).splitlines()
    assert lines[:3] == [
        "2 files differ in a build with elsewhere; in running order:",
        "  build_vocabulary: data/vocabulary/labels.json",
        "    $[0]: bread | absent",
    ]
    assert "  evaluate_model: data/reports/metrics.json" in lines
