"""Keys and signatures."""

import base64
import errno
import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from provender import command
from provender.errors import UserError
from provender.release import signing
from provender.release.signing import SignatureError
from provender.running import step

PAYLOAD = b'{"a": 1}'
EMPTY = {"payload": "", "payloadType": signing.PAYLOAD_TYPE}


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Return a new private key's file."""
    path = tmp_path / "keys" / "key.pem"
    signing.generate(path)
    return path


def public(key: Path) -> Path:
    """Return the file of a key's public half."""
    return Path(f"{key}.pub")


def envelope(key: Path, payload: bytes = PAYLOAD) -> dict:
    """Return an envelope of ``payload``, signed."""
    return signing.sign(payload, signing.read_signer(key))


def verify(value: object, key: Path) -> bytes:
    """Verify an envelope as a file that holds it."""
    return signing.verify(json.dumps(value).encode(), public(key))


def run(*arguments: str | Path) -> int:
    """Run the command and return its exit code."""
    options = [str(word) for word in arguments]
    return step.run(command.parse_arguments(), lambda options: options.work(options), options)


def test_keygen(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """It writes a private key that only its owner reads, and says its id, not the key."""
    path = tmp_path / "new" / "key.pem"
    assert run("keygen", path) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(public(path).stat().st_mode) == 0o644
    assert path.read_text().startswith("-----BEGIN PRIVATE KEY-----\n")
    assert public(path).read_text().startswith("-----BEGIN PUBLIC KEY-----\n")
    said = capsys.readouterr().out
    assert signing.read_public(public(path)).keyid in said
    assert not any(line in said for line in path.read_text().splitlines())
    assert verify(envelope(path), path) == PAYLOAD


@pytest.mark.parametrize("taken", ["key.pem", "key.pem.pub"])
def test_keygen_overwrites_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, taken: str
) -> None:
    """Neither key; not even a link that leads nowhere."""
    (tmp_path / taken).symlink_to("nowhere")
    with pytest.raises(UserError, match=f"{taken} exists"):
        signing.generate(tmp_path / "key.pem")
    (tmp_path / taken).unlink()
    (tmp_path / taken).write_text("precious")
    assert run("keygen", tmp_path / "key.pem") == 1
    assert [path.name for path in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_text() == "precious"


def test_no_key_in_a_repository(tmp_path: Path, key: Path) -> None:
    """Neither made nor read where git could take it up, by whatever path."""
    work = tmp_path / "work"
    subprocess.run(["git", "init", "--quiet", work], check=True)
    (tmp_path / "link").symlink_to(work)
    for place in (work, work / "new" / "deeper", work / ".git", tmp_path / "link"):
        with pytest.raises(UserError, match="lies in a git repository"):
            signing.generate(place / "key.pem")
    assert not (work / "key.pem").exists()
    (work / "key.pem").write_bytes(key.read_bytes())
    with pytest.raises(UserError, match="lies in a git repository"):
        signing.read_signer(work / "key.pem")


def test_other_files_are_no_keys(tmp_path: Path, key: Path) -> None:
    """A public key, an RSA key, one with a password and anything else is named as no key."""
    rsa = generate_private_key(65537, 2048)
    ours = load_pem_private_key(key.read_bytes(), None)
    pkcs8 = (Encoding.PEM, PrivateFormat.PKCS8)
    texts = {
        "public": public(key).read_bytes(),
        "rsa": rsa.private_bytes(*pkcs8, NoEncryption()),
        "password": ours.private_bytes(*pkcs8, BestAvailableEncryption(b"secret")),
        "text": b"text",
    }
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text)
        with pytest.raises(UserError, match=f"{name} is no private ed25519 key in PEM"):
            signing.read_signer(tmp_path / name)
    with pytest.raises(UserError, match=r"key.pem is no public ed25519 key in PEM"):
        signing.read_public(key)
    with pytest.raises(UserError, match=r"none cannot be read \(No such file or directory\)"):
        signing.read_signer(tmp_path / "none")


def test_a_full_disk_leaves_no_half_of_a_pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the public key cannot be written, there is no private one either."""

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(signing.files, "write_text", fail)
    assert run("keygen", tmp_path / "key.pem") == 1
    assert list(tmp_path.iterdir()) == []


def test_ed25519_signs_alike_each_time(key: Path) -> None:
    """The same content gives the same envelope."""
    assert envelope(key) == envelope(key)


def test_another_key(tmp_path: Path, key: Path) -> None:
    """A signature by another key is none, even under this key's name."""
    other = tmp_path / "other.pem"
    signing.generate(other)
    signed = envelope(other)
    with pytest.raises(SignatureError, match="not by the key"):
        verify(signed, key)
    signed["signatures"][0]["keyid"] = signing.read_public(public(key)).keyid
    with pytest.raises(SignatureError, match="not by the key"):
        verify(signed, key)


def test_other_content(key: Path) -> None:
    """Neither may the content change, nor its type."""
    signed = envelope(key)
    changed = {**signed, "payload": base64.b64encode(b'{"a": 2}').decode()}
    with pytest.raises(SignatureError, match="not of this content"):
        verify(changed, key)
    with pytest.raises(SignatureError, match=r"holds 'text/plain', not application"):
        verify({**signed, "payloadType": "text/plain"}, key)
    with pytest.raises(SignatureError, match="it names nobody"):
        verify({**signed, "signatures": []}, key)


@pytest.mark.parametrize(
    "value",
    [
        *([], {}, "text", None),
        {"payload": 1, "payloadType": "a", "signatures": []},
        {"payload": "?", "payloadType": "a", "signatures": []},
        {**EMPTY, "signatures": 1},
        {**EMPTY, "signatures": [1]},
        {**EMPTY, "signatures": [{"sig": ""}]},
        {**EMPTY, "signatures": [{"keyid": [], "sig": ""}]},
        {**EMPTY, "signatures": {"a": {}}},
        {"payload": "", "payloadType": 1, "signatures": []},
        {"payload": "é", "payloadType": signing.PAYLOAD_TYPE, "signatures": []},
    ],
)
def test_what_is_no_envelope(key: Path, value: object) -> None:
    """Anything else is named as none."""
    with pytest.raises(SignatureError):
        verify(value, key)
