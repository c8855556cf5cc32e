"""What needs a decision: the start page of managers and administrators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import url_for
from flask_appbuilder.baseviews import BaseView, expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _
from sqlalchemy import func, literal, select
from sqlalchemy.orm import joinedload
from sqlalchemy.sql import Select

from app.extensions import db
from app.models.clock import today, utc_now
from app.models.contract import Contract, ContractStatus
from app.models.document import Document, DocumentState
from app.models.lead import Lead, LeadStatus, is_open_lead
from app.models.submission import Outcome, Submission
from app.ui.access import may
from app.ui.formatters import COUNT_LIMIT, Count, day, label_of, moment
from app.ui.labels import label
from app.views.base.links import address_of, screen_of
from app.views.submissions import remarks_of

SHOWN = 5
DRAFT_WAITS = timedelta(days=3)
ENDS_WITHIN = timedelta(days=30)
REJECTED_WITHIN = timedelta(days=30)


@dataclass(frozen=True)
class Line:
    text: str
    detail: str
    address: str | None


@dataclass(frozen=True)
class Decision:
    """One thing to decide: how many rows there are, the first of them, and where all are."""

    title: Any
    count: Count
    address: str | None
    lines: list[Line]


@dataclass(frozen=True)
class Question:
    """`rows` gives what needs the decision, most urgent first, `needs` what a line reads of each;
    `filters` list the rows on the noun's screen.
    """

    title: Any
    noun: str
    rows: Select[Any]
    filters: dict[str, Any]
    line: Any
    needs: Sequence[Any] = ()


class DecisionView(BaseView):
    route_base = "/decisionview"
    default_view = "list"

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        return self.render_template(
            "crm/decisions.html", title=_("To decide"), decisions=list(self._decisions())
        )

    def _decisions(self) -> Iterator[Decision]:
        asked = [one for one in questions() if _may_see(one.noun)]
        counts = _counts(asked)
        for question, count in zip(asked, counts, strict=True):
            first = question.rows.options(*question.needs).limit(SHOWN)
            lines = [question.line(row) for row in db.session.scalars(first)] if count else []
            yield Decision(question.title, count, _list_of(question), lines)


def questions() -> list[Question]:
    now, first, last = utc_now(), today(), today() + ENDS_WITHIN
    contracts = select(Contract).where(Contract.archived_at.is_(None))
    parties = (joinedload(Contract.client), joinedload(Contract.service))
    leads = select(Lead).where(is_open_lead())
    return [
        Question(
            _("Qualified leads to convert"), "lead",
            leads.where(Lead.status == LeadStatus.QUALIFIED).order_by(Lead.status_changed_at),
            {"status": LeadStatus.QUALIFIED.value}, _lead,
        ),
        Question(
            _("Drafts older than 3 days"), "contract",
            contracts.where(Contract.status == ContractStatus.DRAFT)
            .where(Contract.created_at < now - DRAFT_WAITS).order_by(Contract.id),
            {"status": ContractStatus.DRAFT.value}, _contract, parties,
        ),
        Question(
            _("Documents that failed"), "document",
            select(Document).where(Document.state == DocumentState.FAILED)
            .order_by(Document.id.desc()),
            {"state": DocumentState.FAILED.value}, _document,
            (joinedload(Document.contract).joinedload(Contract.client),),
        ),
        Question(
            _("Contracts that end within 30 days"), "contract",
            contracts.where(Contract.status == ContractStatus.SIGNED)
            .where(Contract.ends_on.between(first, last)).order_by(Contract.ends_on),
            {"status": ContractStatus.SIGNED.value, "ends_on": (first, last)}, _ending,
            parties,
        ),
        Question(
            _("Submissions refused in 30 days"), "submission",
            select(Submission).where(
                Submission.outcome.in_((Outcome.REJECTED.value, Outcome.FAILED.value)),
                Submission.received_at >= now - REJECTED_WITHIN,
            ).order_by(Submission.received_at.desc()),
            {"outcome": Outcome.REJECTED.value}, _submission,
        ),
        Question(
            _("Leads that nobody is responsible for"), "lead",
            leads.where(Lead.assignee_id.is_(None))
            .order_by(Lead.assignee_id, Lead.status, Lead.next_contact_at),
            {"whose": "nobody"}, _lead,
        ),
    ]  # fmt: skip


def _counts(asked: list[Question]) -> list[Count]:
    """All of them up to a limit, by one statement."""
    if not asked:
        return []
    columns = []
    for question in asked:
        found = question.rows.with_only_columns(literal(1)).order_by(None)
        some = found.limit(COUNT_LIMIT + 1).subquery()
        columns.append(select(func.count()).select_from(some).scalar_subquery())
    return [
        Count(min(count, COUNT_LIMIT), more=count > COUNT_LIMIT)
        for count in db.session.execute(select(*columns)).one()
    ]


def _may_see(noun: str) -> bool:
    view = screen_of(noun)
    return view is not None and may("list", view.class_permission_name)


def _list_of(question: Question) -> str | None:
    """The noun's list, filtered to the question's rows."""
    view = screen_of(question.noun)
    if view is None:
        return None
    arguments: dict[str, Any] = {}
    for column, wanted in question.filters.items():
        offered = [name for name in view._search_fields if name.partition("_")[2] == column]
        values = wanted if isinstance(wanted, tuple) else (wanted,)
        if offered:
            arguments |= {f"_flt_{name}": str(v) for name, v in zip(offered, values, strict=False)}
        elif column == "whose":
            arguments[column] = wanted
    return url_for(f"{view.endpoint}.list", **arguments)


def _lead(lead: Lead) -> Line:
    since = moment(lead.status_changed_at)
    return Line(label_of(lead), f"{label(LeadStatus, lead.status)}, {since}",
                address_of("lead", lead.id))  # fmt: skip


def _contract(contract: Contract) -> Line:
    return Line(f"{label_of(contract.client)}: {contract.service}", moment(contract.created_at),
                address_of("contract", contract.id))  # fmt: skip


def _ending(contract: Contract) -> Line:
    return Line(f"№ {contract.number} {label_of(contract.client)}", day(contract.ends_on),
                address_of("contract", contract.id))  # fmt: skip


def _document(document: Document) -> Line:
    return Line(f"№ {document.contract.number} {label_of(document.contract.client)}",
                document.reason or "", address_of("contract", document.contract_id))  # fmt: skip


def _submission(submission: Submission) -> Line:
    reasons = " ".join(text for _field, text in remarks_of(submission.reasons))
    return Line(moment(submission.received_at), reasons, address_of("submission", submission.id))
