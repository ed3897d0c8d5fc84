"""What an edition decides beside its points (版本规则): what a veto does, and the size bands that targets may depend on."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.campaigns.settings import Section
from core.errors import N_

#: what a broken hard gate or a key group under 70 % does to the total
FLAGGED, CAPPED, INELIGIBLE = "flagged", "capped", "ineligible"
POLICIES = (FLAGGED, CAPPED, INELIGIBLE)


@dataclass(frozen=True, slots=True)
class CitySize:
    """A size band (城市规模档): cities of fewer than ``below`` permanent residents; None: all larger ones."""

    name: str
    below: Decimal | None = None


@dataclass(frozen=True, slots=True)
class VetoPolicy:
    """What a veto does to the total (否决规则).

    'flagged' shows it, 'capped' holds the total at ``cap`` points of the scale, 'ineligible' leaves no total and no rank. Without a word in edition.toml a veto is flagged: most thresholds of a draft are drafts themselves (ours).
    """

    gate: str = FLAGGED
    key_group: str = FLAGGED
    cap: Decimal | None = None

    def effect(self, kind: str) -> str:
        """What a veto of this kind does: 'gate' or 'key_group'."""
        return self.key_group if kind == "key_group" else self.gate


FLAG_ONLY = VetoPolicy()
#: frameworks 3.2: the technical assessment samples by under half a million, up to two million, and more
DEFAULT_SIZES = (CitySize("small", Decimal(500_000)), CitySize("medium", Decimal(2_000_000)), CitySize("large"))


def sizes_of(bands: tuple[CitySize, ...]) -> tuple[CitySize, ...]:
    """An edition's size bands; the usual ones where it names none."""
    return bands or DEFAULT_SIZES


def read_veto(head: Section, scale: Decimal) -> VetoPolicy | None:
    """``veto = { gate = "capped", key_group = "ineligible", cap = 60 }`` of edition.toml; None when it is left out."""
    found = head.table("veto")
    if not found:
        return None
    gate, group, cap = found.get("gate", FLAGGED), found.get("key_group", FLAGGED), _number(found.get("cap"))
    capped = CAPPED in (gate, group)
    if set(found) - {"gate", "key_group", "cap"} or gate not in POLICIES or group not in POLICIES:
        head.fault(
            "veto",
            N_("否决规则写法有误"),
            N_('请写成 {{ gate = "flagged" }}，可用：{allowed}'),
            allowed=", ".join(POLICIES),
        )
        return None
    if capped != (cap is not None) or (cap is not None and not 0 <= cap <= scale):
        head.fault(
            "veto", N_("封顶分值有误"), N_("capped 要写 cap，且不超过总分 {scale}；其他写法不写 cap"), scale=str(scale)
        )
        return None
    return VetoPolicy(gate, group, cap)


def read_sizes(head: Section) -> tuple[CitySize, ...]:
    """``city_sizes = [{ name = "small", below = 500000 }, ..., { name = "large" }]``: bands from small to large, the last open."""
    found = tuple(CitySize(str(one.get("name", "")), _number(one.get("below"))) for one in head.tables("city_sizes"))
    if not found:
        return ()
    bounds = [one.below for one in found[:-1]]
    known = [bound for bound in bounds if bound is not None]
    rising = len(known) == len(bounds) and known == sorted(set(known))
    if found[-1].below is not None or not rising or not all(one.name.isidentifier() for one in found):
        remedy = N_("请从小到大写，每档有 name 和 below，最后一档不写 below")
        head.fault("city_sizes", N_("城市规模档写法有误"), remedy)
        return ()
    return found


def _number(value: Any) -> Decimal | None:  # whatever TOML holds
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
