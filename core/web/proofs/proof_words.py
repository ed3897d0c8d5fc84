"""Words of the rooms of proof (核验用词): states with their tones, results, and what raised a doubt in plain sentences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from flask_babel import gettext

from core.errors import N_
from core.web.moments import moment_words
from core.web.words import counted
from core.work.proofs.contacts import KINDS as CONTACT_KINDS
from core.work.proofs.doubt_settling import STATES as DOUBT_STATES
from core.work.proofs.doubts import KINDS as DOUBT_KINDS
from core.work.proofs.hand_ons import STATE_TITLES
from core.work.tables import Signal

RECHECK_STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "due": (N_("待复查"), "next"),
        "stable": (N_("复查稳固"), "verified"),
        "relapsed": (N_("复查反弹"), "soon"),
        "dropped": (N_("不用复查"), "neutral"),
    }
)
DOUBT_TONES = MappingProxyType({"open": "next", "explained": "neutral", "confirmed": "soon"})
HAND_ON_TONES = MappingProxyType(
    {"sent": "waiting", "answered": "next", "accepted": "neutral", "sent_back": "soon", "withdrawn": "neutral"}
)


def say_recheck(state: str) -> str:
    """The state of a re-inspection."""
    return gettext(RECHECK_STATES[state][0]) if state in RECHECK_STATES else state


def recheck_tone(state: str) -> str:
    """Its tone."""
    return RECHECK_STATES[state][1] if state in RECHECK_STATES else "neutral"


def say_doubt(kind: str) -> str:
    """What kind of doubt it is."""
    return gettext(DOUBT_KINDS[kind][0]) if kind in DOUBT_KINDS else kind


def say_doubt_state(state: str) -> str:
    """The state of a doubt."""
    return gettext(DOUBT_STATES[state][0]) if state in DOUBT_STATES else state


def say_hand_on(state: str) -> str:
    """The state of an item that was handed on."""
    return gettext(STATE_TITLES[state][0]) if state in STATE_TITLES else state


def say_contact(kind: str) -> str:
    """The kind of a contact."""
    return gettext(CONTACT_KINDS[kind][0]) if kind in CONTACT_KINDS else kind


def say_facts(signal: Signal, opened_at: datetime) -> str:
    """What raised a doubt, in one plain sentence."""
    body: Mapping[str, Any] = signal.body
    uses, closed = len(body.get("uses") or ()), _at(body.get("closed_at"))
    taken, found = _at(body.get("taken_at")), moment_words(opened_at)
    again, began = _at(body.get("again_at")), _at(body.get("began_at"))
    metres = body.get("metres", 0)
    many = {"who": body.get("person", ""), "n": body.get("count", 0), "minutes": body.get("minutes", 0)}
    said: dict[str, str] = {
        "photo_reused": counted("整改照片以前用过 %(n)s 次，是同一个文件。", n=uses),
        "photo_twin": counted("整改照片与以前 %(n)s 处用过的照片看起来几乎一样。", n=uses),
        "photo_early": gettext("照片拍摄于 %(taken)s，问题在 %(found)s 才发现。", taken=taken, found=found),
        "photo_far": gettext("照片的拍摄位置离点位约 %(n)s 米。", n=metres),
        "photo_stale": gettext("照片拍摄于 %(taken)s，早于 %(again)s 的退回或反弹。", taken=taken, again=again),
        "visit_early": gettext("检查照片拍摄于 %(taken)s，早于 %(began)s 开始的检查。", taken=taken, began=began),
        "visit_far": gettext("检查照片的拍摄位置离点位约 %(n)s 米。", n=metres),
        "burst": gettext("%(who)s 临近到期，在 %(minutes)s 分钟内提交了 %(n)s 件整改结果。", **many),
        "reopened_soon": counted("%(closed)s 销号，%(n)s 天后又出现。", closed=closed, n=body.get("days", 0)),
    }
    return said.get(signal.kind, "")


def _at(said: object) -> str:
    return moment_words(datetime.fromisoformat(str(said))) if said else ""
