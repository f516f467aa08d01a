"""Whether a build on disk belongs together, and whether dvc.lock says what is there."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from provender import config, files
from provender.errors import UserError
from provender.running import graph, receipt
from provender.versioning import dvc_lock, dvc_yaml
from provender.versioning.cache import digests

# What is said of a job whose receipt has another command.
OTHER_COMMAND = "it ran with other parameters or files than the rule has now"


def check_build(overlays: Sequence[str]) -> list[graph.Job]:
    """Return the jobs of the build on disk. Raises UserError unless it belongs together."""
    jobs = graph.read(overlays)
    dvc_yaml.check(jobs, overlays)
    faults = misfits(jobs)
    mend = f"build ({build_command(overlays)}), then run provender record again"
    if any(fault.endswith(OTHER_COMMAND) for fault in faults):
        used = " and ".join([config.DEFAULT, *overlays])
        mend = (
            f"if you built by another configuration than {used}, run provender refresh --config "
            f"FILE, which records that build. Else {mend}"
        )
    problem = "what is on disk does not belong together, so nothing is recorded:"
    raise_for(faults, problem, f"{mend[0].upper()}{mend[1:]}")
    return jobs


def misfits(jobs: Sequence[graph.Job]) -> list[str]:
    """Return, in words, what of a build is not as its receipts say."""
    found = []
    for job in jobs:
        paths = [*job.inputs, *job.outputs]
        if missing := [path for path in paths if not Path(path).is_file()]:
            found += [f"{job.name}: {path} is missing" for path in missing]
        elif job.inputs:
            found += [f"{job.name}: {fault}" for fault in _misfits(job)]
    return found


def _misfits(job: graph.Job) -> list[str]:
    if job.receipt is None:
        return [f"the rule names no receipt in {receipt.FOLDER}/ among its outputs"]
    found = files.read_json(job.receipt)
    if found["command"] != shlex.split(job.command):
        return [OTHER_COMMAND]
    return receipt.differences(found, lambda path: digests(path)[0])


def stale(jobs: Sequence[graph.Job], locked: dvc_lock.Lock, configs: Sequence[str]) -> list[str]:
    """Return, in words, where a lock differs from what is on disk."""
    settings = dvc_yaml.sources(configs)
    names = {job.name for job in jobs}
    found = [f"{name}: there is no such stage" for name in locked if name not in names]
    for job in jobs:
        entry = locked.get(job.name)
        if entry is None:
            found.append(f"{job.name}: it is not recorded")
            continue
        if entry["cmd"] != dvc_yaml.command(job):
            found.append(f"{job.name}: it is recorded with another command")
        for kind, paths in (("deps", dvc_yaml.dependencies(job)), ("outs", job.outputs)):
            now = {path: digests(path)[1] for path in paths}
            known = dvc_lock.digests(entry, kind)
            differ = sorted(path for path in now | known if now.get(path) != known.get(path))
            found += [f"{job.name}: {path} is recorded with other content" for path in differ]
        for path, values in entry.get("params", {}).items():
            differ = [
                key for key, value in values.items() if read_setting(settings, path, key) != value
            ]
            found += [
                f"{job.name}: {key} of {path} is recorded with another value" for key in differ
            ]
    return found


def read_setting(settings: dict[str, config.Config], path: str, key: str) -> object:
    """Return the value of a dotted key of a configuration file; None where it has none."""
    value: object = settings.get(path)
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def build_command(overlays: Sequence[str]) -> str:
    """Return the command that builds with these configuration files."""
    return shlex.join(["snakemake", "--cores", "4", *configfile_options(overlays)])


def configfile_options(overlays: Sequence[str]) -> list[str]:
    """Return the options by which Snakemake reads these configuration files."""
    return ["--configfile", *overlays] if overlays else []


def raise_for(faults: list[str], problem: str, mend: str) -> None:
    """Raise UserError, with the problem, each fault and its mend, where there are faults."""
    if faults:
        raise UserError("\n  ".join([problem, *faults]) + f"\n{mend}")
