"""``python -m core.cli`` (同 sancheng 命令)."""

from core.cli.main import main

main(prog_name="sancheng")
