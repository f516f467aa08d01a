"""containers/store.py brings a bundle through a store, here a folder, to whoever serves it."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import fsspec
import pytest
from conftest import ROOT
from served import check, make_bundle

from provender import files


@pytest.fixture
def store() -> ModuleType:
    """Return the module, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("store", ROOT / "containers" / "store.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of a store, which the environment names."""
    monkeypatch.setenv("STORE", f"file://{tmp_path}/store/")
    return f"file://{tmp_path}/store"


def put(url: str, module: ModuleType, bundle: Path) -> str:
    """Lay a bundle into the store, as publish does, and return its name there."""
    there, path = fsspec.url_to_fs(url)
    digest = module.digest_of((bundle / "manifest.json").read_bytes())
    there.put(f"{bundle}/", f"{path}/bundles/{digest}/", recursive=True)
    there.pipe_file(f"{path}/bundles/current", digest.encode())
    return digest


def test_what_is_fetched_can_be_served(store: ModuleType, url: str, tmp_path: Path) -> None:
    """The first bundle, and the next one, of which no file of the first is left."""
    site = tmp_path / "site"
    site.mkdir()
    first = make_bundle(tmp_path / "first", more={"old.txt": "old"})
    (first / "provenance.intoto.json").write_text("{}")
    for bundle in (first, make_bundle(tmp_path / "second", "2.0.0")):
        put(url, store, bundle)
        store.fetch(site, every=1, once=True)
        names = {path.relative_to(site) for path in site.rglob("*")}
        assert names == {path.relative_to(bundle) for path in bundle.rglob("*")}
        assert check(site, tmp_path / "work").code == 0


def test_what_is_not_of_the_bundle_stays(store: ModuleType, url: str, tmp_path: Path) -> None:
    """Whatever lies in the folder, before the first bundle and between two."""
    site = tmp_path / "site"
    names = ("notes.txt", "tfjs/layers/mine.json", ".well-known/mine")
    for name in names:
        files.write_text(site / name, "mine")
    for version in ("1.0.0", "2.0.0"):
        put(url, store, make_bundle(tmp_path / version, version))
        store.fetch(site, every=1, once=True)
        assert [(site / name).read_text() for name in names] == ["mine"] * len(names)


@pytest.mark.parametrize(
    "name", ["../mine", "tfjs/../mine", "{outside}/mine", "link/mine", "mine", "", ".", "a\0b"]
)
def test_no_name_of_an_old_manifest_leads_out_of_the_folder(
    store: ModuleType, url: str, tmp_path: Path, name: str
) -> None:
    """By .., from the root, by a folder or a file that is a link, or by what is no name."""
    site, outside = tmp_path / "site", tmp_path
    put(url, store, make_bundle(tmp_path / "second", "2.0.0"))
    make_bundle(site)
    (outside / "mine").write_text("mine")
    (site / "link").symlink_to(outside)
    (site / "mine").symlink_to(outside / "mine")
    manifest = files.read_json(site / "manifest.json")
    manifest["files"][name.format(outside=outside)] = manifest["files"]["page.js"]
    files.write_json(site / "manifest.json", manifest)
    store.fetch(site, every=1, once=True)
    assert (outside / "mine").read_text() == "mine"
    assert (site / "mine").is_symlink() and (site / "link").is_symlink()
    assert check(site, tmp_path / "work").said.count("serving tiny 2.0.0") == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": ["page.js"]}', "\0"])
def test_a_folder_whose_manifest_is_none(
    store: ModuleType, url: str, tmp_path: Path, text: str
) -> None:
    """It says nothing of what is the bundle's, and another takes its place."""
    site = tmp_path / "site"
    files.write_text(site / "manifest.json", text)
    files.write_text(site / "notes.txt", "mine")
    put(url, store, make_bundle(tmp_path / "first"))
    store.fetch(site, every=1, once=True)
    assert (site / "notes.txt").read_text() == "mine"
    assert check(site, tmp_path / "work").code == 0


def test_a_store_without_a_bundle(store: ModuleType, url: str, tmp_path: Path) -> None:
    """The message says what to do."""
    with pytest.raises(store.StoreError, match="nothing is published yet: docker compose"):
        store.fetch(tmp_path, every=1, once=True)


def test_a_bundle_that_was_changed_in_the_store(
    store: ModuleType, url: str, tmp_path: Path
) -> None:
    """What was fetched before stays."""
    site = tmp_path / "site"
    site.mkdir()
    put(url, store, make_bundle(tmp_path / "first"))
    store.fetch(site, every=1, once=True)
    before = (site / "manifest.json").read_bytes()
    digest = put(url, store, make_bundle(tmp_path / "second", "2.0.0"))
    (tmp_path / "store" / "bundles" / digest / "manifest.json").write_text("{}")
    with pytest.raises(store.StoreError, match="publish again"):
        store.fetch(site, every=1, once=True)
    assert (site / "manifest.json").read_bytes() == before


@pytest.mark.parametrize("value", ["", "bucket"])
def test_no_store_is_named(store: ModuleType, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """The message names the variables."""
    monkeypatch.setenv("STORE", value)
    with pytest.raises(store.StoreError, match="give one by --env STORE=s3://BUCKET/FOLDER"):
        store.open_store()


def test_a_release_of_the_same_build_is_published(
    store: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be signed; one of another build is not what was built."""
    monkeypatch.chdir(tmp_path)
    built = make_bundle(Path("dist/bundle"))
    assert store.choose_bundle() == built
    make_bundle(Path("dist/releases/tiny-2.0.0/bundle"), "2.0.0")
    assert store.choose_bundle() == built
    same = make_bundle(Path("dist/releases/tiny-1.0.0/bundle"))
    os.utime(same / "manifest.json", (0, 0))
    assert store.choose_bundle() == same


def test_steps_of_a_build_do_not_find_the_packages_of_a_store(
    store: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They refuse modules of elsewhere."""
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    assert "PYTHONPATH" not in store.without_store_packages()
