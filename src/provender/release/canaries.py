"""Canaries: texts with the scores that a release's model gives them, to be replayed anywhere.

No text is a post's: each is put together from words of the vocabulary, or made up.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from provender.bundle import node
from provender.errors import UserError
from provender.release import statement

# {"text": …, "scores": {label: probability}}
Canary = dict[str, Any]

SCRIPT = Path(__file__).with_name("canaries.mjs")

# Scores are float32, which has seven digits; the rest is noise.
DIGITS = 7

# Engines compute the exponential each in their own way, up to a last bit; a weight that is
# another moves scores by more.
TOLERANCE = 1e-5

# Words of a label's text: enough to weigh several, too few to be sure of it.
WORDS = 4

# Upper case, accents, a character beyond the first 65,536, a joined one, what ends lines and
# strings elsewhere, digits, marks, and white space that is none in some languages.
NASTY = (
    "ĄB\u0000cd İstanbul ΣΊΣΥΦΟΣ straße \U0001d400 👩\u200d🚀 it's 3.14"
    "\u2028x\u0085y\ufeffz\t<b>&amp;</b> \u3000"
)

# A bundle answers within a second; one that takes this long loops.
SECONDS = 60

# What a bundle's script may do in Node: read the bundle; no file, process or code besides.
LIMITS = ("--permission", "--disallow-code-generation-from-strings", "--max-old-space-size=1024")


class CanaryError(UserError):
    """A bundle whose classifier cannot be run, or gives other scores than it should."""


def build(bundle: Path, words: Sequence[str], labels: Sequence[str]) -> list[Canary]:
    """Return the canaries of a bundle, whose vocabulary is ``words``."""
    *telling, mixed = _telling_texts(bundle, words, labels)
    # With words that it knows: of a text without any there are no scores.
    texts = [*telling, mixed, f"{NASTY} {mixed}"]
    answers = score(bundle, texts, len(labels))
    return [
        {"text": text, "scores": {label: round(value, DIGITS) for label, value in answer}}
        for text, answer in zip(texts, answers, strict=True)
    ]


def replay(bundle: Path, canaries: Sequence[Canary]) -> float:
    """Return the largest difference between the canaries' scores and those of the bundle now.

    Raises CanaryError where the bundle's classifier cannot be run or knows other labels.
    """
    count = max((len(canary["scores"]) for canary in canaries), default=1)
    answers = score(bundle, [canary["text"] for canary in canaries], count)
    largest = 0.0
    for canary, answer in zip(canaries, map(dict, answers), strict=True):
        if answer.keys() != canary["scores"].keys():
            raise CanaryError(
                f"the classifier's labels are {', '.join(sorted(answer))}, not "
                f"{', '.join(sorted(canary['scores']))}"
            )
        differences = (abs(answer[label] - value) for label, value in canary["scores"].items())
        largest = max([largest, *differences])
    return largest


def score(bundle: Path, texts: Sequence[str], count: int) -> list[list[tuple[str, float]]]:
    """Return for each text the ``count`` best labels with their scores, best first.

    Runs the bundle's classifier.js in Node, where it may read nothing but the bundle and
    write nothing. Raises CanaryError where that fails.
    """
    folder = bundle.resolve()
    command: list[str | Path] = [
        node.program(),
        *LIMITS,
        f"--allow-fs-read={folder}",
        f"--allow-fs-read={SCRIPT.resolve()}",
        SCRIPT.resolve(),
        folder,
        str(1000 * SECONDS),
    ]
    try:
        done = subprocess.run(
            command,
            input=json.dumps({"texts": list(texts), "count": count}),
            env={},
            check=False,
            capture_output=True,
            encoding="utf-8",
            # Twice: to load the script, and to run it.
            timeout=3 * SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise CanaryError(f"the classifier gives no answer in {3 * SECONDS} s") from error
    if done.returncode:
        # Errors of Node itself, such as a file that it may not read, are on the other stream.
        lines = [line for line in done.stderr.splitlines() if "Error" in line]
        said = done.stdout or "".join(lines[:1])
        raise CanaryError(f"the classifier cannot be run: {said!r:.200}")
    return _read_answers(done.stdout, len(texts))


def _read_answers(text: str, count: int) -> list[list[tuple[str, float]]]:
    """Return what the classifier answered, which is anything where the bundle is anyone's."""
    try:
        # Strict, as NaN would be close to every number.
        value = statement.read_json(text.encode(), "it")
        answers = [[(str(label), float(score)) for label, score in one] for one in value]
    except (statement.StatementError, ValueError, TypeError) as error:
        raise CanaryError(f"the classifier's answer is none: {error}") from error
    if len(answers) != count:
        raise CanaryError(f"the classifier answers {len(answers)} of {count} texts")
    return answers


def _telling_texts(bundle: Path, words: Sequence[str], labels: Sequence[str]) -> list[str]:
    """Return a text a label of the words that speak for it most, and one of all labels' best."""
    found: dict[str, list[tuple[float, str]]] = {label: [] for label in labels}
    for word, ((label, value), *_) in zip(words, score(bundle, words, 1), strict=True):
        found[label].append((-round(value, DIGITS), word))
    best = {label: [word for _, word in sorted(pairs)[:WORDS]] for label, pairs in found.items()}
    mixed = " ".join(words[0] for words in best.values() if words)
    return [*(" ".join(words) for words in best.values()), mixed]
