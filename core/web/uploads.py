"""Workbooks between the check and the confirmation (待确认的上传): kept by their hash in the tenant's own folder for a day."""

from __future__ import annotations

import hashlib
import os
import re
import time
from pathlib import Path

from core.errors import NotFound
from core.request import house, tenant

KEPT_SECONDS = 24 * 3600
_HASH = re.compile(r"[0-9a-f]{64}")


def _folder() -> Path:
    return house().settings.files / str(tenant().id) / "uploads"


def keep(data: bytes) -> str:
    """Keep an upload and give its SHA-256; what nobody confirmed within a day is thrown away by the way."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > KEPT_SECONDS:
            old.unlink(missing_ok=True)
    sha256 = hashlib.sha256(data).hexdigest()
    whole = folder / sha256
    part = folder / f"{sha256}.{os.getpid()}.part"
    part.write_bytes(data)
    part.replace(whole)  # never a half file under the name that a confirmation reads
    return sha256


def fetch(sha256: str) -> bytes:
    """The upload of a hash in this tenant's folder. Raises NotFound when it is unknown or was thrown away."""
    if not _HASH.fullmatch(sha256):
        raise NotFound
    try:
        return (_folder() / sha256).read_bytes()
    except FileNotFoundError:
        raise NotFound from None


def forget(sha256: str) -> None:
    """Throw an upload away after it was taken in."""
    if _HASH.fullmatch(sha256):
        (_folder() / sha256).unlink(missing_ok=True)
