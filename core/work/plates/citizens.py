"""What citizens report at a plate (市民随手拍): a snapshot report of the installation's on their behalf, and a receipt to ask with.

It waits at the desk like every report that nobody directs. The receipt says received, being handled or done, and nothing
of what goes on inside. How to reach the citizen is kept apart, for the HQ office alone, and put away after some time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.inspection.photos import store
from core.work.intake.report_input import ReportBody
from core.work.intake.reporting import Reported, enter
from core.work.intake.sources import SNAPSHOT
from core.work.journal import record
from core.work.loop.states import ACCEPTED, CLOSED_STATES, DISMISSED, MERGED, NOT_CLOSED, ON_SPOT, REPORTED
from core.work.places.site_settings import PlateSettings, read_settings
from core.work.plates.plates import ALPHABET, Found, draw_code
from core.work.roles import DIRECT, REPORT
from core.work.tables import CitizenReport, Finding
from core.work.wording import read_text
from tenants.access import Actor, Duty, TenantRef, root_unit
from tenants.scope import ScopedSession

MOST_PHOTOS = 3  # ours: enough to see it, little to send
LONGEST_WHAT, LONGEST_CONTACT = 300, 60
RECEIPT = 12
CITIZEN = "市民（扫码）"
# What somebody passing by can judge, of the shared categories (ours), the commonest first.
CATEGORIES = (
    *("ENV-LITTER", "ENV-BIN", "ENV-TOILET", "ENV-WATER", "ORD-PARK", "ORD-STALL", "ORD-POSTER", "FAC-ROAD"),
    *("FAC-EQUIP", "FAC-LIGHT", "FAC-BARRIER", "SAF-FIRE", "SAF-WIRE", "SMK", "ORD-PET", "VEC-FOUND"),
)
RECEIVED, HANDLED, DONE = "received", "handled", "done"


@dataclass(frozen=True, slots=True)
class Said:
    """What a citizen sends (市民上报): one of CATEGORIES, words, photos as they came, and how to reach him if he likes."""

    category: str
    what: str = ""
    photos: Sequence[bytes] = ()
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is (办理进度), for whoever has the receipt: a stage, the word for its end, and the days."""

    stage: str
    outcome: str
    sent_at: datetime
    done_at: datetime | None


def take_report(
    session: ScopedSession, tenant: TenantRef, found: Found, said: Said, finding_id: UUID, *, files: Path, now: datetime
) -> CitizenReport:
    """Take a citizen's report in under the id that his page was given; the same sent again gives the same receipt.

    Raises InvalidInput with every fault, Conflict (a plate out of force, a closed site, another report under the id).
    """
    if not found.is_in_force or found.site.state != "active":
        raise Conflict(N_("这块门牌已经停用，不能上报"))
    faults = _faults(said)
    what = read_text(said.what, "what", faults, LONGEST_WHAT)
    contact = read_text(said.contact, "contact", faults, LONGEST_CONTACT)
    if faults:
        raise InvalidInput(faults=faults)
    keeper = _stand_in(session, tenant, found.plate.person_id)
    photos = [store(session, keeper, data, files=files, contact_name=CITIZEN, now=now) for data in said.photos]
    kept = tuple(dict.fromkeys(str(one.id) for one in photos))
    body = ReportBody(SNAPSHOT, said.category, site_id=found.site.id, detail=what, photos=kept)
    taken = enter(session, _stand_in(session, tenant, None), body, finding_id, now)
    if taken.replayed:
        return _again(session, taken)
    made = CitizenReport(
        finding_id=taken.finding.id, plate_id=found.plate.id, receipt=draw_code(RECEIPT), contact=contact, sent_at=now
    )
    session.add(made)
    session.flush()
    return made


def _faults(said: Said) -> list[Fault]:
    faults = []
    if said.category not in CATEGORIES:
        faults.append(Fault(N_("没有选是什么问题"), "category", remedy=N_("请从列表中选择")))
    if not said.photos and not said.what.strip():
        faults.append(Fault(N_("还没有照片，也没有说明"), "what", remedy=N_("请拍一张照片，或写一句话")))
    if len(said.photos) > MOST_PHOTOS:
        params, remedy = {"most": MOST_PHOTOS}, N_("最多 {most} 张")
        faults.append(Fault(N_("照片过多"), "photos", None, str(len(said.photos)), "", remedy, params))
    return faults


def _stand_in(session: ScopedSession, tenant: TenantRef, person_id: UUID | None) -> Actor:
    """The installation, acting for a citizen: it may report anywhere and nothing else; who issued the plate answers for photos."""
    root = root_unit(session).id
    duty = Duty("citizen", root, None, frozenset({REPORT}))
    return Actor(tenant, person_id, CITIZEN, (duty,), root=root)  # type: ignore[arg-type]  # nobody of ours acts: history names no person


def _again(session: Session, taken: Reported) -> CitizenReport:
    row = session.scalars(select(CitizenReport).where(CitizenReport.finding_id == taken.finding.id)).first()
    if row is None:
        raise Conflict(N_("这个编号的问题已经上报过，内容不同；请核对，新的问题请用新的编号"))
    return row


def read_progress(session: Session, found: Found, receipt: str) -> Progress:
    """How far a report is. Raises NotFound for a receipt that is not of this plate."""
    said = receipt.upper()
    if len(said) != RECEIPT or not set(said) <= set(ALPHABET):
        raise NotFound
    row = session.execute(
        select(CitizenReport, Finding)
        .join(Finding, (Finding.tenant_id == CitizenReport.tenant_id) & (Finding.id == CitizenReport.finding_id))
        .where(CitizenReport.receipt == said, CitizenReport.plate_id == found.plate.id)
    ).first()
    if row is None:
        raise NotFound
    report, finding = row
    stage, outcome = _stage(_top(session, finding))
    done = _top(session, finding).closed_at or finding.changed_at
    return Progress(stage, outcome, report.sent_at, done if stage == DONE else None)


def _top(session: Session, finding: Finding) -> Finding:
    """The finding into which it was merged, if it was; one that is hidden is none."""
    if finding.state != MERGED or finding.merged_into is None:
        return finding
    return session.scalars(select(Finding).where(Finding.id == finding.merged_into)).first() or finding


def _stage(finding: Finding) -> tuple[str, str]:
    if finding.state in (REPORTED, ACCEPTED):
        return RECEIVED, ""
    if finding.state in CLOSED_STATES:
        fixed = finding.outcome in ("fixed", ON_SPOT)
        return DONE, N_("已经处理好") if fixed else N_("已经核实答复")
    if finding.state in DISMISSED and finding.state != MERGED:
        return DONE, N_("经核实，不需要处理")
    return HANDLED, ""


@dataclass(frozen=True, slots=True)
class Citizen:
    """What the finding's page says of who reported it (上报人): the receipt, how to reach him in part, and when that was deleted."""

    receipt: str
    masked: str
    purged_at: datetime | None


def citizen_of(session: Session, actor: Actor, finding_id: UUID) -> Citizen | None:
    """Who reported a finding at a plate, for the HQ office alone; None for everybody else.

    The contact is masked: it is read in full by :func:`reveal_contact` alone.
    """
    if not actor.covers(DIRECT):
        return None
    row = session.scalars(select(CitizenReport).where(CitizenReport.finding_id == finding_id)).first()
    return None if row is None else Citizen(row.receipt, mask_contact(row.contact), row.purged_at)


def reveal_contact(session: ScopedSession, actor: Actor, finding_id: UUID) -> str:
    """How to reach the citizen who reported a finding, in full (查看联系方式); who looks is put on record, each time.

    Raises NotFound for everybody but the HQ office, where no citizen reported it, and where he left nothing or it was deleted.
    """
    row = session.execute(
        select(CitizenReport.contact, Finding.number)
        .join(Finding, (Finding.tenant_id == CitizenReport.tenant_id) & (Finding.id == CitizenReport.finding_id))
        .where(CitizenReport.finding_id == finding_id)
    ).first()
    if row is None or not row.contact or not actor.covers(DIRECT):
        raise NotFound
    record(session, actor, "citizen.contact", "finding", finding_id, number=row.number or "")
    return str(row.contact)


def mask_contact(said: str) -> str:
    """A contact with its middle hidden (脱敏): of eleven digits the first three and the last four stay (138****0000), of less, less.

    Signs between stay where they are, so that one sees what kind of contact it is. The lengths are ours.
    """
    told = [place for place, letter in enumerate(said) if letter.isalnum()]
    first, last = (3, 4) if len(told) >= 10 else (1, 1) if len(told) >= 4 else (0, 0)
    hidden = set(told[first : len(told) - last])
    return "".join("*" if place in hidden else letter for place, letter in enumerate(said))


def purge_contacts(session: ScopedSession, now: datetime) -> int:
    """Empty the contacts of reports that were done with long enough ago; gives how many. For the nightly job."""
    days = read_settings(session, PlateSettings, session.tenant_id)[0].contact_days
    over = select(Finding.id).where(
        Finding.tenant_id == session.tenant_id,
        Finding.state.not_in(NOT_CLOSED),
        Finding.changed_at < now - timedelta(days=days),
    )
    done = session.execute(
        update(CitizenReport)
        .where(
            CitizenReport.tenant_id == session.tenant_id,
            CitizenReport.purged_at.is_(None),
            CitizenReport.finding_id.in_(over),
        )
        .values(contact="", purged_at=now)
        .returning(CitizenReport.finding_id)
        .execution_options(synchronize_session=False)
    )
    return len(done.all())
