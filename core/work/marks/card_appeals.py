"""What an appeal brings with it (亮牌申诉): its photos, and the day by which it is to be decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import load_calendar
from core.work.inspection.photos import find_files
from core.work.marks.card_moves import Move
from core.work.marks.card_versions import rules_on
from core.work.tables import CardIssue, CardScheme
from core.work.wording import shown

MOST_PHOTOS = 9  # with one appeal (ours)


def read_photos(session: Session, move: Move, photos: Sequence[str]) -> list[str]:
    """The ids of the photos that come with a step, as far as it takes any. Raises InvalidInput."""
    refs = list(dict.fromkeys(photos)) if move.photos else []
    files, remedy = find_files(session, refs), N_("请先上传照片")
    faults = [Fault(N_("没有这张照片"), "photos", None, shown(r), "", remedy) for r in refs if r not in files]
    if len(refs) > MOST_PHOTOS:
        most = {"most": MOST_PHOTOS}
        faults.append(Fault(N_("照片过多"), "photos", None, str(len(refs)), "", N_("最多 {most} 张"), most))
    if faults:
        raise InvalidInput(faults=faults)
    return list(dict.fromkeys(str(files[ref].id) for ref in refs))


def appeal_due(session: Session, card: CardIssue, now: datetime) -> datetime:
    """By when an appeal that is made now is to be decided, under the rules that gave the card."""
    row = session.get_one(CardScheme, (card.tenant_id, card.scheme_id))
    days = rules_on(session, row, card.period_end).scheme.appeal_days
    return load_calendar(session, now).add_working_days(now, days)
