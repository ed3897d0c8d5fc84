"""Settings (配置): read from the environment once, at start. ``docs/configuration.md`` names every one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
BODY_LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the database is, what signs, and where files lie."""

    database_url: str
    secret_key: str
    files: Path
    secure_cookies: bool = False
    trusted_proxies: int = 0
    pool_size: int = 10

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings; raises KeyError naming the one that is missing."""
        return cls(
            database_url=environ["SANCHENG_DATABASE_URL"],
            secret_key=environ["SANCHENG_SECRET_KEY"],
            files=Path(environ["SANCHENG_INSTANCE"]) / "files",
            secure_cookies=environ.get("SANCHENG_SECURE_COOKIES", "") == "1",
            trusted_proxies=int(environ.get("SANCHENG_TRUSTED_PROXIES", "0")),
            pool_size=int(environ.get("SANCHENG_POOL_SIZE", "10")),
        )
