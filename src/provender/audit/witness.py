"""A second witness: the commit's model made once more, by none of its Python code.

In a private folder: a clone at the commit, the packages of its web/package-lock.json, and of the
remote's data what the first step made. ``web/train`` makes splits, vocabulary, word ids and
weights of the database, and holds them to those that were recorded, and to what ships.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from provender import config, console, files
from provender.audit import rebuild, stages
from provender.audit.findings import Findings
from provender.audit.traced import PLACES, Traced
from provender.bundle import node
from provender.errors import Unavailable, UserError

PART = "node"

# What of a recorded build is compared: files, and all files of folders.
COMPARED = (
    "data/splits",
    "data/features",
    "data/vocabulary",
    "data/model/choice.json",
    "data/model/history.csv",
    "data/reports/sizes.csv",
    "data/reports/predictions.parquet",
    "data/tfjs/layers",
)

# And of what ships: all that answers.
SHIPPED = ("constants.json", "tfjs/layers/group1-shard1of1.bin")

# Exit codes of what compares: all is the same, or not.
SAME, OTHER = 0, 1


def check(
    traced: Traced,
    remote_name: str | None,
    environment: Path | None,
    shipped: dict[str, Path],
    recorded: Callable[[str], bytes | None],
    findings: Findings,
) -> None:
    """Confirm or refute each part of the build by what Node.js makes.

    ``environment``, ``shipped`` and ``recorded`` are those of the rebuild and of its comparison.
    What cannot be made or had is left open.
    """
    findings.part = PART
    with (
        rebuild.interruptible(),
        tempfile.TemporaryDirectory(prefix="provender-witness-") as work,
    ):
        made, data, bundle = (Path(work, name) for name in ("made", "data", "bundle"))
        try:
            folder, home = rebuild.clone(traced, remote_name, Path(work))
            _bring_packages(home, environment)
            _train(traced, folder, home, made)
            missing = _bring_recorded(traced, recorded, data)
            missing += _bring_shipped(shipped, bundle)
            if missing:
                findings.leave_open(
                    "node", f"the remote or the release lacks {stages.some(missing)}"
                )
                return
            report = Path(work, "compared.json")
            rebuild.run(
                [
                    *_node(home, "compare"),
                    *("--node", str(made), "--data", str(data / "data")),
                    *("--bundle", str(bundle), "--output", str(report)),
                ],
                folder,
                home,
                (SAME, OTHER),
            )
        except (Unavailable, UserError) as error:
            findings.leave_open("node", str(error))
            return
        parts: dict[str, bool] = files.read_json(report)["parts"]
        version = files.read_json(made / "digests.json")["versions"]["node"]
    for part, same in parts.items():
        if not same:
            findings.refute(
                part, "Node.js makes another one of the recorded database, by other code"
            )
    if alike := [part for part, same in parts.items() if same]:
        findings.confirm(
            "node",
            f"Node.js {version}, which runs none of the project's Python, makes the same of the "
            f"recorded database: {', '.join(alike)}",
        )


def _bring_packages(home: Path, environment: Path | None) -> None:
    if environment is not None:
        rebuild.link(home, environment, rebuild.NODE_PACKAGES)
        return
    console.log.info("installing the packages of the commit's web/package-lock.json")
    npm = node.program().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    options = ["--omit=dev", "--ignore-scripts", "--no-fund", "--no-audit"]
    rebuild.run([str(node.program()), str(npm), "ci", *options], home / "web", home)


def _train(traced: Traced, folder: Path, home: Path, output: Path) -> None:
    console.log.info("making the model of the commit again in Node.js")
    configured = [
        word for path in (config.DEFAULT, *traced.overlays) for word in ("--config", path)
    ]
    source = ["--source", stages.DATABASE, "--output", str(output)]
    rebuild.run([*_node(home, "index"), *configured, *source], folder, home)


def _node(home: Path, script: str) -> list[str]:
    return [str(node.program()), str(home / "web" / "train" / f"{script}.js")]


def _bring_recorded(
    traced: Traced, recorded: Callable[[str], bytes | None], folder: Path
) -> list[str]:
    """Write the recorded files that are compared; return those that are not had."""
    missing = []
    for path in stages.written(traced.locked):
        if not any(Path(path).is_relative_to(part) for part in COMPARED):
            continue
        data = recorded(path)
        if data is None:
            missing.append(path)
            continue
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return missing


def _bring_shipped(shipped: dict[str, Path], folder: Path) -> list[str]:
    """Copy what ships of the model; return what is not there."""
    missing = []
    for name in SHIPPED:
        source = shipped.get(f"{PLACES['bundle']}/{name}")
        if source is None:
            missing.append(name)
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(source.read_bytes())
    return missing
