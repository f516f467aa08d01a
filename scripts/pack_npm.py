"""Pack the classifier as the npm package that a front-end developer installs.

The package holds the model inside its script: ``import { predict } from "…"`` works at
once, offline, in Node, in a bundler and on a page. It is made from the bundle's own
files, so both answer alike.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from provender import console, files
from provender.bundle import node
from provender.errors import UserError
from provender.running import step

README = """\
# {name}

{title}: a text classifier that runs offline, without dependencies.

```js
import {{ predict }} from "{name}";

predict("Some text", 3); // [{{label, score}}, …], best first
```

`require("{name}")` works as well. Of a text without a known word there is no answer: `predict`
gives `[]`. `classify(text, {{topK: 3}})` gives `{{labels, known, words, sure}}`: the same labels,
how many of how many words are known, and whether the best label is more than a guess, with a score
of at least `unsureBelow`. `labels` lists what it can tell apart: {labels}.

Of {posts:,} test posts, {recall:.1f} % have their label ranked first. Bundle digest:
`{digest}` (sha256 of the bundle's manifest.json).
"""


def describe_package(manifest: dict[str, Any], title: str) -> dict[str, Any]:
    """Return package.json."""
    return {
        "name": f"{manifest['name']}-classifier",
        "version": manifest["version"],
        "description": f"Offline text classifier: {title}",
        "type": "commonjs",
        "main": "./index.cjs",
        "module": "./index.mjs",
        "types": "./index.d.cts",
        "exports": {
            ".": {
                "import": {"types": "./index.d.mts", "default": "./index.mjs"},
                "require": {"types": "./index.d.cts", "default": "./index.cjs"},
            },
            "./package.json": "./package.json",
        },
        # data.js sets the model, and so is needed though nothing is taken from it.
        "sideEffects": ["./data.js"],
        "files": [
            "data.js",
            "index.cjs",
            "index.mjs",
            "index.d.cts",
            "index.d.mts",
            "manifest.json",
        ],
        # The first that have all it uses.
        "engines": {"node": ">=18"},
    }


def write_readme(path: Path, bundle: Path, name: str) -> None:
    """Write the package's README from what the bundle says of itself."""
    about = files.read_json(bundle / "about.json")
    test = about["metrics"]["test"]
    text = README.format(
        name=name,
        title=about["corpus"]["title"],
        labels=", ".join(f"`{label}`" for label in sorted(test["labels"])),
        posts=test["posts"],
        recall=100 * test["recall@1"],
        digest=files.sha256(bundle / "manifest.json"),
    )
    path.write_text(text, encoding="utf-8", newline="")


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
    return parser


def main(options: argparse.Namespace) -> None:
    """Build the package's files in a temporary folder, pack them, publish the archive."""
    manifest = files.read_json(options.bundle / "manifest.json")
    title = files.read_json(options.bundle / "about.json")["corpus"]["title"]
    package = describe_package(manifest, title)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "package"
        node.run("build.js", "--npm", options.bundle, "--output", folder)
        # In this order, which is that of what is tried.
        files.write_text(folder / "package.json", json.dumps(package, ensure_ascii=False, indent=2))
        write_readme(folder / "README.md", options.bundle, package["name"])
        shutil.copyfile(options.bundle / "manifest.json", folder / "manifest.json")
        for path in folder.iterdir():
            path.chmod(0o644)  # the archive holds modes, which follow the umask
        archive = pack(folder)
        with files.replacing(options.output) as part:
            shutil.copyfile(archive, part)
    console.log.info("%s, %s bytes", options.output, f"{options.output.stat().st_size:,}")


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
