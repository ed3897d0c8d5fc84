"""``sancheng check`` and ``sancheng bench``: what does not hold is named, and a trial nation is laid and read."""

from __future__ import annotations

import json

from click.testing import CliRunner
from sqlalchemy import text

from core.cli.check import check_tenant
from core.cli.main import main
from tenants.scope import Wall
from tests.work.market import send, town


def test_check_counts_marked_days_first_when_asked_and_names_what_was_spoilt(wall: Wall) -> None:
    place = town(wall)
    with place.district.session(wall) as session:
        send(session, place)
        session.commit()
    assert check_tenant(wall, place.ref, mend=True) == []
    with place.district.session(wall) as session:
        session.execute(
            text("DELETE FROM day_count WHERE tenant_id = :t AND kind = 'form' AND code = 'CIV-MARKET'"),
            {"t": place.ref.id},
        )
        session.commit()
    (said,) = check_tenant(wall, place.ref, mend=False)
    assert "code=CIV-MARKET" in said
    assert said.startswith("日计数")


def test_bench_lays_a_small_nation_on_a_server_of_its_own_and_reads_it() -> None:
    words = [
        "bench",
        "--tenants",
        "2",
        "--results",
        "300",
        "--findings",
        "10",
        "--months",
        "1",
        "--rounds",
        "1",
        "--json",
    ]
    made = CliRunner().invoke(main, words)
    assert made.exit_code == 0, made.output
    said = json.loads(made.stdout)
    assert said["tenants"] == 2
    assert said["broken_seals"] == 0
    assert said["rows"]["units"] > 100
    assert 200 < said["rows"]["results"] < 400
    assert len(said["milliseconds"]) == 2
