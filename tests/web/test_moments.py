"""Deadlines that end at midnight read as 24:00 of the day before (期限读法), in every place; what happened never does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
from flask import Flask
from flask_babel import force_locale
from markupsafe import Markup

from core.documents.notices import paper_of, render_notice
from core.documents.wording import deadline_text as printed
from core.documents.wording import moment_text
from core.web.moments import deadline_words, moment_words, set_deadline, set_moment
from core.web.words import counted
from core.work.calendar import deadline_clock, deadline_text
from core.work.loop.announcing import params_of
from core.work.papers.notice_kinds import KINDS
from tenants.scope import Wall
from tests.web.desk import clerk
from tests.work.ledger_town import Town, lay_finding, town

MIDNIGHT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)  # Friday's end in Shanghai
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
TEMPLATES = Path(__file__).parents[2] / "core" / "web" / "templates"
DEADLINES = re.compile(
    r"(?:when\(|datetimeformat)[^)]*\b(?:due_at|arrive_by|solve_by|accept_by)|"
    r"\b(?:due_at|arrive_by|solve_by|accept_by)\|datetimeformat"
)


@pytest.fixture
def speak(app: Flask) -> Iterator[object]:
    with app.test_request_context():
        yield force_locale


def test_only_the_very_midnight_is_moved() -> None:
    assert deadline_clock(MIDNIGHT) == (date(2026, 11, 20), "24:00")
    assert deadline_clock(MIDNIGHT + timedelta(minutes=1)) == (date(2026, 11, 21), "00:01")
    assert deadline_clock(NOON) == (date(2026, 11, 20), "12:00")
    assert deadline_clock(datetime(2026, 12, 31, 16, tzinfo=UTC)) == (date(2026, 12, 31), "24:00")
    assert deadline_text(MIDNIGHT) == "11-20 24:00"
    assert (printed(MIDNIGHT), printed(NOON)) == ("2026年11月20日 24:00", "2026年11月20日 12:00")
    assert moment_text(MIDNIGHT) == "2026年11月21日 00:00", "what happened at midnight happened on the new day"


def test_pages_say_it_in_both_languages_and_keep_the_exact_moment(speak) -> None:
    with speak("zh"):
        assert deadline_words(MIDNIGHT) == "11月20日 周五 24:00"
        assert deadline_words(NOON) == "11月20日 周五 12:00"
        assert moment_words(MIDNIGHT) == "11月21日 周六 00:00"
    with speak("en"):
        assert re.fullmatch(r"Fri,? 20 Nov 24:00|20 Nov, Fri 24:00", deadline_words(MIDNIGHT))
        assert "21 Nov" in moment_words(MIDNIGHT)
    with speak("zh"):
        said = str(set_deadline(MIDNIGHT))
        assert f'datetime="{MIDNIGHT.isoformat()}"' in said
        assert 'title="2026-11-20 24:00"' in said
        assert 'title="2026-11-21 00:00"' in str(set_moment(MIDNIGHT))
        assert "—" in set_deadline(None)


def test_no_template_shows_a_deadline_as_a_moment() -> None:
    found = [
        f"{path.relative_to(TEMPLATES)}: {match[0]}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        for match in DEADLINES.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)
    assert DEADLINES.search("{{ ui.when(row.due_at) }}")
    assert DEADLINES.search("item.due_at|datetimeformat(_('M'))")


def lay(session, place: Town, state: str) -> UUID:
    finding = lay_finding(session, place, state)
    finding.due_at, finding.due_fixed = MIDNIGHT, True
    finding.accept_by = MIDNIGHT
    session.flush()
    return finding.id


@pytest.mark.parametrize(("locale", "wanted"), [("zh", "11月20日 周五 24:00"), ("en", "Fri 20 Nov 24:00")])
def test_the_pages_of_a_finding(app: Flask, wall: Wall, tmp_path: Path, locale: str, wanted: str) -> None:
    place = town(wall, tmp_path)
    with place.district.session(wall) as session:
        finding = lay(session, place, "dispatched")
        session.commit()
    office = clerk(app, wall, place.people["office"], locale)
    for path in ("findings?view=rectification", f"findings/{finding}", "findings"):
        page = office.read(path)
        assert "21 Nov" not in page, path
        assert "11月21日" not in page, path
        if path != "findings":
            assert wanted in page, path
    assert "11-20 24:00" in params_of(SimpleNamespace(title="t", title_en="", number="1", due_at=MIDNIGHT))["due"]


def test_the_papers_say_it_too() -> None:
    row = SimpleNamespace(site_name="s", unit_name="u", number="7", title="t", due_at=MIDNIGHT, id=UUID(int=1))
    notice = SimpleNamespace(
        issuer="i", number="n", unit_name="u", title="t", demand="d", clause="", due_at=MIDNIGHT, issued_at=MIDNIGHT
    )
    notice.issued_by, notice.state = "p", "issued"
    found = SimpleNamespace(notice=notice, kind=KINDS["rectification_notice"], findings=[row], others=0, at_issue={})
    found.addressees = [SimpleNamespace(row=SimpleNamespace(unit_id=UUID(int=2), unit_name="u"))]
    paper = paper_of(found, {}, is_demo=False)
    assert paper.lines[0].due == "2026年11月20日 24:00"
    assert "请于2026年11月20日 24:00前" in paper.closing
    assert paper.day == "2026年11月21日", "the day of issue is a day that happened"
    assert render_notice(paper, {}).startswith(b"PK")


def test_what_is_counted_is_one_or_many(speak) -> None:
    with speak("en"):
        assert [counted("%(n)s 个工作日", n=n) for n in (0, 1, 2)] == [
            "0 working days",
            "1 working day",
            "2 working days",
        ]
        assert [counted("%(n)s 分", n=n) for n in ("1", "1.00", "0.5")] == ["1 point", "1.00 points", "0.5 points"]
        assert counted("对 %(n)s 件办理“%(step)s”", n=1, step="Close") == "Close: 1 finding"
        marked = counted("对 %(n)s 件办理“%(step)s”", n=1, step=Markup("<b>a</b>"))
        assert marked == Markup("<b>a</b>: 1 finding")
    with speak("zh"):
        assert [counted("%(n)s 个工作日", n=n) for n in (1, 2)] == ["1 个工作日", "2 个工作日"]
