"""Versions of a district's own forms (表格版本): drafted from a workbook, published, replaced, withdrawn; none is ever changed.

An own version of a shipped form keeps everything that the edition scores - each item with its answer, rule, points and
duties - and may say it otherwise, illustrate it, order it and ask more. What is scored is changed by an own edition, not here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from core.campaigns import Campaign, Form, Item, to_body
from core.campaigns.xlsform.model import Field
from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.forms.fielding import read_forms
from core.work.journal import record
from core.work.permits import require
from core.work.roles import ADMINISTER
from core.work.tables import Definition, OwnForm
from core.work.wording import read_text
from tenants.access import Actor, root_unit
from tenants.scope import ScopedSession

KIND = "form"
DRAFT, PUBLISHED, REPLACED, WITHDRAWN, DROPPED = "draft", "published", "replaced", "withdrawn", "dropped"
LONGEST_NOTE = 500
# What an own version may say in its own way; everything else of an item is the edition's.
WORDS = frozenset({"number", "text_zh", "text_en", "hint", "note", "evidence"})
_SCORED = tuple(one.name for one in fields(Item) if one.name not in WORDS)


def shipped_form(campaign: Campaign, code: str) -> Form | None:
    """The form of this code that the edition in force, or its package, brings; None for a district's own one."""
    known = (*campaign.edition.forms, *campaign.subject_forms)
    return next((form for form in known if form.code == code), None)


def check_form(campaign: Campaign, form: Form) -> list[Fault]:
    """What speaks against a form as this district's (版本核对): a changed, missing or conditional scored item, points, types, doubled codes."""
    faults: list[Fault] = []
    shipped = shipped_form(campaign, form.code)
    theirs = {item.code: item for item in shipped.items} if shipped else {}
    mine = {item.code: item for item in form.items}
    for code, item in theirs.items():
        faults += _kept(item, mine.get(code))
    faults += _conditional(form, theirs)
    taken = {item.code: one.code for one in (*campaign.edition.forms, *campaign.subject_forms) for item in one.items}
    for code, item in mine.items():
        if code in theirs:
            continue
        if code in taken:
            remedy, params = N_("{form} 已用过，请换一个"), {"form": taken[code]}
            faults.append(Fault(N_("检查项代码重复"), "name", value=code, remedy=remedy, params=params))
        if item.indicators:
            remedy = N_("自加的检查项不计入指标，请留空；要改指标的取数，请上传本区测评体系版本")
            faults.append(Fault(N_("自加的检查项不能关联指标"), "indicators", value=code, remedy=remedy))
        if shipped and item.points:
            remedy = N_("在国家表上自加的检查项只立案不计分，分值请填 0")
            faults.append(Fault(N_("自加的检查项不能计分"), "points", value=code, remedy=remedy))
    if shipped and set(form.site_types) != set(shipped.site_types):
        remedy, params = N_("应为 {types}"), {"types": "、".join(shipped.site_types)}
        faults.append(Fault(N_("点位类型与原表不同"), "site_types", remedy=remedy, params=params))
    if not form.site_types:
        faults.append(Fault(N_("没有点位类型"), "site_types", remedy=N_("请在 settings 表里填 site_types")))
    return faults


def _conditional(form: Form, theirs: Collection[str]) -> list[Fault]:
    """Scored items of the shipped form that a condition could hide: they would not apply here and apply elsewhere."""
    if form.survey is None:
        return []
    placed = [one for one in form.survey.walk() if isinstance(one.part, Field) and one.part.name in theirs]
    hidden = [one.part.name for one in placed if any(part.relevant for part in (*one.above, one.part))]
    remedy = N_("现场没有的可选“不适用”；自加的题和检查项才能加条件")
    return [Fault(N_("给计分的检查项加了条件"), "relevant", value=code, remedy=remedy) for code in hidden]


def _kept(item: Item, own: Item | None) -> list[Fault]:
    """Whether a scored item of the shipped form is there and scored as it was."""
    if own is None:
        remedy = N_("现场没有的可选“不适用”；确要删去，请上传本区测评体系版本")
        return [Fault(N_("少了计分的检查项"), "name", value=item.code, remedy=remedy)]
    moved = [name for name in _SCORED if getattr(item, name) != getattr(own, name)]
    remedy = N_("计分由测评体系版本决定，请恢复原值；要改请上传本区测评体系版本")
    return [Fault(N_("改了计分的内容"), name, value=item.code, remedy=remedy) for name in moved]


def draft(
    session: ScopedSession,
    actor: Actor,
    campaign: Campaign,
    form: Form,
    *,
    file_name: str = "",
    note: str = "",
    now: datetime,
) -> OwnForm:
    """Keep a form as the next version (存为草稿); the content that is the newest version's already gives that one.

    Raises Forbidden, InvalidInput as check_form says.
    """
    require(session, actor, ADMINISTER, root_unit(session).id, local_day(now))
    faults = check_form(campaign, form)
    said = read_text(note, "note", faults, LONGEST_NOTE)
    if faults:
        raise InvalidInput(faults=faults)
    _lock(session, campaign.key, form.code)
    last = _newest(session, campaign.key, form.code)
    if last is not None and last.sha256 == form.sha256 and last.state in (DRAFT, PUBLISHED):
        return last
    body = {"sha256": form.sha256, "kind": "form", "campaign": campaign.key, "code": form.code, "body": to_body(form)}
    row = body | {"tenant_id": session.tenant_id, "created_at": now}
    session.execute(insert(Definition).on_conflict_do_nothing(), [row])
    made = OwnForm(
        campaign=campaign.key,
        code=form.code,
        number=(last.number if last else 0) + 1,
        sha256=form.sha256,
        title_zh=form.title_zh,
        title_en=form.title_en,
        note=said,
        file_name=file_name[-120:],
        person_name=actor.name,
        created_at=now,
    )
    session.add(made)
    session.flush()
    record(session, actor, "form.draft", KIND, made.id, **_told(made))
    return made


def publish(
    session: ScopedSession, actor: Actor, version_id: UUID, campaign: Campaign, form: Form, *, now: datetime
) -> OwnForm:
    """Give a version to the inspectors from now on (发布); the one before is replaced, visits opened with it still count.

    ``form`` is its content, checked once more: the edition may have changed since. Publishing twice changes nothing. Raises Forbidden,
    NotFound, Conflict (dropped), InvalidInput (as check_form says).
    """
    require(session, actor, ADMINISTER, root_unit(session).id, local_day(now))
    row = get_version(session, version_id)
    _lock(session, row.campaign, row.code)
    session.refresh(row)
    if row.state == PUBLISHED:
        return row
    if row.state == DROPPED:
        raise Conflict(N_("这个草稿已经作废，请重新上传"))
    if faults := [*check_form(campaign, form), *_shared_questions(session, row, form)]:
        raise InvalidInput(faults=faults)
    mine = (OwnForm.campaign == row.campaign, OwnForm.code == row.code, OwnForm.state == PUBLISHED)
    session.execute(update(OwnForm).where(*mine).values(state=REPLACED, ended_at=now))
    row.state, row.published_at, row.ended_at = PUBLISHED, now, None
    session.flush()
    record(session, actor, "form.publish", KIND, row.id, **_told(row))
    return row


def _shared_questions(session: ScopedSession, row: OwnForm, form: Form) -> list[Fault]:
    """Questions that a form asks alone and that another published form of the district calls the same."""
    others = (OwnForm.state == PUBLISHED, (OwnForm.campaign != row.campaign) | (OwnForm.code != row.code))
    hashes = session.scalars(select(OwnForm.sha256).where(*others)).all() if form.questions else []
    theirs = {one.code: other.code for other in read_forms(session, hashes).values() for one in other.questions}
    remedy = N_("和表 {form} 的观测项重名，请换一个检查项代码或表格代码")
    return [
        Fault(N_("观测项代码重复"), "name", value=one.code, remedy=remedy, params={"form": theirs[one.code]})
        for one in form.questions
        if one.code in theirs
    ]


def end_version(session: ScopedSession, actor: Actor, version_id: UUID, *, now: datetime) -> OwnForm:
    """Take a published version back (停用) or drop a draft (作废); nothing is deleted. Raises Forbidden, NotFound, Conflict."""
    require(session, actor, ADMINISTER, root_unit(session).id, local_day(now))
    row = get_version(session, version_id)
    _lock(session, row.campaign, row.code)
    session.refresh(row)
    ends = {PUBLISHED: (WITHDRAWN, "form.withdraw"), DRAFT: (DROPPED, "form.drop")}
    if row.state not in ends:
        raise Conflict(N_("这个版本已经不在用"))
    row.state, verb = ends[row.state]
    row.ended_at = now
    session.flush()
    record(session, actor, verb, KIND, row.id, **_told(row))
    return row


def get_version(session: ScopedSession, version_id: UUID) -> OwnForm:
    """A version by its id. Raises NotFound."""
    row = session.scalars(select(OwnForm).where(OwnForm.id == version_id)).first()
    if row is None:
        raise NotFound
    return row


def versions_of(session: ScopedSession, campaign: str, code: str = "") -> Sequence[OwnForm]:
    """A campaign's own versions, or those of one form, the newest first."""
    mine = [OwnForm.campaign == campaign, *([OwnForm.code == code] if code else [])]
    return session.scalars(select(OwnForm).where(*mine).order_by(OwnForm.code, OwnForm.number.desc())).all()


def _newest(session: ScopedSession, campaign: str, code: str) -> OwnForm | None:
    return next(iter(versions_of(session, campaign, code)), None)


def _lock(session: ScopedSession, campaign: str, code: str) -> None:
    """Two who publish at once come one after the other."""
    key = f"form {session.tenant_id} {campaign} {code}"
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


def _told(row: OwnForm) -> dict[str, object]:
    return {"campaign": row.campaign, "code": row.code, "version": row.number, "sha256": row.sha256}
