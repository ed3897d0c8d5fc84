"""The words of quantities (工作量用语): flows, bases, states and verbs, as data."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from core.errors import N_

INPUT, OUTPUT, OUTCOME, STOCK = "input", "output", "outcome", "stock"
FLOWS: Mapping[str, str] = MappingProxyType(
    {INPUT: N_("投入"), OUTPUT: N_("产出"), OUTCOME: N_("成效"), STOCK: N_("存量")}
)
REPORTED, VERIFIED, WITHDRAWN, MERGED = "reported", "verified", "withdrawn", "merged"
STATES: Mapping[str, str] = MappingProxyType(
    {REPORTED: N_("已填报"), VERIFIED: N_("已核验"), WITHDRAWN: N_("已撤回"), MERGED: N_("已并入另一条")}
)
TONES: Mapping[str, str] = MappingProxyType(
    {REPORTED: "active", VERIFIED: "verified", WITHDRAWN: "held", MERGED: "held"}
)
LIVE = (REPORTED, VERIFIED)
BASES: Mapping[str, str] = MappingProxyType({"self": N_("自报"), "declared": N_("申报"), "verified": N_("核验")})
TYPED_BASES = ("self", "declared")  # what is verified becomes so by another party's step, never by typing
VERBS: Mapping[str, str] = MappingProxyType(
    {
        "enter": N_("填报"),
        "correct": N_("已更正"),
        "verify": N_("已核验"),
        "withdraw": N_("已撤回"),
        "merge": N_("并入另一条"),
        "unmerge": N_("撤销并入"),
        "part": N_("列为合计的分项"),
        "unpart": N_("不再是合计的分项"),
    }
)


def basis_of(state: str, basis: str) -> str:
    """The basis on which an entry stands: what another party verified stands as verified, whoever reported it."""
    return "verified" if state == VERIFIED else basis
