"""The sheet 人员 of an onboarding workbook: people to add, posts to begin or to retitle, phones to fill in.

A person is known by name and phone, without a phone by name and unit. Each row is one post; several rows make several
posts of one person. Nobody loses a post by an import.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, Fault, InvalidInput
from core.work.dated import end_of, valid_on
from core.work.duties.holdings import ASSESSOR, HOLDER
from core.work.duties.people import checked_name, checked_phone
from core.work.duties.posts import LONGEST_TITLE
from core.work.imports.workbook_cells import read_day
from core.work.imports.workbook_places import Gazetteer
from core.work.imports.workbook_reading import Sheet, SheetRow
from core.work.journal import record
from core.work.names import narrow, pinyin_key, tidy
from core.work.roles import ADMINISTER, ROLES
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import EnabledCampaign, Holding, Person, Post
from tenants.scope import ScopedSession

_Post = tuple[UUID, str, str | None]  # unit, role, campaign


@dataclass(slots=True)
class Somebody:
    """A person who is known, or whom this workbook adds, with the posts held: title and holding."""

    id: UUID
    name: str
    phone: str
    known: bool
    posts: dict[_Post, dict[str, UUID | None]] = field(default_factory=dict)


@dataclass(slots=True)
class PeoplePlan:
    """What the sheet asks for."""

    new: list[Somebody] = field(default_factory=list)
    phones: dict[UUID, str] = field(default_factory=dict)
    begins: list[tuple[Somebody, _Post, str, date | None]] = field(default_factory=list)
    ends: list[UUID] = field(default_factory=list)
    created: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class _Wish:
    sheet: Sheet
    row: SheetRow
    name: str
    phone: str
    title: str
    post: _Post
    until: date | None


class Roster:
    """The people who are known here (人员名录), by name."""

    def __init__(self, session: ScopedSession, today: date) -> None:
        self.by_name: dict[str, list[Somebody]] = {}
        active = select(Person).where(Person.state == "active")
        people = {p.id: Somebody(p.id, p.name, p.phone, True) for p in session.scalars(active)}
        rows = session.execute(
            select(Holding.person_id, Holding.id, Post.unit_id, Post.role, Post.campaign, Post.title)
            .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
            .where(valid_on(Holding, today))
        )
        for person_id, holding_id, unit_id, role, campaign, title in rows:
            if person_id in people:
                people[person_id].posts.setdefault((unit_id, role, campaign), {})[title] = holding_id
        for somebody in people.values():
            self.add(somebody)

    def add(self, somebody: Somebody) -> None:
        """Take a person into the book."""
        self.by_name.setdefault(somebody.name, []).append(somebody)

    def find(self, name: str, phone: str, unit_id: UUID) -> list[Somebody]:
        """Whom a row may mean: same name and phone, else same name at the same unit."""
        namesakes = self.by_name.get(name, [])
        same = [p for p in namesakes if phone and p.phone == phone]
        return same or [p for p in namesakes if any(unit == unit_id for unit, _, _ in p.posts)]


def plan_people(
    session: ScopedSession,
    sheets: Iterable[Sheet],
    book: Gazetteer,
    tenant_kind: str,
    campaigns: Mapping[str, str],
    today: date,
    faults: list[Fault],
) -> PeoplePlan:
    """Compare the sheets with the people who are known (人员导入方案). ``campaigns``: keys by what a cell may say."""
    plan = PeoplePlan()
    sheets = list(sheets)
    roster = Roster(session, today) if sheets else None
    enabled = set(session.scalars(select(EnabledCampaign.campaign))) if sheets else set()
    words = {said: key for said, key in campaigns.items() if key in enabled}
    seen: dict[tuple[UUID, _Post, str], int] = {}
    for sheet in sheets:
        for row in sheet.rows:
            wish = _read(sheet, row, book, tenant_kind, words, today, faults)
            if wish is not None and roster is not None:
                _settle(wish, plan, roster, seen, faults)
    return plan


def _read(
    sheet: Sheet,
    row: SheetRow,
    book: Gazetteer,
    tenant_kind: str,
    campaigns: Mapping[str, str],
    today: date,
    faults: list[Fault],
) -> _Wish | None:
    cells, before = row.cells, len(faults)
    name, phone = _identity(sheet, row, faults)
    role = _role(sheet, row, tenant_kind, faults)
    title = tidy(cells.get("title", ""))
    if len(title) > LONGEST_TITLE:
        faults.append(sheet.fault(row, "title", N_("职务名称过长"), N_("请缩短到 60 个字以内"), title))
    campaign = campaigns.get(narrow(cells["campaign"]).lower()) if "campaign" in cells else None
    if "campaign" in cells and campaign is None:
        remedy = N_("请先启用这个创建项目，或留空表示所有活动")
        faults.append(sheet.fault(row, "campaign", N_("没有启用这个创建项目"), remedy, cells["campaign"]))
    until = _until(sheet, row, role, today, faults)
    if "unit" not in cells:
        faults.append(sheet.fault(row, "unit", N_("不能为空"), N_("请填写单位名称或代码")))
        return None
    place = book.resolve(sheet, row, "unit", faults)
    if place is None:
        return None
    book.permit(ADMINISTER, place, sheet, row, "unit", faults)
    wish = _Wish(sheet, row, name, phone, title, (place.id, role, campaign), until)
    return wish if len(faults) == before else None


def _until(sheet: Sheet, row: SheetRow, role: str, today: date, faults: list[Fault]) -> date | None:
    """The last day of a term; who comes from outside must have one."""
    until = read_day(sheet, row, "until", faults)
    if until is not None and until < today:
        remedy = N_("请填今天或以后的日期")
        faults.append(sheet.fault(row, "until", N_("截止日期已经过去"), remedy, row.cells["until"]))
    if role == ASSESSOR and "until" not in row.cells:
        faults.append(sheet.fault(row, "until", N_("没有填截止日期"), N_("外部测评员都有期限，请填“任职至”")))
    return until


def _identity(sheet: Sheet, row: SheetRow, faults: list[Fault]) -> tuple[str, str]:
    found = []
    for column, check in (("name", checked_name), ("phone", checked_phone)):
        try:
            found.append(check(row.cells.get(column, "")))
        except InvalidInput as error:
            found.append("")
            said = row.cells.get(column, "")
            faults.extend(sheet.fault(row, column, f.message, f.remedy, said) for f in error.faults)
    return found[0], found[1]


def _role(sheet: Sheet, row: SheetRow, tenant_kind: str, faults: list[Fault]) -> str:
    said = tidy(row.cells.get("role", ""))
    here = {code: role for code, role in ROLES.items() if tenant_kind in role.tenant_kinds}
    for code, role in here.items():
        if said.lower() in (code, role.title_zh, role.title_en.lower()):
            return code
    params = {"roles": "、".join(role.title_zh for role in here.values())}
    message = N_("这里没有这个角色") if said else N_("不能为空")
    faults.append(sheet.fault(row, "role", message, N_("可用的角色：{roles}"), said, **params))
    return ""


def _settle(
    wish: _Wish,
    plan: PeoplePlan,
    roster: Roster,
    seen: dict[tuple[UUID, _Post, str], int],
    faults: list[Fault],
) -> None:
    """Decide one row: whom it means, and what is new about him."""
    found = roster.find(wish.name, wish.phone, wish.post[0])
    if len(found) > 1:
        remedy = N_("请填写电话以便区分")
        faults.append(wish.sheet.fault(wish.row, "name", N_("这个单位有多个同名人员"), remedy, wish.name))
        return
    somebody = found[0] if found else Somebody(new_id(), wish.name, wish.phone, False)
    if wish.phone and somebody.phone and somebody.phone != wish.phone:
        remedy = N_("如果是同一个人，请在人员页改电话；如果是两个人，请在姓名后加以区分")
        faults.append(wish.sheet.fault(wish.row, "phone", N_("这个单位的同名人员是另一个电话"), remedy, wish.phone))
        return
    key = (somebody.id, wish.post, wish.title)
    if key in seen:
        params = {"first": seen[key]}
        faults.append(
            wish.sheet.fault(wish.row, "name", N_("与第 {first} 行重复"), N_("请删去其中一行"), wish.name, **params)
        )
        return
    seen[key] = wish.row.number
    if not found:
        roster.add(somebody)
        plan.new.append(somebody)
    _compare(wish, somebody, plan, fresh=not found)


def _compare(wish: _Wish, somebody: Somebody, plan: PeoplePlan, *, fresh: bool) -> None:
    phoned = bool(wish.phone) and not somebody.phone
    if phoned:
        somebody.phone = wish.phone
        if somebody.known:
            plan.phones[somebody.id] = wish.phone
    titles = somebody.posts.get(wish.post)
    title = wish.title or ROLES[wish.post[1]].title_zh
    posted = titles is None or (wish.title and wish.title not in titles)
    if posted:
        ending = [holding for holding in (titles or {}).values() if holding is not None]
        plan.ends += ending
        somebody.posts[wish.post] = {title: None}
        plan.begins.append((somebody, wish.post, title, wish.until))
    if fresh or (posted and titles is None):
        plan.created += 1
    elif posted or phoned:
        plan.changed += 1
    else:
        plan.unchanged += 1


def write_people(session: ScopedSession, actor: Actor | None, plan: PeoplePlan, today: date) -> None:
    """Write a plan (人员导入)."""
    for new in plan.new:
        session.add(Person(id=new.id, name=new.name, pinyin=pinyin_key(new.name), phone=new.phone))
        record(session, actor, "person.add", "person", new.id, name=new.name)
    for person_id, phone in plan.phones.items():
        session.get_one(Person, (session.tenant_id, person_id)).phone = phone
        record(session, actor, "person.change", "person", person_id, phone=phone)
    for holding_id in plan.ends:
        holding = session.get_one(Holding, (session.tenant_id, holding_id))
        holding.valid_to = max(today, holding.valid_from)
        record(session, actor, "holding.end", "person", holding.person_id)
    session.flush()
    posts = {
        (p.unit_id, p.role, p.campaign, p.title): p.id for p in session.scalars(select(Post).order_by(Post.id.desc()))
    }
    for _, (unit_id, role, campaign), title, _ in plan.begins:
        key = (unit_id, role, campaign, title)
        if key not in posts:
            posts[key] = new_id()
            session.add(Post(id=posts[key], unit_id=unit_id, role=role, campaign=campaign, title=title))
            record(session, actor, "post.add", "post", posts[key], title=title, role=role)
    session.flush()
    for somebody, (unit_id, role, campaign), title, until in plan.begins:
        held = {"person_id": somebody.id, "post_id": posts[(unit_id, role, campaign, title)], "valid_from": today}
        kind = ASSESSOR if role == ASSESSOR else HOLDER
        session.add(Holding(**held, valid_to=end_of(until), kind=kind))
        record(session, actor, "holding.begin", "person", somebody.id, title=title, role=role, name=somebody.name)
    session.flush()
