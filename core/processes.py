"""Child processes of the one parent command (子进程): started together, stopped together, never left behind."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

log = logging.getLogger("sancheng.processes")

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Command:
    """One child (命令): ``name`` for the log, ``argv``, and ``env`` added to our own environment.

    ``is_ready`` tells whether it answers already; without it a running child counts as ready.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    is_ready: Callable[[], bool] | None = None


def follow_parent(number: signal.Signals) -> Callable[[], None] | None:
    """What a new child runs first so that it gets signal ``number`` when its parent dies, be it by kill -9.

    Linux only, and only from the main thread (the kernel means the death of the *thread* that started the child):
    elsewhere None, and the next start has to reap what was left.
    """
    if _libc is None or threading.current_thread() is not threading.main_thread():
        return None
    parent, prctl = os.getpid(), _libc.prctl

    def follow() -> None:
        prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return follow


def start(command: Command) -> subprocess.Popen[bytes]:
    """Start a child in a process group of its own: the terminal's Ctrl-C reaches only the parent, which stops in order."""
    return subprocess.Popen(  # noqa: S603 - our own commands
        list(command.argv),
        env={**os.environ, **(command.env or {})},
        process_group=0,
        preexec_fn=follow_parent(signal.SIGTERM),  # noqa: PLW1509 - one system call, bound before the fork
    )


def stop(children: Mapping[str, subprocess.Popen[bytes]], *, deadline: float) -> bool:
    """Ask all children to end, wait ``deadline`` seconds in all, then kill their groups; True if none had to be killed."""
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    until, orderly = time.monotonic() + deadline, True
    for name, child in children.items():
        try:
            child.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("%s 在 %g 秒内没有停下，已强行结束", name, deadline)
            orderly = False
        with suppress(ProcessLookupError, PermissionError):  # grandchildren that outlived it
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    return orderly


def run_with_children(
    commands: Sequence[Command], *, on_ready: Callable[[], None] | None = None, deadline: float = 20.0
) -> int:
    """Run the commands until a signal or the first death, then stop them all; the exit code for the shell.

    0: stopped by SIGTERM, SIGINT or SIGHUP, in order. 1: a child ended by itself or had to be killed (logged by name).
    ``on_ready`` is called once, when every child is ready. Call it from the main thread.
    """
    children: dict[str, subprocess.Popen[bytes]] = {}
    died = False
    with _listening() as asked:
        try:
            for command in commands:
                children[command.name] = start(command)
            waiting = [c.is_ready for c in commands if c.is_ready]
            while not asked and not (died := _report_dead(children)):
                waiting = [is_ready for is_ready in waiting if not is_ready()]
                if not waiting and on_ready:
                    on_ready()
                    on_ready = None
                time.sleep(0.05)
        finally:
            orderly = stop(children, deadline=deadline)
    return 0 if orderly and not died else 1


def _report_dead(children: Mapping[str, subprocess.Popen[bytes]]) -> bool:
    dead = [(name, child.returncode) for name, child in children.items() if child.poll() is not None]
    for name, code in dead:
        log.error("%s 自行结束（退出码 %d），其余进程随之停止", name, code)
    return bool(dead)


@contextmanager
def _listening() -> Iterator[list[int]]:
    """Collect the signals that ask us to stop, instead of dying of them."""
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    heard = [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]  # as nohup wants it
    before = {number: signal.signal(number, note) for number in heard}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
