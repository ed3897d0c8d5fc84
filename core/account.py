"""Who runs the server (运行账户): the user himself, or a system account of our own when he is root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import N_, SanchengError

ACCOUNT = "sancheng-db"
"""Name of the system account that runs the server when the installation belongs to root."""


class Refused(SanchengError):
    """The instance cannot be used as it is; the message says why and what to do."""

    status = 500
    code = "instance"
    title = N_("实例文件夹无法使用")


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system's account that runs the server (运行账户): ourselves, or a system account when we are root."""

    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Whether the server runs as somebody else than we do."""
        return self.uid != os.geteuid()

    @property
    def identity(self) -> dict[str, Any]:
        """Arguments that make ``subprocess`` become this account; empty when nothing is to change."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}

    def find_barrier(self, path: Path) -> Path | None:
        """The first folder on the way to ``path``, itself included, that this account may not pass; None if it arrives."""
        way = [str(p) for p in (*reversed(path.parents), path)]
        script = 'for d; do [ -x "$d" ] || { printf %s "$d"; exit 0; }; done'
        found = subprocess.run(  # noqa: S603 - fixed script, paths are arguments
            ["/bin/sh", "-c", script, "sh", *way], check=True, capture_output=True, cwd="/", **self.identity
        ).stdout
        return Path(os.fsdecode(found)) if found else None


def find_account() -> Account:
    """The account for the server; made with ``useradd`` the first time root needs it. Raises Refused if that fails."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        entry = _make_account()
    return Account(entry.pw_uid, entry.pw_gid)


def _make_account() -> pwd.struct_passwd:
    program = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    done = program and subprocess.run(  # noqa: S603 - fixed arguments
        [program, "--system", "--user-group", "--no-create-home", "--home-dir", "/", "--shell", "/bin/false", ACCOUNT],
        check=False,
        capture_output=True,
        text=True,
    )
    try:
        return pwd.getpwnam(ACCOUNT)  # also when another process was faster
    except KeyError:
        raise Refused(
            N_(
                "PostgreSQL 不能以 root 身份运行，而系统账户 {account} 无法自动建立（{reason}）。"
                "请先建立该账户，或改用普通用户运行"
            ),
            account=ACCOUNT,
            reason=done.stderr.strip() if done else "useradd",
        ) from None
