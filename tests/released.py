"""The small build as a release."""

from dataclasses import dataclass
from pathlib import Path

from conftest import Project, open_project

VERSION = "0.1.0"
NAME = f"small-{VERSION}"
KEY = "key.pem"


@dataclass(frozen=True)
class Released:
    """A project with a release, and the key that signed it, in one folder."""

    place: Path

    @property
    def project(self) -> Project:
        """The project."""
        return open_project(self.place / "project")

    @property
    def said(self) -> str:
        """What the command printed and logged."""
        return "".join((self.place / name).read_text() for name in ("printed", "log"))

    @property
    def folder(self) -> Path:
        """The release's folder."""
        return self.project.folder / "dist" / "releases" / NAME

    @property
    def archive(self) -> Path:
        """The release's archive."""
        return self.folder.with_name(f"{NAME}.tar.gz")

    @property
    def key(self) -> Path:
        """The private key."""
        return self.place / KEY

    @property
    def public_key(self) -> Path:
        """The public key."""
        return self.place / f"{KEY}.pub"


def release(project: Project) -> None:
    """Release the project's build, signed with a new key beside the project."""
    place = project.folder.parent
    project.run("provender", "keygen", place / KEY)
    command = ("provender", "--log", place / "log", "release", VERSION, "--key", place / KEY)
    done = project.run(*command)
    (place / "printed").write_text(done.stdout + done.stderr)
