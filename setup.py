"""What a wheel holds besides the package: the rest of the tool, and the commit that it is of."""

import json
import shutil
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

sys.path.insert(0, "src")

from provender import tool

# What no build reads, or what tools have made.
LEFT_OUT = shutil.ignore_patterns("node_modules", "__pycache__", ".*_cache", "test", "ruff.toml")


def write_commit(folder: Path) -> None:
    """Write into a folder of which commit the tool's files are: where they go, git cannot say."""
    (folder / tool.BUILT_FROM).write_text(json.dumps({"commit": tool.commit()}) + "\n")


class BuildPy(build_py):
    """Puts the parts of the tool that are no modules within the package."""

    def run(self) -> None:
        """Build the package as always, then copy; an editable install reads the clone itself."""
        super().run()
        if self.editable_mode:
            return
        within = Path(self.build_lib, "provender", tool.WITHIN)
        shutil.rmtree(within, ignore_errors=True)
        for part in tool.PARTS:
            source, target = Path(part), within / part
            if part == tool.MODULES:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=LEFT_OUT)
            else:
                shutil.copyfile(source, target)
        write_commit(within)


class Sdist(sdist):
    """Notes the commit."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Write the tree as always, and the commit beside it."""
        super().make_release_tree(base_dir, files)
        write_commit(Path(base_dir))


setup(cmdclass={"build_py": BuildPy, "sdist": Sdist})
