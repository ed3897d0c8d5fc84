"""The embedded server (内嵌数据库): a PostgreSQL of our own for a machine that has none, owned by one parent command.

The programs come from a wheel, whose own Python layer is not used: it opens parent folders, trusts every local user and
does not stop (design 4). Nobody is trusted here, the superuser included; there is no TCP, only a socket in a private folder.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

import psycopg
from sqlalchemy import URL

from core.account import Account, Refused, find_account
from core.cluster import (
    ENVIRONMENT,
    check_data,
    find_binaries,
    give_folder,
    hold_lock,
    initialise,
    is_held,
    is_up,
    place_binaries,
    quote,
    read_log,
    reap,
)
from core.databases import Urls, connect, settle_database, settle_roles
from core.errors import N_
from core.instance import Instance
from core.keys import write_private
from core.processes import follow_parent

DATABASE = "sancheng"
PATIENCE = 60.0
"""Seconds that a start (crash recovery included) or a fast shutdown may take."""

SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "fsync": "on",
    "jit": "off",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C.UTF-8",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
}
HBA = "# written at every start; nobody is trusted\nlocal all all scram-sha-256\n"


def make_urls(instance: Instance) -> Urls:
    """The addresses of the instance's server, running or not."""
    kept, folder = instance.read_secrets(), str(instance.sockets)

    def address(role: str, password: str, database: str = DATABASE) -> str:
        made = URL.create("postgresql+psycopg", role, password, database=database, query={"host": folder})
        return made.render_as_string(hide_password=False)

    return Urls(
        app=address("sancheng_app", kept.app),
        owner=address("sancheng_owner", kept.owner),
        jobs=address("sancheng_jobs", kept.jobs),
        superuser=address("postgres", kept.superuser, "postgres"),
    )


class EmbeddedServer:
    """One server on one instance (内嵌数据库), started and stopped by the process that holds this object.

    ``binaries`` is a folder with ``postgres`` and ``initdb`` (default: the wheel's); ``settings`` overrides SETTINGS, for
    throw-away servers of tests. Start it from the main thread, so that it ends with us even on kill -9.
    """

    def __init__(
        self, instance: Instance, *, binaries: Path | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        self.instance = instance
        self._binaries = binaries
        self._settings = {**SETTINGS, **(settings or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None

    def start(self) -> Urls:
        """Start the server, made first if need be, with its roles and database; what an earlier parent left is reaped.

        Raises Refused: another parent has it, the folder will not do, other version, or the server does not come up.
        """
        account = find_account()
        self.instance.claim(account)
        urls = make_urls(self.instance)
        self._lock = hold_lock(self.instance)
        try:
            binaries = place_binaries(self._binaries or find_binaries(), self.instance, account)
            reap(self.instance)
            self._make_folders(account)
            if not self.instance.pgdata.exists():
                initialise(self.instance, binaries, account, sync=self._settings["fsync"] != "off")
            check_data(self.instance, binaries, account)
            self._launch(binaries, account)
            self._settle(urls)
        except BaseException:
            self.stop()
            raise
        return urls

    def stop(self) -> None:
        """Stop the server: running statements are broken off and rolled back, nothing acknowledged is lost."""
        process, self._process = self._process, None
        for number, patience in ((signal.SIGINT, PATIENCE), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
            if process is None or process.poll() is not None:
                break
            process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(patience)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Urls:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The server's process number while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def _make_folders(self, account: Account) -> None:
        self.instance.files.mkdir(mode=0o700, exist_ok=True)
        give_folder(self.instance.sockets, account)
        group = account.gid if account.is_other else None
        lines = [f"{name} = {quote(value)}\n" for name, value in self._settings.items()]
        lines.append(f"unix_socket_directories = {quote(str(self.instance.sockets))}\nunix_socket_permissions = 0700\n")
        lines.append(f"hba_file = {quote(str(self.instance.folder / 'pg_hba.conf'))}\n")
        head = "# written at every start; tune with ALTER SYSTEM\n"
        write_private(self.instance.folder / "postgresql.conf", head + "".join(lines), gid=group)
        write_private(self.instance.folder / "pg_hba.conf", HBA, gid=group)

    def _launch(self, binaries: Path, account: Account) -> None:
        instance = self.instance
        config = f"config_file={instance.folder / 'postgresql.conf'}"
        with (instance.folder / "server.log").open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own binaries
                [binaries / "postgres", "-D", instance.pgdata, "-c", config],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=ENVIRONMENT,
                cwd="/",
                process_group=0,
                preexec_fn=follow_parent(signal.SIGINT),  # noqa: PLW1509 - one system call, bound before the fork
                **account.identity,
            )
        until = time.monotonic() + PATIENCE
        while not is_up(instance):
            if self._process.poll() is not None or time.monotonic() > until:
                raise Refused(N_("数据库没有启动：{log}"), log=read_log(instance))
            time.sleep(0.02)

    def _settle(self, urls: Urls) -> None:
        kept = self.instance.read_secrets()
        with connect(urls.superuser) as connection:
            settle_roles(connection, {"owner": kept.owner, "app": kept.app, "jobs": kept.jobs})
            settle_database(connection, DATABASE)


@contextmanager
def serving(instance: Instance, *, binaries: Path | None = None) -> Iterator[Urls]:
    """The server for one command: the one that another command already runs on this instance, else our own meanwhile."""
    if not is_held(instance):
        with EmbeddedServer(instance, binaries=binaries) as urls:
            yield urls
        return
    urls, until = make_urls(instance), time.monotonic() + PATIENCE
    while True:
        try:
            connect(urls.app, database=DATABASE).close()
            break
        except psycopg.OperationalError as error:
            if time.monotonic() > until:
                raise Refused(N_("实例正由另一个命令占用，但它的数据库没有应答：{error}"), error=error) from error
            time.sleep(0.1)
    yield urls
