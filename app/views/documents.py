"""Documents: the queue of PDFs as the manager watches it, failed ones first."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from flask import abort, make_response, request, send_file, url_for
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from sqlalchemy import Select, literal, select, union_all
from werkzeug.wrappers import Response

from app.documents.pages import NoSuchPage, count_once, known_count, page_picture
from app.documents.template import file_name
from app.models.document import Document, DocumentKind, DocumentState
from app.ui.formatters import number
from app.ui.pills import status_pill
from app.views.base import Interface, NounView, address_of, verb
from app.views.base.links import screen_of

QUEUE = "queue"
ORDER = (DocumentState.FAILED, DocumentState.WAITING, DocumentState.READY)

# A browser's own viewer is part of the answer and would be locked out by our pages' policy. The
# bytes are a PDF and nothing else (nosniff), so no script of ours or theirs can run in it.
PDF_POLICY = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

REASONS = {
    "missing": _("The program that makes PDFs (wkhtmltopdf) is not installed on the server. The"
                 " document waits and will be made as soon as it is."),
    "timeout": _("Making the PDF took too long."),
    "too_large": _("The contract is too long to be printed."),
    "refused": _("The program that makes PDFs gave back a broken file."),
    "unknown_template": _("This version of the product does not have the contract's template."),
    "lost": _("The worker was stopped in the middle of each try."),
    "error": _("The contract could not be printed. The server's log says why."),
}  # fmt: skip


def reason_text(reason: str | None) -> str:
    """A document's reason, kept as `code: text`, in the reader's language."""
    code = (reason or "").partition(":")[0]
    return str(REASONS.get(code, reason or ""))


def number_of(document: Document) -> str:
    """The number of its contract."""
    return gettext("№ %(number)s", number=document.contract.number)


def size_text(size: int | None) -> str:
    """Bytes as whole kilobytes, at least one."""
    if not size:
        return ""
    return gettext("%(size)s KB", size=number(max(1, round(size / 1024))))


def pdf_answer(content: bytes, name: str, *, inline: bool = False) -> Response:
    """The PDF under its name in any script (RFC 5987); no copy stays anywhere on the way."""
    response = send_file(
        BytesIO(content), mimetype="application/pdf", as_attachment=not inline, download_name=name
    )
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = PDF_POLICY
    return response


def document_of(session: Any, contract_id: int, version: int) -> Document:
    """A version of a contract's document, or 404."""
    found: Document | None = session.scalar(
        select(Document).where(
            Document.contract_id == contract_id,
            Document.version == version,
            Document.kind == DocumentKind.GENERATED.value,
        )
    )
    if found is None:
        abort(404)
    return found


def pages_of(document: Document) -> int:
    """How many pages its picture has; the bytes are read once in the life of a process."""
    if not document.is_ready or not document.sha256:
        return 0
    known = known_count(document.sha256)
    return count_once(document.sha256, document.content or b"") if known is None else known


def ready_pdf(document: Document) -> Response | None:
    """None while it is not ready."""
    if not document.is_ready or document.content is None:
        return None
    return pdf_answer(document.content, file_name(document.terms))


class DocumentInterface(Interface):
    def apply_order_by(
        self, query: Any, order_column: str, order_direction: str, *args: Any, **kwargs: Any
    ) -> Any:
        if order_column == QUEUE:  # `rows` has ordered already
            return query
        return super().apply_order_by(query, order_column, order_direction, *args, **kwargs)

    def rows(
        self, filters: Any = None, order_column: str = "", order_direction: str = "",
        page: int | None = None, page_size: int | None = None, columns: Iterable[str] = (),
        needs: Iterable[str] | None = None,
    ) -> list[Any]:  # fmt: skip
        """By QUEUE: failed, then waiting, then ready, the newest of each first. Each state is read
        by its own index range, so that a million ready ones are never sorted.
        """
        if order_column != QUEUE or not page_size:
            return super().rows(
                filters, order_column, order_direction, page, page_size, columns, needs
            )
        start = (page or 0) * page_size
        parts = [self._newest(filters, place, start + page_size) for place in range(len(ORDER))]
        union = union_all(*parts).subquery()
        found = self.session.scalars(
            select(union.c.id).order_by(union.c.place, union.c.id.desc())
            .offset(start).limit(page_size)
        )  # fmt: skip
        return self.get_many(list(found), None, columns, needs)

    def _newest(self, filters: Any, place: int, most: int) -> Select[Any]:
        query = self.apply_filters(self.session.query(Document), filters)
        newest = (
            query.filter(Document.state == ORDER[place].value)
            .order_by(None)
            .order_by(Document.id.desc())
            .limit(most)
            .with_entities(Document.id)
            .subquery()
        )
        return select(newest.c.id, literal(place).label("place"))


class DocumentView(NounView):
    datamodel = DocumentInterface(Document)
    list_title, show_title = _("Documents"), _("Document")
    list_columns = [
        "contract", "version", "state", "attempts", "reason", "ordered_at", "ready_at", "size",
    ]  # fmt: skip
    show_columns = [*list_columns, "sha256"]
    order_columns = ["state"]
    base_order = (QUEUE, "asc")
    search_columns = ["state"]
    enums = {"state": DocumentState}
    formatters_columns = {"reason": reason_text, "size": size_text}
    label_columns = {
        "attempts": _("Attempts"), "ordered_at": _("Ordered at"), "ready_at": _("Ready at"),
        "size": _("Size"), "sha256": _("Checksum (SHA-256)"),
    }  # fmt: skip
    show_template = "crm/document_show.html"

    def picker_label(self, row: Document) -> str:
        return gettext("Version %(version)s", version=row.version)

    def _values(self, rows: list[Document]) -> Any:
        """In lists the first cell leads to the document; its page leads on to the contract."""
        told = zip(super()._values(rows), rows, strict=True)
        return [
            values | {"contract": number_of(row), "state": values["state"] + self._retry_of(row)}
            for values, row in told
        ]

    def _retry_of(self, row: Document) -> Markup:
        """What failed is retried from the list."""
        if row.state != DocumentState.FAILED or not self.offers("retry"):
            return Markup()
        return Markup(
            ' <form class="in-row" method="post" action="{}">'
            '<input type="hidden" name="csrf_token" value="{}">'
            '<button type="submit" class="btn btn-sm" aria-label="{}">{}</button></form>'
        ).format(
            url_for(f"{self.endpoint}.retry", pk=row.id), generate_csrf(),
            gettext("Retry %(name)s", name=f"{number_of(row)}, {self.picker_label(row)}"),
            gettext("Retry"),
        )  # fmt: skip

    def cell(self, row: Document, column: str) -> Any:
        if column == "contract":
            text = number_of(row)
            address = address_of("contract", row.contract_id)
            return Markup('<a href="{}">{}</a>').format(address, text) if address else text
        if column == "state":
            return status_pill(DocumentState, row.state)
        return super().cell(row, column)

    def context(self, row: Document) -> dict[str, Any]:
        return {"pages": pages_of(row)}

    @expose("/download/<pk>")
    @has_access
    def download(self, pk: str) -> Any:
        row = self.row_or_404(pk)
        answer = ready_pdf(row)
        if answer is None:
            page = self.render_template(
                "crm/document_absent.html", title=_("Not ready yet"), document=row,
                reason=reason_text(row.reason), back=address_of("contract", row.contract_id),
            )  # fmt: skip
            return page, 409
        return answer

    @expose("/<int:pk>/page/<int(max=999):page>.png")
    @has_access
    @permission_name("show")
    def page(self, pk: int, page: int) -> Response:
        """A page's picture, for those who may open its contract. The browser keeps it, and asks
        each time whether it may still show it.
        """
        row = self.row_or_404(pk)
        contracts = screen_of("contract")
        if contracts is None or not contracts.offers("show"):
            abort(403)
        contracts.row_or_404(row.contract_id)
        if not row.is_ready:
            abort(404)
        tag = f"{row.sha256}-{page}"
        if request.if_none_match.contains(tag):
            response = make_response("", 304)
        else:
            content = row.content or b""
            self.session.rollback()  # nothing slow happens inside a transaction
            try:
                response = make_response(page_picture(content, page))
            except NoSuchPage:
                abort(404)
            response.mimetype = "image/png"
        response.set_etag(tag)
        response.headers["Cache-Control"] = "private, no-cache"
        return response

    @verb(_("Retry"), when=lambda document: not document.is_ready, style="primary")
    def retry(self, row: Document) -> tuple[Any, str]:
        row.retry()
        return row.contract, gettext("The document is waiting again.")
