"""DVC beside Snakemake: builds are recorded, brought back and compared, after reading every file.

In: the jobs of a build, what is on disk, DVC's cache and remotes, and git's commits.
Out: ``dvc.yaml``, ``dvc.lock``, and objects in DVC's cache.
Imports ``running``.
"""

__all__ = [
    "cache",
    "dvc_lock",
    "dvc_yaml",
    "record",
    "refresh",
    "remote",
    "stage",
    "sync",
    "tool_lock",
    "why",
]
