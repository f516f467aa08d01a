"""Both images, built without a daemon from a root made by debootstrap, and run without one.

Debian's buildah builds with ``--isolation chroot``, which needs no right but root's. What is built
is run in the same way, or, sealed as a cluster would, by the kernel's namespaces alone.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Debian's version of the base that containers/Containerfile names.
SUITE = "bookworm"

# What Docker's slim images of Debian leave out, so that sizes are comparable.
SLIM = "".join(
    f"path-exclude /usr/share/{name}/*\n"
    for name in ("doc", "groff", "info", "linda", "lintian", "locale", "man")
)

# Nor does any service start in them.
POLICY = "#!/bin/sh\nexit 101\n"

# Settings of this machine that downloads need, and which files they may name.
SETTINGS = re.compile(
    r"^(PIP_|UV_|NPM_CONFIG_|SSL_CERT_FILE$|NODE_EXTRA_CA_CERTS$|\w+_proxy$)", re.I
)
CERTIFICATES = "/usr/local/share/machine/certificates.pem"


def run(*command: str | Path, **options: object) -> str:
    """Run a command and return what it prints; an error shows all that it said."""
    done = subprocess.run(
        [str(word) for word in command], check=False, capture_output=True, text=True, **options
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout


def size(folder: Path) -> int:
    """Return how many bytes of a disk the files of a folder take."""
    return int(run("du", "--summarize", "--one-file-system", "--block-size=1", folder).split()[0])


def _sources() -> list[str]:
    """Return Debian's lines of this machine's sources.list, each as ``deb URI SUITE COMPONENT``."""
    form = "$(ORIGIN) $(CREATED_BY) deb $(REPO_URI) $(RELEASE) $(COMPONENT)"
    lines = run("apt-get", "indextargets", "--format", form).splitlines()
    return [
        line.split(" ", 2)[2]
        for line in lines
        if line.startswith("Debian Packages ") and f" {SUITE}" in line
    ]


def make_root(folder: Path) -> Path:
    """Make a root like that of the base image, which knows where this machine gets packages."""
    main = next(line.split() for line in _sources() if line.split()[2] == SUITE)
    run("debootstrap", "--variant=minbase", SUITE, folder, main[1])
    (folder / "etc/apt/sources.list").write_text("\n".join(_sources()) + "\n")
    settings = run("apt-config", "dump").splitlines()
    kept = [line for line in settings if re.match(r"Acquire::(Check|https?|Retries)", line)]
    (folder / "etc/apt/apt.conf.d/99machine").write_text("\n".join(kept) + "\n")
    (folder / "etc/dpkg/dpkg.cfg.d/slim").write_text(SLIM)
    policy = folder / "usr/sbin/policy-rc.d"
    policy.write_text(POLICY)
    policy.chmod(0o755)
    for line in SLIM.splitlines():
        shutil.rmtree(folder / line.split("/", 1)[1].removesuffix("/*"), ignore_errors=True)
    for name in ("var/cache/apt", "var/lib/apt/lists"):
        shutil.rmtree(folder / name)
        (folder / name).mkdir()
    return folder


def _machine() -> tuple[dict[str, str], list[Path]]:
    """Return the settings of this machine's registries, and the files and folders they name."""
    settings = {key: value for key, value in os.environ.items() if SETTINGS.match(key)}
    told = run("pip", "config", "debug") + run("pip", "config", "list")
    named = re.findall(r"(/[^\s,'\"]+)(?:, exists: True)?", told)
    named += [run("npm", "config", "get", name).strip() for name in ("userconfig", "globalconfig")]
    named += [word for value in settings.values() for word in value.split()]
    paths = {Path(word) for word in named if word.startswith("/") and Path(word).exists()}
    outside = [path for path in paths if not path.is_relative_to("/etc/ssl")]
    return settings, sorted(path for path in outside if path != Path("/"))


def _has_overlays(folder: Path) -> bool:
    """Tell whether layers can be laid over each other here; else each is a copy of all below."""
    names = [folder / f"overlay-{name}" for name in ("lower", "upper", "work", "all")]
    for name in names:
        name.mkdir()
    options = ",".join(f"{name.name[8:]}dir={name}" for name in names[:-1])
    mount = ["mount", "-t", "overlay", "-o", options, "overlay", names[-1]]
    worked = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    if worked:
        run("umount", names[-1])
    for name in names:
        shutil.rmtree(name)
    return worked


class Store:
    """Images and containers in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        """Keep them in ``folder``."""
        self.folder = folder
        folder.mkdir()
        self.driver = "overlay" if _has_overlays(folder) else "vfs"

    def buildah(self, *arguments: str | Path) -> str:
        """Run buildah and return what it prints."""
        return run("buildah", *self.options(), *arguments)

    def options(self) -> list[str]:
        """Return the options by which buildah keeps all in the folder."""
        places = ["--root", f"{self.folder}/storage", "--runroot", f"{self.folder}/run"]
        return [*places, "--storage-driver", self.driver]

    def make_base(self) -> None:
        """Make the image ``base``."""
        root = make_root(self.folder / "root")
        settings, _ = _machine()
        certificates = settings.get("SSL_CERT_FILE")
        if certificates:
            target = root / CERTIFICATES.lstrip("/")
            target.parent.mkdir(parents=True)
            shutil.copyfile(certificates, target)
        container = self.buildah("from", "scratch").strip()
        self.buildah("add", "--quiet", container, root, "/")
        for key, value in settings.items():
            told = CERTIFICATES if value == certificates else value
            self.buildah("config", "--env", f"{key}={told}", container)
        self.buildah("commit", "--quiet", "--rm", container, "base")
        shutil.rmtree(root)

    def build(self, context: Path, target: str, *options: str) -> str:
        """Build an image of containers/Containerfile, as its own name; return what is said."""
        volumes = [f"--volume={path}:{path}:ro" for path in _machine()[1]]
        return self.buildah(
            "bud", "--isolation", "chroot", "--layers", "--format", "docker", "--tag", target,
            "--file", context / "containers" / "Containerfile", "--target", target,
            "--build-arg", "BASE=localhost/base", *volumes, *options, context,
        )  # fmt: skip

    def config(self, image: str) -> dict:
        """Return the settings of an image."""
        found = json.loads(self.buildah("inspect", "--type", "image", f"localhost/{image}"))
        return found["Docker"]["config"]

    @contextmanager
    def container(self, image: str) -> Iterator["Container"]:
        """Give a container of an image until the end of the block."""
        name = self.buildah("from", f"localhost/{image}").strip()
        root = Path(self.buildah("mount", name).strip())
        yield Container(self, name, root, self.config(image))
        self.buildah("rm", name)

    def remove(self) -> None:
        """Remove all of it."""
        self.buildah("rm", "--all")
        self.buildah("rmi", "--all", "--force")
        shutil.rmtree(self.folder)


class Container:
    """A container: a root, and what its image says of how it runs."""

    def __init__(self, store: Store, name: str, root: Path, config: dict) -> None:
        """Take the container ``name`` of ``store``, mounted at ``root``."""
        self.store, self.name, self.root, self.config = store, name, root, config

    def words(self, arguments: tuple[str, ...]) -> list[str]:
        """Return the words that are run, given those that a user adds to ``docker run``."""
        return [*self.config["Entrypoint"], *(arguments or self.config["Cmd"] or ())]

    def command(
        self, *arguments: str, user: int, volumes: dict[Path, str], environment: dict[str, str]
    ) -> list[str]:
        """Return the command that runs the container as ``docker run`` would."""
        options = [f"--user={user}:{user}"]
        options += [f"--volume={source}:{target}" for source, target in volumes.items()]
        options += [f"--env={key}={value}" for key, value in environment.items()]
        start = ["buildah", *self.store.options(), "run", "--isolation", "chroot", *options]
        return [*start, self.name, "--", *self.words(arguments)]

    def run(
        self, *arguments: str, user: int, volumes: dict[Path, str] | None = None, code: int = 0,
        **environment: str,
    ) -> str:  # fmt: skip
        """Run it; assert how it ends; return all that it says."""
        told = self.command(*arguments, user=user, volumes=volumes or {}, environment=environment)
        done = subprocess.run(told, check=False, capture_output=True, text=True, timeout=600)
        said = done.stdout + done.stderr
        assert (done.returncode == 0) == (code == 0), said
        return said

    def sealed(
        self, *, mounts: dict[Path, str], tmp: str, run: list[str] | None = None, **env: str
    ) -> list[str]:
        """Return the command that runs it, or another command in it, as a strict cluster would.

        That is as the image's user, without a capability or the right to gain any, with a root that
        is read-only, and a folder in memory, of ``tmp`` bytes, for /tmp.
        """
        user, group = self.config["User"].split(":")
        root = self.root
        settings = dict(pair.split("=", 1) for pair in self.config["Env"]) | env
        script = [
            f"mount --bind {root} {root}",
            *(
                f"mkdir -p {root}{target} && mount --bind {source} {root}{target}"
                f" && mount -o remount,bind,ro {root}{target}"
                for source, target in mounts.items()
            ),
            f"mount -t tmpfs -o size={tmp},mode=1777 tmpfs {root}/tmp",
            f"mount -t proc proc {root}/proc",
            f"mount --rbind /dev {root}/dev",
            f"mount -o remount,bind,ro {root}",
            f"exec chroot {root} setpriv --reuid={user} --regid={group} --clear-groups"
            ' --bounding-set=-all --inh-caps=-all --no-new-privs -- "$@"',
        ]
        start = ["unshare", "--mount", "--pid", "--fork", "env", "-i"]
        start += [f"{key}={value}" for key, value in settings.items()]
        return [*start, "/bin/sh", "-euc", "\n".join(script), "sh", *(run or self.words(()))]
