"""containers/store.py brings a bundle through a store, here a folder, to whoever serves it."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import fsspec
import pytest
from conftest import ROOT
from served import check, make_bundle


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
    files, path = fsspec.url_to_fs(url)
    digest = module.digest_of((bundle / "manifest.json").read_bytes())
    files.put(f"{bundle}/", f"{path}/bundles/{digest}/", recursive=True)
    files.pipe_file(f"{path}/bundles/current", digest.encode())
    return digest


def test_what_is_fetched_can_be_served(store: ModuleType, url: str, tmp_path: Path) -> None:
    """The first bundle, and the next one, of which no file of the first is left."""
    site = tmp_path / "site"
    site.mkdir()
    first = make_bundle(tmp_path / "first")
    (first / "old.txt").write_text("old")
    for bundle in (first, make_bundle(tmp_path / "second", "2.0.0")):
        put(url, store, bundle)
        store.fetch(site, every=1, once=True)
        names = {path.relative_to(site) for path in site.rglob("*")}
        assert names == {path.relative_to(bundle) for path in bundle.rglob("*")}
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
