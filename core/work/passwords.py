"""Passwords and tokens (口令与令牌): Argon2id for what people choose, SHA-256 for what we draw ourselves."""

from __future__ import annotations

import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from core.errors import N_, Fault, InvalidInput

SHORTEST = 10
_HASHER = PasswordHasher()
# Verified when the login does not exist, so that the answer takes as long as for one that does.
_NOBODY = _HASHER.hash(secrets.token_hex(16))


def hash_password(password: str) -> str:
    """Hash a chosen password; too short a one is refused (length is what counts, NIST SP 800-63B)."""
    if len(password) < SHORTEST:
        fault = Fault(N_("密码至少要有 {least} 个字符"), field="password", params={"least": SHORTEST})
        raise InvalidInput(N_("密码太短"), faults=[fault])
    return _HASHER.hash(password)


def password_fits(password: str, password_hash: str) -> bool:
    """Tell whether the password is the one hashed; an empty hash never fits and takes as long."""
    try:
        return _HASHER.verify(password_hash or _NOBODY, password) and bool(password_hash)
    except (Argon2Error, InvalidHashError):
        return False


def draw_token() -> str:
    """Draw a new secret word of 256 bits."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> bytes:
    """What is stored of a drawn token."""
    return hashlib.sha256(token.encode()).digest()
