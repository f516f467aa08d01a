"""Both images: built, then a table goes in at one end and a page comes out at the other."""

import contextlib
import csv
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import GIT_IDENTITY, ROOT, make_posts
from images import Container, Store, run, size
from ports import free_port, listens

from provender import files
from provender.reproduction.clone import copy_tree

# What the images may take, in bytes: serve above its base, and train as a whole.
MOST_SERVE, MOST_TRAIN = 60_000_000, 2_500_000_000

# Seconds of processors that an image may take again after a changed script (waiting for a disk or
# for other work counts for nothing), and seconds in which a server must answer.
REBUILT_SECONDS, SERVED_SECONDS = 60, 60

COMMIT = "0123456789abcdef0123456789abcdef01234567"

# Somebody who has no name in the image, and whose folder it is.
OWNER = 12345

MODEL = "model:\n  seed: 1\n  budget_kb: 20\nvocabulary:\n  min_count: 1\n"

# What the store of compose.yaml is told.
STORE = {
    "STORE": "s3://provender",
    "AWS_ACCESS_KEY_ID": "not-a-real-key",
    "AWS_SECRET_ACCESS_KEY": "not-a-real-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}

# Names of programs that have no place where only files are served.
COMPILERS = re.compile(
    r"(.*-)?(python|pip|node|npm|gcc|cc|g\+\+|clang|ld|as|make|git|curl|wget)\d*"
)

# What a root that is read-only must refuse.
TRY_TO_WRITE = "touch /here /opt/provender/here; id -u >&2; exit 1"

PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def write_table(path: Path, count: int) -> None:
    """Write the small corpus as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["message", "team", "year"])
        # No CSV file has a zero in it.
        writer.writerows((text.replace("\0", ""), *rest) for text, *rest in make_posts(count))


def digests(folder: Path) -> dict[str, str]:
    """Return the sha256 digest of each file that a build recorded, and of each one published."""
    receipts = [files.read_json(path) for path in sorted(folder.glob("data/receipts/*.json"))]
    assert len(receipts) > 10
    outputs = {name: digest for each in receipts for name, digest in each["outputs"].items()}
    published = {
        path.relative_to(folder).as_posix(): files.sha256(path)
        for path in sorted((folder / "dist").rglob("*"))
        if path.is_file()
    }
    assert len(published) > 15
    return outputs | published


def own(folder: Path) -> None:
    """Make a folder and all in it somebody's whom the images do not know."""
    run("chown", "--recursive", "--no-dereference", f"{OWNER}:{OWNER}", folder)


def build_outside(tool: Path, folder: Path) -> None:
    """Build the project of a table with this environment, and the code that the image has."""
    environment = {**os.environ, **GIT_IDENTITY, "PYTHONPATH": str(tool / "src")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    command = ["provender", "init", ".", "--from", "posts.csv", "--name", "small"]
    run(*command, cwd=folder, env=environment)
    configure(folder)
    run("provender", "build", cwd=folder, env=environment)


def configure(folder: Path) -> None:
    """Have the model be small."""
    with (folder / "config" / "config.yaml").open("a", encoding="utf-8") as file:
        file.write(MODEL)


def check_sizes(store: Store) -> None:
    """The image for serving adds little to its base, that for training is within bounds."""
    with store.container("base") as base, store.container("serve") as serve:
        assert size(serve.root) - size(base.root) <= MOST_SERVE
    with store.container("train") as train:
        apparent = run("du", "--summarize", "--bytes", "--one-file-system", train.root)
        assert int(apparent.split()[0]) <= MOST_TRAIN


def check_what_serve_has(serve: Container) -> None:
    """No interpreter, compiler or client, no key, nothing of the tool, no setting but of nginx."""
    root = serve.root
    folders = ["usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin"]
    names = [path.name for folder in folders for path in (root / folder).iterdir()]
    assert len(names) > 100
    assert [name for name in names if COMPILERS.fullmatch(name)] == []
    assert {path.name for path in (root / "opt/provender").iterdir()} == {"serve", "nginx.conf"}
    paths = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    with_key = [
        path
        for path in paths
        if not path.is_relative_to(root / "proc") and PRIVATE_KEY.search(path.read_bytes())
    ]
    # Programs and libraries that read keys know how one begins.
    assert [path for path in with_key if path.read_bytes()[:4] != b"\x7fELF"] == []
    # What runs as root whoever starts it: Debian's own, of which no-new-privileges takes the right.
    assert serve.config["User"] == "33:33"
    assert serve.config["Healthcheck"]["Test"][-1] == "health"


def processor_seconds() -> float:
    """Return what the programs that ended have taken of processors so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def check_second_build(store: Store, tool: Path) -> None:
    """A changed script needs no package again, and no machine code."""
    script = tool / "scripts" / "render_report.py"
    script.write_text(script.read_text(encoding="utf-8") + "# Changed.\n", encoding="utf-8")
    before = processor_seconds()
    said = store.build(tool, "train", "--build-arg", f"COMMIT={COMMIT}")
    assert processor_seconds() - before < REBUILT_SECONDS
    assert "install-tool" in said
    # Whether it ran or was taken from before stands in the line that follows.
    steps = ("install-environment python", "install-environment node", "compile_loops.py")
    for step in steps:
        after = said[said.index(f"containers/{step}\n") :].splitlines()[1]
        assert "Using cache" in after, after


def check_refusals(train: Container, folder: Path) -> None:
    """One message each, which says what to do."""
    folder.mkdir()
    own(folder)
    said = train.run("build", user=OWNER, volumes={folder: "/project"}, code=1)
    assert "train: /project is empty: mount the folder of a project" in said
    write_table(folder / "posts.csv", 400)
    said = train.run("build", user=OWNER, volumes={folder: "/project"}, code=1)
    assert "there is no config/config.yaml: this folder is no project" in said
    said = train.run("build", user=OWNER + 1, volumes={folder: "/project"}, code=1)
    assert f"/project cannot be written by user {OWNER + 1}" in said
    assert "docker run --user $(id -u):$(id -g)" in said
    assert "Traceback" not in said


def check_no_space(train: Container, folder: Path) -> None:
    """A disk that is full is said to be."""
    folder.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder)
    try:
        write_table(folder / "posts.csv", 400)
        own(folder)
        volumes = {folder: "/project"}
        train.run("init", ".", "--from", "posts.csv", user=OWNER, volumes=volumes)
        said = train.run("build", user=OWNER, volumes=volumes, code=1)
        assert "No space left on device" in said
        assert "Traceback" not in said
    finally:
        run("umount", folder)


def check_training(train: Container, tool: Path, folder: Path) -> Path:
    """The bytes are those of a build outside, and every file is its owner's."""
    inside, outside = folder / "inside", folder / "outside"
    for each in (inside, outside):
        each.mkdir(parents=True)
        write_table(each / "posts.csv", 400)
    own(inside)
    volumes = {inside: "/project"}
    command = ("init", ".", "--from", "posts.csv", "--name", "small")
    # As root, as Docker does unless told otherwise, and as one who has no other right.
    train.run(*command, user=0, volumes=volumes)
    configure(inside)
    said = train.run(user=OWNER, volumes=volumes)
    assert "Done: dist/bundle/index.html" in said
    build_outside(tool, outside)
    assert digests(inside) == digests(outside)
    assert {path.lstat().st_uid for path in inside.rglob("*")} == {OWNER}
    assert f"commit: {COMMIT}\n" in (inside / "provender.lock").read_text(encoding="utf-8")
    assert "Nothing to be done" in train.run(user=OWNER, volumes=volumes)
    return inside


@contextmanager
def started(command: list[str], **environment: str) -> Iterator[subprocess.Popen]:
    """Run a server until the end of the block."""
    reading, writing = os.pipe()
    # As whatever starts a container does, so that nginx may open its log.
    os.fchown(writing, 33, 33)
    process = subprocess.Popen(
        command, env=os.environ | environment, stdin=subprocess.DEVNULL, stdout=writing,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    os.close(writing)
    try:
        yield process
    finally:
        # It may have ended, with all that it started.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        os.close(reading)


def wait_for(port: int, process: subprocess.Popen) -> None:
    """Wait until something listens."""
    deadline = time.monotonic() + SERVED_SECONDS
    while not listens(port):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.1)


def ended(command: list[str]) -> str:
    """Return what a command says that must fail."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stderr


def status_of(port: int) -> dict[str, str]:
    """Return what the kernel says of the process that listens at a port, and of its root."""
    told = run("ss", "--listening", "--tcp", "--numeric", "--processes", f"sport = {port}")
    pid = re.findall(r"pid=(\d+)", told)[0]
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    told_by = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    mounts = Path(f"/proc/{pid}/mountinfo").read_text(encoding="utf-8").splitlines()
    root = [line.split() for line in mounts if line.split()[4] == "/"]
    return {**told_by, "root": root[-1][5].split(",")[0]}


def check_serving(serve: Container, bundle: Path, folder: Path) -> None:
    """The page answers in Chromium, from a process that may do nothing else."""
    copy = shutil.copytree(bundle, folder)
    mounts = {copy: "/bundle"}
    port = free_port()
    command = serve.sealed(mounts=mounts, tmp="64m", PORT=str(port), EVERY="1")
    address = f"http://localhost:{port}/"
    with started(command) as process:
        wait_for(port, process)
        found = status_of(port)
        assert found["Uid"].split() == found["Gid"].split() == ["33"] * 4
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(found[name], 16) == 0, name
        assert (found["NoNewPrivs"], found["root"]) == ("1", "ro")
        health = serve.config["Healthcheck"]["Test"][1:]
        run(*serve.sealed(mounts=mounts, tmp="1m", run=health, PORT=str(port)))
        ended(serve.sealed(mounts=mounts, tmp="1m", run=health, PORT=str(free_port())))
        tested = subprocess.run(
            ["node", "--test", "--test-reporter=tap", "test/container/*.test.js"],
            cwd=ROOT / "web", env=os.environ | {"ADDRESS": address, "BUNDLE": str(bundle)},
            check=False, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert tested.returncode == 0, tested.stdout + tested.stderr
        assert re.search(r"^# pass 3$", tested.stdout, re.MULTILINE), tested.stdout
        with urllib.request.urlopen(address) as answer:
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'; ")
    said = ended(serve.sealed(mounts=mounts, tmp="64m", run=["/bin/sh", "-c", TRY_TO_WRITE]))
    assert said.count("Read-only file system") == 2
    assert said.endswith("33\n")


def check_serve_refuses(serve: Container, bundle: Path, folder: Path) -> None:
    """A bundle that was altered, none, too little space, and a port that is taken."""
    empty = folder / "empty"
    empty.mkdir(parents=True)
    said = ended(serve.sealed(mounts={empty: "/bundle"}, tmp="64m"))
    assert "serve: there is no manifest.json in /bundle" in said
    copy = shutil.copytree(bundle, folder / "altered")
    weights = next((copy / "tfjs" / "layers").glob("*.bin"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"\0\0")
    said = ended(serve.sealed(mounts={copy: "/bundle"}, tmp="64m"))
    assert "is not what its manifest.json says" in said
    mounts = {bundle: "/bundle"}
    said = ended(serve.sealed(mounts=mounts, tmp="1m"))
    assert "no space left in /tmp: give it more" in said
    port = free_port()
    with started(serve.sealed(mounts=mounts, tmp="64m", PORT=str(port))) as process:
        wait_for(port, process)
        said = ended(serve.sealed(mounts=mounts, tmp="64m", PORT=str(port)))
        assert f"if port {port} is in use, give another" in said


def made_code(folder: Path) -> set[str]:
    """Return the names of the files of machine code in a folder."""
    found = {each.name for each in folder.rglob("*.nbc")}
    assert len(found) > 9
    return found


def check_demo(train: Container) -> None:
    """Without any folder: the example's page, to other machines too."""
    port = free_port()
    command = train.command("demo", "--port", str(port), user=OWNER, volumes={}, environment={})
    with started(command) as process:
        wait_for(port, process)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/about.json") as answer:
            assert json.load(answer)["corpus"]["title"] == "tickets.sqlite: message by team"
        # Each process of it found the machine code that the image has, and made none.
        packages = train.root / "opt/provender/.venv/share"
        assert made_code(train.root / "tmp/.cache") == made_code(packages)
        told = run("ss", "--listening", "--tcp", "--numeric", f"sport = {port}")
        assert f"0.0.0.0:{port}" in told


def check_store(train: Container, serve: Container, project: Path, folder: Path) -> None:
    """What training publishes reaches the page by way of the store, without a build or a start."""
    server, site = free_port(), folder / "site"
    site.mkdir(parents=True)
    os.chown(site, 33, 33)
    packages = str(ROOT / ".venv" / "remote-packages")
    moto = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(server)]
    settings = {**STORE, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server}"}
    port = free_port()
    fetch = ("fetch", "--once")
    with started(moto, PYTHONPATH=packages, **STORE) as process:
        wait_for(server, process)
        volumes = {site: "/site"}
        said = train.run(*fetch, user=33, volumes=volumes, code=1, **settings)
        assert "nothing is published yet" in said
        said = train.run("publish", user=OWNER, volumes={project: "/project"}, **settings)
        assert "store: published dist/bundle" in said
        train.run(*fetch, user=33, volumes=volumes, **settings)
        command = serve.sealed(mounts={site: "/bundle"}, tmp="64m", PORT=str(port), EVERY="1")
        with started(command) as process:
            wait_for(port, process)
            before = fetched_manifest(port)
            assert before == (project / "dist/bundle/manifest.json").read_bytes()
            write_table(project / "posts.csv", 500)
            train.run("publish", user=OWNER, volumes={project: "/project"}, **settings)
            train.run(*fetch, user=33, volumes=volumes, **settings)
            deadline = time.monotonic() + SERVED_SECONDS
            while fetched_manifest(port) == before:
                assert time.monotonic() < deadline
                time.sleep(0.2)
            newest = (project / "dist/bundle/manifest.json").read_bytes()
            assert fetched_manifest(port) == newest != before


def fetched_manifest(port: int) -> bytes:
    """Return the manifest that is served."""
    with urllib.request.urlopen(f"http://localhost:{port}/manifest.json") as answer:
        return answer.read()


@pytest.mark.ci
@pytest.mark.proof(
    "containers/*", ".dockerignore", "requirements.lock", "web/package-lock.json",
    "pyproject.toml", "setup.py", "src/provender/tool.py", "src/provender/projects/*.py",
    "src/provender/bundle/*.py", "scripts/assemble_bundle.py", "web/test/container/*.js",
    "docs/own-data.md",
)  # fmt: skip
def test_from_a_table_to_a_page(tmp_path: Path) -> None:
    """Both images are built once, since that takes minutes and gigabytes, and all is asked of them.

    Sizes, contents, a second build; training as anyone, to the same bytes as outside; serving as
    nobody, from a root that is read-only; and a store in between.
    """
    tool = copy_tree(ROOT, tmp_path / "tool")
    # As in a clone that was made with a strict umask.
    run("chmod", "--recursive", "go-rwx", tool)
    store = Store(tmp_path / "store")
    try:
        store.make_base()
        store.build(tool, "serve")
        store.build(tool, "train", "--build-arg", f"COMMIT={COMMIT}")
        check_sizes(store)
        check_second_build(store, tool)
        with store.container("train") as train, store.container("serve") as serve:
            check_what_serve_has(serve)
            check_refusals(train, tmp_path / "refused")
            check_no_space(train, tmp_path / "full")
            project = check_training(train, tool, tmp_path / "trained")
            bundle = project / "dist" / "bundle"
            check_serving(serve, bundle, tmp_path / "served")
            check_serve_refuses(serve, bundle, tmp_path / "spoilt")
            check_demo(train)
            check_store(train, serve, project, tmp_path / "stored")
    finally:
        store.remove()
