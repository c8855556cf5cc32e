"""Contracts: drawn up, signed, amended, completed, terminated; each with its PDF beside it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, ClassVar

from flask import make_response, request, url_for
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import defer
from werkzeug.wrappers import Response
from wtforms import BooleanField
from wtforms.validators import InputRequired

from app.documents.render import PreviewBusy, RendererMissing, RenderError, render_preview
from app.documents.template import document_mark, file_name, page_html
from app.documents.terms import data_differences, frozen_terms, latest_document
from app.errors import N_, Invalid
from app.models.clock import today, utc_now
from app.models.company import ONLY_ROW, Company
from app.models.contract import TERMS, Contract, ContractStatus
from app.models.document import Document, DocumentState
from app.models.revenue_entry import RevenueReason
from app.ui import labels
from app.ui.access import may
from app.ui.fields import ChoiceField, DateField, MoneyField, TextAreaField
from app.ui.formatters import day
from app.ui.pickers import PickerField
from app.ui.pills import pill, status_pill
from app.views import contract_lists
from app.views.base import Interface, NounForm, NounView, Verb, address_of, verb
from app.views.base.forms import REQUIRED
from app.views.base.inplace import InPlace
from app.views.documents import document_of, pages_of, pdf_answer, reason_text, size_text
from app.views.notes import TellsStory, asked_story

# The one next act first, the ending last.
ORDER = ("sign", "complete", "amend", "terminate", "restore")
USUALLY_READY_WITHIN = timedelta(minutes=1)
TRY_AGAIN_AFTER = 5  # seconds
MOST_VERSIONS = 50
LINES = ("client", "service", "amount", "period", "language", "campaign", "lead", "manager")


class TermsWhileDraft(NounForm):
    """Once the contract is signed, the form holds only what is ours and not printed."""

    def __init__(self, *args: Any, obj: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, obj=obj, **kwargs)
        if obj is not None and not obj.is_draft:
            for name in (*TERMS, "campaign"):  # a signed one's campaign changes with a reason
                del self[name]


class SignForm(NounForm):
    signed_on = DateField(_("Signed on"), [InputRequired(REQUIRED)])


class CompleteForm(NounForm):
    completed_on = DateField(_("Completed on"), [InputRequired(REQUIRED)])


class TerminateForm(NounForm):
    terminated_on = DateField(_("Terminated on"), [InputRequired(REQUIRED)])
    reason = TextAreaField(_("Reason"), [InputRequired(REQUIRED)])
    kept = MoneyField(
        _("Stays paid"),
        [InputRequired(REQUIRED)],
        description=_("What the client pays nevertheless. The rest of the revenue is taken back."),
    )


class CreditForm(NounForm):
    campaign = PickerField(labels.field_label("campaign"), noun="campaign")
    reason = TextAreaField(_("Why?"), [InputRequired(REQUIRED)])


class ContractView(InPlace, TellsStory, NounView):
    datamodel = Interface(Contract)
    list_title, show_title = _("Contracts"), _("Contract")
    add_title, edit_title = _("New contract"), _("Change contract")
    list_columns = [
        "number", "client", "service", "amount", "status", "signed_on", "ends_on", "manager", "pdf",
    ]  # fmt: skip
    show_columns = [
        "number", "client", "service", "amount", "starts_on", "ends_on", "language", "lead",
        "campaign", "manager", "status", "signed_on", "completed_on", "terminated_on",
        "termination_reason", "created_at", "changed_at",
    ]  # fmt: skip
    add_columns = edit_columns = [
        "client", "service", "amount", "starts_on", "ends_on", "language", "lead", "campaign",
        "manager",
    ]  # fmt: skip
    more_columns: ClassVar = ["campaign", "starts_on", "language", "completed_on", "terminated_on"]
    card_columns: ClassVar = ["number", "status", "client", "amount"]
    narrowings = contract_lists.NARROWINGS
    built_in_views = contract_lists.BUILT_IN
    exportable = True
    order_columns = ["number", "amount", "status", "signed_on", "ends_on"]
    base_order = ("id", "desc")
    search_columns = [
        "status", "service", "campaign", "manager", "signed_on", "ends_on", "client",
    ]  # fmt: skip
    needs = [
        "number", "client", "service", "amount", "status", "signed_on", "ends_on", "manager",
    ]  # fmt: skip
    enums = {"status": ContractStatus}
    label_columns = {"pdf": _("PDF"), "period": _("Period")}
    in_place: ClassVar = {
        "client": ("client",),
        "service": ("service",),
        "amount": ("amount",),
        "period": ("starts_on", "ends_on"),
        "language": ("language",),
        "lead": ("lead",),
        "manager": ("manager",),
    }
    in_place_verbs: ClassVar = {"campaign": "credit"}
    in_place_parts = "#contract-head #contract-band #document-pane #story"
    remove_label = _("Delete")
    show_template = "crm/contract_show.html"
    remove_template = "crm/contract_remove.html"

    def _init_forms(self) -> None:
        # The key is in the address or chosen among leads that are converted, so not on offer.
        lead = PickerField(
            labels.field_label("lead"), noun="lead", every=True,
            description=_("Where the contract came from. Empty for none."),
        )  # fmt: skip
        self.edit_form_extra_fields = {"lead": lead}
        self.add_form_extra_fields = {
            "lead": lead,
            "amount": MoneyField(
                labels.field_label("amount"), description=_("Empty for the service's price.")
            ),
            "language": ChoiceField(
                labels.field_label("language"),
                choices=[("", ""), *labels.LANGUAGE_NAMES.items()],
                description=_("Empty for the client's."),
            ),
            "campaign": PickerField(
                labels.field_label("campaign"), noun="campaign",
                description=_("Empty for the one that brought the lead or the client."),
            ),
        }  # fmt: skip
        super()._init_forms()
        self.edit_form = type("ContractForm", (TermsWhileDraft, self.edit_form), {})
        extra = {
            "reason": TextAreaField(_("Reason"), [InputRequired(REQUIRED)]),
            "takes_todays_data": BooleanField(_("Take today's client and company data")),
        }
        self.amend_form = self._form_of([*TERMS, *extra], extra)

    # -- lists -----------------------------------------------------------------------------------

    def picker_label(self, row: Contract) -> str:
        return self.number_of(row)

    @staticmethod
    def number_of(row: Contract) -> str:
        if row.number is None:
            return gettext("Draft")
        return gettext("№ %(number)s", number=row.number)

    def cell(self, row: Contract, column: str) -> Any:
        if column == "number":
            return self.number_of(row)
        if column == "period":
            return period_text(row)
        if column == "status":
            if row.is_voided:
                word = labels.label(ContractStatus, row.status)
                return pill("bad", gettext("%(status)s, voided", status=word))
            return status_pill(ContractStatus, row.status)
        return super().cell(row, column)

    def _values(self, rows: list[Contract]) -> Any:
        columns = [column for column in self.columns_now() if column != "pdf"]
        states = self.pdf_states(rows)
        return [
            {column: self.cell(row, column) for column in columns}
            | {"pdf": states.get(row.id, ""), "_away": row.is_voided}
            for row in rows
        ]

    def pdf_states(self, rows: list[Contract]) -> dict[int, str]:
        """The state of each contract's newest version, by one statement."""
        found = self.session.execute(
            select(Document.contract_id, Document.state)
            .where(Document.contract_id.in_([row.id for row in rows]))
            .order_by(Document.contract_id, Document.version)
        )
        return {row_id: status_pill(DocumentState, state) for row_id, state in found}

    # -- drafts ----------------------------------------------------------------------------------

    def _asked_for(self) -> dict[str, Any]:
        """`?client=`, `?lead=` and `?service=`, and what follows from them."""
        found = super()._asked_for()
        lead = found.get("lead")
        client = found.get("client") or (lead.client if lead is not None else None)
        campaign = found.get("campaign") or (lead.campaign if lead is not None else None)
        if client is not None:
            found |= {"client": client, "language": client.language, "manager": client.manager}
            campaign = campaign or client.campaign
        service = found.get("service") or (campaign.service if campaign is not None else None)
        if service is not None and service.active and not service.is_put_away:
            found |= {"service": service, "amount": service.price}
        found["campaign"] = campaign
        found["manager"] = found.get("manager") or current_user._get_current_object()
        return found

    def make(self, values: dict[str, Any]) -> Contract:
        given = {name: value for name, value in values.items() if value is not None}
        refuse_strangers_lead(given.get("client"), given.get("lead"))
        return Contract.draft(self.session, **given)

    def change(self, row: Contract, values: dict[str, Any]) -> None:
        if values.get("lead") is not row.lead:
            refuse_strangers_lead(values.get("client", row.client), values.get("lead"))
        row.change(**values)

    def remove(self, row: Contract, reason: str) -> str:
        was_draft = row.is_draft
        row.remove(reason)
        if was_draft:
            return gettext("The draft has been deleted.")
        return gettext("The contract has been voided.")

    # -- the page --------------------------------------------------------------------------------

    def buttons(self, row: Contract) -> list[Verb]:
        offered = [one for one in super().buttons(row) if one.name in ORDER]
        return sorted(offered, key=lambda one: ORDER.index(one.name))

    def may_edit_in_place(self, row: Contract, name: str) -> bool:
        """The terms of a signed contract change by an amendment alone."""
        if not row.is_draft and (name in TERMS or name == "period"):
            return False
        return super().may_edit_in_place(row, name)

    def related(self, row: Contract) -> list[Any]:
        return []

    def sections(self, row: Contract) -> list[Any]:
        return []

    def context(self, row: Contract) -> dict[str, Any]:
        acts = self.buttons(row)
        lead = [one for one in acts if one.name in ("sign", "complete", "restore")]
        return self.pane_of(row) | {
            "act": lead[0] if lead else None,
            "further": [one for one in acts if one not in lead],
            "lines": [self.line(row, name) for name in LINES],
            "ends": ends_text(row),
            "told": asked_story(row),
            "RevenueReason": RevenueReason,
        }

    # -- the document beside it ------------------------------------------------------------------

    def pane_of(self, row: Contract) -> dict[str, Any]:
        """The newest version of the document and those before it. `seen` is what a page that looks
        again has shown already.
        """
        documents = self.session.scalars(
            select(Document)
            .where(Document.contract_id == row.id)
            .order_by(Document.version.desc())
            .limit(MOST_VERSIONS)
            .options(defer(Document.terms))
        ).all()
        newest = documents[0] if documents else None
        waits_since = (
            newest.ordered_at if newest and newest.state == DocumentState.WAITING else None
        )
        late = waits_since is not None and waits_since < utc_now() - USUALLY_READY_WITHIN
        return {
            "documents": documents,
            "newest": newest,
            "pages": pages_of(newest) if newest is not None and may("show", "DocumentView") else 0,
            "late": late,
            "looks_again": (30 if late else 3) if waits_since else None,
            "seen": f"{newest.version}-{newest.state}-{late:d}" if newest is not None else "",
            "reason_text": reason_text,
            "size_text": size_text,
            "DocumentState": DocumentState,
        }

    @expose("/<int:pk>/pane")
    @has_access
    @permission_name("show")
    def pane(self, pk: int) -> Any:
        """The pane alone, for a page that waits; 204 while it would look as it did."""
        row = self.row_or_404(pk)
        told = self.pane_of(row)
        if request.args.get("seen") == told["seen"]:
            return "", 204
        return self.render_template(
            "crm/contract_pane_part.html", view=self, row=row, speaks=True, **told
        )

    # -- verbs -----------------------------------------------------------------------------------

    @verb(
        _("Sign"), form=SignForm, versioned=True, style="primary",
        when=lambda contract: contract.can_be_signed, template="crm/contract_sign.html",
    )  # fmt: skip
    def sign(self, row: Contract, values: dict[str, Any]) -> str:
        row.sign(values["signed_on"])
        return gettext("Contract № %(number)s has been signed.", number=row.number)

    def prefill_sign(self, form: Any, row: Contract) -> None:
        form.signed_on.data = today()

    def context_sign(self, row: Contract, form: Any) -> dict[str, Any]:
        missing = Company.of(self.session).missing_to_sign()
        return {
            "missing": [gettext(label) for label in missing],
            "company": address_of("company", ONLY_ROW),
        }

    @verb(
        _("Amend"), permission="sign", form="form_to_amend", versioned=True,
        when=lambda contract: contract.can_be_amended, template="crm/contract_amend.html",
    )  # fmt: skip
    def amend(self, row: Contract, values: dict[str, Any]) -> str:
        row.amend(**values)
        return gettext("The contract has been amended; a new version of its PDF is on its way.")

    def form_to_amend(self, row: Contract) -> type[NounForm]:
        return self.amend_form

    def context_amend(self, row: Contract, form: Any) -> dict[str, Any]:
        """What the next version is, and what it would print newly of the two parties."""
        latest = latest_document(self.session, row.id)
        if latest is None:
            return {"version": 1, "renewed": []}
        fresh = frozen_terms(row, version=latest.version + 1)
        return {
            "version": latest.version + 1,
            "renewed": data_differences(latest.terms, fresh),
        }

    @verb(
        _("Change the campaign"), permission="edit", form=CreditForm, versioned=True,
        when=lambda contract: not contract.is_put_away, template="crm/contract_verb.html",
    )  # fmt: skip
    def credit(self, row: Contract, values: dict[str, Any]) -> str:
        row.credit(values["campaign"], values["reason"])
        return gettext("The contract counts for another campaign now.")

    @verb(
        _("Complete"), permission="sign", form=CompleteForm, versioned=True, style="primary",
        when=lambda contract: contract.can_be_amended, template="crm/contract_verb.html",
    )  # fmt: skip
    def complete(self, row: Contract, values: dict[str, Any]) -> str:
        row.complete(values["completed_on"])
        return gettext("The contract has been completed.")

    def prefill_complete(self, form: Any, row: Contract) -> None:
        form.completed_on.data = today()

    @verb(
        _("Terminate"), permission="sign", form=TerminateForm, versioned=True,
        when=lambda contract: contract.can_be_amended, template="crm/contract_verb.html",
        style="danger",
    )  # fmt: skip
    def terminate(self, row: Contract, values: dict[str, Any]) -> str:
        row.terminate(values["terminated_on"], values["reason"], kept=values["kept"])
        return gettext("The contract has been terminated.")

    def prefill_terminate(self, form: Any, row: Contract) -> None:
        form.terminated_on.data, form.kept.data = today(), 0

    # -- PDFs ------------------------------------------------------------------------------------

    @expose("/<int:pk>/document/<int:version>")
    @has_access
    @permission_name("show")
    def document(self, pk: int, version: int) -> Response:
        """A version's PDF, through the contract's own permission and base filters."""
        row = self.row_or_404(pk)
        found = document_of(self.session, row.id, version)
        if not found.is_ready or found.content is None:
            return self._absent(row, _("Not ready yet"), reason_text(found.reason), 409)
        return pdf_answer(
            found.content, file_name(found.terms), inline=bool(request.args.get("open"))
        )

    @expose("/<int:pk>/preview")
    @has_access
    @permission_name("show")
    def preview(self, pk: int) -> Response:
        """The draft as it would be printed now: the one rendering that a request waits for."""
        row = self.row_or_404(pk)
        if not row.is_draft:
            refusal = gettext("Only drafts have a preview; this contract has documents.")
            return self._absent(row, _("No preview"), refusal, 409)
        terms = frozen_terms(row, version=1)
        # Nothing slow happens inside a transaction: it ends before wkhtmltopdf begins.
        self.session.rollback()
        try:
            pdf = render_preview(page_html(terms), mark=document_mark(None, 1), at=utc_now())
        except RenderError as error:
            return self._no_preview(pk, error)
        return pdf_answer(pdf, file_name(terms), inline=True)

    def _no_preview(self, pk: int, error: RenderError) -> Response:
        if isinstance(error, PreviewBusy):
            reason = gettext("Other previews are being made. Try again in a few seconds.")
        elif isinstance(error, RendererMissing):
            reason = gettext("The program that makes PDFs (wkhtmltopdf) is not installed on the"
                             " server.")  # fmt: skip
        else:
            reason = reason_text(error.code)
        answer = self._absent(self.row_or_404(pk), _("No preview"), reason, 503)
        answer.headers["Retry-After"] = str(TRY_AGAIN_AFTER)
        return answer

    def _absent(self, row: Contract, title: Any, reason: str, status: int) -> Response:
        page = self.render_template(
            "crm/document_absent.html", title=title, reason=reason,
            back=url_for(f"{self.endpoint}.show", pk=row.id),
        )  # fmt: skip
        return make_response(page, status)


def period_text(row: Contract) -> str:
    """`1 Nov 2026 – 30 Nov 2026`; an open end is said in words."""
    if row.starts_on and row.ends_on:
        return f"{day(row.starts_on)} – {day(row.ends_on)}"
    if row.starts_on:
        return gettext("from %(day)s", day=day(row.starts_on))
    return gettext("until %(day)s", day=day(row.ends_on)) if row.ends_on else ""


def days_text(ends_on: date) -> str:
    """How far the end is: `ends in 12 days`, `ended 3 days ago`."""
    days = (ends_on - today()).days
    if days > 0:
        return ngettext("ends in %(num)s day", "ends in %(num)s days", days)
    if days == 0:
        return gettext("ends today")
    return ngettext("ended %(num)s day ago", "ended %(num)s days ago", -days)


def ends_text(row: Contract) -> tuple[str, str] | None:
    """(kind of mark, words) of a contract in force that has an end."""
    if row.ends_on is None or not row.can_be_amended:
        return None
    left = (row.ends_on - today()).days
    kind = "overdue" if left < 0 else "today" if left == 0 else "later"
    return kind, days_text(row.ends_on)


def refuse_strangers_lead(client: Any, lead: Any) -> None:
    """A contract may come only from a lead of its own client, or from one not yet converted."""
    if lead is not None and lead.client_id is not None and lead.client is not client:
        raise Invalid.of("lead", N_("This lead belongs to another client."))
