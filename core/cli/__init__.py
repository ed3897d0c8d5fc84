"""The command line (命令行): ``sancheng``; every command has ``--help``, exit codes 0/1/2, and ``--json`` for scripts."""

from core.cli.main import main

__all__ = ["main"]
