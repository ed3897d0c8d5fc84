"""Writes the three campaigns' report templates (monthly.docx) from words and tables; for maintainers:

``python -m tests.documents.build_templates`` from the repository's root, then look at the result in a word processor.
The layout follows the usual form of official papers (GB/T 9704): title 方正小标宋简体 22 pt, body 仿宋_GB2312 16 pt.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

TITLE, HEAD, BODY, TABLE = "方正小标宋简体", "黑体", "仿宋_GB2312", "仿宋_GB2312"
PLUGINS = Path(__file__).parents[2] / "plugins"

CATEGORY_TABLE = (
    ("项目", 5.0, "{{ r.name_zh }}"),
    ("得分", 2.0, "{{ r.earned }}"),
    ("已评估分", 2.2, "{{ r.assessed_points }}"),
    ("总分", 2.0, "{{ r.possible }}"),
    ("得分率(%)", 2.2, "{{ r.percent }}"),
    ("观测数", 1.8, "{{ r.n }}"),
)
FIGURE_TABLE = (
    ("代码", 1.9, "{{ r.code }}"),
    ("指标", 4.2, "{{ r.name_zh }}"),
    ("分子/分母", 3.0, "{{ r.fraction }}"),
    ("数值", 1.8, "{{ r.value }}"),
    ("目标", 1.7, "{{ r.target }}"),
    ("得分/满分", 2.8, "{{ r.earned }} / {{ r.possible }}"),
)
LOSS_TABLE = (
    ("指标", 6.4, "{{ r.code }} {{ r.name_zh }}"),
    ("数值", 2.0, "{{ r.value }}"),
    ("目标", 1.8, "{{ r.target }}"),
    ("失分", 2.0, "{{ r.lost }}"),
    ("观测数", 1.8, "{{ r.n }}"),
)
OPEN_TABLE = (
    ("指标", 5.2, "{{ r.code }} {{ r.name_zh }}"),
    ("分值", 1.6, "{{ r.possible }}"),
    ("未评估原因", 8.6, "{{ r.reason_zh }}"),
)
EFFECT_TABLE = (
    ("事项", 4.6, "{{ r.title }}"),
    ("依据文件", 4.2, "{{ r.document }}"),
    ("影响", 2.0, "{{ r.kind_zh }}"),
    ("分值", 1.4, "{{ r.points }}"),
    ("影响前", 1.6, "{{ r.before }}"),
    ("影响后", 1.6, "{{ r.after }}"),
)
VETO_TABLE = (("代码", 3.0, "{{ r.code }}"), ("否决事项", 12.4, "{{ r.name_zh }}"))


@dataclass(frozen=True)
class Section:
    heading: str
    paragraphs: tuple[str, ...] = ()
    table: tuple[tuple[str, float, str], ...] = ()
    rows: str = ""
    empty: str = ""


@dataclass(frozen=True)
class Paper:
    plugin: str
    title: str
    opening: tuple[str, ...]
    sections: tuple[Section, ...]


SUMMARY = (
    "截至{{ d.cut_off }}，依据《{{ d.edition_zh }}》，本期共核查{{ d.visits }}次，涉及点位{{ d.sites }}个。"
    "{% if d.effects %}已评估指标得{{ d.earned_before }}分，按负面清单{% if d.barred %}一票否决，不计总分{% else %}处理后得{{ d.earned }}分{% endif %}"
    "{% else %}已评估指标得{{ d.earned }}分{% endif %}"
    "{% if not d.barred %}，占已评估分{{ d.assessed }}分的{{ d.percent }}%{% endif %}；"
    "已评估分占总分{{ d.total }}分的{{ d.coverage }}%。"
)
MISSING = "尚未评估的{{ d.gap }}分没有数据来源或本期没有记录，不按零分计，也不进入得分率{% if not d.barred %}；按总分计的得分率为{{ d.percent_of_all }}%，两种得分率不得混用{% endif %}。"
FINDINGS = (
    "本期发现问题{{ d.findings.found }}件；到期{{ d.findings.due }}件，其中已销号{{ d.findings.closed }}件、"
    "按期销号{{ d.findings.on_time }}件、到期未销号{{ d.findings.overdue }}件，按期销号率{{ d.on_time_percent }}%。"
)
LOSSES = Section(
    "失分情况", ("按已评估指标失分由多到少排列，共失{{ d.lost }}分。",), LOSS_TABLE, "d.losses", "本期没有失分指标。"
)
OPEN = Section("未评估指标", (), OPEN_TABLE, "d.open_indicators", "全部指标均已评估。")
EFFECTS = Section(
    "负面清单",
    ("影响前为各指标得分合计，影响依次为扣分、封顶、一票否决，每项以所列文件为据。",),
    EFFECT_TABLE,
    "d.effects",
    "本期没有影响总分的负面清单事项。",
)
CATEGORIES = Section("各项目得分", (), CATEGORY_TABLE, "d.categories")

PAPERS = (
    Paper(
        "civilized_city",
        "{{ d.district }}创建全国文明城市测评{{ d.kind_zh }}",
        (SUMMARY, MISSING),
        (
            CATEGORIES,
            Section(
                "实地考察点位得分",
                ("各类点位按检查表百分制得分的平均值计分，分子为各次得分之和，分母为检查次数。",),
                FIGURE_TABLE,
                "d.site_scores",
                "本期没有点位得分。",
            ),
            Section("达标率与长效机制指标", (), FIGURE_TABLE, "d.rates", "本期没有已评估的达标率指标。"),
            Section("问题整改", (FINDINGS,)),
            LOSSES,
            Section(
                "前置条件和负面清单", (), VETO_TABLE, "d.vetoes", "本期已评估的指标中没有触发前置条件和负面清单的事项。"
            ),
            EFFECTS,
            OPEN,
        ),
    ),
    Paper(
        "sanitary_city",
        "{{ d.district }}创建国家卫生城市工作{{ d.kind_zh }}",
        (
            "本报告按千分制编写。" + SUMMARY,
            MISSING,
        ),
        (
            Section(
                "否决项和关键项",
                ("硬性指标未达到目标，或活禽等关键项组得分不足七成的，列为否决事项。",),
                VETO_TABLE,
                "d.vetoes",
                "本期已评估的指标中没有否决事项。",
            ),
            CATEGORIES,
            Section(
                "市容环境与重点场所卫生",
                (),
                FIGURE_TABLE,
                "d.under('3', '5')",
                "本期没有已评估的市容环境和重点场所指标。",
            ),
            Section(
                "健康促进、食品饮水安全与病媒生物防制",
                (),
                FIGURE_TABLE,
                "d.outside('3', '5')",
                "本期没有其他已评估指标。",
            ),
            LOSSES,
            Section("问题整改", (FINDINGS,)),
            EFFECTS,
            OPEN,
        ),
    ),
    Paper(
        "food_safety_city",
        "{{ d.district }}国家食品安全示范城市创建{{ d.kind_zh }}",
        (SUMMARY, MISSING),
        (
            CATEGORIES,
            Section(
                "全过程监管",
                ("户数类指标为抽查户数与合格户数之比，单户检查计1户，市场和摊区按抽查户数计。",),
                FIGURE_TABLE,
                "d.under('C')",
                "本期没有已评估的监管指标。",
            ),
            Section("监管能力、食品安全状况与社会共治", (), FIGURE_TABLE, "d.outside('C')", "本期没有其他已评估指标。"),
            Section("风险问题闭环", (FINDINGS,)),
            LOSSES,
            Section("前提条件和否决项", (), VETO_TABLE, "d.vetoes", "本期已评估的指标中没有否决事项。"),
            EFFECTS,
            OPEN,
        ),
    ),
)
NUMBERS = "一二三四五六七八九十"


def write(run: Any, font: str, size: float, *, bold: bool = False, red: bool = False) -> None:
    run.font.name = "Times New Roman"
    run.font.size = Pt(size)
    run.font.bold = bold
    if red:
        run.font.color.rgb = RGBColor(0xC0, 0, 0)
    fonts = run._element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), font)


def paragraph(
    document: Any,
    text: str,
    font: str = BODY,
    size: float = 16,
    *,
    centre: bool = False,
    indent: bool = True,
    red: bool = False,
) -> Any:
    made = document.add_paragraph()
    style = made.paragraph_format
    style.line_spacing_rule, style.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(30 if size > 20 else 28)
    style.space_before = style.space_after = Pt(0)
    style.keep_with_next = font == HEAD
    if centre:
        made.alignment = WD_ALIGN_PARAGRAPH.CENTER
    elif indent:
        style.first_line_indent = Pt(2 * size)
    write(made.add_run(text), font, size, red=red)
    return made


def cell(target: Any, text: str, *, bold: bool = False, left: bool = False) -> None:
    target.text = ""
    line = target.paragraphs[0]
    line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(1)
    line.alignment = WD_ALIGN_PARAGRAPH.LEFT if left else WD_ALIGN_PARAGRAPH.CENTER
    write(line.add_run(text), HEAD if bold else TABLE, 10.5)


def table(document: Any, columns: tuple[tuple[str, float, str], ...], rows: str) -> None:
    made = document.add_table(rows=4, cols=len(columns))
    made.style, made.alignment, made.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    cell(made.rows[1].cells[0], f"{{%tr for r in {rows} %}}")
    cell(made.rows[3].cells[0], "{%tr endfor %}")
    for n, (title, width, value) in enumerate(columns):
        cell(made.rows[0].cells[n], title, bold=True)
        cell(made.rows[2].cells[n], value, left="name_zh" in value or "reason" in value)
        made.columns[n].width = Cm(width)
        for row in made.rows:
            row.cells[n].width = Cm(width)
    heading = made.rows[0]._tr.get_or_add_trPr()
    heading.append(OxmlElement("w:tblHeader"))
    for row in made.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def page(document: Any) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.7), Cm(3.5)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    head = section.header.paragraphs[0]
    head.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    write(head.add_run("{% if d.is_demo %}演示数据{% endif %}"), HEAD, 12, red=True)
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    write(foot.add_run("封签 {{ d.seal[:12] }} · "), BODY, 9)
    for kind, code in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = foot.add_run()
        write(run, BODY, 9)
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.text = code
        run._element.append(mark)


def build(paper: Paper) -> Path:
    document = Document()
    document.core_properties.author = "三城"
    document.core_properties.title = paper.title
    document.core_properties.comments = ""
    page(document)
    paragraph(document, paper.title, TITLE, 22, centre=True)
    paragraph(document, "（{{ d.period_zh }}，发布第{{ d.sequence }}号）", "楷体_GB2312", 16, centre=True)
    paragraph(document, "{%p if d.is_demo %}")
    paragraph(document, "演示数据：由固定种子合成，不反映任何单位的真实情况。", BODY, 14, centre=True, red=True)
    paragraph(document, "{%p endif %}")
    paragraph(document, "{%p if d.corrects %}")
    paragraph(document, "本期为更正件，更正封签为{{ d.corrects }}的发布件。更正原因：{{ d.reason }}。")
    paragraph(document, "{%p endif %}")
    paragraph(document, "一、总体情况", HEAD, 16)
    for text in paper.opening:
        paragraph(document, text)
    for number, section in enumerate(paper.sections, 1):
        paragraph(document, f"{NUMBERS[number]}、{section.heading}", HEAD, 16)
        for text in section.paragraphs:
            paragraph(document, text)
        if section.table:
            if section.empty:
                paragraph(document, f"{{%p if {section.rows} %}}")
            table(document, section.table, section.rows)
            if section.empty:
                paragraph(document, "{%p else %}")
                paragraph(document, section.empty)
                paragraph(document, "{%p endif %}")
    paragraph(document, f"{NUMBERS[len(paper.sections) + 1]}、数据来源与封签", HEAD, 16)
    for text in (
        "测评体系：{{ d.edition_zh }}（版本{{ d.edition }}，{{ d.issuer }}）",
        "版本校验值：{{ d.edition_sha256 }}",
        "数据截止：{{ d.cut_off }}；发布时间：{{ d.published_at }}；发布人：{{ d.published_by }}",
        "本件封签：{{ d.seal }}",
        "上一件封签：{{ d.previous_seal }}",
    ):
        paragraph(document, text, BODY, 12, indent=False)
    target = PLUGINS / paper.plugin / "edition_2024" / "reports" / "monthly.docx"
    target.parent.mkdir(exist_ok=True)
    document.save(str(target))
    return target


if __name__ == "__main__":
    for one in PAPERS:
        print(build(one).relative_to(PLUGINS.parent))
