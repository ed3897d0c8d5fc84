"""What the address of a list asks for (清单网址): every filter by name, and what each is called when it is on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from flask import request
from flask_babel import gettext
from sqlalchemy import select

from core.errors import N_
from core.request import actor, db, today
from core.settings import ZONE
from core.web.ledger.finding_words import (
    say_category,
    say_severity,
    say_source,
    say_state,
)
from core.web.paging import bad_argument
from core.web.places.site_words import campaign_titles
from core.work.desk.finding_filters import GROUPS, VIEWS, Filter
from core.work.desk.findings import SORTS
from core.work.dispatch.category_sets import groups_of
from core.work.intake.patrols import find_patrol
from core.work.tables import Site
from tenants.models import Person, Unit

DEFAULT_SORT = {"problem": "-opened_at", "rectification": "due_at", "responsibility": "-opened_at"}
LABELS: Mapping[str, str] = {
    "q": N_("含"),
    "group": N_("进度"),
    "state": N_("状态"),
    "overdue": N_("期限"),
    "unit": N_("单位"),
    "person": N_("责任人"),
    "area": N_("片区"),
    "grid": N_("网格"),
    "site": N_("点位"),
    "patrol": N_("巡查班次"),
    "spot": N_("处置方式"),
    "category": N_("类别"),
    "set": N_("分类口径"),
    "source": N_("来源"),
    "severity": N_("严重程度"),
    "campaign": N_("创建项目"),
    "indicator": N_("指标"),
    "returned": N_("退回"),
    "relapsed": N_("反弹"),
    "mine": N_("上报交办"),
    "from": N_("发现自"),
    "to": N_("发现至"),
    "as_of": N_("截至"),
}
USUAL = frozenset(
    {"q", "group", "unit", "category", "site", "indicator", "patrol", "spot"}
)  # offered on every list, or not at all
IDS = ("unit", "person", "area", "grid", "site", "patrol")
DAYS = ("from", "to", "as_of")
SPOT = {"1": N_("当场处置"), "0": N_("转交")}
FLAGS = {"overdue": N_("已超期"), "returned": N_("退回过"), "relapsed": N_("反弹过"), "mine": N_("我的")}


@dataclass(frozen=True)
class Asked:
    """The view, the order and the filters of an address: ``said`` has those that are on, as they were written."""

    view: str
    sort: str
    said: Mapping[str, str]
    ids: Mapping[str, UUID] = field(default_factory=dict)
    days: Mapping[str, date] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        """What a filter says, '' when it is off; for templates."""
        return self.said.get(name, "")

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        return bool(self.said)

    @property
    def rare(self) -> bool:
        """Whether a filter is on that stands under 更多条件."""
        return not self.said.keys() <= USUAL

    @property
    def query(self) -> str:
        """The filters as a query string, with the view, without the page."""
        return urlencode({"view": self.view} | dict(self.said))

    @cached_property
    def filter(self) -> Filter:
        """The same as the ledger's filter. Raises InvalidInput for a grouping that is not there."""
        many: dict[str, Any] = {plural: [self.said[name]] for name, plural in _PLURALS.items() if name in self.said} | {
            plural: [self.ids[name]] for name, plural in _OWN.items() if name in self.ids
        }
        if "set" in self.said:
            many["categories"] = _within(many.get("categories"), _categories(self.said["set"]))
        return Filter(
            view=self.view,  # type: ignore[arg-type]  # checked where it was read
            site_id=self.ids.get("site"),
            patrol_id=self.ids.get("patrol"),
            on_spot={"1": True, "0": False}.get(self["spot"]),
            text=self["q"],
            opened_from=self.days.get("from"),
            opened_to=self.days.get("to"),
            as_of=self.days.get("as_of"),
            **{name: True for name in FLAGS if name in self.said},
            **many,
        )


_PLURALS = {
    "group": "groups",
    "state": "states",
    "category": "categories",
    "source": "sources",
    "severity": "severities",
    "campaign": "campaigns",
    "indicator": "indicators",
}
_OWN = {"unit": "units", "person": "people", "area": "areas", "grid": "grids"}


def read_asked(query: str | None = None) -> Asked:
    """The filter of this request, or of a query string that a form carries. Raises InvalidInput."""
    args = request.args.to_dict() if query is None else dict(parse_qsl(query))
    view = args.get("view") or VIEWS[0]
    if view not in VIEWS:
        raise bad_argument("view", view)
    sort = args.get("sort") or DEFAULT_SORT[view]
    if sort.removeprefix("-") not in SORTS:
        raise bad_argument("sort", sort)
    said = {name: args[name].replace("\x00", "").strip()[:100] for name in LABELS if args.get(name, "").strip()}
    said = {name: value for name, value in said.items() if name not in FLAGS or value == "1"}
    ids = {name: _read(UUID, said[name], name) for name in IDS if name in said}
    days = {name: _read(date.fromisoformat, said[name], name) for name in DAYS if name in said}
    return Asked(view, sort, said, ids, days)


def _read(kind: Any, text: str, name: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise bad_argument(name, text) from None


def _categories(said: str) -> tuple[str, ...]:
    """The categories of a group, which an address names as set and group."""
    found = next((groups for key, _, groups in set_options() if key == said), None)
    if found is None:
        raise bad_argument("set", said)
    return found


def _within(wanted: list[str] | None, group: tuple[str, ...]) -> list[str]:
    """The categories of a group, those asked for when there are any; none of them in common shows nothing."""
    return list(group) if wanted is None else [code for code in wanted if code in group] or [""]


def set_options() -> list[tuple[str, str, tuple[str, ...]]]:
    """The tenant's own groups as (address's word, title, categories)."""
    return [
        (f"{one.id}.{number}", f"{one.name} · {group.name}", group.categories)
        for one in groups_of(db())
        for number, group in enumerate(one.groups)
    ]


def read_chips(wanted: Asked) -> list[tuple[str, str]]:
    """The filters that are on, as (name, sentence), to be taken off one by one."""
    return [(name, f"{gettext(LABELS[name])}{gettext('：')}{_value(wanted, name)}") for name in wanted.said]


def _value(wanted: Asked, name: str) -> str:
    said = wanted.said[name]
    if name in FLAGS:
        return gettext(FLAGS[name])
    if name == "group":
        return gettext(GROUPS[said][0]) if said in GROUPS else said
    if name in _SAY:
        return str(_SAY[name](said))
    if name in IDS:
        table: Any = {"person": Person, "site": Site}.get(name, Unit)
        return db().scalar(select(table.name).where(table.id == wanted.ids[name])) or said
    if name == "set":
        return next((title for key, title, _ in set_options() if key == said), said)
    return campaign_titles(db()).get(said, said) if name == "campaign" else said


def _say_patrol(said: str) -> str:
    """A shift by its beginning and route; its id to those whose list of shifts does not have it."""
    patrol = find_patrol(db(), actor(), UUID(said), on=today())
    return f"{patrol.started_at.astimezone(ZONE):%m-%d %H:%M} {patrol.route}".strip() if patrol else said


def _say_spot(said: str) -> str:
    return gettext(SPOT[said]) if said in SPOT else said


_SAY = {
    "state": say_state,
    "category": say_category,
    "source": say_source,
    "severity": say_severity,
    "patrol": _say_patrol,
    "spot": _say_spot,
}
