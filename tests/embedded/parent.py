"""A small parent command for the tests: a server and one child, until told to stop.

usage: parent.py FOLDER CHILD_FILE [orphan]     ("orphan": started from a thread, so that kill -9 leaves the server behind)
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from core.embedded import EmbeddedServer
from core.instance import Instance
from core.processes import Command, run_with_children

CHILD = """
import signal, sys, time
def bye(*_):
    open(sys.argv[1], 'a').write('bye')
    sys.exit(0)
signal.signal(signal.SIGTERM, bye)
open(sys.argv[1], 'a').write('hello ')
time.sleep(600)
"""

if __name__ == "__main__":
    folder, note = sys.argv[1:3]
    told = os.environ.get("SANCHENG_TEST_PG_BIN")
    server = EmbeddedServer(Instance.at(folder), binaries=Path(told) if told else None)
    if sys.argv[3:] == ["orphan"]:
        starter = threading.Thread(target=server.start)
        starter.start()
        starter.join()
    else:
        server.start()
    child = Command("child", [sys.executable, "-c", CHILD, note], is_ready=lambda: Path(note).exists())
    code = run_with_children([child], on_ready=lambda: print("ready", server.pid, flush=True))
    server.stop()
    sys.exit(code)
