"""provender predict and the page: the same answers, to the last bit."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, change_constants, make_posts
from nasty_texts import NASTY

from provender import files
from provender.prediction import answers, bundles


def test_the_answers_of_the_page(small_bundle: Path, tmp_path: Path) -> None:
    """Labels in their order, every bit of their scores, known words, and whether it is sure."""
    texts = [
        *NASTY,
        *(text for text, _, _ in make_posts(200)),
        *(str(n) for n in range(50)),
        "",
        " ",
    ]
    texts += [f"{text} {other}" for text, other in zip(texts, reversed(texts), strict=True)]
    files.write_json(tmp_path / "texts.json", texts)
    bundle = tmp_path / "bundle"
    shutil.copytree(small_bundle, bundle)
    # A tenth of its labels is drawn at random: by itself it is never sure.
    change_constants(bundle, unsure_below=0.8)
    command = ["node", ROOT / "tests" / "parity" / "answers.mjs", bundle]
    done = subprocess.run([*command, tmp_path / "texts.json"], check=True, capture_output=True)
    theirs = json.loads(done.stdout)
    ours = answers.Answerer(bundles.read(bundle)).answer(texts, 5)
    assert len(ours) == len(theirs) == len(texts)
    for answer, other in zip(ours, theirs, strict=True):
        found = [[label, float(score)] for label, score in answer.labels]
        assert found == [[each["label"], each["score"]] for each in other["labels"]]
        assert (answer.known, answer.read, answer.sure) == (
            other["known"], other["read"], other["sure"],
        )  # fmt: skip
        assert answer.other == pytest.approx(other["other"], rel=1e-12)
    assert sum(answer.sure for answer in ours) > 100
    assert sum(not answer.labels for answer in ours) > 2
