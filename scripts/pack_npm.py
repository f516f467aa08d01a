"""Pack the classifier as the npm package that a front-end developer installs.

The package holds the model inside its script: ``import { predict } from "…"`` works,
offline, in Node, in a bundler and on a page. It is made from the bundle's own files,
so both answer alike.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from provender import console, files
from provender.bundle import node, package_readme
from provender.errors import UserError
from provender.running import step

import brotli

# The first of Node.js that has all it uses.
NODE = ">=20.16"

# By what the package is found, where nothing else is said; and so are its labels, if few.
KEYWORDS = ("text-classification", "classifier", "offline", "browser")
FEW_LABELS = 12

# What users import, as web/build_package.js writes it.
MODULES = {
    "index": "all, with the model",
    "core": "the kernel",
    "model": "the model, for `create`",
    "worker": "the worker's script, beside the kernel",
}

# What modules import: the script that has the model, or the kernel alone.
SCRIPT = "classifier.js"
IMPORTED = {"index": SCRIPT, "model": SCRIPT, "core": "esm/kernel.js"}

LICENSE = "LICENSE"

# Brotli's qualities by which sizes are told: the best takes 17 s for a script of 6 MB, which 200
# labels make, and the other .3 s, to a fourth more.
BEST, FAST, MOST_FOR_BEST = 11, 9, 1_000_000


def describe_package(
    manifest: dict[str, Any], about: dict[str, Any], options: argparse.Namespace, folder: Path
) -> dict[str, Any]:
    """Return package.json of the modules in ``folder``."""
    return {
        "name": f"{manifest['name']}-classifier",
        "version": manifest["version"],
        "description": f"Offline text classifier: {about['corpus']['title']}",
        "keywords": keywords(about, options.keywords),
        **describe_publisher(options),
        "type": "commonjs",
        "main": "./index.js",
        "module": "./esm/index.js",
        "types": "./index.d.ts",
        "unpkg": f"./{SCRIPT}",
        "jsdelivr": f"./{SCRIPT}",
        "exports": {
            **{_subpath(name): _in_both_formats(name) for name in MODULES},
            "./package.json": "./package.json",
        },
        # This sets the model, and so is needed though nothing is taken from it; and workers run.
        "sideEffects": [f"./{SCRIPT}", "./worker.js", "./esm/worker.js"],
        "files": ["*.js", "*.d.ts", "esm", "manifest.json"],
        "engines": {"node": NODE},
    }


def _subpath(name: str) -> str:
    return "." if name == "index" else f"./{name}"


def _in_both_formats(name: str) -> dict[str, dict[str, str]]:
    # In Node.js, which has the model when it asks for it.
    in_node = {"node": "./esm/node.js"} if name == "index" else {}
    return {
        "import": {"types": f"./esm/{name}.d.ts", **in_node, "default": f"./esm/{name}.js"},
        "require": {"types": f"./{name}.d.ts", "default": f"./{name}.js"},
    }


def keywords(about: dict[str, Any], given: list[str] | None) -> list[str]:
    """Return by what the package is found."""
    labels = sorted(about["metrics"]["test"]["labels"])
    return given or [*KEYWORDS, *(labels if len(labels) <= FEW_LABELS else [])]


def describe_publisher(options: argparse.Namespace) -> dict[str, Any]:
    """Return what package.json says of licence, repository and homepage, as far as it is known."""
    found: dict[str, Any] = {}
    if options.license or options.license_file:
        found["license"] = options.license or f"SEE LICENSE IN {LICENSE}"
    if options.repository:
        found["repository"] = {"type": "git", "url": f"git+{options.repository}"}
    if homepage := options.homepage or options.repository:
        found["homepage"] = homepage.removesuffix(".git")
    return found


def readme_values(bundle: Path, folder: Path, package: dict[str, Any]) -> dict[str, Any]:
    """Return what the README says of the package in ``folder``, made from ``bundle``."""
    about = files.read_json(bundle / "about.json")
    constants = files.read_json(bundle / "constants.json")
    manifest = files.read_json(bundle / "manifest.json")
    test = about["metrics"]["test"]
    return {
        "name": package["name"],
        "version": package["version"],
        "engines": package["engines"]["node"],
        "license": package.get("license"),
        "global": global_name(manifest["name"]),
        "title": about["corpus"]["title"],
        "labels": constants["labels"],
        "of": test["labels"],
        "test": test,
        "interval": test["intervals"]["recall@1"],
        "remarks": about["remarks"],
        "tells_other": "other" in constants,
        "unsure_below": constants["unsure_below"],
        "max_characters": constants["text"]["max_characters"],
        "max_words": constants["max_words"],
        "sizes": [size(folder, name) for name in MODULES],
        "digest": files.sha256(bundle / "manifest.json"),
    }


def global_name(name: str) -> str:
    """Return the global that the plain script sets, as web/build_package.js names it."""
    return re.sub("-+(.?)", lambda match: match[1].upper(), name) + "Classifier"


def size(folder: Path, name: str) -> dict[str, Any]:
    """Return how many bytes of a module reach a page, with those of the files that it imports."""
    paths = [f"esm/{name}.js", *([IMPORTED[name]] if name in IMPORTED else [])]
    parts = [(folder / path).read_bytes() for path in paths]
    return {
        "module": _subpath(name).removeprefix("."),
        "what": MODULES[name],
        "bytes": sum(map(len, parts)),
        "compressed": sum(map(_compressed, parts)),
    }


# The script with the model is imported by two modules.
@cache
def _compressed(part: bytes) -> int:
    return len(brotli.compress(part, quality=BEST if len(part) < MOST_FOR_BEST else FAST))


def write_license(folder: Path, package: dict[str, Any], options: argparse.Namespace) -> None:
    """Write the licence's terms or, where only its name is known, that name."""
    if options.license_file:
        shutil.copyfile(options.license_file, folder / LICENSE)
    elif options.license:
        files.write_text(
            folder / LICENSE,
            f"SPDX-License-Identifier: {options.license}\n\n"
            f"{package['name']} {package['version']} is under the licence of that name, whose\n"
            f"text is at <https://spdx.org/licenses/{options.license}.html>.\n",
        )


def pack(folder: Path) -> Path:
    """Run npm pack in ``folder``; it gives the same bytes for the same files."""
    npm = shutil.which("npm")
    if npm is None:
        raise UserError("there is no npm on the PATH: run make, or activate .venv")
    command = [npm, "pack", "--json", "--offline", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise UserError(f"npm pack ended with exit code {done.returncode}; its message is above")
    name: str = json.loads(done.stdout)[0]["filename"]
    return folder / name


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--bundle", type=Path, required=True, help="folder of the bundle")
    parser.add_argument("--output", type=Path, required=True, help=".tgz file to write")
    parser.add_argument("--license", help="licence of the model, as SPDX abbreviates it")
    parser.add_argument("--license-file", type=Path, help="file with its terms")
    parser.add_argument("--repository", help="address of the project's git repository")
    parser.add_argument("--homepage", help="address of a page on it (the repository)")
    parser.add_argument("--keywords", nargs="+", help="by what the package is found")
    return parser


def main(options: argparse.Namespace) -> None:
    """Build the package's files in a temporary folder, pack them, publish the archive."""
    manifest = files.read_json(options.bundle / "manifest.json")
    about = files.read_json(options.bundle / "about.json")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "package"
        license = ["--license", options.license] if options.license else []
        node.run("build.js", "--npm", options.bundle, "--output", folder, *license)
        package = describe_package(manifest, about, options, folder)
        # In this order, which is that of what is tried.
        files.write_text(folder / "package.json", json.dumps(package, ensure_ascii=False, indent=2))
        text = package_readme.render(readme_values(options.bundle, folder, package))
        files.write_text(folder / "README.md", text)
        write_license(folder, package, options)
        shutil.copyfile(options.bundle / "manifest.json", folder / "manifest.json")
        for path in filter(Path.is_file, folder.rglob("*")):
            path.chmod(0o644)  # the archive holds modes, which follow the umask
        archive = pack(folder)
        with files.replacing(options.output) as part:
            shutil.copyfile(archive, part)
    console.log.info("%s, %s bytes", options.output, f"{options.output.stat().st_size:,}")


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
