"""Word documents (公文): a campaign's template filled with a report's data, every value escaped."""

from __future__ import annotations

from io import BytesIO

from docxtpl import DocxTemplate

from core.campaigns import Campaign, Edition, read_report, template_of
from core.documents.report_data import ReportData
from core.errors import NotFound
from core.figures.tables import Publication
from core.work.editions.in_force import edition_of
from tenants.scope import ScopedSession

WORD = "monthly.docx"
PAGE = "monthly.html"
WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def sealed_edition(session: ScopedSession, campaign: Campaign, row: Publication) -> Edition | None:
    """The very edition that a publication was sealed by, a district's own too; None when no template of its campaign is at hand."""
    try:
        edition = edition_of(session, campaign, row.edition_sha256)
    except NotFound:
        return None
    return edition if all(template_of(campaign, edition, name) for name in (WORD, PAGE)) else None


def borrowed_from(campaign: Campaign, edition: Edition) -> Edition | None:
    """The edition whose template an edition's report borrows (沿用模板); None when it has its own."""
    found = template_of(campaign, edition, PAGE)
    return None if found is None or found.sha256 == edition.sha256 else found


def render_docx(campaign: Campaign, edition: Edition, data: ReportData) -> bytes:
    """The report as a Word document; NotFound when the campaign brings no template."""
    template = DocxTemplate(BytesIO(read_report(campaign, edition, WORD)))
    template.render({"d": data}, autoescape=True)
    written = BytesIO()
    template.save(written)
    return written.getvalue()


def page_template(campaign: Campaign, edition: Edition) -> str:
    """The source of the report's page fragment; it reads ``d`` (ReportData), ``english`` and ``_``."""
    return read_report(campaign, edition, PAGE).decode()


def file_name(data: ReportData, ending: str = "docx") -> str:
    """The name under which a report is saved: district, campaign, period, kind and number."""
    mark = "（演示数据）" if data.is_demo else ""
    return f"{data.district}{data.title_zh}{data.period_zh}{data.kind_zh}第{data.sequence}号{mark}.{ending}"
