"""What somebody typed for a step of a finding (填写的内容): kept whatever comes of it, and read field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from flask import request

from core.errors import N_, Fault
from core.request import actor, db, now, today
from core.web import photos
from core.web.ledger.finding_places import read_site
from core.web.paging import bad_argument
from core.work.desk.finding_numbers import id_of_number
from core.work.loop.step_input import CHANGEABLE, MOST_DAYS, value_of
from core.work.tables import Finding
from core.work.wording import shown

TEXTS = (
    "note",
    "outcome",
    "reason",
    "unit",
    "person",
    "days",
    "review_on",
    "due_on",
    "target",
    "severity",
    "leader",
    "said_on",
)


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of the form as they were sent; ``verb`` is the step that was meant, ``version`` the one that was seen."""

    verb: str = ""
    version: int = 0
    texts: Mapping[str, str] = field(default_factory=dict)
    photos: Sequence[str] = ()
    changes: Mapping[str, str] = field(default_factory=dict)
    precedent: bool = False

    def text(self, name: str) -> str:
        """What stands in a field."""
        return self.texts.get(name, "")

    @property
    def something(self) -> bool:
        """Whether anything was typed that would be a pity to lose."""
        return bool(self.photos) or any(self.texts.values())


def read_typed(faults: list[Fault]) -> Typed:
    """The form of this request; a photo that cannot be kept is a fault. Raises InvalidInput for a version no page made."""
    said = request.form
    version = said.get("version", "")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise bad_argument("version", version)
    texts = {name: said.get(name, "") if name == "note" else said.get(name, "").strip()[:100] for name in TEXTS}
    changes = {name: said[f"changes.{name}"] for name in CHANGEABLE if f"changes.{name}" in said}
    sent = photos.posted("photos", faults)
    return Typed(said.get("verb", "")[:40], int(version), texts, sent, changes, bool(said.get("precedent")))


def asked_of(typed: Typed, finding: Finding | None, faults: list[Fault]) -> dict[str, Any]:
    """The same as the keywords of a step; what cannot be read is a fault at its field.

    ``finding`` is the one as it stands, so that only what really differs is a change; None when many are meant.
    """
    plain = {name: typed.text(name) or None for name in ("outcome", "reason", "severity")}
    changed = dict(typed.changes)
    if finding is not None:
        if "site_id" in changed:
            changed["site_id"] = read_site(db(), actor(), finding, changed["site_id"], today(), faults)
        if not changed.get("unit_id", "x"):
            del changed["unit_id"]  # not chosen: it stays
        changed = {name: value for name, value in changed.items() if value.strip() != value_of(finding, name)}
    return plain | {
        "note": typed.text("note"),
        "photos": typed.photos,
        "unit_id": _id(typed, "unit", faults),
        "person_id": _id(typed, "person", faults),
        "days": _days(typed, faults),
        "review_on": _day(typed, "review_on", faults),
        "due_on": _day(typed, "due_on", faults),
        "leader": typed.text("leader"),
        "said_on": _day(typed, "said_on", faults),
        "target_id": _target(typed, faults),
        "changes": changed,
        "precedent": typed.precedent,
    }


def _id(typed: Typed, name: str, faults: list[Fault]) -> UUID | None:
    said = typed.text(name)
    if not said:
        return None
    try:
        return UUID(said)
    except ValueError:
        faults.append(Fault(N_("选项无效"), name, value=shown(said), remedy=N_("请从列表里选")))
        return None


def _days(typed: Typed, faults: list[Fault]) -> int | None:
    said = typed.text("days")
    if not said:
        return None
    if said.isascii() and said.isdigit() and len(said) < 5:
        return int(said)
    remedy = N_("请填 1 到 {most} 个工作日")
    faults.append(Fault(N_("工作日数不对"), "days", None, shown(said), "", remedy, {"most": MOST_DAYS}))
    return None


def _day(typed: Typed, name: str, faults: list[Fault]) -> date | None:
    said = typed.text(name)
    if not said:
        return None
    try:
        return date.fromisoformat(said)
    except ValueError:
        faults.append(Fault(N_("日期写法无效"), name, value=shown(said), remedy=N_("请写成 2026-03-02")))
        return None


def _target(typed: Typed, faults: list[Fault]) -> UUID | None:
    """The finding of a number, as far as the reader sees it."""
    said = typed.text("target")
    if not said:
        return None
    found = id_of_number(db(), actor(), said, now=now())
    if found is None:
        remedy = N_("请填一件看得到的问题的编号，如 2026-00012")
        faults.append(Fault(N_("没有这个编号的问题"), "target", value=shown(said), remedy=remedy))
    return found
