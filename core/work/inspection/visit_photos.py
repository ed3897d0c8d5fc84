"""The photos of a visit (检查照片): those that were sent before it, found and attached with it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.bulk import Lot
from core.work.inspection.entries import place_of
from core.work.inspection.photos import find_files
from core.work.inspection.visit_dealing import FIXED
from core.work.inspection.visit_input import CheckedVisit
from core.work.tables import Attachment, File, Visit
from core.work.wording import shown


def photo_files(session: Session, checked: CheckedVisit) -> Mapping[str, File]:
    """The files that the photos refer to; each unknown one is a fault."""
    kinds = {"photos": checked.photos, FIXED: checked.fixed}
    refs = [(f"{name}.{code}", ref) for name, kind in kinds.items() for code, listed in kind.items() for ref in listed]
    refs += [(place_of(question), ref) for question, ref in checked.entered.photos.items()]
    files = find_files(session, (ref for _, ref in refs))
    faults = [
        Fault(N_("没有这张照片"), place, value=shown(ref), remedy=N_("请先上传照片，再提交检查"))
        for place, ref in refs
        if ref not in files
    ]
    if faults:
        raise InvalidInput(faults=faults)
    return files


def photo_rows(visit: Visit, checked: CheckedVisit, files: Mapping[str, File]) -> Lot:
    """A visit's photos beside its answers, and those that are answers themselves."""
    key = {"visit_id": visit.id, "created_at": visit.submitted_at, "hidden": visit.hidden}
    rows = [{"file_id": files[ref].id, "question": code} for code, listed in checked.photos.items() for ref in listed]
    rows += [{"file_id": files[ref].id, "question": code} for code, ref in checked.entered.photos.items()]
    return Lot(Attachment, rows, key)
