"""The demo's field (演示外业): villages checked on both tracks, what citizens reported at plates, and draws that anybody recomputes."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any
from uuid import UUID

from core.demo.grid_scenes import NUMERALS
from core.demo.inspections import answer_all
from core.demo.places import picture_bytes
from core.demo.playing import LABEL, Play
from core.work.calendar import local_day
from core.work.forms.fielding import fielded
from core.work.inspection.visit_plan import plan
from core.work.inspection.visits import submit
from core.work.organisation.units import add_unit
from core.work.places.sites import add_site
from core.work.places.subjects import VILLAGE
from core.work.plates.citizens import Said, take_report
from core.work.plates.plates import find_plate, plate_of
from core.work.rounds.drawing import commit, draw, reveal
from tenants.access import Actor

VILLAGES = 8
CHECKED, VERIFIED, WANTING = range(7), range(4), 4  # by themselves, by others, and found below the mark by others
CONTACT = "13800000000（演示，不是真的电话）"
REPORTS = (("公厕1号", "ENV-BIN", "门口垃圾桶满了，旁边也堆着", 1, 18), ("农贸市场2号", "ORD-STALL", "", 0, 8))
STRATA = ("produce_market", "housing_estate", "small_caterer")
EACH = 2  # places of a stratum


def play_villages(play: Play) -> None:
    """Eight made-up villages, each a place with its own form: seven met by self-check, four verified, one found wanting by others.

    The district's real villages are left without a place to check: the page offers to make them.
    """
    random = Random(play.stage.part.seed + 61)  # noqa: S311 - a fixed seed is the point
    inspector = play.stage.actors["演示检查员乙"]
    for number in range(VILLAGES):
        name = f"演示{NUMERALS[number]}村"
        street = play.street(number % 2)
        unit = add_unit(play.session, None, name=name, kind=VILLAGE, parent_id=street, today=play.first).id
        said = {"name": name, "unit_id": unit, "types": [VILLAGE], "address": f"村委会{LABEL}"}
        site = add_site(play.session, None, today=play.first, **said).id
        if number not in CHECKED:
            continue
        clerk = play.seat(f"演示村级网格员·{number + 1}号", unit, "grid_worker")
        _check(play, random, clerk, site, back=5, minute=6 * number)
        if number in VERIFIED or number == WANTING:
            _check(play, random, inspector, site, back=3, minute=8 * number, quality=0.0 if number == WANTING else 1.0)


def _check(
    play: Play, random: Random, actor: Actor, site: UUID, *, back: int, minute: int, quality: float = 1.0
) -> None:
    at = play.at(back, 9, minute)
    campaigns = fielded(play.session, play.registry, day=local_day(at))
    answers, photos = answer_all(random, play.stage, plan((VILLAGE,), campaigns), quality)
    submit(
        play.session,
        actor,
        campaigns=campaigns,
        visit_id=UUID(int=random.getrandbits(128), version=4),
        site_id=site,
        answers=answers,
        photos=photos,
        note=LABEL.strip("（）"),
        now=at,
    )


def play_citizens(play: Play) -> None:
    """Two people scanned a plate: one left words, a photo and a contact, the other a photo alone; both wait at the desk."""
    files = play.stage.files
    assert files is not None, "the stage is set before anything is sent"
    random = Random(play.stage.part.seed + 67)  # noqa: S311 - a fixed seed is the point
    for number, (place, category, what, back, hour) in enumerate(REPORTS):
        plate = plate_of(play.session, play.site(place))
        assert plate is not None, "the first places have plates"
        said = Said(
            category, f"{what}{LABEL}", [picture_bytes(f"市民{number}")], contact=CONTACT if number == 0 else ""
        )
        take_report(
            play.session,
            play.stage.tenant,
            find_plate(play.session, plate.code),
            said,
            UUID(int=random.getrandbits(128), version=4),
            files=files,
            now=play.at(back, hour),
        )


def play_draws(play: Play, desk: Actor) -> None:
    """A draw that was committed, drawn with an outside number and revealed, and one whose seed is still sealed.

    ``play`` works in a cleared session. The seeds are left to chance as everywhere: a seed that one could know beforehand would
    seal nothing. So which places are drawn differs from one laying to the next; nothing else follows from it.
    """
    frame: Mapping[str, list[UUID]] = {
        kind: [site for site, types in play.stage.sites if kind in types] for kind in STRATA
    }
    sizes = {kind: min(EACH, len(ids)) for kind, ids in frame.items()}
    said: dict[str, Any] = {"frame": frame, "sizes": sizes}
    first = commit(play.session, desk, **said, outside="当日公布的福彩 3D 号码（演示）", now=play.at(12, 9))
    draw(play.session, desk, first.id, outside_value="演示 3-8-6", now=play.at(11, 10))
    reveal(play.session, desk, first.id, now=play.at(10, 9))
    commit(play.session, desk, **said, now=play.at(1, 9))
