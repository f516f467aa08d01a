"""The ``provender`` command: build with a fallback, serve the bundle, prove it, release it."""

import argparse
import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from provender import config as configuration
from provender import files, tool
from provender.audit import options as audit_options
from provender.errors import UserError
from provender.running import graph, step
from provender.versioning import dvc_lock, dvc_yaml, record, remote, stage, sync, why
from provender.versioning import refresh as refreshed

BUNDLE = Path("dist/bundle")
REPORT = "data/reports/report.html"
METRICS = "data/reports/metrics.json"
TEST_SPLIT = Path("data/splits/test.parquet")
OFFLINE_CONFIG = "config/offline.yaml"

# The tool's options for Snakemake on clusters.
PROFILES = "workflow/profiles"

# What follows a command's name in the example that its --help gives.
EXAMPLES = {
    "init": "tickets --from tickets.csv",
    "setup": "",
    "build": "--config tickets.yaml",
    "refresh": "--config tickets.yaml",
    "update": "--commit",
    "dvc": "--check",
    "run": "encode_posts split=test",
    "record": "--check",
    "sync": "--remote server",
    "verify-remote": "HEAD~1..HEAD",
    "graph": "",
    "why": "HEAD~1 HEAD",
    "serve": "--port 8000",
    "predict": "--from tickets.csv --column message --to labels.csv",
    "compare": "newsgroups-0.1.0.tar.gz --not-worse 1",
    "suggest": "inbox.csv --column message --to label-these.csv",
    "reproduce": "--config tickets.yaml",
    "release": "0.1.0 --key ~/.config/provender/key.pem",
    "keygen": "~/.config/provender/key.pem",
    "audit": "newsgroups-0.1.0.tar.gz --key publisher.pub",
    "trace": "dist/bundle/constants.json",
}

# More jobs at once than any machine has cores; the highest port that there is; more labels than
# any answer needs; more texts than anybody labels at once.
MOST_CORES, MOST_PORT, MOST_LABELS, MOST_SUGGESTED = 4096, 65535, 1000, 10_000

# The exit code by which fetch_archive says that the address is out of reach.
UNAVAILABLE = 3

NO_ARCHIVE = """
The newsgroups archive is not on disk and cannot be downloaded. This run builds ANOTHER
MODEL instead, from the documentation of eight installed Python packages ({offline}).
For the newsgroups model, connect to the network or name the archive:

    make ARCHIVE=path/to/20news-bydate.tar.gz

Looked at: {places}; {url}
"""


def init(options: argparse.Namespace) -> None:
    """Begin a project for a table, in a folder of its own."""
    # What reads tables takes a second to import, which other commands need not wait for.
    from provender.projects import begin, look

    _require_environment()
    folder: Path = options.folder
    source = options.source or _ask_file(begin.candidates(folder))
    found = look.look(source, options.table, options.text, options.label)
    if options.source is None:
        text = _ask("the texts are in", found.text.name)
        label = _ask("the labels are in", found.label.name)
        if (text, label) != (found.text.name, found.label.name):
            found = look.look(source, options.table, text, label)
    print("\n".join(begin.begin(folder, found, options.name)))
    enter = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    print(f"\nNext: {enter}provender build && provender serve")


def _ask_file(there: list[Path]) -> Path:
    """Return the file that a person names. Raises UserError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise UserError("name the file that has your texts: provender init FOLDER --from FILE")
    if there:
        print(f"Here: {', '.join(map(str, there))}")
    return Path(_ask("the file with your texts is", str(there[0]) if there else ""))


def _ask(what: str, default: str) -> str:
    shown = f" [{default}]" if default else ""
    with contextlib.suppress(EOFError):
        if answer := input(f"{what}{shown}: ").strip() or default:
            return answer
    raise UserError("nothing was answered, so nothing is written")


def set_up(_: argparse.Namespace) -> None:
    """Install what a plain pip install leaves out."""
    from provender.projects import environment

    environment.complete()


def _require_environment() -> None:
    from provender.projects import environment

    if not environment.is_complete():
        print("The environment is not complete: this runs provender setup, once.", flush=True)
        environment.complete()


def build(options: argparse.Namespace) -> None:
    """Find or download the archive where one is needed, then run Snakemake."""
    _require_environment()
    overlays = [options.config] if options.config else []
    config = configuration.read(configuration.DEFAULT, *overlays)
    if config["source"]["kind"] == "newsgroups":
        if not _have_archive(config, options.archive):
            source = config["source"]
            places = ", ".join(source["archives"])
            print(NO_ARCHIVE.format(offline=OFFLINE_CONFIG, places=places, url=source["url"]))
            overlays = [OFFLINE_CONFIG]
    elif options.archive:
        raise UserError(
            f"ARCHIVE is only read for source.kind newsgroups, and {options.config} has "
            f"{config['source']['kind']}"
        )
    _run_snakemake(overlays, options.cores, options.profile)
    for sentence in files.read_json(METRICS)["remarks"]:
        print(f"note: {sentence}")
    print(f"Done: {BUNDLE}/index.html; see it with {tool.how('serve')}, and {REPORT}")


def refresh(options: argparse.Namespace) -> None:
    """Write dvc.yaml anew, build, record the build, and say what changed."""
    overlays = _recorded_overlays(options.config)
    config = configuration.read(configuration.DEFAULT, *overlays)
    if config["source"]["kind"] == "newsgroups" and not _have_archive(config, options.archive):
        raise UserError(
            "the newsgroups archive cannot be had, so their build cannot be recorded: name the "
            "archive by make refresh ARCHIVE=path"
        )
    _require_source(config)
    old_pipeline = dvc_yaml.FILE.read_text("utf-8") if dvc_yaml.FILE.exists() else ""
    old_lock = dvc_lock.read() if dvc_lock.FILE.exists() else {}
    dvc_yaml.write(graph.read(overlays), overlays)
    _run_snakemake(overlays, options.cores)
    record.record(only_check=False)
    same = dvc_yaml.FILE.read_text("utf-8") == old_pipeline
    lines = refreshed.changes(old_lock, dvc_lock.read())
    print(f"{dvc_yaml.FILE}: {'as it was' if same else 'written anew'}")
    print(f"{dvc_lock.FILE}: {'written anew' if lines else 'as it was'}")
    for line in lines:
        print(f"  {line}")


def update(options: argparse.Namespace) -> None:
    """Build from the table as it is now, compare with the last model, and record."""
    # They take a second to import, which other commands need not wait for.
    from provender.projects import update as updates

    overlays = _recorded_overlays(options.config)
    settings = configuration.read(configuration.DEFAULT, *overlays)
    _require_source(settings)
    lines = updates.update(
        settings,
        options.against,
        lambda: dvc_yaml.write(graph.read(overlays), overlays),
        lambda: _run_snakemake(overlays, options.cores),
    )
    print("\n".join(lines))
    if options.commit:
        recall = files.read_json(METRICS)["test"]["recall@1"]
        message = f"{settings['name']} {settings['version']}: recall@1 {recall:.3f}"
        updates.commit(settings["name"], message)


def _require_source(config: configuration.Config) -> None:
    """Raise UserError where the table is missing: a record would then lack its first step."""
    source = config["source"]
    named = configuration.source_files(source) if source["kind"] in configuration.TABLES else []
    if not all(Path(path).exists() for path in named):
        raise UserError(
            f"source.path names {source['path']}, which is not there: mend it, or bring the table "
            "back. Without it nothing new can be recorded"
        )


def _recorded_overlays(given: str | None) -> list[str]:
    """Return the configuration files given, or those with which dvc.yaml was generated."""
    if given:
        return [path for path in [given] if path != configuration.DEFAULT]
    return dvc_yaml.overlays() if dvc_yaml.FILE.exists() else []


def _profile(name: str) -> str:
    """Return the folder of a profile: one of the tool's by its name, or a path."""
    there = sorted(path.parent.name for path in tool.place(PROFILES).glob("*/config.yaml"))
    folder = tool.path(f"{PROFILES}/{name}") if name in there else name
    if not (Path(folder) / "config.yaml").is_file():
        raise UserError(
            f"--profile names {name}, which is neither {' nor '.join(there)} nor a folder with a "
            "config.yaml of Snakemake's options"
        )
    return folder


def _run_snakemake(overlays: list[str], cores: int, profile: str | None = None) -> None:
    """Build. Raises UserError, with what the steps said, where that fails."""
    # How many jobs a cluster runs at once is the profile's to say.
    command = [
        "snakemake",
        *(["--profile", _profile(profile)] if profile else ["--cores", str(cores)]),
    ]
    if overlays:
        command += ["--configfile", *overlays]
    print(shlex.join(command), flush=True)
    started = time.time()
    # Ctrl-C reaches Snakemake too, which ends its jobs; this waits until it has.
    interrupts: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    code = subprocess.run(command, check=False).returncode
    signal.signal(signal.SIGINT, before)
    if code and interrupts:
        # What to do now is then said last, below all that Snakemake says of the jobs it ended.
        raise KeyboardInterrupt
    if code:
        told = f"snakemake ended with exit code {code}"
        told += ": which job, and why, stands above. What is done stays done: run the same command "
        told += "again"
        raise UserError(_explain_failure(started) or told)


def print_graph(_: argparse.Namespace) -> None:
    """Print the steps, which dvc dag would draw in many more columns than a terminal has."""
    print(graph.mermaid(graph.read(_recorded_overlays(None))), end="")


def dvc(options: argparse.Namespace) -> None:
    """Write dvc.yaml from the Snakefile, or check that it is what would be written."""
    overlays = _recorded_overlays(options.config)
    _require_source(configuration.read(configuration.DEFAULT, *overlays))
    (dvc_yaml.check if options.check else dvc_yaml.write)(graph.read(overlays), overlays)


def run_stage(options: argparse.Namespace) -> None:
    """Run the command that the Snakefile has for one job."""
    stage.run(options.rule, options.values)


def record_build(options: argparse.Namespace) -> None:
    """Commit the build on disk to DVC, or check that dvc.lock holds it."""
    record.record(options.check)


def sync_build(options: argparse.Namespace) -> None:
    """Bring the build that dvc.lock names, verified."""
    sync.sync(options.remote)


def verify_remote(options: argparse.Namespace) -> None:
    """Read every object that commits name."""
    remote.verify(options.commits, options.remote)


def tell_why(options: argparse.Namespace) -> None:
    """Print what changed between two builds."""
    changes = why.compare(options.before, options.after)
    if options.json:
        print(json.dumps(changes, ensure_ascii=False, sort_keys=True, indent=1))
    else:
        print(why.format_table(changes, (options.before, options.after or "workspace")))


def serve_bundle(options: argparse.Namespace) -> None:
    """Serve the bundle on this machine until interrupted."""
    if not (options.bundle / "index.html").is_file():
        raise UserError(f"there is no bundle in {options.bundle}: run make first")
    # A server takes long to import, for what other commands never do.
    from provender.bundle import serve

    serve.serve(options.bundle, options.port, options.host)


def predict_texts(options: argparse.Namespace) -> None:
    """Answer a text, the lines of standard input, or a table, by a built model."""
    # They take a second to import, which other commands need not wait for.
    from provender.prediction import answers, bundles, predict

    if options.text_given is not None and options.source is not None:
        raise UserError("there is a text and --from: leave out one of them")
    for name in ("column", "table", "keep"):
        if getattr(options, name) and options.source is None:
            raise UserError(f"--{name} is of a table: name that as --from")
    answerer = answers.Answerer(bundles.read(options.model))
    top = options.top
    if options.text_given is not None and options.target is None:
        print(predict.describe(answerer.answer([options.text_given], top)[0]))
        return
    if options.source is not None:
        column = options.column or "text"
        asked = predict.from_table(options.source, column, options.table, options.keep)
    else:
        given = options.text_given
        asked = predict.from_lines(sys.stdin if given is None else [given])
    count = predict.write(predict.answers(asked, answerer, options.keep, top), options.target)
    if options.target is not None:
        print(f"{count:,} texts answered: {options.target}")


def compare_models(options: argparse.Namespace) -> None:
    """Say which of two models is right more often on the same labelled texts."""
    from provender.prediction import answers, bundles, compare

    one, other = (answers.Answerer(bundles.read(path)) for path in (options.one, options.other))
    source = options.source or TEST_SPLIT
    rows = compare.read_labelled(source, options.column, options.label, options.table)
    found = compare.compare(one, other, rows)
    names = [str(options.one), str(options.other)]
    if options.json:
        print(json.dumps(compare.to_json(found, names), indent=1))
    else:
        print("\n".join(compare.describe(found, names)))
    if options.not_worse is not None and found.all.worse > options.not_worse:
        raise UserError(
            f"B is {found.all.worse:.1f} points worse than A, and --not-worse allows "
            f"{options.not_worse:g}"
        )


def suggest_texts(options: argparse.Namespace) -> None:
    """List the texts of a table that are worth a label most."""
    from provender.prediction import answers, bundles, predict, suggest

    if not options.source.exists():
        raise UserError(f"there is no file {options.source} with texts")
    answerer = answers.Answerer(bundles.read(options.model))
    kept = [options.label] if options.label else []
    asked = predict.from_table(options.source, options.column, options.table, kept)
    names = (options.column, options.label or "label")
    count = predict.write(suggest.suggest(asked, answerer, options.count, names), options.target)
    if options.target is not None:
        print(f"{count:,} texts to label: {options.target}")


def reproduce(options: argparse.Namespace) -> None:
    """Build in other surroundings as well, and compare every file."""
    if not tool.is_here():
        raise UserError(
            "this builds what is in the tool's own repository: go there. A project elsewhere is "
            "built again from a release, by provender audit RELEASE --rebuild"
        )
    # Takes NumPy, which the main job's command has no use for.
    from provender.reproduction import reproduce

    overlays = [options.config.absolute()] if options.config else []
    count = reproduce.reproduce(overlays, options.archive, options.cpus)
    print(f"Reproduced: {count} files, each with the same sha256 digest")


def release(options: argparse.Namespace) -> None:
    """Write the build on disk as a release."""
    # Takes cryptography, which other commands have no use for.
    from provender.release import write

    write.release(options.version, options.key, options.remote)


def keygen(options: argparse.Namespace) -> None:
    """Write a key to sign releases with."""
    from provender.release import signing

    keyid = signing.generate(options.file)
    print(
        f"{options.file} is the private key: keep it secret, and outside of every repository\n"
        f"{options.file}{signing.PUBLIC} is the public key, to be published: id {keyid}"
    )


def audit(options: argparse.Namespace) -> None:
    """Tell whether a release is what it says."""
    # Takes what reads keys, which other commands have no use for.
    from provender.audit import command

    command.audit(options)


def trace(options: argparse.Namespace) -> None:
    """Print what a file or a release was made from."""
    from provender.audit import command

    command.trace(options)


def _explain_failure(started: float) -> str:
    """Return the errors that steps logged since ``started``: they stand far above by now."""
    logs = [path for path in Path("logs").rglob("*.log") if path.stat().st_mtime >= started]
    lines = (line for path in sorted(logs) for line in path.read_text("utf-8").splitlines())
    return "\n".join(line for line in lines if ": error: " in line or ": interrupted: " in line)


def _have_archive(config: configuration.Config, given: Path | None) -> bool:
    source = config["source"]
    if not given and any(Path(place).exists() for place in source["archives"]):
        return True
    where = ["--path", str(given)] if given else ["--url", source["url"]]
    command = [sys.executable, tool.path("scripts/fetch_archive.py"), *where]
    command += ["--sha256", *source["sha256"], "--output", source["archives"][0]]
    code = subprocess.run(command, check=False).returncode
    if code not in (0, UNAVAILABLE):
        # The step has said what is wrong.
        raise SystemExit(code)
    return code == 0


class _Parser(argparse.ArgumentParser):
    """A parser that knows what a misspelt command was meant to be."""

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is not None and value not in action.choices:
            hint = configuration.nearest(str(value), [str(choice) for choice in action.choices])
            what = str(action.metavar).lower()
            raise argparse.ArgumentError(None, f"there is no {what} {value}: {hint}")


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text} is no number from {least} to {most}")
        return int(text)

    return parse


def _add_cores(command: argparse.ArgumentParser) -> None:
    cores = len(os.sched_getaffinity(0))
    command.add_argument(
        "--cores",
        type=_whole_number(1, MOST_CORES),
        default=cores,
        help=f"jobs at once (default: all cores, {cores})",
    )


def _add_config(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--config",
        help="configuration to lay over config/config.yaml (default: as dvc.yaml has it)",
    )


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = _Parser(
        prog="provender",
        description="Build a text classifier for the browser, record it, release it, audit it.",
        epilog="provender COMMAND --help tells more of a command, with an example.",
    )
    parser.add_argument("--version", action="version", version=f"provender {_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    command = commands.add_parser(
        "init",
        help="begin a project for a table of your own",
        description="Look at a table, tell what its columns hold, and write a project for it: a "
        "folder with a configuration, in which provender, snakemake and dvc work. Nothing is "
        "overwritten. Without --from, it asks.",
    )
    command.add_argument(
        "folder", metavar="FOLDER", nargs="?", type=Path, default=Path(), help="(default: this one)"
    )
    command.add_argument(
        "--from", dest="source", metavar="FILE", type=Path,
        help="CSV, JSON Lines, SQLite, or Parquet, or a folder of that; it is only read",
    )  # fmt: skip
    command.add_argument("--table", default="", help="of a database that has more than one")
    command.add_argument("--text", default="", help="column with texts (default: by looking)")
    command.add_argument("--label", default="", help="column with labels (default: by looking)")
    command.add_argument("--name", default="", help="of the classifier (default: the folder's)")
    command.set_defaults(work=init)

    command = commands.add_parser(
        "setup",
        help="install what pip install leaves out",
        description="Install the packages that a build needs and pip install leaves out: the "
        "converter, and those of the page. Each is checked by the hash in the lock file.",
    )
    command.set_defaults(work=set_up)

    command = commands.add_parser("build", help="run the whole workflow")
    _add_cores(command)
    command.add_argument(
        "--profile", metavar="NAME", help="run on a cluster: slurm, kubernetes, or a folder's path"
    )
    command.add_argument("--config", help="configuration to lay over config/config.yaml")
    command.add_argument("--archive", type=Path, help="newsgroups archive to use")
    command.set_defaults(work=build)

    command = commands.add_parser(
        "refresh",
        help="after a change: build, record the build, and say what changed",
        description="After a change of code, rules or configuration: write dvc.yaml anew, build, "
        "record the build in dvc.lock, and say what changed.",
    )
    _add_cores(command)
    command.add_argument("--archive", type=Path, help="newsgroups archive to use")
    _add_config(command)
    command.set_defaults(work=refresh)

    command = commands.add_parser(
        "update",
        help="after new rows: build, compare with the last model, record",
        description="Build from the table as it is now, let the new model and the one recorded "
        "last answer the same test texts, say which is better, and record the new one, unless it "
        "is worse than publish.not_worse in the configuration allows: then the exit code is 1.",
    )
    _add_cores(command)
    _add_config(command)
    command.add_argument(
        "--against", type=Path, metavar="B", help="compare with this bundle or release instead"
    )
    command.add_argument("--commit", action="store_true", help="commit what was recorded to git")
    command.set_defaults(work=update)

    command = commands.add_parser("dvc", help="write dvc.yaml from the Snakefile")
    _add_config(command)
    command.add_argument("--check", action="store_true", help="only check that it is up to date")
    command.set_defaults(work=dvc)

    command = commands.add_parser(
        "run",
        help="run one stage of dvc.yaml",
        description="Run the command that the Snakefile has for one job, with the values that the "
        "configuration has now. dvc repro and dvc exp run call it, with the stages of dvc.yaml.",
    )
    command.add_argument("rule", metavar="RULE", help="a rule, such as train_model")
    command.add_argument(
        "values", metavar="NAME=VALUE", nargs="*", help="its wildcards, such as split=test"
    )
    command.set_defaults(work=run_stage)

    command = commands.add_parser("record", help="commit the build on disk to DVC")
    command.add_argument("--check", action="store_true", help="only check that dvc.lock holds it")
    command.set_defaults(work=record_build)

    command = commands.add_parser("sync", help="fetch and verify the build that dvc.lock names")
    command.add_argument("--remote", metavar="NAME", help="DVC remote (default: DVC's default)")
    command.set_defaults(work=sync_build)

    command = commands.add_parser("verify-remote", help="read every object that commits name")
    command.add_argument("commits", nargs="?", default="HEAD", help="one, or A..B (default: HEAD)")
    command.add_argument("--remote", metavar="NAME", help="DVC remote (default: DVC's default)")
    command.set_defaults(work=verify_remote)

    command = commands.add_parser("graph", help="print the steps as a Mermaid flowchart")
    command.set_defaults(work=print_graph)

    command = commands.add_parser("why", help="tell what changed between two recorded builds")
    command.add_argument("before", help="a commit")
    command.add_argument("after", nargs="?", help="another (default: the workspace)")
    command.add_argument("--json", action="store_true", help="print JSON, not a table")
    command.set_defaults(work=tell_why)

    command = commands.add_parser("serve", help="serve the bundle on this machine")
    command.add_argument(
        "--port", type=_whole_number(0, MOST_PORT), default=5000, help="default: 5000"
    )
    command.add_argument(
        "--host",
        default="localhost",
        help="address to listen at: 0.0.0.0 for other machines too (default: localhost)",
    )
    command.add_argument("--bundle", type=Path, default=BUNDLE, help="its folder")
    command.set_defaults(work=serve_bundle)

    command = commands.add_parser(
        "predict",
        help="tell the labels of texts, as the page does",
        description="Answer a text, or each line of standard input, or each row of a table, by the "
        "model of a bundle or a release: the very answers of the page, with no browser.",
    )
    command.add_argument("text_given", metavar="TEXT", nargs="?", help="a text (default: lines)")
    command.add_argument(
        "--from", dest="source", metavar="FILE", type=Path,
        help="answer a table instead: CSV, JSON Lines, SQLite, or Parquet, or a folder of that",
    )  # fmt: skip
    command.add_argument("--column", help="of the table, with the texts (default: text)")
    command.add_argument("--table", default="", help="of a database that has more than one")
    command.add_argument(
        "--keep", nargs="+", default=[], metavar="COLUMN", help="columns to write beside answers"
    )
    command.add_argument(
        "--to", dest="target", metavar="FILE", type=Path,
        help="write .csv, .jsonl or .parquet (default: print CSV)",
    )  # fmt: skip
    command.add_argument(
        "--top", type=_whole_number(1, MOST_LABELS), default=3, help="labels a text (default: 3)"
    )
    command.add_argument(
        "--model", type=Path, default=BUNDLE, help=f"bundle or release (default: {BUNDLE})"
    )
    command.set_defaults(work=predict_texts)

    command = commands.add_parser(
        "compare",
        help="tell which of two models is right more often",
        description="Let two models answer the same labelled texts, those of the test split unless "
        "others are named, and tell how often each is right, how much that may be by chance, and "
        "on which labels they differ. Texts that a model was made from flatter it.",
    )
    command.add_argument("one", metavar="A", type=Path, help="bundle or release")
    command.add_argument(
        "other", metavar="B", type=Path, nargs="?", default=BUNDLE, help=f"(default: {BUNDLE})"
    )
    command.add_argument(
        "--from", dest="source", metavar="FILE", type=Path,
        help=f"table with texts and labels (default: {TEST_SPLIT})",
    )  # fmt: skip
    command.add_argument("--column", default="text", help="with the texts (default: text)")
    command.add_argument("--label", default="label", help="column with labels (default: label)")
    command.add_argument("--table", default="", help="of a database that has more than one")
    command.add_argument("--json", action="store_true", help="print JSON, not a table")
    command.add_argument(
        "--not-worse", metavar="POINTS", type=float,
        help="end with an error where B is worse than A by more than this",
    )  # fmt: skip
    command.set_defaults(work=compare_models)

    command = commands.add_parser(
        "suggest",
        help="tell which texts to label next",
        description="List the texts of a table whose labels would teach the model most: it is "
        "unsure of them, they are like many others, and no two are alike. Fill in the column of "
        "labels, add the rows to your table, and build again.",
    )
    command.add_argument(
        "source", metavar="FILE", type=Path,
        help="table with texts: CSV, JSON Lines, SQLite, or Parquet, or a folder of that",
    )  # fmt: skip
    command.add_argument("--column", default="text", help="with the texts (default: text)")
    command.add_argument("--label", help="column with labels: rows that have one are left out")
    command.add_argument("--table", default="", help="of a database that has more than one")
    command.add_argument(
        "--count", type=_whole_number(1, MOST_SUGGESTED), default=50, help="of texts (default: 50)"
    )
    command.add_argument(
        "--to", dest="target", metavar="FILE", type=Path,
        help="write .csv, .jsonl or .parquet (default: print CSV)",
    )  # fmt: skip
    command.add_argument(
        "--model", type=Path, default=BUNDLE, help=f"bundle or release (default: {BUNDLE})"
    )
    command.set_defaults(work=suggest_texts)

    command = commands.add_parser("reproduce", help="build twice, in other surroundings; compare")
    command.add_argument("--config", type=Path, help="configuration to lay over the default")
    command.add_argument("--archive", type=Path, help="newsgroups archive to use")
    command.add_argument("--cpus", action="store_true", help="on emulated CPUs instead")
    command.set_defaults(work=reproduce)

    command = commands.add_parser(
        "release",
        help="write the recorded build as a release",
        description="Write the recorded, committed and pushed build to dist/releases/, with a "
        "statement of what it was made from. Says all that is missing, and then writes nothing.",
    )
    command.add_argument("version", metavar="VERSION", help="the version in the configuration")
    command.add_argument(
        "--key", metavar="FILE", type=Path, help="sign with this private key, of provender keygen"
    )
    command.add_argument("--remote", metavar="NAME", help="DVC remote (default: DVC's default)")
    command.set_defaults(work=release)

    command = commands.add_parser(
        "keygen",
        help="make a key to sign releases with",
        description="Write a new ed25519 private key to FILE and its public key to FILE.pub.",
    )
    command.add_argument("file", metavar="FILE", type=Path, help="outside of every git repository")
    command.set_defaults(work=keygen)

    command = commands.add_parser(
        "audit",
        help="tell whether a release is what it says",
        description=audit_options.AUDIT,
        formatter_class=step.HelpFormatter,
    )
    audit_options.add_audit(command)
    command.set_defaults(work=audit)

    command = commands.add_parser(
        "trace",
        help="tell what a file or a release was made from",
        description=audit_options.TRACE,
        formatter_class=step.HelpFormatter,
    )
    audit_options.add_trace(command)
    command.set_defaults(work=trace)
    helps = {choice.dest: str(choice.help) for choice in commands._get_subactions()}
    for name, command in commands.choices.items():
        command.description = command.description or f"{helps[name][0].upper()}{helps[name][1:]}."
        command.epilog = command.epilog or f"Example: provender {name} {EXAMPLES[name]}".rstrip()
    return parser


def _version() -> str:
    # Takes a fiftieth of a second, which is little beside what follows.
    from importlib import metadata

    return metadata.version("provender")


def _work(options: argparse.Namespace) -> None:
    """Do what a command is for; one that is of a project needs a folder that is one."""
    if options.work in OF_PROJECTS:
        if not Path(configuration.DEFAULT).is_file():
            raise UserError(
                f"there is no {configuration.DEFAULT}: this folder is no project. Enter one, or "
                "begin one by provender init FOLDER --from FILE"
            )
        tool.link()
    # What it starts, such as Snakemake, is of its own environment, whether or not that is active.
    own = str(Path(sys.executable).parent)
    paths = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if paths[0] != own:
        os.environ["PATH"] = os.pathsep.join([own, *paths])
    options.work(options)


# Commands that read a project's configuration or its record, and so may need the tool's files.
OF_PROJECTS = (
    build, refresh, update, dvc, run_stage, record_build, sync_build, print_graph, tell_why,
    release,
)  # fmt: skip


def main() -> int:
    """Run the command line and return its exit code."""
    parser = parse_arguments()
    try:
        code = step.run(parser, _work, receipts=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has had enough, as head has; what Python still holds goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code
