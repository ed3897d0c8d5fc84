"""The form of a quantity (填报表单): what it offers, what was typed, and the wish that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy import select

from core.errors import N_, Fault, InvalidInput
from core.request import db
from core.web.paging import read_id
from core.web.quantities.quantity_words import (
    kind_options,
    options,
    plan_options,
    project_options,
    reporter_options,
    territory_options,
)
from core.work.quantities.entering import QuantityWish
from core.work.quantities.reading import Line
from core.work.quantities.words import BASES, TYPED_BASES
from core.work.quantities.writing import NAMES, say_number
from core.work.tables import Site

TEXTS = ("amount", "qualifier", "measure", "scope", "period", "document", "note", "basis")
LINKS = ("scope_unit_id", "plan_id", "line_id", "project_id", "task_id")


def read_wish(line: Line | None = None) -> QuantityWish:
    """What the form says; of an entry that is corrected kind and unit stay. Raises InvalidInput."""
    form, faults = request.form, []
    kind, unit = (
        (line.entry.kind_id, line.entry.unit_id) if line else (_required("kind", faults), _required("unit", faults))
    )
    site_id = _site(form.get("site", "").strip(), faults)
    if faults or kind is None or unit is None:
        raise InvalidInput(faults=faults)
    texts = {name: form.get(name, "").strip() for name in TEXTS}
    return QuantityWish(
        kind_id=kind,
        unit_id=unit,
        site_id=site_id,
        **(texts | {"basis": texts["basis"] or "self"}),
        **{name: read_id(form[name], name) if form.get(name) else None for name in LINKS},
    )


def _required(name: str, faults: list[Fault]) -> UUID | None:
    said = request.form.get(name, "")
    if not said:
        faults.append(Fault({"kind": N_("请选择科目"), "unit": N_("请选择填报单位")}[name], name))
        return None
    return read_id(said, name)


def _site(code: str, faults: list[Fault]) -> UUID | None:
    if not code:
        return None
    found = db().scalars(select(Site.id).where(Site.code == code)).all()
    if len(found) != 1:
        faults.append(Fault(N_("没有这个点位"), "site", value=code[:40], remedy=N_("请填点位编号")))
        return None
    return found[0]


def typed() -> Mapping[str, str]:
    """What was typed, to be shown again."""
    return request.form.to_dict()


def said_of(line: Line) -> Mapping[str, Any]:
    """What an entry says, as the form shows it."""
    entry = line.entry
    links = {name: str(getattr(entry, name) or "") for name in LINKS}
    texts = {name: getattr(entry, name) for name in ("scope", "document", "note", "basis")}
    return links | texts | {"amount": say_number(entry, "zh"), "period": entry.period_text, "site": line.site_code}


def choices(*, fixed: bool = False) -> dict[str, Any]:
    """What the form offers; ``fixed``: kind and unit are not chosen any more."""
    offered = {
        "territories": territory_options(),
        "plans": plan_options(),
        "projects": project_options(),
        "bases": [(code, text) for code, text in options(BASES) if code in TYPED_BASES],
        "qualifier_options": options(NAMES),
    }
    return offered if fixed else offered | {"kinds": kind_options(), "reporters": reporter_options()}
