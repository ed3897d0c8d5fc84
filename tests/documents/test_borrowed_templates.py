"""An edition without a report template prints by its campaign's: a revision, a district's own; the report says by which."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from importlib.resources import files

import pytest
from flask import Flask

from core.app import create_app
from core.campaigns import template_of, to_body
from core.campaigns.body import seal
from core.campaigns.catalogue import Campaign, Edition
from core.databases import Urls
from core.documents.word import PAGE, WORD, borrowed_from, page_template
from core.errors import NotFound
from core.figures.publishing import publish
from core.settings import Settings
from core.work.editions.choices import IN_FORCE, PRIVATE
from core.work.editions.switching import choose_edition
from tenants.db import now
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.figures.build import CAMPAIGNS, SANITARY
from tests.web.figure_stage import MONTH, Reader, plain
from tests.web.test_edition_pages import Stage, build

OLD, NEW = SANITARY.shipped
OWN = seal(replace(NEW, key="own_2026", title_zh="本区爱卫标准", follows="", draft=False, reports=()))


def edition(key: str, year: int, *, follows: str = "", reports: tuple[str, ...] = (), draft: bool = False) -> Edition:
    return replace(OLD, key=key, valid_from=date(year, 1, 1), follows=follows, reports=reports, draft=draft)


def found(campaign: Campaign, one: Edition, name: str = PAGE) -> str:
    made = template_of(campaign, one, name)
    return made.key if made else ""


def test_whose_template_it_is() -> None:
    first = edition("e2020", 2020, reports=(PAGE, WORD))
    second = edition("e2022", 2022, reports=(PAGE,))
    third = edition("e2024", 2024, follows="e2020")
    draft = edition("e2025", 2025, reports=(PAGE,), draft=True)
    campaign = replace(SANITARY, editions=(first, second, third), others=(draft,))
    assert found(campaign, second) == "e2022", "its own"
    assert found(campaign, third) == "e2020", "that of the edition which it follows, though another one is younger"
    assert found(campaign, edition("own", 2023)) == "e2022", "the latest that is no later, no draft"
    assert found(campaign, edition("own", 2026, follows="e2025")) == "e2025"
    assert found(campaign, edition("own", 2019)) == "e2020", "else the first"
    assert found(campaign, second, WORD) == "e2020", "each template by itself"
    assert found(campaign, edition("own", 2026), "yearly.docx") == ""
    round_about = edition("e2026", 2026, follows="e2027")
    back = edition("e2027", 2027, follows="e2026")
    assert found(replace(campaign, editions=(round_about, back), others=()), back) == "", "no circle without an end"


def test_the_revision_brings_none_and_prints_as_2024() -> None:
    """One template in the package, the hash as it was: templates are no part of a standard."""
    folder = files(SANITARY.package)
    assert not (folder / NEW.key / "reports").is_dir()
    assert (NEW.reports, borrowed_from(SANITARY, NEW), borrowed_from(SANITARY, OLD)) == ((), OLD, None)
    assert page_template(SANITARY, NEW) == (folder / OLD.key / "reports" / PAGE).read_text(encoding="utf-8")
    assert to_body(NEW) == to_body(replace(NEW, reports=(PAGE, WORD)))


def test_every_shipped_edition_has_its_templates() -> None:
    for campaign in CAMPAIGNS.values():
        assert all(template_of(campaign, one, name) for one in campaign.shipped for name in (PAGE, WORD))


def test_without_the_package_there_is_no_template() -> None:
    with pytest.raises(NotFound):
        page_template(replace(SANITARY, package=""), NEW)


@pytest.fixture(scope="module")
def app(urls: Urls, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(Settings(urls.app, SECRET, tmp_path_factory.mktemp("files")), wall=wall)


def issue(stage: Stage, wall: Wall, one: Edition) -> str:
    """Last month published by an edition that was in force by then."""
    early = MONTH.start - timedelta(days=40)
    source = {"source": PRIVATE} if one is OWN else {}
    with stage.made.district.session(wall) as session:
        choose_edition(session, None, SANITARY, one, role=IN_FORCE, day=early, today=early, **source)
        row = publish(session, stage.made.office, SANITARY, one, MONTH, now=now())[0]
        session.commit()
        return str(row.id)


@pytest.mark.parametrize("one", [OWN, NEW], ids=lambda one: one.key)
def test_a_report_by_such_an_edition_is_made_and_says_whose_template_it_is(
    app: Flask, wall: Wall, one: Edition
) -> None:
    stage = build(app, wall)
    reader: Reader = stage.office
    row = issue(stage, wall, one)
    assert row in reader.get(f"{stage.t}/reports")
    page = plain(reader.get(f"{stage.t}/reports/{row}"))
    assert f"沿用{OLD.title_zh}的" in page
    assert one.title_zh in page
    word = reader.ask(f"{stage.t}/reports/{row}.docx")
    assert word.data[:2] == b"PK"
