"""A phone in the field (现场手机): a browser process of its own that can be killed, and a signal that can be gone."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.browser.running import CHROMIUM, FLAGS, free_port

WIDTH, HEIGHT = 390, 844


class Gate:
    """The way to the server (信号): a port that passes everything on, or refuses every connection."""

    def __init__(self, target: int) -> None:
        self.target, self.port = target, free_port()
        self.listener: socket.socket | None = None
        self.open_pairs: list[socket.socket] = []
        self.host = "127.0.0.1"
        self.up()

    @property
    def base(self) -> str:
        return f"http://{self.host}:{self.port}"

    def up(self) -> None:
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", self.port))
        made.listen(64)
        self.listener = made
        threading.Thread(target=self._accept, args=(made,), daemon=True).start()

    def down(self) -> None:
        """Nobody listens any more, and every connection that was open is cut."""
        listener, self.listener = self.listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for one in self.open_pairs:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self.open_pairs = []

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                here, _ = listener.accept()
            except OSError:
                return
            try:
                there = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                here.close()
                continue
            self.open_pairs += [here, there]
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=_pump, args=(one, other), daemon=True).start()


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)


@dataclass
class Phone:
    """A browser with a folder of its own (手机): started, killed outright, started again as it was left."""

    play: Playwright
    folder: Path
    complaints: list[str] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    browser: Browser | None = None

    def start(self) -> BrowserContext:
        port, log = free_port(), (self.folder / "chromium.log").open("ab")
        argv = [str(CHROMIUM), *FLAGS, f"--remote-debugging-port={port}", f"--user-data-dir={self.folder / 'profile'}"]
        argv += [
            f"--window-size={WIDTH},{HEIGHT}",
            "--lang=zh-CN",
            "--hide-scrollbars",
            "--host-resolver-rules=MAP plain.test 127.0.0.1",
            "--accept-lang=zh-CN",
            "about:blank",
        ]
        self.process = subprocess.Popen(argv, stdout=log, stderr=log, start_new_session=True)
        log.close()
        for _ in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        self.browser = self.play.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        return self.browser.contexts[0]

    def page(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(15000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self._note(said.type, said.text))
        return page

    def _note(self, kind: str, text: str) -> None:
        # ERR_FAILED is how the page is told that its service worker, asked on its behalf, met no network.
        if kind in {"error", "warning"} and not re.search(
            r"status of (40[19]|422)|ERR_CONNECTION|ERR_INTERNET|ERR_NETWORK|ERR_EMPTY|net::ERR_FAILED", text
        ):
            self.complaints.append(f"{kind}: {text}")

    def kill(self) -> None:
        """As when the system takes the memory back: no goodbye."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(20)
            self.process = None
        self.browser = None


@contextmanager
def phone(play: Playwright, folder: Path) -> Iterator[Phone]:
    made = Phone(play, folder)
    try:
        yield made
    finally:
        made.kill()


def until(page: Page, said: str, seconds: float = 15) -> None:
    """Wait until an expression holds; Playwright's own way needs eval, which our policy refuses."""
    ends = time.monotonic() + seconds
    while not page.evaluate(said):
        assert time.monotonic() < ends, said
        page.wait_for_timeout(50)
