"""What a bundle holds that answers: labels, words, text recipe and weights."""

import json
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from provender.bundle import constants
from provender.errors import UserError
from provender.reproduction import tensors
from provender.text.recipe import Recipe

# What of a bundle is read; the page's own way to its scores needs no more.
CONSTANTS = "constants.json"
MODEL = "tfjs/layers/model.json"
SHARD = "tfjs/layers/group1-shard1of1.bin"


@dataclass(frozen=True)
class Bundle:
    """A model that answers.

    ``table`` float32 [words + 2, width]; ``kernel`` float32 [width, labels]; ``bias`` float32
    [labels]. Below a score of ``unsure_below`` the best label is a guess. ``other``: by what a text
    is likely none of the labels, or nothing.
    """

    labels: Sequence[str]
    words: Sequence[str]
    recipe: Recipe
    max_words: int
    unsure_below: float
    other: Sequence[float]
    table: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray


def read(path: Path) -> Bundle:
    """Read a bundle's folder, or the bundle in a release's archive.

    Raises UserError for what is neither, or was made by another edition of the code.
    """
    if path.is_dir():
        return _read_folder(path, path)
    if not path.is_file():
        raise UserError(f"there is no bundle {path}: run make first, or name one as --model")
    with tempfile.TemporaryDirectory() as temporary:
        _unpack(path, Path(temporary))
        return _read_folder(Path(temporary), path)


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack what is read of the bundle in an archive, whatever folder of it holds that."""
    try:
        with tarfile.open(archive) as packed:
            members = {PurePosixPath(member.name): member for member in packed if member.isfile()}
            inside = [name.parent for name in members if name.name == CONSTANTS]
            bundle = next((each for each in sorted(inside) if each / MODEL in members), None)
            if bundle is None:
                raise UserError(f"{archive} holds no bundle: name a release or a bundle's folder")
            for name in (CONSTANTS, MODEL, SHARD):
                if bundle / name in members:
                    file = packed.extractfile(members[bundle / name])
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    (folder / name).write_bytes(file.read() if file else b"")
    except tarfile.TarError as error:
        raise UserError(
            f"{archive} is no bundle's folder and no archive: name dist/bundle, or a release"
        ) from error


def _read_folder(folder: Path, named: Path) -> Bundle:
    for name in (CONSTANTS, MODEL, SHARD):
        if not (folder / name).is_file():
            raise UserError(
                f"{named} has no {name}, so it is no bundle: name dist/bundle, or a release"
            )
    known: dict[str, Any] = json.loads((folder / CONSTANTS).read_bytes())
    if known.get("format") != constants.FORMAT:
        raise UserError(
            f"{CONSTANTS} of {named} has format {known.get('format')}; this edition of provender "
            f"reads format {constants.FORMAT}: use the edition that made it"
        )
    if not constants.check_seal((folder / CONSTANTS).read_bytes(), (folder / MODEL).parent):
        raise UserError(
            f"{CONSTANTS}, {MODEL} and {SHARD} of {named} are not of one model, or damaged: take "
            "all files of one version again"
        )
    words = constants.front_decode(known["words"])
    weights = tensors.read(folder / MODEL) or {}
    table, kernel, bias = (
        weights.get(name) for name in ("table/kernel", "scores/kernel", "scores/bias")
    )
    if table is None or kernel is None or bias is None or len(table) != len(words) + 2:
        raise UserError(f"{MODEL} of {named} is not the model that its {CONSTANTS} belong to")
    return Bundle(
        known["labels"], words, known["text"], known["max_words"], known["unsure_below"],
        known.get("other", []),
        table, kernel, bias,
    )  # fmt: skip
