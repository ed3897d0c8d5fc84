"""The kinds of rounds (检查轮次类别), one table: who inspects, in which mode, how much it weighs, and who may see and plan it.

Which kinds there are is what the reports name; modes, weights and who sees results are ours and a round may differ in weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.errors import N_
from core.work.roles import ANSWER, DIRECT, ROLES, VISIT
from tenants.access import Actor

ANNOUNCED, SECRET_MODE = "announced", "secret"
SELF, VERIFIED = "self", "verified"
AT_ONCE, AFTER_CLOSING, OFFICE_ONLY = "at_once", "after_closing", "office_only"
FULL_WEIGHT = 100  # in 1/100
VISITORS = tuple(code for code, role in ROLES.items() if VISIT in role.verbs)  # who may be sent out

MODES: Mapping[str, str] = MappingProxyType({ANNOUNCED: N_("公开"), SECRET_MODE: N_("暗访")})
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "office": N_("创建办"),
        "own": N_("本单位"),
        "third_party": N_("第三方"),
        "experts": N_("专家"),
        "congress": N_("人大政协"),
        "peers": N_("兄弟单位"),
        "joint": N_("联合督查组"),
    }
)
STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "draft": (N_("筹备"), "waiting"),
        "open": (N_("进行中"), "active"),
        "closed": (N_("已结束"), "neutral"),
        "released": (N_("已解密"), "neutral"),
        "cancelled": (N_("已取消"), "held"),
    }
)


@dataclass(frozen=True, slots=True)
class RoundKind:
    """One kind (类别): ``basis`` is whether its visits are a unit's own or somebody else's, ``results`` who reads them when.

    ``at_once``: whoever sees the place; ``after_closing``: likewise, once the round is closed, so that no one's judgement leans on
    another's; ``office_only``: the office and its members. ``planners`` are the verbs at the round's unit, of which one is needed.
    """

    code: str
    title: str
    mode: str
    source: str
    basis: str = VERIFIED
    weight: int = FULL_WEIGHT
    results: str = AT_ONCE
    planners: frozenset[str] = frozenset({DIRECT})
    days: int = 1

    @property
    def is_own(self) -> bool:
        """Whether a unit checks its own parts, and plans it itself."""
        return ANSWER in self.planners


_OWN = frozenset({DIRECT, ANSWER})

KINDS: Mapping[str, RoundKind] = MappingProxyType(
    {
        one.code: one
        for one in (
            RoundKind("self_check", N_("自查"), ANNOUNCED, "own", SELF, planners=_OWN, days=7),
            RoundKind("own_round", N_("街道自办检查"), ANNOUNCED, "own", SELF, planners=_OWN, days=7),
            RoundKind("daily", N_("日督查"), ANNOUNCED, "office"),
            RoundKind("weekly", N_("周督查"), ANNOUNCED, "office", days=7),
            RoundKind("ten_day_secret", N_("旬暗访"), SECRET_MODE, "office", days=10),
            RoundKind("monthly", N_("月考核"), ANNOUNCED, "office", days=30),
            RoundKind("mock", N_("模拟测评"), ANNOUNCED, "third_party", results=AFTER_CLOSING, days=14),
            RoundKind("experts", N_("专家暗访"), SECRET_MODE, "experts", results=AFTER_CLOSING, days=5),
            RoundKind("congress", N_("人大政协督查"), ANNOUNCED, "congress", results=OFFICE_ONLY, days=5),
            RoundKind("mutual", N_("互查"), ANNOUNCED, "peers", results=AFTER_CLOSING, days=7),
            RoundKind("joint", N_("联合督查"), ANNOUNCED, "joint", days=7),
            RoundKind("look_back", N_("回头看督查"), ANNOUNCED, "office", days=7),
            RoundKind("squad", N_("纠错小分队"), ANNOUNCED, "office"),
        )
    }
)


def kind_of(code: str) -> RoundKind:
    """A kind by its code; one left behind by another version reads as an announced round of the office."""
    return KINDS.get(code) or RoundKind(code, code, ANNOUNCED, "office")


def plannable(actor: Actor) -> list[RoundKind]:
    """The kinds that the actor may plan somewhere, for forms; each round is judged again at its unit."""
    return [one for one in KINDS.values() if one.planners & actor.verbs]
