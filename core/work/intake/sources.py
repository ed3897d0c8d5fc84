"""Where findings come from (问题来源): one table of who may bring them in, how they enter, and what they count as."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import N_
from core.work.roles import DIRECT, LEAD, REPORT

SELF, VERIFIED = "self", "verified"
VISIT, SNAPSHOT, PATROL, LEADER, CONDUCT = "visit", "snapshot", "patrol", "leader", "conduct"
BY_POST = (
    ""  # the basis is that of the reporter's post: inspectors and the HQ office verify, others report on themselves
)
VERIFYING = frozenset({"inspector", "hq_office", "assessor", "discipline"})


@dataclass(frozen=True, slots=True)
class Source:
    """One source (问题来源).

    ``verbs``: any of them at the place lets a person use it; none: it comes in by another way. ``straight``: dispatched at
    once, whoever enters it; otherwise only who directs the work there dispatches at once, and the desk accepts the rest.
    ``basis``: self, verified, or BY_POST. ``restricted``: of the class that named roles see only. ``asks`` are the fields
    that it needs beside the usual ones; ``on_spot`` says whether it may be put right at once.
    """

    code: str
    title_zh: str
    title_en: str
    verbs: frozenset[str]
    basis: str = VERIFIED
    straight: bool = False
    restricted: bool = False
    asks: tuple[str, ...] = ()
    on_spot: bool = True


SOURCES: dict[str, Source] = {
    source.code: source
    for source in (
        Source(VISIT, N_("检查"), "Visit", frozenset(), BY_POST),
        Source(SNAPSHOT, N_("巡查上报"), "Report", frozenset({REPORT}), BY_POST),
        Source(PATROL, N_("巡查班次"), "Patrol shift", frozenset({REPORT}), BY_POST, asks=("patrol_id",)),
        Source(SELF, N_("自查"), "Self-check", frozenset({REPORT}), SELF),
        Source(
            LEADER,
            N_("领导交办"),
            "Leader's instruction",
            frozenset({DIRECT, LEAD}),
            straight=True,
            asks=("asked_by",),
            on_spot=False,
        ),
        Source("superior", N_("上级转办"), "From above", frozenset({DIRECT})),
        Source("congress", N_("人大政协督查"), "People's Congress and CPPCC", frozenset({DIRECT}), asks=("asked_by",)),
        Source("expert", N_("专家意见"), "Expert opinion", frozenset({DIRECT}), asks=("asked_by",)),
        Source(CONDUCT, N_("作风纪律"), "Conduct", frozenset({REPORT}), restricted=True, on_spot=False),
    )
}
NAMED: tuple[str, ...] = tuple(code for code, source in SOURCES.items() if "asked_by" in source.asks)
REPORTABLE: tuple[str, ...] = tuple(code for code, source in SOURCES.items() if source.verbs)
