"""The periodic report: every number in the Word document and on the page is the sealed publication's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from jinja2 import Environment, StrictUndefined

from core.campaigns import Campaign, Edition
from core.documents.monthly import monthly_report
from core.documents.report_data import ReportData, ReportFigure
from core.documents.word import file_name, page_template, render_docx
from core.documents.wording import DASH
from core.errors import Conflict, NotFound
from core.figures.periods import parse_period
from core.figures.publishing import publish
from core.figures.shelf import figures_of
from core.figures.tables import PublishedFigure
from tenants.scope import Wall
from tests.figures.build import CAMPAIGNS, CIVILIZED, SANITARY, Made, at, fill, make

MONTH = parse_period("2026-10")
NOW = at(date(2026, 11, 3))


@dataclass
class Issue:
    campaign: Campaign
    edition: Edition
    data: ReportData
    figures: list[PublishedFigure]
    sha256: str


@pytest.fixture(scope="module")
def made(wall: Wall) -> Made:
    found = make(wall, *CAMPAIGNS.values(), name="A&B<区>")
    fill(wall, found, first=date(2026, 9, 28), days=36, per_day=8)
    return found


@pytest.fixture(scope="module", params=sorted(CAMPAIGNS))
def issue(request: pytest.FixtureRequest, wall: Wall, made: Made) -> Iterator[Issue]:
    campaign = CAMPAIGNS[request.param]
    with made.district.session(wall) as session:
        row = publish(session, made.office, campaign, campaign.edition, MONTH, now=NOW)[0]
        session.commit()
        data = monthly_report(session, row, campaign.edition)
        yield Issue(campaign, campaign.edition, data, figures_of(session, row), row.sha256)


def read_back(body: bytes) -> tuple[str, list[list[list[str]]]]:
    document = Document(BytesIO(body))
    texts = "\n".join(p.text for p in document.paragraphs)
    tables = [[[c.text for c in row.cells] for row in t.rows] for t in document.tables]
    return texts, tables


def test_data_is_the_snapshot(issue: Issue) -> None:
    data = issue.data
    assert data.seal == issue.sha256
    assert data.edition_sha256 == issue.edition.sha256
    assert [f.code for f in data.indicators] == [f.code for f in issue.figures if f.level == "indicator"]
    for one, row in zip(
        (*data.categories, *data.indicators), sorted(issue.figures, key=lambda f: (f.level, f.position)), strict=True
    ):
        assert one.code == row.code
        assert one.earned == (DASH if row.earned is None else f"{row.earned // 100}.{row.earned % 100:02d}")
        assert one.value == (DASH if row.value is None else str(row.value))
    assert len(data.assessed_indicators) + len(data.open_indicators) == len(data.indicators)
    assert {*data.site_scores, *data.rates} == set(data.assessed_indicators)
    assert data.losses
    lost = [float(f.lost) for f in data.losses]
    assert lost == sorted(lost, reverse=True)


def test_every_number_of_the_word_document_is_in_the_data(issue: Issue) -> None:
    data = issue.data
    texts, tables = read_back(render_docx(issue.campaign, issue.edition, data))
    assert "{" not in texts
    assert data.seal in texts
    assert data.edition_zh in texts
    assert data.cut_off in texts
    for said in (
        f"得{data.earned}分，占已评估分{data.assessed}分的{data.percent}%",
        f"占总分{data.total}分的{data.coverage}%",
        f"{data.gap}分没有数据来源",
        f"核查{data.visits}次，涉及点位{data.sites}个",
        f"按期销号率{data.on_time_percent}%",
    ):
        assert said in texts
    rows = {cells[0]: cells for table in tables for cells in table}
    for one in data.categories:
        assert rows[one.name_zh] == [
            one.name_zh,
            one.earned,
            one.assessed_points,
            one.possible,
            one.percent,
            str(one.n),
        ]
    for one in data.assessed_indicators:
        assert rows[one.code] == [
            one.code,
            one.name_zh,
            one.fraction,
            one.value,
            one.target,
            f"{one.earned} / {one.possible}",
        ]
    for one in data.open_indicators:
        assert rows[f"{one.code} {one.name_zh}"] == [f"{one.code} {one.name_zh}", one.possible, one.reason_zh]
    for one in data.losses:
        assert rows[f"{one.code} {one.name_zh}"] == [
            f"{one.code} {one.name_zh}",
            one.value,
            one.target,
            one.lost,
            str(one.n),
        ]
    known = numbers_of(data) | numbers_of(issue.edition.title_zh) | {"100", "1"}
    for text in (*texts.splitlines(), *(c for t in tables for r in t for c in r)):
        assert set(re.findall(r"\d+(?:\.\d+)?", text)) <= known, text


def numbers_of(value: Any) -> set[str]:
    """Every number that occurs in some data, by text."""
    if isinstance(value, ReportData | ReportFigure):
        return set().union(*(numbers_of(getattr(value, f.name)) for f in fields(value)))
    if isinstance(value, tuple | list):
        return set().union(*(numbers_of(v) for v in value))
    if isinstance(value, dict):
        return numbers_of(list(value.values()))
    return set(re.findall(r"\d+(?:\.\d+)?", str(value)))


def test_names_are_escaped_and_the_parts_are_the_campaigns_own(issue: Issue) -> None:
    texts, tables = read_back(render_docx(issue.campaign, issue.edition, issue.data))
    title = texts.splitlines()[0]
    assert title.startswith("A&B<区>")
    own = {"civilized_city": "实地考察点位得分", "sanitary_city": "否决项和关键项", "food_safety_city": "风险问题闭环"}
    for key, heading in own.items():
        assert (heading in texts) == (key == issue.campaign.key)
    assert "演示数据" not in texts
    assert "更正" not in texts
    assert len(tables) >= 4


def test_demo_and_correction_are_marked(issue: Issue) -> None:
    data = replace(issue.data, is_demo=True, corrects="c" * 64, reason="补录 <一次> & 检查")
    body = render_docx(issue.campaign, issue.edition, data)
    texts, _ = read_back(body)
    assert "演示数据：由固定种子合成" in texts
    assert f"更正封签为{'c' * 64}的发布件。更正原因：补录 <一次> & 检查" in texts
    assert Document(BytesIO(body)).sections[0].header.paragraphs[0].text == "演示数据"
    assert file_name(data).endswith(f"2026年10月月报第{data.sequence}号（演示数据）.docx")


def test_an_empty_period_says_so(issue: Issue) -> None:
    bare = replace(issue.data, indicators=(), losses=(), vetoes=(), percent=DASH)
    texts, tables = read_back(render_docx(issue.campaign, issue.edition, bare))
    assert "本期没有失分指标。" in texts
    assert "全部指标均已评估。" in texts
    assert len(tables) == 1


def gettext(text: str, **values: Any) -> str:
    return text % values if values else text


@pytest.mark.parametrize("english", [False, True])
def test_the_page_says_the_same(issue: Issue, english: bool) -> None:
    data = replace(issue.data, is_demo=True)
    page = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        page_template(issue.campaign, issue.edition)
    )
    body = page.render(d=data, english=english, _=gettext)
    assert "A&amp;B&lt;区&gt;" in body
    assert data.seal in body
    assert "演示数据" in body
    cells = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    printed = [re.sub(r"<[^>]+>", "|", row) for row in cells]
    for one in data.assessed_indicators:
        row = next(p for p in printed if p.startswith(f"|{one.code}||"))
        for said in (one.fraction, one.value, one.earned, one.possible, str(one.n)):
            assert f"|{said}|" in row
    named = {f.name_en if english else f.name_zh for f in data.categories}
    for name in named:
        assert Environment(autoescape=True).from_string("{{ n }}").render(n=name) in body


def test_another_edition_and_a_missing_template_are_refused(wall: Wall, made: Made) -> None:
    with made.district.session(wall) as session:
        row = publish(session, made.office, CIVILIZED, CIVILIZED.edition, parse_period("2026-09"), now=NOW)[0]
        with pytest.raises(Conflict):
            monthly_report(session, row, SANITARY.edition)
        data = monthly_report(session, row, CIVILIZED.edition)
        bare = replace(CIVILIZED.edition, reports=())
        with pytest.raises(NotFound):
            render_docx(replace(CIVILIZED, editions=(bare,), others=()), bare, data)
        session.rollback()
