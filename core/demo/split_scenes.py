"""The demo's decomposition (演示任务分解): one issued table of a campaign with accepted, returned and waiting shares, and tasks of some."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from core.demo.playing import LABEL, Play
from core.work.enabling import enabled
from core.work.splits.answering import accept, send_back
from core.work.splits.editing import RowWish, save_row
from core.work.splits.issuing import issue_split
from core.work.splits.making import Start, make_split
from core.work.splits.points import split_evenly
from core.work.splits.portions import Portion
from core.work.splits.reading import lines_of
from core.work.splits.states import ASSIST, LEAD
from core.work.splits.tasking import Choice, make_tasks
from core.work.tables import Split
from tenants.models import Unit

CAMPAIGN = "sanitary_city"
OFFICES = ("sanitation", "urban_management", "market_regulator", "health_bureau", "housing_bureau", "ecology_bureau")
GROUP = "演示环境整治组"
ANSWERED, RETURNED_EVERY = 3, 17  # of three shares two are accepted, of seventeen one came back
TASKS = 12  # clauses with a day of their own: tasks are made of those


def play_splits(play: Play) -> None:
    """Make the table, split it, issue it two weeks ago, and let the units answer."""
    campaign = next((one for one in enabled(play.session, play.registry) if one.key == CAMPAIGN), None)
    if campaign is None:
        return
    session, desk = play.session, play.desk
    on = play.today - timedelta(days=20)
    title = f"{play.today.year}年国家卫生城市标准与责任分解表{LABEL}"
    split = make_split(session, desk, campaign, Start(copy=False, title=title), on=on, now=play.at(20, 9))
    units = [play.office(role) for role in OFFICES]
    group = session.scalars(select(Unit.id).where(Unit.name == GROUP)).first()
    for number, line in enumerate(lines_of(session, split.id)):
        lead = line.row.owner_unit_id or units[number % len(units)]
        others = [unit for unit in (units[number % len(units)], units[(number + 2) % len(units)]) if unit != lead]
        carrying = [lead, *dict.fromkeys(others[: number % 3])]
        parts = split_evenly(line.row.points, len(carrying))
        portions = [
            Portion(unit, ASSIST if n else LEAD, part)
            for n, (unit, part) in enumerate(zip(carrying, parts, strict=True))
        ]
        wish = RowWish("", group if group and number % 4 == 0 else line.row.owner_unit_id, due_on=_due(play, number))
        save_row(session, desk, split.id, line.row.id, wish, portions, mark=line.mark, now=play.at(18, 10))
    day = play.today - timedelta(days=14)
    issue_split(session, desk, campaign, split.id, version=split.version, valid_from=day, now=play.at(14, 9))
    _answer(play, split)
    make_tasks(session, desk, split.id, Choice(), now=play.at(5, 15))


def _due(play: Play, number: int) -> date | None:
    """The last day of a clause: the first dozen within the quarter, the rest without one."""
    return play.today + timedelta(days=20 + 5 * number) if number < TASKS else None


def _answer(play: Play, split: Split) -> None:
    """Two of three shares are accepted, some came back with a reason, the rest waits."""
    shares = [(line, share) for line in lines_of(play.session, split.id) for share in line.shares]
    for number, (_line, share) in enumerate(shares):
        clerk, version = play.liaison(share.unit_id), share.version
        if number % RETURNED_EVERY == RETURNED_EVERY - 1:
            reason = f"本单位没有执法权，建议由城管部门牵头{LABEL}"
            send_back(play.session, clerk, share.id, version=version, reason=reason, now=play.at(11, 16))
        elif number % ANSWERED:
            accept(play.session, clerk, share.id, version=version, now=play.at(12, 11))
