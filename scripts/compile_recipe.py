"""Compile the text recipe: its replacements and the tables of Unicode, as one JSON file."""

import argparse
import sys
from pathlib import Path

from provender import console, files
from provender.config import read_recipe
from provender.running import step
from provender.text.recipe import compile_recipe


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--recipe", type=Path, required=True, help="text recipe, YAML")
    parser.add_argument("--sizes", type=int, nargs="*", default=[], help="of pieces of runs")
    parser.add_argument("--scripts", nargs="*", default=[], help="whose runs are read in pieces")
    parser.add_argument("--words", type=int, nargs="*", default=[], help="sizes, of words' pieces")
    parser.add_argument("--pairs", action="store_true", help="read pairs of words, too")
    parser.add_argument("--language", default="any", help="whose lower case it is")
    parser.add_argument("--marks", choices=["keep", "remove"], default="keep", help="accents")
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Read the recipe, compile it and write it."""
    grams = {
        "sizes": options.sizes,
        "scripts": options.scripts,
        "words": options.words,
        "pairs": options.pairs,
    }
    rules = read_recipe(options.recipe)
    recipe = compile_recipe(rules, grams, options.language, options.marks)
    files.write_json(options.output, recipe)
    console.log.info("%d replacements", len(recipe["replace"]))


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
