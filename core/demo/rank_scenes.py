"""The demo's task ranks and appraisals (演示任务排名与考核): each day's places as kept, last month frozen and signed by two."""

from __future__ import annotations

from datetime import timedelta

from core.demo.playing import LABEL, Play
from core.figures.periods import ONE_DAY, containing
from core.figures.task_figures.appraising import appraise, freeze_period
from core.figures.task_figures.places import compute_day
from core.work.appraisals.freezing import sign
from core.work.appraisals.keeping import keep_rule, move_rule
from core.work.appraisals.rules import SAMPLES, read_rule
from core.work.tables import AppraisalRule

LEAST = 20  # days kept at least
RULES = {"streets": "街道考核办法", "departments": "部门考核办法"}


def play_ranks(play: Play) -> None:
    """Keep the places of every day since last month began, then the two rules, and last month of the first one."""
    month = containing("month", play.today).previous
    day = min(month.start, play.today - timedelta(days=LEAST))
    while day < play.today:
        compute_day(play.session, day, now=play.until)
        day += ONE_DAY
    rules = [_rule(play, code, name) for code, name in RULES.items()]
    rows = appraise(play.session, read_rule(rules[0].body), rules[0].league, month, now=play.until)
    if any(one.result.total is not None for one in rows):
        frozen = freeze_period(play.session, play.desk, rules[0], month, now=play.at(1, 9))
        for who, hour in ((play.desk, 10), (play.stage.actors["演示区领导"], 11)):
            sign(play.session, who, frozen.id, sha256=frozen.sha256, now=play.at(1, hour))
    play.session.flush()


def _rule(play: Play, code: str, name: str) -> AppraisalRule:
    _, league, body = SAMPLES[code]
    row = keep_rule(play.session, play.desk, name=f"{name}{LABEL}", league=league, body=body, now=play.at(30, 9))
    return move_rule(play.session, play.desk, row.id, "activate", version=row.version, now=play.at(30, 10))
