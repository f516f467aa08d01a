"""What is removed of a newsgroup post: parts that tell its topic and that no user would type."""

import re

# What may be stripped of a newsgroup post.
PARTS = ("headers", "headers_but_subject", "footers", "quotes")

QUOTED_LINE = re.compile(r"^[|>]|^In article|^Quoted from|writes in|(?:writes|wrote|says|said):")

# Header lines that say what a post is about.
SUBJECT_LINE = re.compile(r"^(?:Subject|Keywords|Summary):(.*)$", re.MULTILINE)
REPLY = re.compile(r"\bre:", re.IGNORECASE)


def strip_post(text: str, parts: list[str]) -> str:
    """Remove the ``parts`` of a newsgroup post that no user of a page would type.

    ``headers``: all up to the first blank line; ``headers_but_subject`` leaves what the lines
    Subject, Keywords and Summary say. ``footers``: the last block, where a blank line or a
    rule of hyphens stands before it. ``quotes``: quoted lines and those that introduce them.
    The rules are those by which the literature strips this corpus (scikit-learn's
    ``fetch_20newsgroups``), so that figures compare.
    """
    about = ""
    if "headers" in parts or "headers_but_subject" in parts:
        headers, _, text = text.partition("\n\n")
        if "headers" not in parts:
            about = REPLY.sub(" ", "\n".join(SUBJECT_LINE.findall(headers))) + "\n\n"
    if "footers" in parts:
        lines = text.strip().split("\n")
        breaks = [place for place, line in enumerate(lines) if not line.strip().strip("-")]
        if breaks and breaks[-1] > 0:
            text = "\n".join(lines[: breaks[-1]])
    if "quotes" in parts:
        text = "\n".join(line for line in text.split("\n") if not QUOTED_LINE.search(line))
    return about + text
