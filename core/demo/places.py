"""The demo's people, sites and photos (演示人员、点位、照片): made up, drawn, and labelled."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from pathlib import Path
from random import Random
from uuid import UUID

from PIL import Image, ImageDraw
from sqlalchemy import select

from core.demo.cast import PLACES, STAGE, Part
from core.work.actors import resolve_actor
from core.work.dated import valid_on
from core.work.duties.posts import add_person_with_post
from core.work.inspection.photos import store
from core.work.places.sites import add_site
from core.work.tables import Site
from tenants.access import Actor, TenantRef, root_unit
from tenants.models import Person, Unit
from tenants.scope import ScopedSession

CREW = (
    ("administrator", "演示管理员"),
    ("hq_office", "演示创建办"),
    ("inspector", "演示检查员甲"),
    ("inspector", "演示检查员乙"),
    ("leader", "演示区领导"),
)


@dataclass
class Stage:
    """A district ready to play (演示区): its actors by name, liaisons by unit, sites and photos."""

    tenant: TenantRef
    part: Part
    actors: dict[str, Actor] = field(default_factory=dict)
    liaisons: dict[UUID, Actor] = field(default_factory=dict)
    photos: list[str] = field(default_factory=list)
    files: Path | None = None
    sites: list[tuple[UUID, tuple[str, ...]]] = field(default_factory=list)

    @property
    def is_main(self) -> bool:
        """Whether this is the district in which a newcomer sees every room."""
        return self.part.division == STAGE


def seat_person(
    session: ScopedSession,
    tenant: TenantRef,
    name: str,
    unit_id: UUID,
    role: str,
    since: date,
    *,
    on: date | None = None,
    until: date | None = None,
) -> Actor:
    """Find or add a made-up person with a post since a day, and give him as the actor that he is on ``on``, else then.

    ``until`` is the last day of a post that has an end.
    """
    person_id = session.scalar(select(Person.id).where(Person.name == name))
    if person_id is None:
        made = add_person_with_post(
            session, None, name=name, unit_id=unit_id, role=role, title=name, today=since, until=until
        )
        person_id = made.id
        session.flush()
    actor = resolve_actor(session, tenant, person_id, on or since)
    assert actor is not None
    return actor


def seat_crew(session: ScopedSession, stage: Stage, since: date) -> None:
    """Give the district its made-up people."""
    root = root_unit(session)
    for role, name in CREW:
        stage.actors[name] = seat_person(session, stage.tenant, name, root.id, role, since)


def liaison_of(session: ScopedSession, stage: Stage, unit_id: UUID, since: date, *, on: date | None = None) -> Actor:
    """The made-up liaison officer of a unit."""
    if unit_id not in stage.liaisons:
        unit = session.scalars(select(Unit).where(Unit.id == unit_id)).one()
        stage.liaisons[unit_id] = seat_person(
            session, stage.tenant, liaison_name(unit), unit_id, "liaison", since, on=on
        )
    return stage.liaisons[unit_id]


def liaison_name(unit: Unit) -> str:
    """What the made-up liaison officer of a unit is called."""
    return f"演示联络员·{unit.name}{(unit.code or '')[-6:]}"


def place_sites(session: ScopedSession, stage: Stage, since: date) -> None:
    """Put made-up sites into the district's real communities; the stage has the whole list, others the shared types."""
    random = Random(stage.part.seed)  # noqa: S311 - a fixed seed is the point
    wanted = (Unit.kind.in_(("community", "village")), valid_on(Unit, since))
    units = list(session.scalars(select(Unit).where(*wanted).order_by(Unit.code)))
    known = {site.name: site.id for site in session.scalars(select(Site))}
    counts = [(types, many if stage.is_main else few, word) for types, many, few, word in PLACES]
    places = [(types, word, n) for types, count, word in counts for n in range(1, count + 1)]
    for types, word, number in places:
        unit = units[random.randrange(len(units))]
        name = f"演示{word}{number}号"
        attrs = {"length_m": random.choice([300, 500, 800, 1200])} if types[0] in ROADS else {}
        site_id = known.get(name)
        if site_id is None:
            address = f"{unit.name}（演示数据）"
            made = add_site(
                session, None, today=since, name=name, unit_id=unit.id, types=types, address=address, attrs=attrs
            )
            site_id = made.id
        stage.sites.append((site_id, types))
    session.flush()


ROADS = frozenset({"main_road", "back_street", "shopping_street"})


def draw_photos(session: ScopedSession, stage: Stage, files: Path) -> None:
    """Draw the district's photos: plain coloured fields that say DEMO, so that nobody takes them for real."""
    stage.files = files
    for number in range(6):
        image = Image.new("RGB", (960, 720), (70 + 22 * number, 120, 190 - 18 * number))
        pen = ImageDraw.Draw(image)
        pen.rectangle((90, 330, 870, 660), fill=(214, 206, 188))
        pen.polygon([(60, 330), (480, 120), (900, 330)], fill=(150, 84 + 14 * number, 70))
        pen.text((40, 30), f"DEMO {stage.tenant.slug} {number + 1}", fill="white", font_size=54)
        data = BytesIO()
        image.save(data, "JPEG", quality=85)
        row = store(session, stage.actors["演示检查员甲"], data.getvalue(), files=files)
        stage.photos.append(str(row.id))
    session.flush()


def draw_after(session: ScopedSession, stage: Stage, actor: Actor, key: str) -> str:
    """Draw one more photo, unlike all others, for what was put right: a chequered field that says DEMO; gives its id."""
    assert stage.files is not None, "the stage is set before anything is put right"
    row = store(session, actor, picture_bytes(f"{stage.part.seed}-{key}"), files=stage.files)
    return str(row.id)


def picture_bytes(key: str) -> bytes:
    """A small made-up photo that another key does not give, however closely one looks."""
    random = Random(key)  # noqa: S311 - a picture, not a secret
    fields = Image.frombytes("L", (9, 8), random.randbytes(72))
    image = fields.resize((360, 320), Image.Resampling.NEAREST).convert("RGB")
    ImageDraw.Draw(image).text((12, 8), f"DEMO {key}", fill=(40, 120, 60), font_size=18)
    data = BytesIO()
    image.save(data, "JPEG", quality=70)
    return data.getvalue()
