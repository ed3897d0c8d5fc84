"""The demo's rules and cards (演示规则与亮牌): 十乱, routing of its own, daily ranks and the cards of two ten-day periods."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.demo.playing import LABEL, Play
from core.figures.card_days import compute_day
from core.figures.card_periods import propose_period
from core.figures.periods import Period, containing
from core.work.dispatch.category_sets import keep_set
from core.work.dispatch.routing_rules import RuleWish, add_rule
from core.work.marks.card_issues import act_on_all, live_cards
from core.work.marks.card_schemes import find_scheme, keep_scheme, move_scheme
from core.work.marks.card_templates import TEN_DAYS
from core.work.tables import CardScheme

TEN_DISORDERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("乱扔乱倒", ("ENV-LITTER", "ENV-BIN")),
    ("乱排污水", ("ENV-WATER",)),
    ("乱停乱放", ("ORD-PARK",)),
    ("乱摆摊点", ("ORD-STALL",)),
    ("乱贴乱画", ("ORD-POSTER",)),
    ("乱搭乱建", ("ORD-BUILD",)),
    ("乱拉乱挂", ("SAF-WIRE", "FAC-FACADE")),
    ("乱挖乱占", ("FAC-ROAD", "FAC-BARRIER")),
    ("乱养宠物", ("ORD-PET",)),
    ("乱堵通道", ("SAF-FIRE",)),
)
LEAGUES: tuple[dict[str, Any], ...] = (
    {"key": "subdistricts", "title": "街道组", "title_en": "Subdistricts", "kinds": ["subdistrict"]},
    {
        "key": "departments",
        "title": "部门组",
        "title_en": "Departments",
        "kinds": ["department"],
        "count_by": "lead",
    },
)


def set_rules(play: Play) -> None:
    """The district's own groups of categories, and two exceptions to the declared routing."""
    keep_set(play.session, play.desk, "十乱", TEN_DISORDERS, now=play.at(80, 9))
    wishes = (
        RuleWish(category="ORD-STALL", severity="urgent", hours=4, note=f"紧急占道四小时处置{LABEL}"),
        RuleWish(
            category="SAF-WIRE",
            territory_id=play.street(0),
            line_role="emergency_bureau",
            hours=12,
            note=f"本街道飞线充电由应急牵头{LABEL}",
        ),
    )
    for wish in wishes:
        add_rule(play.session, play.desk, wish, today=play.first)


def give_cards(play: Play) -> None:
    """A scheme for the streets and one for the departments: the period before last is shown, the last one proposed."""
    last = containing("ten_day", play.today).previous
    for league in LEAGUES:
        body = TEN_DAYS | {"title": f"{league['title']}逐日排名、每旬亮牌{LABEL}", "leagues": [league]}
        body["title_en"] = f"{league['title_en']}: daily ranks, a card every ten days (demo data)"
        row = keep_scheme(play.session, play.desk, body, unit_id=play.root(), now=play.at(40, 9))
        move_scheme(play.session, play.desk, row.id, "activate", version=row.version, now=play.at(40, 10))
        for period in (last.previous, last):
            _close_period(play, row, period, show=period != last)


def _close_period(play: Play, row: CardScheme, period: Period, *, show: bool) -> None:
    """Rank every day of a period, put its cards forward, and show them when they are to be shown."""
    session, back = play.session, (play.today - period.end).days
    for number in range((period.end - period.start).days + 1):
        compute_day(session, play.registry, row, period.start + timedelta(days=number), now=play.until)
    kept = find_scheme(session, play.desk, row.id, play.today)
    propose_period(session, play.desk, play.registry, kept, period, now=play.at(back - 1, 9))
    for hour, verb in enumerate(("confirm", "show") if show else (), 14):
        act_on_all(session, play.desk, live_cards(session, row.id, period.start), verb, now=play.at(back - 1, hour))
