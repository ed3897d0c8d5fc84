"""What an installation must never lose or show (密钥): session key, wall key, database passwords - and how to write them."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path


def _word() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What an installation must never lose or show (密钥): made once, at first use.

    ``wall_key`` is 32 bytes in hex and signs the scope of every transaction; the passwords belong to the database roles.
    """

    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    wall_key: str = field(default_factory=lambda: secrets.token_hex(32))
    superuser: str = field(default_factory=_word)
    owner: str = field(default_factory=_word)
    app: str = field(default_factory=_word)
    jobs: str = field(default_factory=_word)

    def __repr__(self) -> str:
        return "Secrets(...)"


def write_private(path: Path, text: str, *, gid: int | None = None) -> None:
    """Write a file that nobody else reads (with ``gid``: that group may), whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        if gid is not None:
            os.fchown(descriptor, -1, gid)
            os.fchmod(descriptor, 0o640)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
