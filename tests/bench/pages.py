"""The parts of docs/performance.md (测速报告): the runs of the bench write one each and keep the others'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

TASKS = "\n## Tasks\n"


def tasks_part(lines: Sequence[Mapping[str, object]], cores: int, load: float) -> str:
    """The part on tasks: each act with its median, what is wanted, and how busy the machine was besides."""
    rows = [
        f"| {one['act']} | {one['wanted'] or '—'} | {one['n']} | {one['median_ms']} | {one['p99_ms']} |"
        for one in lines
    ]
    head = (
        f"{TASKS}\nWritten by `python -m tests.bench --tasks`: one run on {cores} cores, load average {load:.1f} (1 is the run alone;\n"
        "with more, other programs took their share and the times are longer): milliseconds of server time for one reader\n"
        "at a time: login, policies and the whole page included, no network. The import is the product's own, from the\n"
        "upload to the last task, each part in its own transaction.\n\n"
        "| What | Wanted | n | Median | p99 |\n|---|---|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


def put_part(page: str, other: str) -> str:
    """A page with the part on tasks that the other text has; without one there, the page as it is."""
    if TASKS not in other:
        return page
    part = other[other.index(TASKS) :]
    return page.partition(TASKS)[0].rstrip() + "\n" + part
