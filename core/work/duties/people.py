"""People and the posts they hold (人员与岗位): dated, never deleted; what a person may do follows from his posts alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.dated import last_day_of, valid_on
from core.work.journal import record
from core.work.names import narrow, pinyin_key, tidy
from core.work.permits import require
from core.work.roles import ADMINISTER, SEE
from tenants.access import Actor, reach, root_unit
from tenants.models import Holding, Person, Post, Unit
from tenants.scope import ScopedSession

LONGEST = 40
_PHONE = re.compile(r"\+?[0-9]{5,18}(-[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Held:
    """A post that a person holds (任职) with its unit, role and days."""

    holding_id: UUID
    post_id: UUID
    unit_id: UUID
    unit_name: str
    role: str
    title: str
    campaign: str | None
    valid_from: date
    valid_to: date | None
    kind: str = "holder"

    @property
    def until(self) -> date | None:
        """The last day, None when there is no end."""
        return last_day_of(self.valid_to)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person with the posts held on the day asked for."""

    id: UUID
    name: str
    phone: str
    state: str
    posts: tuple[Held, ...]


def list_people(
    session: ScopedSession,
    actor: Actor | None,
    *,
    on: date,
    text: str = "",
    unit_id: UUID | None = None,
    inactive: bool = False,
) -> list[PersonRow]:
    """The people with their posts on a day (人员名册), by pinyin.

    Limited to posts in the actor's reach; people without a post are shown to who administers the whole tenant.
    ``text`` is a part of the name, of its pinyin or of the phone; ``unit_id`` one unit; ``inactive`` adds those who left.
    """
    chosen = select(Person).order_by(Person.pinyin, Person.id)
    if not inactive:
        chosen = chosen.where(Person.state == "active")
    if said := tidy(text):
        sought = [Person.name.contains(said, autoescape=True), Person.phone.contains(narrow(said), autoescape=True)]
        if said.isascii():
            sought.append(Person.pinyin.startswith(said.lower(), autoescape=True))
        chosen = chosen.where(or_(*sought))
    whole = actor is None or root_unit(session).id in actor.roots(ADMINISTER)
    held = _held(session, on, actor=None if whole else actor, unit_id=unit_id)
    people = session.scalars(chosen)
    return [_row(p, held.get(p.id, ())) for p in people if p.id in held or (whole and unit_id is None)]


def get_person(session: ScopedSession, person_id: UUID, *, on: date) -> PersonRow:
    """One person with the posts held on a day. Raises NotFound."""
    person = _person(session, person_id)
    return _row(person, _held(session, on, person_id=person.id).get(person.id, ()))


def _row(person: Person, posts: Iterable[Held]) -> PersonRow:
    return PersonRow(person.id, person.name, person.phone, person.state, tuple(posts))


def _held(
    session: ScopedSession,
    on: date,
    *,
    actor: Actor | None = None,
    unit_id: UUID | None = None,
    person_id: UUID | None = None,
) -> dict[UUID, list[Held]]:
    """The holdings in force on a day by person."""
    chosen = (
        select(Holding, Post, Unit.name)
        .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
        .join(Unit, (Unit.tenant_id == Post.tenant_id) & (Unit.id == Post.unit_id))
        .where(valid_on(Holding, on))
        .order_by(Holding.valid_from, Holding.id)
    )
    if actor is not None:
        verb = ADMINISTER if actor.has(ADMINISTER) else SEE
        chosen = chosen.where(Post.unit_id.in_(reach(actor, verb, on)))
    if unit_id is not None:
        chosen = chosen.where(Post.unit_id == unit_id)
    if person_id is not None:
        chosen = chosen.where(Holding.person_id == person_id)
    found: dict[UUID, list[Held]] = {}
    for holding, post, unit_name in session.execute(chosen):
        place = (holding.id, post.id, post.unit_id, unit_name, post.role, post.title, post.campaign)
        found.setdefault(holding.person_id, []).append(Held(*place, holding.valid_from, holding.valid_to, holding.kind))
    return found


def add_person(session: ScopedSession, actor: Actor | None, *, name: str, phone: str = "", today: date) -> Person:
    """Add a person (新增人员). Raises InvalidInput, Conflict when name and phone are both known, and Forbidden."""
    require(session, actor, ADMINISTER, None, today)
    said, number = checked_name(name), checked_phone(phone)
    twin = select(Person.id).where(Person.name == said, Person.phone == number, Person.state == "active")
    if number and session.scalars(twin).first():
        remedy = N_("请给已有的人员加岗位")
        fault = Fault(N_("姓名和电话都相同"), field="name", value=said, remedy=remedy)
        raise Conflict(N_("人员{name}已经有了"), faults=[fault], name=said)
    person = Person(name=said, pinyin=pinyin_key(said), phone=number)
    session.add(person)
    session.flush()
    record(session, actor, "person.add", "person", person.id, name=said)
    return person


def change_person(
    session: ScopedSession,
    actor: Actor | None,
    person_id: UUID,
    *,
    today: date,
    name: str | None = None,
    phone: str | None = None,
) -> Person:
    """Correct a person's name or phone (更正); None leaves a field as it is. Raises NotFound, InvalidInput, Forbidden."""
    person = _person(session, person_id)
    require_over(session, actor, person.id, today)
    changes: dict[str, str] = {}
    if name is not None and checked_name(name) != person.name:
        person.name = changes["name"] = checked_name(name)
        person.pinyin = pinyin_key(person.name)
    if phone is not None and checked_phone(phone) != person.phone:
        person.phone = changes["phone"] = checked_phone(phone)
    if changes:
        session.flush()
        record(session, actor, "person.change", "person", person.id, **changes)
    return person


def require_over(session: ScopedSession, actor: Actor | None, person_id: UUID, on: date) -> None:
    """Raise Forbidden unless the actor administers every unit at which the person holds a post; the root if none."""
    if actor is None:
        return
    units = {held.unit_id for held in _held(session, on, person_id=person_id).get(person_id, ())}
    for unit_id in units or {root_unit(session).id}:
        require(session, actor, ADMINISTER, unit_id, on)


def _person(session: ScopedSession, person_id: UUID) -> Person:
    person = session.get(Person, (session.tenant_id, person_id))
    if person is None:
        raise NotFound(N_("没有找到这个人员"))
    return person


def checked_name(name: str, field: str = "name") -> str:
    """A person's name without stray blanks. Raises InvalidInput when it is empty or too long."""
    said = tidy(name)
    if not said or len(said) > LONGEST:
        message = N_("姓名过长") if said else N_("不能为空")
        raise InvalidInput(faults=[Fault(message, field=field, value=said[:20], remedy=N_("请填写 40 个字以内的姓名"))])
    return said


def checked_phone(phone: str, field: str = "phone") -> str:
    """A phone number in half-width digits; '' when there is none. Raises InvalidInput."""
    number = re.sub(r"[\s()]", "", narrow(phone))
    digits = number if _PHONE.fullmatch(number) else re.sub(r"-", "", number)
    if digits and not _PHONE.fullmatch(digits):
        remedy = N_("请填写 5 到 18 位数字，可带区号和分机，例如 0351-1234567")
        raise InvalidInput(faults=[Fault(N_("电话号码无效"), field=field, value=phone[:30], remedy=remedy)])
    return digits
