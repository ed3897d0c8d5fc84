"""What attainment is called on pages and in files (达标用词): states, reasons, checks and who answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask_babel import gettext

from core.errors import N_
from core.figures.site_attainment.choosing import Line
from core.figures.site_attainment.ground import Ground
from core.figures.site_attainment.places import Checked, FormStanding
from core.figures.site_attainment.states import BELOW, BLOCKED, KEY_FAILED, NEVER, VETOED
from core.web.duties.coverage import WORDS, say_posts
from core.web.places.site_words import say_points
from core.web.words import by_locale, listed
from core.work.duties.coverage import Answer
from core.work.duties.coverage_posts import Posts

MISSING: Mapping[str, str] = {
    BELOW: N_("得分不到 %(percent)s%%"),
    KEY_FAILED: N_("关键项不合格"),
    VETOED: N_("关键项组一票否决"),
    BLOCKED: N_("有未办结的问题"),
    NEVER: N_("还没查过"),
}
TABS: Mapping[str, str] = {"": N_("点位"), "grid": N_("网格"), "village": N_("行政村")}


def form_name(ground: Ground, campaign: str, code: str) -> str:
    """A form's title in the reader's language."""
    form = ground.titles.get((campaign, code))
    return by_locale(form.title_zh, form.title_en) if form else code


def say_missing(ground: Ground, one: FormStanding) -> str:
    """What one form lacks, '' when nothing."""
    if not one.missing:
        return ""
    said = gettext(MISSING[one.missing], percent=ground.percent)
    return f"{said} {say_finding(one)}".strip() if one.missing == BLOCKED else said


def say_finding(one: FormStanding) -> str:
    """The finding that stands against a form: number and title, as far as the reader sees it."""
    return " ".join(filter(None, (one.finding_number, by_locale(one.finding_title, one.finding_title_en))))


def say_lacks(ground: Ground, forms: Sequence[FormStanding]) -> str:
    """What a place lacks, form by form; the form is named where there are several."""
    found = []
    for one in forms:
        if said := say_missing(ground, one):
            name = form_name(ground, one.campaign, one.form)
            found.append(gettext("%(form)s：%(said)s", form=name, said=said) if len(forms) > 1 else said)
    return gettext("；").join(found)


def say_checked(one: Checked | None) -> str:
    """Points of a check, '' for none."""
    return f"{say_points(one.earned)}/{say_points(one.possible)}" if one else ""


def latest(line: Line, track: str) -> Checked | None:
    """The latest check of any of the place's forms on a track (``by_itself``, ``by_others``)."""
    checks = [one for form in line.forms if (one := getattr(form, track)) is not None]
    return max(checks, key=lambda one: one.at, default=None)


def say_person(answer: Answer | None, posts: Posts) -> str:
    """Who answers, by name; the state of the post where nobody does."""
    seats = seats_of(answer, posts)
    if seats:
        return listed([holders for _, _, holders in seats])
    return gettext(WORDS[answer.state][0]) if answer else ""


def seats_of(answer: Answer | None, posts: Posts) -> list[tuple[UUID, str, str]]:
    """The posts that answer: id, what they are, who holds them."""
    return say_posts(answer, posts) if answer else []
