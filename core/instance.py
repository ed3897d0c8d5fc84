"""The instance (实例): the one folder in which an installation keeps its embedded data, its files and its secrets.

The folder is the installation's own: nobody else may look into it, and a folder that already holds somebody's things
is refused instead of taken over. As root the server runs as a system account of its own (PostgreSQL refuses root);
that account may pass through the folder, and no parent folder is ever opened for it (design 4).
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from core.account import ACCOUNT, Account, Refused
from core.errors import N_
from core.keys import Secrets, write_private

SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_LIMIT = 107
"""Bytes of a Unix socket's path on Linux (``sun_path`` less its closing zero)."""

OUR_STEMS = frozenset(["secrets", "lock", "pgdata", "sockets", "files", "server", "postgresql", "pg_hba", "lost+found"])
"""First parts of the names that we give to things in the folder, drafts included."""


@dataclass(frozen=True, slots=True)
class Instance:
    """Where an installation keeps its things (实例): paths, and the secrets inside."""

    folder: Path

    @classmethod
    def at(cls, folder: Path | str) -> Instance:
        """The instance in ``folder`` (need not exist yet)."""
        return cls(Path(folder).expanduser().resolve())

    @classmethod
    def find(cls, environ: Mapping[str, str] | None = None) -> Instance:
        """The instance of this process: ``SANCHENG_INSTANCE``, else root's system folder, the checkout's or the user's."""
        told = (os.environ if environ is None else environ).get("SANCHENG_INSTANCE", "").strip()
        if told:
            return cls.at(told)
        if os.geteuid() == 0:
            return cls.at("/var/lib/sancheng")
        checkout = Path(__file__).resolve().parent.parent
        if (checkout / "setup.cfg").is_file() and os.access(checkout, os.W_OK):
            return cls.at(checkout / ".instance")
        return cls.at("~/.local/share/sancheng")

    @property
    def pgdata(self) -> Path:
        """The embedded server's data."""
        return self.folder / "pgdata"

    @property
    def files(self) -> Path:
        """Uploaded files, one folder per tenant."""
        return self.folder / "files"

    @property
    def secrets(self) -> Path:
        """The secrets file (mode 0600)."""
        return self.folder / "secrets.json"

    @property
    def lock(self) -> Path:
        """Held by the one parent command that owns the server; holds its process number."""
        return self.folder / "lock"

    @property
    def sockets(self) -> Path:
        """The private folder of the server's socket: in the instance, or in the runtime folder if that path is too long.

        Raises Refused when neither will do: a place that others may write to is never chosen.
        """
        near = self.folder / "sockets"
        if _holds_socket(near):
            return near
        runtime = _find_runtime()
        far = runtime / f"sancheng-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]}" if runtime else None
        if far and _holds_socket(far):
            return far
        raise Refused(
            N_(
                "路径 {path} 不能存放数据库套接字（最多 {limit} 字节，不得含逗号），也没有私有的运行时文件夹可用。"
                "请把 SANCHENG_INSTANCE 设为较短的路径"
            ),
            path=near,
            limit=SOCKET_LIMIT - len(SOCKET_NAME) - 1,
        )

    def claim(self, account: Account | None = None) -> None:
        """Make the folder if need be and keep it private; with a foreign ``account``, let its group pass through.

        Raises Refused when the folder is somebody else's, holds foreign things, or lies in a folder that ``account`` may
        not pass - that folder is left as it is.
        """
        account = account or Account(os.geteuid(), os.getegid())
        there = next(p for p in (self.folder, *self.folder.parents) if p.exists())
        if account.is_other:
            self._check_way(account, there if there != self.folder else self.folder.parent)
        for missing in reversed([p for p in self.folder.parents if not p.exists()]):
            missing.mkdir(mode=0o755, exist_ok=True)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._check_ours()
        if account.is_other:
            os.chown(self.folder, os.geteuid(), account.gid)
            self.folder.chmod(0o710)
        elif os.geteuid() != 0:
            self.folder.chmod(0o700)

    def _check_way(self, account: Account, parent: Path) -> None:
        barrier = account.find_barrier(parent)
        if barrier:
            raise Refused(
                N_(
                    "以 root 身份运行时，数据库由系统账户 {account} 运行，它进不了文件夹 {barrier}，我们也不会替您放开它的权限。"
                    "请把 SANCHENG_INSTANCE 设为系统文件夹（例如 /var/lib/sancheng），或改用普通用户运行"
                ),
                account=ACCOUNT,
                barrier=barrier,
            )

    def _check_ours(self) -> None:
        owner = self.folder.stat().st_uid
        if owner != os.geteuid():
            raise Refused(
                N_("文件夹 {folder} 属于用户 {owner}。请以该用户身份运行，或把 SANCHENG_INSTANCE 设为自己的文件夹"),
                folder=self.folder,
                owner=owner,
            )
        foreign = sorted(p.name for p in self.folder.iterdir() if p.name.lstrip(".").split(".")[0] not in OUR_STEMS)
        if foreign and not self.secrets.exists():
            raise Refused(
                N_("文件夹 {folder} 里已有别的内容（{name}）。请把 SANCHENG_INSTANCE 设为空文件夹或不存在的文件夹"),
                folder=self.folder,
                name=foreign[0],
            )

    def read_secrets(self, environ: Mapping[str, str] | None = None) -> Secrets:
        """The secrets, made on first use; ``SANCHENG_SECRET_KEY`` overrides the key of the sessions.

        Raises Refused when the file is damaged, or gone while the data is still there: new ones would not fit the data.
        """
        if not self.secrets.exists():
            self._make_secrets()
        try:
            kept = json.loads(self.secrets.read_text("utf-8"))
            found = Secrets(**{f.name: str(kept[f.name]) for f in fields(Secrets)})
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(N_("密钥文件 {path} 已损坏。请从备份恢复"), path=self.secrets) from error
        told = (os.environ if environ is None else environ).get("SANCHENG_SECRET_KEY", "").strip()
        return replace(found, secret_key=told) if told else found

    def _make_secrets(self) -> None:
        if self.pgdata.exists():
            raise Refused(N_("密钥文件 {path} 不见了，而数据还在。请从备份恢复该文件"), path=self.secrets)
        if not self.folder.exists():
            self.claim()
        self._check_ours()
        draft = self.folder / f"secrets.{os.getpid()}.{threading.get_ident()}"
        try:
            write_private(draft, json.dumps(asdict(Secrets()), indent=1))
            os.link(draft, self.secrets)  # fails if another process was faster: its secrets are then the ones
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)


def _holds_socket(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_LIMIT and "," not in str(folder)


def _find_runtime() -> Path | None:
    """The folder for sockets that belongs to us alone: /run for root, the session's runtime folder for others."""
    told = "/run" if os.geteuid() == 0 else os.environ.get("XDG_RUNTIME_DIR", "")
    if not told.startswith("/") or not Path(told).is_dir():
        return None
    found = Path(told).stat()
    return Path(told) if found.st_uid == os.geteuid() and not found.st_mode & 0o022 else None
