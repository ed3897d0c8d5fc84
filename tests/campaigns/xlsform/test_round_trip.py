"""Every shipped form as a workbook and back: the very same form, and one that pyxform converts without a word."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from pyxform.xls2xform import convert

from core.campaigns import form_from_body, to_body
from core.campaigns.catalogue import Form
from core.campaigns.registry import installed
from core.campaigns.xlsform.model import Design
from core.campaigns.xlsform.reading import read_workbook
from core.campaigns.xlsform.scored import design_of, survey_of, to_form
from core.campaigns.xlsform.writing import write_workbook
from tests.campaigns.xlsform.examples import ACCEPTED, as_xlsx, read

WORDS = installed().vocabulary
SHIPPED = {
    f"{campaign.key}/{edition.key}/{form.code}": (campaign.key, form)
    for campaign in installed().campaigns.values()
    for edition in campaign.shipped
    for form in (*edition.forms, *edition.subjects)
}
CODES = {
    key: frozenset(i.code for e in one.shipped for i in e.indicators) for key, one in installed().campaigns.items()
}


def current_forms() -> int:
    return sum(len(one.edition.forms) for one in installed().campaigns.values())


def warnings_of(data: bytes, folder: Path) -> list[str]:
    file = folder / "form.xlsx"
    file.write_bytes(data)
    made = convert(xlsform=str(file), validate=False)
    assert made.xform.startswith("<?xml")
    return list(made.warnings)


def test_the_editions_in_force_ship_24_forms_or_more() -> None:
    assert current_forms() >= 24


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_shipped_form_comes_back_as_itself(name: str, tmp_path: Path) -> None:
    campaign, form = SHIPPED[name]
    data = write_workbook(design_of(form, WORDS, campaign), WORDS)
    found = read_workbook(data, "form.xlsx", WORDS, indicators=CODES)
    assert found.findings == ()
    assert found.design is not None
    assert found.design == design_of(form, WORDS, campaign)
    again = to_form(found.design, WORDS)
    assert again == form
    assert again.sha256 == form.sha256
    assert again.survey is None
    assert found.design.version == form.sha256[:12]
    assert warnings_of(data, tmp_path) == []


@pytest.mark.parametrize("name", sorted(ACCEPTED))
def test_a_form_of_ones_own_comes_back_as_itself(name: str, tmp_path: Path) -> None:
    design = read(ACCEPTED[name]).design
    assert design is not None
    data = write_workbook(design, WORDS)
    again = read_workbook(data, "form.xlsx", WORDS)
    assert [one for one in again.findings if one.severity == "error"] == []
    assert again.design is not None
    assert replace(again.design, version=design.version) == design
    warned = [one for one in warnings_of(data, tmp_path) if "max-pixels" not in one and "or_other" not in one]
    assert warned == []


@pytest.mark.parametrize("name", sorted(ACCEPTED))
def test_a_form_of_ones_own_is_kept_in_full_in_its_body(name: str) -> None:
    design = read(ACCEPTED[name]).design
    assert design is not None
    form = to_form(design, WORDS)
    assert form.survey == design.survey
    assert form_from_body(to_body(form)) == form
    assert survey_of(form, WORDS) is form.survey


def test_the_same_design_gives_the_same_bytes() -> None:
    design = read(ACCEPTED["stalls"]).design
    assert design is not None
    assert write_workbook(design, WORDS) == write_workbook(design, WORDS)


def test_a_common_block_is_laid_out_and_folded_again() -> None:
    design = read(ACCEPTED["shared"]).design
    assert design is not None
    assert [one.name for one in design.survey.fields()] == ["shop", "extinguishers", "exit_free", "bye"]
    sheet = openpyxl.load_workbook(io.BytesIO(write_workbook(design, WORDS)))["survey"]
    header = [cell.value for cell in sheet[1]]
    marks = [row[header.index("block")].value for row in sheet.iter_rows(min_row=2)]
    assert marks == [None, "safety", "safety", "safety", "safety", None]


def test_a_block_of_the_district_is_found_by_its_code() -> None:
    design = read(ACCEPTED["shared"]).design
    assert design is not None
    text = ACCEPTED["shared"].replace("[blocks]", "[_blocks]")
    assert read(text).design is None
    data = as_xlsx(text)
    found = read_workbook(data, "form.xlsx", WORDS, shared=design.survey.blocks)
    assert found.design is not None
    assert found.design.survey.blocks == design.survey.blocks


def test_a_form_with_more_than_items_keeps_both() -> None:
    design = read(ACCEPTED["checklist"]).design
    assert design is not None
    form = to_form(design, WORDS)
    assert isinstance(form, Form)
    assert [one.code for one in form.items] == ["P-01", "P-02", "P-03"]
    assert form.points == 100
    assert form.survey is not None
    assert form.survey.fields()[0].image.zh == "licence.jpg"


def test_a_text_that_looks_like_a_formula_stays_text() -> None:
    design = read(ACCEPTED["device"]).design
    assert design is not None
    sheet = openpyxl.load_workbook(io.BytesIO(write_workbook(design, WORDS)))["survey"]
    header = [cell.value for cell in sheet[1]]
    cell = sheet.cell(sheet.max_row, header.index("default") + 1)
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_the_workbook_is_kind_to_its_reader() -> None:
    campaign, form = SHIPPED["civilized_city/edition_2024/CIV-MARKET"]
    book = openpyxl.load_workbook(io.BytesIO(write_workbook(design_of(form, WORDS, campaign), WORDS)))
    assert book.sheetnames == ["说明", "survey", "choices", "settings", "代码"]
    survey = book["survey"]
    assert survey.freeze_panes == "C2"
    offered = {str(one.sqref).split(":")[0][0:2] for one in survey.data_validations.dataValidation}
    assert len(offered) == 5
    assert all(cell.comment is not None for cell in survey[1])
    assert survey.column_dimensions["C"].width > 30


def test_a_shipped_file_is_a_form_as_it_lies_there() -> None:
    root = Path(__file__).parents[3] / "plugins"
    files = [one for one in root.glob("*/edition_*/forms/*.csv") if one.name != "forms.csv"]
    assert len(files) >= 24
    for file in files:
        found = read_workbook(file.read_bytes(), file.name, WORDS)
        assert found.design is not None, [one.text() for one in found.findings]
        assert len(found.design.survey.items()) == len(found.design.survey.fields())
        assert isinstance(found.design, Design)
