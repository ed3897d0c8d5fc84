"""Words of sponsorships on the pages (包保用词): kinds in the reader's language, rows for files, what one did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import gettext

from core.errors import N_
from core.work.duties.sponsor_beside import NearSponsor
from core.work.duties.sponsor_deeds import Deeds
from core.work.duties.sponsor_kinds import SPONSOR_KINDS
from core.work.duties.sponsoring import SponsorLine

OBJECTS: Mapping[str, str] = {"unit": N_("单位"), "site": N_("点位"), "project": N_("项目")}
HEAD = (
    N_("包保对象"),
    N_("对象类型"),
    N_("包保类别"),
    N_("包保人"),
    N_("职务"),
    N_("包保单位"),
    N_("领域"),
    N_("创建项目"),
    N_("自"),
    N_("至"),
    N_("文件依据"),
)
DID_HEAD = (
    N_("检查次数"),
    N_("到访次数"),
    N_("办结件数"),
    N_("其中已销号"),
    N_("其他记录"),
    N_("包保地销号"),
    N_("最近一次"),
)


def say_kind_of(line: SponsorLine) -> str:
    """The kind in the reader's language; one of an older version as it is written."""
    return _kind(line.kind)


def say_sponsors(near: Sequence[NearSponsor], *, most: int | None = None) -> str:
    """Sponsors in one line, each with what he is: 甲（包保领导）、乙（路长）; of more than ``most`` the first, and how many."""
    named = [one.name + gettext("（%(value)s）", value=_kind(one.kind)) for one in near[:most]]
    if most is not None and len(near) > most:
        named.append(gettext("等 %(n)s 人", n=len(near)))
    return gettext("、").join(named)


def _kind(code: str) -> str:
    known = SPONSOR_KINDS.get(code)
    return gettext(known.title_zh) if known else code


def kind_options() -> list[tuple[str, str]]:
    """The kinds as code and title, in their declared order."""
    return [(kind.code, gettext(kind.title_zh)) for kind in SPONSOR_KINDS.values()]


def cells_of(line: SponsorLine, campaigns: Mapping[str, str]) -> Sequence[object]:
    """A line as the cells of HEAD."""
    until = line.until.isoformat() if line.until else ""
    sponsor = (say_kind_of(line), line.person_name, line.title, line.unit_name)
    limits = (line.field, campaigns.get(line.campaign or "", line.campaign or ""), line.valid_from.isoformat(), until)
    return (line.object_name, gettext(OBJECTS[line.object_kind]), *sponsor, *limits, line.document)


def cells_of_deeds(did: Deeds | None) -> Sequence[object]:
    """What one did as the cells of DID_HEAD."""
    if did is None:
        return ("",) * len(DID_HEAD)
    last = did.last.isoformat() if did.last else ""
    return (did.inspections, did.came, did.settled, did.closed, did.other, did.at_places, last)
