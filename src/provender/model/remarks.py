"""What a careful colleague would say of a model's figures, in a sentence each."""

from typing import Any

# Below this share of the test texts, those without a known word go without saying.
UNKNOWN_SHARE = 0.01

# And below this share, those that stand under several labels.
SEVERAL_SHARE = 0.01

# Figures of fewer texts are told as such: at 50, half of the 95 % interval is up to .13.
FEW_TEXTS = 50

# The baselines that a user would try instead.
PEERS = {
    "naive_bayes": "complement naive Bayes",
    "support_vectors": "a linear support vector machine",
}

# What is at least as likely as this where both are as good may be chance.
CHANCE = 0.05

# Where each word that ships is in more texts than so many, rarer ones are not what a model lacks.
RARE = 10

# Labels that a sentence names.
NAMED_LABELS = 5


def remarks(values: dict[str, Any]) -> list[str]:
    """Return what is to be known before a model is used; nothing where all is well.

    ``values``: the content of metrics.json.
    """
    found = [
        _beside_one_label(values["test"]),
        _beside_peers(values["test"], values["peers"], values["rare_words"]),
        _unknown(values["test"]),
        _several(values["test"]["by_text"]),
        *(_few(split, values[split]["posts"]) for split in ("test", "validation")),
        *(_missing(split, values[split]["labels"]) for split in ("test", "validation")),
        _never_sure(values["choice"]["unsure_below"]),
    ]
    return [sentence for sentence in found if sentence]


def best_peer(peers: dict[str, Any]) -> str:
    """Return the name of the peer that is right most often; of equals the first."""
    return max(PEERS, key=lambda name: peers[name]["recall@1"])


def _beside_one_label(test: dict[str, Any]) -> str:
    """Say so where nothing shows that more was learnt than which label is the most frequent."""
    label = max(test["labels"], key=lambda name: test["labels"][name]["posts"])
    share = test["labels"][label]["posts"] / test["posts"]
    low, high = test["intervals"]["recall@1"]
    if low > share:
        return ""
    return (
        f"nothing shows that the model has learnt anything: its recall@1 of "
        f"{test['recall@1']:.3f} (95 % interval {low:.3f} to {high:.3f}) is not beyond the "
        f"{share:.3f} of always answering {label}"
    )


def _beside_peers(
    test: dict[str, Any], peers: dict[str, Any], rare_words: list[dict[str, Any]]
) -> str:
    best = best_peer(peers)
    other, paired = peers[best]["recall@1"], peers[best]["paired"]
    if other <= test["recall@1"]:
        return ""
    found = (
        f"{PEERS[best]} of all words is better on the test texts: recall@1 {other:.3f}, "
        f"this model {test['recall@1']:.3f}"
    )
    if paired["p"] >= CHANCE:
        return f"{found}; that may be chance (p {paired['p']:.2g})"
    fewest = min((word["texts"] for word in rare_words), default=1)
    if not 1 < fewest <= RARE:
        return found
    return (
        f"{found}. It knows words that fewer than {fewest} texts have, too: this model may by a "
        "lower vocabulary.min_count and a higher model.budget_kb"
    )


def _unknown(test: dict[str, Any]) -> str:
    if test["unknown"] < UNKNOWN_SHARE * test["posts"]:
        return ""
    return f"{test['unknown']:,} of {test['posts']:,} test texts have no known word"


def _several(by_text: dict[str, Any]) -> str:
    if by_text["several"] < SEVERAL_SHARE * by_text["texts"]:
        return ""
    best = [f"the best answer for {by_text['recall@1']:.3f} of them"]
    for k in (3, 5):
        if (share := by_text.get(f"recall@{k}")) is not None:
            best.append(f"among the {k} best for {share:.3f}")
    return (
        f"{by_text['several']:,} of {by_text['texts']:,} different test texts stand under several "
        f"labels, so that recall@1 can be {by_text['most']:.3f} at most; one of a text's labels is "
        f"{', '.join(best)}"
    )


def _few(split: str, texts: int) -> str:
    if texts >= FEW_TEXTS:
        return ""
    stands = "was chosen by" if split == "validation" else "was measured on"
    return f"what {stands} the {split} split stands on {texts} text{'s' * (texts > 1)}"


def _missing(split: str, labels: dict[str, Any]) -> str:
    missing = [name for name, values in labels.items() if not values["posts"]]
    if not missing:
        return ""
    named = ", ".join(missing[:NAMED_LABELS]) + ", …" * (len(missing) > NAMED_LABELS)
    return (
        f"no {split} text has the label {named}: macro-F1 is the mean over "
        f"{len(labels) - len(missing)} of {len(labels)} labels"
    )


def _never_sure(unsure_below: float) -> str:
    if unsure_below < 1:
        return ""
    return "the validation split does not prove any answer to be sure, so all are called not sure"
