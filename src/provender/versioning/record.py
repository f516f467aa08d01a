"""Records a build in dvc.lock and DVC's cache, after reading every file."""

import copy
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from provender import config, tool
from provender.console import log
from provender.running import graph
from provender.versioning import dvc_lock, dvc_yaml
from provender.versioning.cache import damaged, digests, drop_damaged, repository
from provender.versioning.checks import check_build, raise_for, read_setting, stale


def record(only_check: bool) -> None:
    """Commit the build on disk to DVC, or check that dvc.lock holds it already.

    Raises UserError, naming every file and stage that does not fit, where an output was
    not made from the inputs now on disk; then nothing is recorded.
    """
    if only_check:
        jobs = check()
    else:
        overlays = dvc_yaml.overlays()
        jobs = check_build(overlays)
        _commit(jobs, [config.DEFAULT, *overlays])
    log.info("%d stages recorded in %s", len(jobs), dvc_lock.FILE)


def check() -> list[graph.Job]:
    """Return the jobs of the build on disk. Raises UserError unless dvc.lock holds it."""
    overlays = dvc_yaml.overlays()
    jobs = check_build(overlays)
    raise_for(
        stale(jobs, dvc_lock.read(), [config.DEFAULT, *overlays]),
        f"{dvc_lock.FILE} is stale:",
        f"Run {tool.how('refresh')} and commit {dvc_lock.FILE}",
    )
    return jobs


def _commit(jobs: Sequence[graph.Job], configs: Sequence[str]) -> None:
    """Put all outputs into DVC's cache, then write dvc.lock, whole or not at all.

    What ``dvc commit`` does, but with the digests that were checked, not with those that
    DVC remembers of files whose date and size are the same.
    """
    outputs = {digests(path)[1]: path for job in jobs for path in job.outputs}
    with repository() as repo, repo.lock:
        drop_damaged(repo, outputs)
        repo.cache.local.add(list(outputs.values()), repo.fs, list(outputs))
        raise_for(
            list(damaged(repo, outputs).values()),
            "these files changed while they were recorded:",
            "Build and run provender record again",
        )
        settings = dvc_yaml.sources(configs)
        places = dvc_yaml.places(settings)
        dvc_lock.write({job.name: _entry(job, settings, places) for job in jobs})


def _entry(
    job: graph.Job,
    settings: dict[str, config.Config],
    places: dict[tuple[str, ...], tuple[str, str]],
) -> dict[str, Any]:
    """Return what dvc.lock says of a stage, in DVC's own order."""
    params = {
        # Copies, since YAML writes a value that it meets again as a reference.
        path: {key: copy.deepcopy(read_setting(settings, path, key)) for key in keys}
        for path, keys in dvc_yaml.settings(job, places).items()
    }
    entry = {
        "cmd": dvc_yaml.command(job),
        "deps": [_item(path) for path in sorted(dvc_yaml.dependencies(job))],
        "params": params,
        "outs": [_item(path) for path in sorted(job.outputs)],
    }
    return {key: value for key, value in entry.items() if value}


def _item(path: str) -> dict[str, Any]:
    status = Path(path).stat()
    executable = {"isexec": True} if status.st_mode & stat.S_IXUSR else {}
    return {
        "path": path,
        "hash": "md5",
        "md5": digests(path)[1],
        "size": status.st_size,
        **executable,
    }
