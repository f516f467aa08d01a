"""Signatures: ed25519 keys as PEM files, DSSE envelopes around what is signed."""

import os
import subprocess
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import FormatError, VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from provender import files
from provender.errors import UserError
from provender.release import statement

PAYLOAD_TYPE = "application/vnd.in-toto+json"

PUBLIC = ".pub"

# Rights of a private key, and of a folder that is made for it: its owner's alone.
PRIVATE_MODE = 0o600
PRIVATE_FOLDER_MODE = 0o700


# What the library raises for JSON that is no envelope.
NO_ENVELOPE = (AttributeError, KeyError, TypeError, ValueError)


class SignatureError(UserError):
    """A signature that is missing, broken, or not by the key that was asked for."""


def generate(path: Path) -> str:
    """Write a new private key to ``path`` and its public key beside it; return the key's id.

    Raises UserError where a file would be overwritten, and where git could take up the key.
    """
    public = Path(f"{path}{PUBLIC}")
    for file in (path, public):
        # A link that leads nowhere is taken too.
        if file.is_symlink() or file.exists():
            raise UserError(
                f"{file} exists, and a key that is overwritten is lost: name another file"
            )
    refuse_in_work_tree(path)
    signer = CryptoSigner.generate_ed25519()
    key = load_pem_private_key(signer.private_bytes, None).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.parent.mkdir(PRIVATE_FOLDER_MODE, parents=True, exist_ok=True)
    # Never readable by others, not even before it is written.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
    try:
        with open(descriptor, "wb") as private:
            private.write(signer.private_bytes)
        files.write_text(public, pem.decode())
    except BaseException:
        path.unlink()
        raise
    return signer.public_key.keyid


def refuse_in_work_tree(path: Path) -> None:
    """Raise UserError where ``path`` lies in a work tree of git, which could publish it."""
    folder = path.resolve().parent
    while not folder.is_dir():
        folder = folder.parent
    done = subprocess.run(
        ["git", "-C", folder, "rev-parse", "--git-dir"],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode == 0:
        raise UserError(
            f"{path} lies in a git repository, which could publish the private key: keep it "
            "outside, such as in ~/.config/provender/"
        )


def read_signer(path: Path) -> CryptoSigner:
    """Return the signer of a private key's file. Raises UserError where it is none."""
    refuse_in_work_tree(path)
    mend = "provender keygen makes one"
    data = _read(path, mend)
    try:
        key = load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # What the library says could quote the key.
        raise UserError(_no_key(path, "private", mend)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UserError(_no_key(path, "private", mend))
    return CryptoSigner(key)


def read_public(path: Path) -> SSlibKey:
    """Return the key of a public key's file. Raises UserError where it is none."""
    mend = "name the .pub file that belongs to the publisher's key"
    data = _read(path, mend)
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UserError(_no_key(path, "public", mend)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise UserError(_no_key(path, "public", mend))
    return SSlibKey.from_crypto(key)


def sign(payload: bytes, signer: CryptoSigner) -> dict[str, Any]:
    """Return the DSSE envelope of ``payload``, to be written as JSON."""
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(signer)
    return envelope.to_dict()


def verify(envelope: bytes, public_key: Path) -> bytes:
    """Return what ``envelope``, a file's content, holds, signed by the key in ``public_key``.

    Raises SignatureError where it is no envelope, of another type, or not signed by that key;
    UserError where ``public_key`` is no key.
    """
    key = read_public(public_key)
    found = read(envelope)
    try:
        found.verify([key], 1)
    except VerificationError as error:
        signers = ", ".join(sorted(map(str, found.signatures))) or "nobody"
        raise SignatureError(
            f"the signature is not by the key {key.keyid} of {public_key}, or not of this "
            f"content; it names {signers}"
        ) from error
    return found.payload


def read(envelope: bytes) -> Envelope:
    """Return an envelope, whoever signed it. Raises SignatureError where it is none."""
    try:
        value = statement.read_json(envelope, "the envelope")
        found = Envelope.from_dict(value)
    except (statement.StatementError, FormatError, *NO_ENVELOPE) as error:
        raise SignatureError(f"the envelope is not as DSSE defines it: {error}") from error
    if found.payload_type != PAYLOAD_TYPE:
        raise SignatureError(f"the envelope holds {found.payload_type!r:.100}, not {PAYLOAD_TYPE}")
    return found


def _read(path: Path, mend: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): {mend}") from error


def _no_key(path: Path, kind: str, mend: str) -> str:
    return f"{path} is no {kind} ed25519 key in PEM, without a password: {mend}"
