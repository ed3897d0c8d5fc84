"""Districts of before the statistics get their dictionary when the database is brought up to date, and nobody else anything."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, update

from core.campaigns import installed
from core.cli.bringing_up import settle_everywhere
from core.work import enabling
from core.work.enabling import enable
from core.work.statistics.dictionary import Declared, declare
from core.work.tables import Audit, Statistic
from tenants.models import EnabledCampaign
from tenants.scope import Wall
from tests.factory import District, bare_district

NOW = datetime(2026, 11, 8, 2, tzinfo=UTC)
TODAY = NOW.date()


def lines(wall: Wall, district: District) -> dict[str, str]:
    with district.session(wall) as session:
        return dict(session.execute(select(Statistic.code, Statistic.origin)).all())


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enabling as it was before version 0003: no dictionary is settled."""
    monkeypatch.setattr(enabling, "settle_dictionary", lambda *_args, **_more: 0)


def before_statistics(wall: Wall, name: str) -> District:
    """A district that has enabled its campaigns."""
    district = bare_district(wall, name)
    with district.session(wall) as session:
        for campaign in installed().campaigns.values():
            enable(session, None, campaign, today=TODAY)
        session.commit()
    return district


@pytest.mark.usefixtures("older")
def test_who_has_none_gets_it_and_who_has_one_keeps_it(wall: Wall) -> None:
    old, own, new, idle = (before_statistics(wall, n) for n in ("旧区", "自设区", "新区", "空区"))
    with own.session(wall) as session:
        owner = own.departments["market_regulator"]
        declare(session, None, Declared("own", "自设", "Own", "household", owner, "month"), today=TODAY)
        session.commit()
    with new.session(wall) as session:
        session.add(Statistic(code="kept", name_zh="已有", measure="piece", owner_unit_id=new.root, frequency="month",
                              origin="edition", valid_from=TODAY))  # fmt: skip
        session.commit()
    with idle.session(wall) as session:
        session.execute(update(EnabledCampaign).values(state="suspended"))
        session.commit()
    assert settle_everywhere(wall, installed(), NOW) > 160
    found = lines(wall, old)
    assert len(found) > 80
    assert "resident_population" in found
    assert lines(wall, own) == found | {"own": "own"}, "one's own lines stand beside"
    assert lines(wall, new) == {"kept": "edition"}
    assert lines(wall, idle) == {}
    with old.session(wall) as session:
        told = session.scalar(select(func.count()).select_from(Audit).where(Audit.verb == "statistic.settle"))
        assert told == 1
    assert settle_everywhere(wall, installed(), NOW) == 0
    assert lines(wall, old) == found
