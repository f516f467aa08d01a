"""The files that images and services are made by: linted, pinned, and in step with the rest."""

import re
import subprocess
from fnmatch import fnmatch

import pytest
import yaml
from conftest import ROOT

from provender import tool
from provender.projects import environment

FOLDER = ROOT / "containers"
CONTAINERFILE = (FOLDER / "Containerfile").read_text(encoding="utf-8")

# An image of a registry, whose bytes its digest holds fast.
PINNED = re.compile(r"[\w.-]+\.[a-z]+/[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}")

# Where tests/install-containers puts it.
HADOLINT = ROOT / ".venv" / "container-packages" / "bin" / "hadolint"


def test_hadolint_finds_nothing() -> None:
    """Nor does the ShellCheck within it."""
    done = subprocess.run(
        [HADOLINT, FOLDER / "Containerfile"], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_shellcheck_finds_nothing() -> None:
    """In the scripts of the images and those that install for tests."""
    texts = {path: path.read_bytes() for path in [*FOLDER.iterdir(), *ROOT.glob("tests/install-*")]}
    scripts = sorted(path for path, text in texts.items() if text.startswith(b"#!/bin/sh\n"))
    assert {path.name for path in scripts} >= {"serve", "train", "install-environment"}
    done = subprocess.run(["shellcheck", *scripts], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_all_stages_are_from_one_base_that_is_pinned() -> None:
    """It is an argument, so that another may be given, and nothing else comes from a registry."""
    [base] = re.findall(r"^ARG BASE=(.*)$", CONTAINERFILE, re.MULTILINE)
    assert PINNED.fullmatch(base)
    stages = dict(
        reversed(line.split(" AS ")) for line in re.findall(r"^FROM (.*)$", CONTAINERFILE, re.M)
    )
    of_base = dict.fromkeys(("environment", "train", "serve"), "${BASE}")
    assert stages == {**of_base, "loops": "environment"}
    assert set(re.findall(r"--from=(\S+)", CONTAINERFILE)) <= set(stages)


def copied(stage: str) -> list[str]:
    """Return what a stage of the file copies."""
    return sorted(" ".join(re.findall(r"^COPY (.*) \S+$", stage, re.MULTILINE)).split())


def test_a_change_of_code_leaves_the_environment_as_it_is() -> None:
    """What comes before it in the file is nothing but the lock files and what reads them."""
    environment, loops = (
        CONTAINERFILE.split("AS environment")[1].split("AS train")[0].split("AS loops")
    )
    assert copied(environment) == [
        "containers/install-environment", "containers/store.lock", "pyproject.toml",
        "requirements.lock", "web/package-lock.json", "web/package.json",
    ]  # fmt: skip
    # Machine code, of what is compiled alone.
    assert copied(loops) == ["containers/compile_loops.py", "src"]
    train = CONTAINERFILE.split("AS train")[1].split("AS serve")[0]
    assert train.index("COPY --from=environment") < train.index("COPY . .")


def test_the_page_is_served_by_nobody() -> None:
    """The last word on the user is a number that is not root's, which a cluster can check."""
    serve = CONTAINERFILE.split("AS serve")[1]
    assert re.findall(r"^USER (.*)$", serve, re.MULTILINE) == ["33:33"]
    assert re.findall(r"^HEALTHCHECK .*CMD (.*)$", serve, re.MULTILINE) == [
        '["/opt/provender/serve", "health"]'
    ]


def allowed() -> list[str]:
    """Return the patterns of .dockerignore that let files in."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*"
    return [line[1:] for line in lines if line.startswith("!")]


def test_the_context_has_all_of_the_tool_and_no_more() -> None:
    """No repository, no data, no environment, and no place where a key would lie."""
    assert {part for part in tool.PARTS if part.split("/")[0] not in allowed()} <= {tool.MODULES}
    assert "src" in allowed()
    for name in (".git", ".venv", ".dvc", "data", "dist", "tests", "key.pem", ".env", "docs"):
        assert not any(fnmatch(name, pattern) for pattern in allowed()), name


def test_the_same_packages_of_node_are_left_out_as_by_setup() -> None:
    """Both remove what TensorFlow.js' one file has inside."""
    script = (FOLDER / "install-environment").read_text(encoding="utf-8")
    [line] = re.findall(r"^ *rm -rf (@tensorflow.*)$", script, re.MULTILINE)
    assert tuple(line.split()) == environment.UNUSED


def test_packages_for_a_store_are_those_that_remotes_are_tested_with() -> None:
    """By version and hash; none overrides one of the environment."""
    pattern = re.compile(r"^[\w.-]+==.*\n(?:    .*\n)*", re.MULTILINE)
    tested = pattern.findall((ROOT / "tests" / "remotes.lock").read_text(encoding="utf-8"))
    held = pattern.findall((FOLDER / "store.lock").read_text(encoding="utf-8"))
    assert len(held) > 5
    assert set(held) <= set(tested)
    script = (FOLDER / "install-environment").read_text(encoding="utf-8")
    assert "--target .venv/store-packages" in script


@pytest.fixture
def services() -> dict:
    """Return the services of compose.yaml, with what they merge in."""
    with (FOLDER / "compose.yaml").open(encoding="utf-8") as file:
        return yaml.safe_load(file)["services"]


def test_training_and_serving_share_nothing_but_the_store(services: dict) -> None:
    """Neither a network nor a volume; serve reaches nobody at all."""
    train, serve = services["train"], services["serve"]
    assert set(train["networks"]).isdisjoint(serve["networks"])
    assert [each["target"] for each in train["volumes"]] == ["/project"]
    assert {each.split(":")[0] for each in serve["volumes"]} == {"site", "${KEY"}
    assert serve["networks"] == ["page"]
    assert [name for name, each in services.items() if "page" in each["networks"]] == ["serve"]
    assert set(services["store"]["networks"]) == {"training", "releases"}
    assert "training" not in services["fetch"]["networks"]


def test_services_have_no_rights(services: dict) -> None:
    """Those that run on are closed, and write to memory and to one volume."""
    for name in ("serve", "fetch"):
        service = services[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    assert "site:/site:ro" in services["serve"]["volumes"]
    assert "ports" not in services["store"]


def test_no_password_is_in_the_file() -> None:
    """Who starts the store gives one."""
    text = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
    secrets = re.findall(r"(?:SECRET_ACCESS_KEY|ROOT_PASSWORD): (.*)$", text, re.MULTILINE)
    assert len(secrets) == 2
    assert all(secret.startswith("${STORE_PASSWORD:?") for secret in secrets)


def test_other_images_are_pinned(services: dict) -> None:
    """Those that are not built here."""
    others = [each["image"] for each in services.values() if "build" not in each]
    assert len(others) == 1
    assert all(PINNED.fullmatch(image) for image in others)
