"""Writes fastText's classifier of the training posts, as small as pages have it.

fasttext_model.py FILE runs in a build of the project, with fastText on the PYTHONPATH.
"""

import sys

from peers import FastText, read_split

# What does best on the newsgroups' validation split, of peers.py's.
RATE = 0.25

# More words cost more bytes than Provender's model has, and bring a point or less (of .80).
WORDS = 10_000


def main(path: str) -> None:
    """Train, make it small, and write it."""
    posts = read_split("train")
    peer = FastText(RATE).fit(*posts)
    if len(peer.model.words) > WORDS:
        peer.shrink(*posts, WORDS)
    peer.model.save_model(path)


if __name__ == "__main__":
    main(sys.argv[1])
