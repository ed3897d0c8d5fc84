"""Where a photo's own time and place do not fit the visit or finding that it stands beside (照片时空不符): facts, nothing more.

The distance and the clock's slack are those of the doubts about closings; for whom they are is theirs, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.work.desk.finding_detail import Detail, Photo
from core.work.proofs.doubt_photos import ASKED_AGAIN, CLOCK_SLACK, LONGEST_VISIT, metres_between
from core.work.roles import CHECK, DIRECT, LEAD
from core.work.tables import File, Finding, FindingEvent, Site, Visit
from core.work.tenant_settings import Integrity, read_setting
from tenants.access import Actor

CLOCK_OFF = timedelta(minutes=5)  # a phone whose clock is off by more is told (ours); networks set them to the second
Place = tuple[Decimal | None, Decimal | None]
NOWHERE: Place = (None, None)


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that does not fit (不符之处).

    ``kind``: ``visit``, ``report``, ``found``, ``again`` - taken before the visit began, the report, the finding, its last
    return - by ``span``; ``received`` - taken ``span`` after it was received; ``far``, ``device_far`` - the picture or the
    device that chose it ``metres`` away from the place; ``fast``, ``slow`` - the device's clock, by ``span``.
    ``by_device``: only the device says so, not the picture.
    """

    kind: str
    taken_at: datetime | None = None
    span: timedelta = timedelta()
    metres: int = 0
    by_device: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """What a photo should fit (对照): taken after ``since``, which is called ``kind``, and near ``place``; ``on_site`` the device, too."""

    kind: str
    since: datetime | None
    place: Place
    on_site: bool = False


def sees_gaps(actor: Actor, visit: Visit | None = None) -> bool:
    """For those who check or lead, as doubts are, and at a visit for who made it; never a hint to the unit that is looked at."""
    return bool({CHECK, DIRECT, LEAD} & actor.verbs) or (visit is not None and visit.person_id == actor.person_id)


def gaps_of(file: File, frame: Frame, limits: Integrity) -> tuple[Gap, ...]:
    """What does not fit of one photo."""
    return (*_in_time(file, frame), *_in_place(file, frame, limits), *_of_clock(file))


def visit_gaps(
    session: Session, actor: Actor, visit: Visit, site: Site, files: Iterable[File]
) -> Mapping[UUID, tuple[Gap, ...]]:
    """Of the photos of a visit, by file (one query at most)."""
    known = list(files)
    if not known or not sees_gaps(actor, visit):
        return {}
    frame, limits = frame_of_visit(visit, (site.longitude, site.latitude)), read_setting(session, Integrity)
    return {file.id: gaps_of(file, frame, limits) for file in known}


def finding_gaps(session: Session, actor: Actor, found: Detail) -> Mapping[tuple[UUID, int | None], tuple[Gap, ...]]:
    """Of the photos beside a finding, by file and step (four queries at most, however many photos)."""
    photos = [*found.before, *found.after]
    if not photos or not sees_gaps(actor):
        return {}
    finding, limits = found.finding, read_setting(session, Integrity)
    visit = session.get(Visit, (finding.tenant_id, finding.visit_id)) if finding.visit_id else None
    place = _place(session, finding)
    files = {
        file.id: file for file in session.scalars(select(File).where(File.id.in_([one.file_id for one in photos])))
    }
    return {
        (one.file_id, one.version): gaps_of(files[one.file_id], _frame(one, found, visit, place), limits)
        for one in photos
        if one.file_id in files
    }


def frame_of_visit(visit: Visit, place: Place) -> Frame:
    """What the photos of a visit should fit."""
    return Frame("visit", visit.started_at or visit.submitted_at - LONGEST_VISIT, place, on_site=True)


def _frame(photo: Photo, found: Detail, visit: Visit | None, place: Place) -> Frame:
    """By the step with which a photo came: a report may follow hours later, an answer must follow what it answers."""
    if photo.version is None and visit is not None:
        return frame_of_visit(visit, place)
    if (photo.version or 1) == 1:
        return Frame("report", found.finding.opened_at - LONGEST_VISIT, place)
    verb, again = _step(photo.version or 1, found.events)
    if verb in ASKED_AGAIN:  # what shows that it is not right may be older than the words about it
        return Frame("found", found.finding.opened_at, place)
    return Frame("again", again, place) if again else Frame("found", found.finding.opened_at, place)


def _step(version: int, events: Sequence[FindingEvent]) -> tuple[str, datetime | None]:
    """The verb of a step, and when before it the finding was last sent back, reopened or found relapsed."""
    earlier = [event.at for event in events if event.version < version and event.verb in ASKED_AGAIN]
    return next((event.verb for event in events if event.version == version), ""), max(earlier, default=None)


def _in_time(file: File, frame: Frame) -> Iterable[Gap]:
    taken, told = file.taken_at, file.time_source == "device"
    if taken is None:
        return
    if frame.since is not None and taken < frame.since - CLOCK_SLACK:
        # Hours are allowed before a report; what is said is how long before it, not before the allowance.
        since = frame.since + LONGEST_VISIT if frame.kind == "report" else frame.since
        yield Gap(frame.kind, taken, since - taken, by_device=told)
    elif taken > file.created_at + CLOCK_SLACK:
        yield Gap("received", taken, taken - file.created_at, by_device=told)


def _in_place(file: File, frame: Frame, limits: Integrity) -> Iterable[Gap]:
    longitude, latitude = frame.place
    if longitude is None or latitude is None:
        return
    if file.longitude is not None and file.latitude is not None:
        away = metres_between(file.longitude, file.latitude, longitude, latitude)
        if away > limits.photo_metres:
            yield Gap("far", metres=away, by_device=file.place_source == "device")
    elif frame.on_site and file.device_longitude is not None and file.device_latitude is not None:
        away = metres_between(file.device_longitude, file.device_latitude, longitude, latitude)
        if away - (file.device_accuracy_m or 0) > limits.photo_metres:
            yield Gap("device_far", metres=away, by_device=True)


def _of_clock(file: File) -> Iterable[Gap]:
    off = timedelta(seconds=file.device_skew_seconds or 0)
    if abs(off) > CLOCK_OFF:
        yield Gap("fast" if off > timedelta() else "slow", span=abs(off), by_device=True)


def _place(session: Session, finding: Finding) -> Place:
    if finding.longitude is not None or finding.site_id is None:
        return finding.longitude, finding.latitude
    site = session.get(Site, (finding.tenant_id, finding.site_id))
    return (site.longitude, site.latitude) if site else NOWHERE
