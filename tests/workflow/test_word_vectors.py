"""A build with word vectors: the step is part of it, and what it read is recorded."""

import hashlib
import json

import yaml
from conftest import Project

VECTORS = "moon 1 0\ntide 1 .5\ncrust 0 1\nyeast -1 0\nlunar 1 .25\n"


def test_a_build_with_word_vectors(small_project: Project) -> None:
    """Words that no text has ship; the file's digest is in the receipt, and is a stage's input."""
    folder = small_project.folder
    (folder / "words.txt").write_text(VECTORS, encoding="utf-8")
    named = {
        "path": "words.txt",
        "sha256": hashlib.sha256(VECTORS.encode()).hexdigest(),
        "format": "text",
    }
    small_project.configure(vectors=named, vocabulary={"size": 5000})
    small_project.snakemake()
    receipt = json.loads((folder / "data/receipts/read_vectors.json").read_text())
    assert receipt["inputs"]["words.txt"] == named["sha256"]
    shipped = json.loads((folder / "data/vocabulary/vocabulary.json").read_text())
    assert "lunar" in shipped
    choice = json.loads((folder / "data/model/choice.json").read_text())
    assert choice["words_by_vectors_alone"] > 0
    # By a small letter, and by name in the model card.
    packed = json.loads((folder / "dist/bundle/constants.json").read_text("utf-8"))["words"]
    known = "".join(letter for letter in packed["shared"] if letter.islower())
    assert len(known) == choice["words_by_vectors_alone"] == len(choice["by_vector"])
    card = (folder / "dist/bundle/model-card.html").read_text("utf-8")
    assert named["sha256"] in card
    assert "calibrated by cross-validation on the training split" in " ".join(card.split())
    parity = json.loads((folder / "data/reports/parity.json").read_text())
    assert parity
    small_project.run("provender", "dvc", "--config", "small.yaml")
    stages = yaml.safe_load((folder / "dvc.yaml").read_text())["stages"]
    assert "words.txt" in stages["read_vectors"]["deps"]
    # What was read stands for the file, but for no other.
    (folder / "words.txt").unlink()
    assert "Nothing to be done" in small_project.snakemake().stderr
    other = {**named, "sha256": "0" * 64}
    small_project.configure(vectors=other, vocabulary={"size": 5000})
    done = small_project.snakemake(code=1)
    assert "vectors.path names words.txt, which is no file: bring it" in done.stdout + done.stderr
