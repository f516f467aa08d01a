"""What benchmarks/scale.py makes of its figures, and that what is committed follows from them."""

import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from provender import files
from provender.errors import UserError

sys.path.append(str(ROOT / "benchmarks"))

import scale


def measured(posts: int, rule: str, job: str, seconds: float, size: float) -> scale.Measured:
    """Return one job's figures, with 100 MB of memory and 2 MB for each of its inputs."""
    return scale.Measured(posts, rule, job, size, seconds, 100 + 2 * size, size / 10)


FOUND = [
    *(scale.Measured(n, "", "posts.sqlite", 0, 0, 0, n / 500) for n in (1000, 10_000)),
    *(
        measured(n, "encode", f"encode/{part}", 1 + n / 1000, n / 100)
        for n in (1000, 10_000)
        for part in "ab"
    ),
    *(measured(n, "train", "train", 60, n / 100) for n in (1000, 10_000)),
]


@pytest.mark.parametrize("line", [scale.Line(3, 0.5), scale.Line(0, 2), scale.Line(7, 0)])
def test_a_line_is_found(line: scale.Line) -> None:
    """Of values without an error the fit has none."""
    sizes = [10, 100, 1000]
    found = scale.fit(sizes, [line.at(size) for size in sizes])
    assert (found.fixed, found.slope) == pytest.approx((line.fixed, line.slope), abs=1e-9)


def test_no_cost_is_negative() -> None:
    """Where the best line would have a negative part, the other part stands alone."""
    assert scale.fit([1, 10], [1, 12]).fixed == 0
    assert scale.fit([1, 10], [12, 10]).slope == 0
    assert scale.fit([5], [3]) == scale.Line(3, 0)


def test_fitted_costs(tmp_path: Path) -> None:
    """Seconds are of all jobs of a rule, memory of the largest."""
    scale.write_fitted(tmp_path / "costs.json", FOUND)
    found = files.read_json(tmp_path / "costs.json")
    assert found["bytes_per_post"] == pytest.approx(2000)
    encode = found["rules"]["encode"]
    assert encode["jobs"] == 2
    assert encode["seconds"] == pytest.approx({"fixed": 2, "per_post": 0.002})
    assert encode["memory_mb"] == pytest.approx({"fixed": 100, "per_post": 0.02})
    assert found["rules"]["train"]["seconds"] == pytest.approx({"fixed": 60, "per_post": 0})


def test_what_a_cluster_is_asked_for() -> None:
    """More than was measured, of memory and of minutes, at each size."""

    class Input:
        size_mb = 100.0

    asked = scale.resources(FOUND)
    memory, minutes = (
        eval(asked["encode"][key], {"input": Input}) for key in ("mem_mb", "runtime")
    )
    assert memory == 150 + scale.MEMORY_FIXED_MB + 300
    assert minutes >= scale.TIME_FIXED_MINUTES + 11 * scale.TIME_MARGIN / 60


def test_a_shard_is_asked_for_its_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """By as many as share out what its step reads."""
    monkeypatch.setattr(scale.costs, "SHARED_OUT", {"encode_shard": ("encode", 0.1)})

    class Input:
        size_mb = 100.0

    class Wildcards:
        shard = "2-of-10"

    asked = scale.resources(FOUND)
    memory = eval(asked["encode_shard"]["mem_mb"], {"input": Input, "wildcards": Wildcards})
    assert memory == 150 + scale.MEMORY_FIXED_MB + 30
    assert eval(asked["encode"]["mem_mb"], {"input": Input}) == memory + 270


def test_what_is_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards wait for what their step waits for, and it for them; a part is left to it."""
    monkeypatch.setattr(scale.costs, "SHARED_OUT", {"encode_shard": ("encode", 0.25)})
    jobs = {"e": (scale.Line(1, 2), {"a"}), "t": (scale.Line(5, 0), {"e"})}
    rules = {"e": "encode", "t": "train"}
    assert scale.share_out(jobs, rules, 8, 1) == {"e": (17, {"a"}), "t": (5, {"e"})}
    assert scale.share_out(jobs, rules, 8, 3) == {
        **{f"e {n}-of-3": (5, {"a"}) for n in (1, 2, 3)},
        "e": (5, {"a", "e 1-of-3", "e 2-of-3", "e 3-of-3"}),
        "t": (5, {"e"}),
    }
    monkeypatch.setattr(scale, "BEFORE_TRAINING", ("encode",))
    before = scale.first(scale.share_out(jobs, rules, 8, 3), rules)
    assert len(before) == 4 and "t" not in before


def test_jobs_wait_for_what_they_read() -> None:
    """A chain takes as long on any number of nodes; what is side by side does not."""
    chain = {"a": (5, set()), "b": (7, {"a"}), "c": (1, {"b"})}
    assert scale.finish(chain, 1) == scale.finish(chain, 100) == 13
    wide = {"a": (5, set()), **{name: (10, {"a"}) for name in "bcde"}}
    assert [scale.finish(wide, workers) for workers in (1, 2, 100)] == [45, 25, 15]


def test_a_document_without_the_place() -> None:
    """It is said which lines are missing."""
    with pytest.raises(UserError, match="<!-- costs --> and <!-- end of costs -->"):
        scale.replace_table("nothing", "costs", [])
    text = "a\n<!-- costs -->\nold\n<!-- end of costs -->\nb\n"
    assert scale.replace_table(text, "costs", ["new"]) == text.replace("old", "new")


def test_what_is_committed() -> None:
    """The fit, the profiles and the table of the page are those of the committed figures."""
    found = scale.read_measured(scale.MEASURED)
    for folder in scale.PROFILES:
        profile = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        assert profile["set-resources"] == scale.resources(found)
    text = scale.DOCUMENT.read_text(encoding="utf-8")
    assert "\n".join(scale.by_step(found)) in text


def test_the_committed_fit(tmp_path: Path) -> None:
    """workflow/costs.json is what benchmarks/scale.csv gives."""
    scale.write_fitted(tmp_path / "costs.json", scale.read_measured(scale.MEASURED))
    assert files.read_json(tmp_path / "costs.json") == files.read_json(scale.FITTED)
