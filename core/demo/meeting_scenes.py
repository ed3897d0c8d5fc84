"""The demo's meetings (演示会议): two weekly ones that were held and decided, and one planned with its agenda drafted."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from core.demo.playing import LABEL, Play
from core.work.meetings.agenda import add_point
from core.work.meetings.attendance import Mark, keep_attendance, presences
from core.work.meetings.deciding import DecisionWish, decide
from core.work.meetings.drafting import draft_agenda
from core.work.meetings.kinds import propose_title
from core.work.meetings.minutes import publish_minutes, write_minutes
from core.work.meetings.planning import MeetingWish, hold_meeting, plan_meeting
from core.work.tables import Meeting

CHAIR = "演示总指挥"
WEEK = 7
DECIDED: tuple[tuple[tuple[str, str, int, str], ...], ...] = (
    (
        ("背街小巷积存垃圾三天内清运完毕", "sanitation", 3, "decision"),
        ("农贸市场活禽交易区与熟食区分开", "market_regulator", 10, "decision"),
        ("月底前示范路段达标", "urban_management", 20, "pledge"),
    ),
    (
        ("夜市油烟整治回头看一遍", "urban_management", 5, "decision"),
        ("公益广告破损的一周内更换", "propaganda", 9, "decision"),
    ),
)
WORDS = "会议强调，问题要当天交办、当周见效。\n会议要求，各单位周五前报送整改照片。"


def play_meetings(play: Play) -> None:
    """Two held weekly meetings, the older minuted, and next week's with its agenda."""
    owing = dict.fromkeys(play.office(role) for lot in DECIDED for _, role, _, _ in lot)
    units = (*owing, play.street(0))
    for back, lot in zip((2 * WEEK, WEEK), DECIDED, strict=True):
        of = _held(play, back, units)
        for title, role, days, kind in lot:
            at = play.at(back, 10)
            due = play.today - timedelta(days=back - days)
            wish = DecisionWish(f"{title}{LABEL}", play.office(role), due_on=due, kind=kind)
            decide(play.session, play.desk, of.id, wish, now=at, give_task=True)
        written = write_minutes(play.session, play.desk, of.id, WORDS, version=of.version, now=play.at(back, 16))
        if back > WEEK:
            publish_minutes(play.session, play.desk, of.id, version=written.version, now=play.at(back - 1, 9))
    coming = _planned(play, 0, units)
    draft_agenda(play.session, play.desk, coming.id, now=play.until)
    add_point(play.session, play.desk, coming.id, f"下周重点工作安排{LABEL}", now=play.until)
    play.session.flush()


def _planned(play: Play, back: int, units: tuple[UUID, ...]) -> Meeting:
    """The dispatch meeting of a week."""
    day = play.today - timedelta(days=back)
    title = f"{propose_title('dispatch', day)}{LABEL}"
    wish = MeetingWish("dispatch", play.root(), day, 1, title, CHAIR, "创建办会议室", invited=units)
    return plan_meeting(play.session, play.desk, wish, now=play.at(back + 1, 15) if back else play.until)


def _held(play: Play, back: int, units: tuple[UUID, ...]) -> Meeting:
    """The same, opened, with those who came: the last unit sent a substitute."""
    of = _planned(play, back, units)
    draft_agenda(play.session, play.desk, of.id, now=play.at(back, 9))
    hold_meeting(play.session, play.desk, of.id, version=of.version, now=play.at(back, 9, 30))
    rows = presences(play.session, of.id)
    marks = [
        Mark("substitute" if number == len(rows) else "present", f"演示参会{number}", number == 1, "", one.row.id)
        for number, one in enumerate(rows, 1)
    ]
    keep_attendance(play.session, play.desk, of.id, marks, now=play.at(back, 9, 35))
    return of
