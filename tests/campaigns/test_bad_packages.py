"""Bad packages: one defect each, and the fault must name file, row, column, value and remedy."""

import pytest

from core.campaigns import BadPackage, load_path
from tests.campaigns.packages import copy_of, read_rows, replace_text, set_cell, write_rows

ED = "edition_2024"
IND = f"{ED}/indicators.csv"
MET = f"{ED}/metrics.csv"
ESTATE = f"{ED}/forms/CIV-ESTATE.csv"
LISTING = f"{ED}/forms/forms.csv"
GRID, SUBJECTS = "subjects/CIV-GRID.csv", "subjects/forms.csv"


def faults_of(folder):
    with pytest.raises(BadPackage) as caught:
        load_path(folder)
    return caught.value.faults


#: file, row, column, new value, the fault's (file, row, column, value) where it differs
CELLS = [
    (GRID, 2, "indicators", "CIV-A1", None),
    (GRID, 3, "name", "CIV-GRID-01", None),
    (GRID, 2, "question", "no_such_question", None),
    (SUBJECTS, 2, "site_types", "cave", None),
    (SUBJECTS, 2, "code", "CIV-ESTATE", None),
    (IND, 2, "points", "四分", None),
    (IND, 2, "points", "４", None),
    (IND, 2, "points", "4,000", None),
    (IND, 2, "points", "-4", None),
    (IND, 2, "points", "4e2", None),
    (IND, 2, "points", "4" * 40, None),
    (IND, 2, "points", "", None),
    (IND, 3, "code", "CIV-A1", None),
    (IND, 2, "code", "ＣＩＶ-A1", None),
    (IND, 2, "code", "CIV A1", None),
    (IND, 2, "name_en", "", None),
    (IND, 2, "name_zh", "", None),
    (IND, 2, "method", "feeling", None),
    (IND, 2, "scoring_mode", "vote", None),
    (IND, 2, "target_op", "≥", None),
    (IND, 2, "target", "九十五", None),
    (IND, 2, "scoring_params", "floor", None),
    (IND, 2, "scoring_params", "floor=high", None),
    (IND, 2, "scoring_params", "floor=95", None),
    (IND, 5, "scoring_params", "forms=CIV-HAL", (IND, 5, "scoring_params", "CIV-HAL")),
    (IND, 5, "scoring_params", "places=3", None),
    (IND, 2, "lead_role", "propagandaa", None),
    (IND, 2, "frequency", "hourly", None),
    (IND, 2, "gate", "wooden", None),
    (IND, 2, "formula", "sites_psa_ok / sites_checked *", None),
    (IND, 2, "formula", "sites_psa_ok / sites_seen", (IND, 2, "formula", "sites_seen")),
    (IND, 2, "numerator", "", None),
    (IND, 2, "numerator", "psa", (IND, 2, "numerator", "psa")),
    (MET, 2, "indicators", "CIV-A9", None),
    (MET, 2, "indicators", "CIV-A1;CIV-A1", None),
    (MET, 2, "metric", "answers_correct", None),
    (MET, 2, "source", "rumour", None),
    (MET, 2, "aggregate", "guess", None),
    (MET, 2, "available_in", "intake", None),
    (MET, 2, "row", "total", None),
    (MET, 2, "default_rule", "maybe", None),
    (MET, 2, "selector", "item=CIV-ESTATE-99", (MET, 2, "selector", "CIV-ESTATE-99")),
    (MET, 2, "selector", "linked;question=hoarding", (MET, 2, "selector", "hoarding")),
    (MET, 2, "selector", "survey=core", (MET, 2, "selector", "survey")),
    (MET, 2, "selector", "form=scoring_params", None),
    (MET, 2, "selector", "form=CIV-X", (MET, 2, "selector", "CIV-X")),
    (MET, 2, "definition_zh", "", None),
    (f"{ED}/links.csv", 2, "category", "ENV-LITER", None),
    (f"{ED}/links.csv", 2, "indicator", "CIV-Z1", None),
    (f"{ED}/links.csv", 3, "indicator", "CIV-B1", (f"{ED}/links.csv", 3, "category", "ENV-LITTER")),
    (LISTING, 2, "site_types", "housing_estates", None),
    (LISTING, 2, "title::en", "", None),
    (LISTING, 3, "code", "CIV-ESTATE", None),
    (ESTATE, 2, "question", "public_advert", None),
    (ESTATE, 2, "type", "text", None),
    (ESTATE, 2, "type", "select_one yes_no", None),
    (ESTATE, 2, "name", "CIV-ESTATE-02", None),
    (ESTATE, 2, "name", "CIV-ESTATE-1", None),
    (ESTATE, 2, "label", "", None),
    (ESTATE, 2, "label::en", "", None),
    (ESTATE, 2, "mode", "ratio", None),
    (ESTATE, 2, "mode", "vote", None),
    (ESTATE, 2, "rule", "need=many", None),
    (ESTATE, 2, "rule", "need=2 per 0m", None),
    (ESTATE, 2, "points", "ten", None),
    (ESTATE, 2, "category", "PRO-ADS", None),
    (ESTATE, 2, "category", "ENV-LITTER", None),
    (ESTATE, 2, "indicators", "CIV-A99", None),
    (ESTATE, 2, "indicators", "CIV-F1", (ESTATE, 2, "indicators", "CIV-F1")),
    (ESTATE, 2, "indicators", "", None),
    (ESTATE, 2, "see_also", "CIV-A1", (ESTATE, 2, "see_also", "CIV-A1")),
    (ESTATE, 2, "see_also", "CIV-Q1", (ESTATE, 2, "see_also", "CIV-Q1")),
    (ESTATE, 2, "owner_role", "nobody", None),
    (ESTATE, 2, "working_days", "0", None),
    (ESTATE, 2, "working_days", "2.5", None),
    (ESTATE, 2, "working_days", "三天", None),
    (ESTATE, 2, "required", "no", None),
    (ESTATE, 2, "relevant", "${x} > 1", None),
    (ESTATE, 2, "constraint", ". < 5", None),
    (ESTATE, 11, "note", "", None),
    (ESTATE, 3, "question", "public_adverts", None),
]


@pytest.mark.parametrize(("file", "row", "column", "value", "elsewhere"), CELLS)
def test_one_bad_cell_is_named(tmp_path, file, row, column, value, elsewhere):
    folder = copy_of("civilized_city", tmp_path)
    set_cell(folder / file, row, column, value)
    found = {(f.where, f.row, f.field, f.value): f for f in faults_of(folder)}
    place = elsewhere or (file, row, column, value)
    assert place in found, [f.text() for f in found.values()]
    assert found[place].remedy
    assert str(place[1]) in found[place].text()
    assert "{" not in found[place].text().replace(found[place].value, "")


def test_the_remedy_names_the_nearest_code(tmp_path):
    folder = copy_of("civilized_city", tmp_path)
    set_cell(folder / ESTATE, 2, "question", "public_advert")
    assert any("public_adverts" in f.text() for f in faults_of(folder))
    set_cell(folder / ESTATE, 2, "question", "public_adverts")
    set_cell(folder / IND, 2, "points", "４")
    assert any("请改成半角" in f.text() and "：4" in f.text() for f in faults_of(folder))


@pytest.mark.parametrize(
    ("file", "column"), [(IND, "points"), (IND, "name_en"), (MET, "selector"), (ESTATE, "rule"), (LISTING, "title")]
)
def test_a_missing_column_is_named(tmp_path, file, column):
    folder = copy_of("civilized_city", tmp_path)
    rows = read_rows(folder / file)
    at = rows[0].index(column)
    write_rows(folder / file, [r[:at] + r[at + 1 :] for r in rows])
    assert (file, 1, column) in {(f.where, f.row, f.field) for f in faults_of(folder)}


def test_unknown_doubled_and_surplus_columns(tmp_path):
    folder = copy_of("civilized_city", tmp_path)
    rows = read_rows(folder / IND)
    write_rows(folder / IND, [[*rows[0], "pionts", "note"], *[[*r, "", ""] for r in rows[1:]]])
    rows = read_rows(folder / MET)
    rows[4].append("多出来的")
    write_rows(folder / MET, rows)
    found = {(f.where, f.row, f.field, f.value) for f in faults_of(folder)}
    assert {(IND, 1, "pionts", "pionts"), (IND, 1, "note", "note"), (MET, 5, "", "多出来的")} <= found


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "空"),
        (b"\xff\xfea\x00b\x00", "编码"),
        (b"\xff\xff\xff\xff", "编码"),
        (b"PK\x03\x04rest of a workbook", "Excel"),
        (b'code,name_zh\n"never closed', "写法"),
        (b"x" * 5_000_001, "过大"),
        (b"code,name_zh\n" + b"a,b\n" * 20_001, "行数"),
        ("标题\n没有表头\n".encode(), "缺少列"),
    ],
)
def test_a_file_that_is_no_table(tmp_path, data, word):
    folder = copy_of("civilized_city", tmp_path)
    (folder / IND).write_bytes(data)
    found = [f for f in faults_of(folder) if f.where == IND]
    assert found
    assert any(word in f.message for f in found)
    assert all(f.remedy for f in found)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("title", [False, True])
def test_tables_as_officials_save_them_read_alike(tmp_path, encoding, title):
    folder = copy_of("civilized_city", tmp_path)
    expected = load_path(folder).edition
    for file in [*(folder / ED).glob("*.csv"), *(folder / ED / "forms").glob("*.csv")]:
        rows = read_rows(file)
        if title:  # a merged title, a blank row, trailing empty cells
            rows = [["某某区创建工作表", *[""] * (len(rows[0]) - 1)], [], *[[*r, "", ""] for r in rows]]
        write_rows(file, rows, encoding)
    found = load_path(folder).edition
    assert found == expected
    assert found.sha256 == expected.sha256


def test_rows_are_counted_as_the_spreadsheet_counts(tmp_path):
    folder = copy_of("civilized_city", tmp_path)
    rows = read_rows(folder / IND)
    rows[1][rows[0].index("note")] = "一格里\n换行"  # one cell over two lines is still one row
    rows[3][rows[0].index("points")] = "x"
    write_rows(folder / IND, [["标题"], *rows[:2], [], *rows[2:]])
    assert (IND, 6, "points", "x") in {(f.where, f.row, f.field, f.value) for f in faults_of(folder)}


def test_all_faults_come_together_and_nothing_twice(tmp_path):
    folder = copy_of("civilized_city", tmp_path)
    set_cell(folder / IND, 2, "lead_role", "nobody")
    set_cell(folder / MET, 3, "aggregate", "guess")
    set_cell(folder / ESTATE, 4, "category", "NONE")
    replace_text(folder / "campaign.toml", "contract = 1", "contract = 7")
    found = faults_of(folder)
    assert {f.where for f in found} == {IND, MET, ESTATE, "campaign.toml"}
    places = [(f.where, f.row, f.field, f.value, f.message) for f in found]
    assert len(places) == len(set(places)) == 4


@pytest.mark.parametrize(("column", "value", "total"), [("points", "5", "101"), ("points", "3.5", "99.5")])
def test_totals(tmp_path, column, value, total):
    folder = copy_of("civilized_city", tmp_path)
    set_cell(folder / IND, 2, column, value)  # 4 before
    (fault,) = faults_of(folder)
    assert (fault.where, fault.field, fault.value) == (IND, "points", total)
    assert "100" in fault.text()


def test_a_form_needs_a_hundred_points(tmp_path):
    folder = copy_of("civilized_city", tmp_path)
    set_cell(folder / ESTATE, 2, "points", "9")
    (fault,) = faults_of(folder)
    assert (fault.where, fault.field, fault.value) == (ESTATE, "points", "99")


def test_a_row_moved_or_dropped_breaks_the_numbering(tmp_path):
    folder = copy_of("civilized_city", tmp_path)
    rows = read_rows(folder / ESTATE)
    write_rows(folder / ESTATE, [rows[0], rows[2], rows[1], *rows[3:]])
    assert {(f.row, f.field, f.value) for f in faults_of(folder)} == {
        (2, "name", "CIV-ESTATE-02"),
        (3, "name", "CIV-ESTATE-01"),
    }


def test_metrics_cover_each_input_exactly_once(tmp_path):
    folder = copy_of("civilized_city", tmp_path)
    rows = read_rows(folder / MET)
    write_rows(folder / MET, [*rows[:1], *rows[2:], rows[4]])
    found = faults_of(folder)
    assert ("sites_psa_ok", IND, 2, "numerator") in {(f.value, f.where, f.row, f.field) for f in found}
    assert {f.row for f in found if f.where == MET} == {4, len(rows)}  # the doubled row, at both places


def test_a_sample_without_its_partner(tmp_path):
    folder = copy_of("civilized_city", tmp_path)
    rows = read_rows(folder / MET)
    write_rows(folder / MET, [r for r in rows if not (r[0] == "communities" and r[2] == "sample")])
    (fault,) = faults_of(folder)
    assert (fault.where, fault.field, fault.value) == (MET, "metric", "communities_with_station")


@pytest.mark.parametrize(
    ("file", "old", "new", "row", "field"),
    [
        ("campaign.toml", 'key = "civilized_city"', 'key = "Civilized City"', 1, "key"),
        ("campaign.toml", 'key = "civilized_city"', "key = 3", 1, "key"),
        ("campaign.toml", "contract = 1", "contract = 2", 5, "contract"),
        ("campaign.toml", "contract = 1", 'contract = "1"', 5, "contract"),
        ("campaign.toml", 'hq_role = "civilisation_office"', 'hq_role = "office"', 6, "hq_role"),
        ("campaign.toml", ', en = "National civilized city"', "", 3, "title"),
        ("campaign.toml", "contract = 1", "contract = 1\ncolour = 1", 6, "colour"),
        ("campaign.toml", "contract = 1", "contract = = 1", 5, ""),
        (f"{ED}/edition.toml", "valid_from = 2024-01-01", 'valid_from = "2024-01-01"', 4, "valid_from"),
        (f"{ED}/edition.toml", "valid_from = 2024-01-01", "", None, "valid_from"),
        (f"{ED}/edition.toml", "scale = 100", "scale = 100\nvalid_to = 2023-01-01", 6, "valid_to"),
        (f"{ED}/edition.toml", "scale = 100", 'scale = "100"', 5, "scale"),
        (f"{ED}/edition.toml", "scale = 100", "", None, "scale"),
        (f"{ED}/edition.toml", "scale = 100", "scale = nan", 5, "scale"),
        (f"{ED}/edition.toml", "scale = 100", "scale = -100", 5, "scale"),
    ],
)
def test_settings_are_named_with_their_line(tmp_path, file, old, new, row, field):
    folder = copy_of("civilized_city", tmp_path)
    replace_text(folder / file, old, new)
    found = faults_of(folder)
    assert [(f.where, f.row, f.field) for f in found].count((file, row, field)) == 1
    assert all("{" not in f.text().replace(f.value, "").replace("{ zh", "") for f in found if f.value)


@pytest.mark.parametrize("name", [IND, MET, f"{ED}/links.csv", ESTATE, LISTING, "campaign.toml", f"{ED}/edition.toml"])
def test_a_missing_file_is_named(tmp_path, name):
    folder = copy_of("civilized_city", tmp_path)
    (folder / name).unlink()
    wheres = {f.where for f in faults_of(folder)}
    assert name in wheres or (name.endswith("edition.toml") and "edition.toml" in wheres)


def test_a_package_without_golden_cases_is_refused(tmp_path):
    folder = copy_of("civilized_city", tmp_path)
    for file in (folder / "golden").iterdir():
        file.unlink()
    (fault,) = faults_of(folder)
    assert (fault.where, "验算" in fault.message) == ("golden", True)


def test_a_stray_form_is_named(tmp_path):
    folder = copy_of("civilized_city", tmp_path)
    (folder / ED / "forms" / "CIV-OLD.csv").write_bytes((folder / ESTATE).read_bytes())
    (fault,) = faults_of(folder)
    assert fault.where == f"{ED}/forms/CIV-OLD.csv"


def test_a_folder_that_does_not_exist(tmp_path):
    (fault,) = faults_of(tmp_path / "nothing")
    assert fault.where == "campaign.toml"


@pytest.mark.parametrize(
    ("file", "column", "value", "word"),
    [
        ("site_types.csv", "code", "park", "公共词表"),
        ("site_types.csv", "code", "grove", "前缀"),
        ("categories.csv", "code", "TREE", "前缀"),
        ("categories.csv", "default_owner", "nobody", "责任角色"),
        ("roles.csv", "code", "bureau", "前缀"),
        ("roles.csv", "kind", "ministry", "取值"),
    ],
)
def test_own_words_are_prefixed_and_hide_nothing(tmp_path, file, column, value, word):
    folder = copy_of("sancheng_forest", tmp_path)
    set_cell(folder / file, 2, column, value)
    assert any((f.where, f.field, f.value) == (file, column, value) and word in f.message for f in faults_of(folder))
