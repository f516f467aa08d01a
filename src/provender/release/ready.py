"""What is released: a build that has passed every check, and what is known of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner

from provender import config, files
from provender.release import statement
from provender.running import graph

VALIDATION = Path("data/reports/validation.json")
CHOICE = Path("data/model/choice.json")
PARITY = Path("data/reports/parity.json")


@dataclass(frozen=True)
class Ready:
    """A build that may be released."""

    config: config.Config
    # The configuration files, the default first.
    paths: list[str]
    jobs: list[graph.Job]
    commit: str
    tree: str
    # When the commit was made, in UTC as ISO 8601 writes it.
    date: str
    signer: CryptoSigner | None

    @property
    def name(self) -> str:
        """What the release is called."""
        return f"{self.config['name']}-{self.config['version']}"


@dataclass(frozen=True)
class Facts:
    """What the documents of a release tell; all of it follows from the build and the commit."""

    ready: Ready
    # Sizes in bytes and sha256 digests of the released files, by their names.
    sizes: dict[str, int]
    sha256: dict[str, str]
    # about.json and constants.json of the bundle.
    about: dict[str, Any]
    constants: dict[str, Any]
    validation: dict[str, Any]
    choice: dict[str, Any]
    parity: dict[str, Any]

    @property
    def metrics(self) -> dict[str, Any]:
        """The metrics of the test split."""
        found: dict[str, Any] = self.about["metrics"]["test"]
        return found

    @property
    def language(self) -> str | None:
        """The language of the texts, where it is known."""
        return config.language(self.ready.config)


def collect(ready: Ready, folder: Path) -> Facts:
    """Return what is known of the build whose published files are in ``folder``."""
    paths = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return Facts(
        ready,
        sizes={name: path.stat().st_size for name, path in paths.items()},
        sha256={name: files.sha256(path) for name, path in paths.items()},
        about=files.read_json(folder / statement.BUNDLE / "about.json"),
        constants=files.read_json(folder / statement.BUNDLE / "constants.json"),
        validation=files.read_json(VALIDATION),
        choice=files.read_json(CHOICE),
        parity=files.read_json(PARITY),
    )
