"""Submissions: everything that arrived, what became of it, and why it was refused."""

from __future__ import annotations

import json
from typing import Any

from flask import current_app
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from wtforms.validators import Length

from app.errors import N_, CrmError, Invalid, NotAllowedNow
from app.intake.again import accept_failed, can_be_accepted, correct_and_accept, replay
from app.intake.bodies import FORM_TYPE, Broken, is_json, read_form
from app.intake.remarks import as_read
from app.intake.trial import understood
from app.models.click import ClickKind
from app.models.clock import utc_now
from app.models.lead import Lead
from app.models.source import Source
from app.models.submission import Outcome, Submission
from app.ui import pickers
from app.ui.access import may
from app.ui.fields import TextField, read_id
from app.ui.labels import field_label
from app.ui.pickers import PickerField
from app.ui.pills import status_pill
from app.views.base import Interface, NounForm, NounView, verb

SHOWN_BYTES = 64 * 1024


class SourceNames:
    """The inbox is filtered by sources also by those who may not open the sources themselves."""

    noun = "source"

    def __init__(self, view: Any) -> None:
        self.view = view

    def may(self) -> bool:
        return may("list", "SubmissionView")

    def find(self, text: str, limit: int = pickers.LIMIT, *, every: bool = False) -> list[Any]:
        named = select(Source).order_by(Source.name).limit(pickers.SMALL)
        rows = self.view.session.scalars(named).all()
        return pickers.among(rows, text, self.label, limit)

    def get(self, row_id: Any, *, every: bool = False) -> Any | None:
        number = read_id(row_id)
        return self.view.session.get(Source, number) if number else None

    def label(self, row: Any) -> str:
        return str(row.name)


class SourceField(PickerField):
    def __init__(self, label: Any = None, *, names: SourceNames, **kwargs: Any) -> None:
        super().__init__(label, noun=SourceNames.noun, every=True, **kwargs)
        self.names = names

    @property
    def picker(self) -> Any:
        return self.names


AGAIN = (Outcome.FAILED.value, Outcome.REJECTED.value)


def _can_be_fetched(row: Submission) -> bool:
    return row.outcome == Outcome.PENDING and bool(current_app.config["META_FETCH"])


class CorrectForm(NounForm):
    first_name = TextField(field_label("first_name"), [Length(max=150)])
    last_name = TextField(field_label("last_name"), [Length(max=150)])
    middle_name = TextField(field_label("middle_name"), [Length(max=150)])
    phone = TextField(field_label("phone"))
    email = TextField(field_label("email"))
    company_name = TextField(field_label("company_name"), [Length(max=200)])
    job_title = TextField(field_label("job_title"), [Length(max=200)])
    campaign = PickerField(field_label("campaign"), noun="campaign")


class SubmissionView(NounView):
    datamodel = Interface(Submission)
    list_title, show_title = _("Submissions"), _("Submission")
    list_columns = ["received_at", "source", "outcome", "lead", "reasons", "campaign"]
    more_columns = ["door"]
    card_columns = ["received_at", "outcome", "lead"]
    needs = ["received_at", "source.name", "door", "outcome", "campaign", "lead", "reasons"]
    show_columns = [
        "received_at", "submitted_at", "source", "door", "outcome", "campaign", "campaign_sent",
        "lead", "first", "external_id", "form_id", "answers", "click_id",
        "click_kind", "visitor_id", "utm",
        "consent_text", "consent_at",
    ]  # fmt: skip
    order_columns = ["received_at"]
    base_order = ("received_at", "desc")
    search_columns = ["outcome", "source", "campaign", "received_at"]
    enums = {"outcome": Outcome, "click_kind": ClickKind}
    label_columns = {
        "door": _("Door"),
        "reasons": _("Reasons"),
        "campaign_sent": _("Campaign as sent"),
        "first": _("Repeats"),
        "answers": _("Answers of the form"),
        "click_id": _("Click id"),
        "click_kind": _("Kind of the click id"),
        "visitor_id": _("Visitor (Yandex Metrica)"),
        "utm": _("UTM"),
    }
    show_template = "crm/submission.html"
    bulk_verbs = ["replay"]

    def _init_forms(self) -> None:
        super()._init_forms()
        named = SourceField(_("Source"), names=SourceNames(self))
        self._search_fields["0_source"] = named

    def cell(self, row: Submission, column: str) -> Any:
        if column == "outcome":
            return status_pill(Outcome, row.outcome)
        if column == "source":
            return row.source.name if row.source else ""
        if column == "reasons":
            return " · ".join(f"{field}: {text}" for field, text in remarks_of(row.reasons))
        if column in ("answers", "utm"):
            listed = getattr(row, column) or {}
            return "\n".join(f"{name}: {value}" for name, value in listed.items())
        return super().cell(row, column)

    @verb(
        _("Correct and accept"), permission="accept", form=CorrectForm, when=can_be_accepted,
        template="crm/submission_correct.html",
    )  # fmt: skip
    def correct(self, row: Submission, values: dict[str, Any]) -> Any:
        """A person puts right what was wrong; the rest is taken from the body."""
        receipt = correct_and_accept(self.session, row, values)
        return self.session.get(Lead, receipt.lead_id), gettext("The submission is accepted.")

    def prefill_correct(self, form: CorrectForm, row: Submission) -> None:
        """What was understood of it so far."""
        for name, value in understood(self.session, row).items():
            if name in form._fields:
                form._fields[name].data = value

    def context_correct(self, row: Submission, _form: Any) -> dict[str, Any]:
        return self.context(row)

    @verb(_("Read again"), when=lambda row: row.outcome in AGAIN)
    def replay(self, row: Submission) -> Any:
        """By the source's mapping as it is now; what is still refused stays as it was."""
        try:
            receipt = replay(self.session, row)
        except Invalid as refused:
            field, faults = next(iter(refused.faults.items()))
            first = faults[0]
            raise NotAllowedNow(first.message, field=field, **first.params) from None
        return self.session.get(Lead, receipt.lead_id), gettext("The submission is accepted.")

    def why_not(self, row: Any) -> CrmError:
        return NotAllowedNow(N_("This submission has its lead already."))

    @verb(_("Fetch the answers now"), permission="accept", when=_can_be_fetched)
    def fetch_now(self, row: Submission) -> str:
        """The worker asks the platform again, however often it has asked before."""
        row.fetches, row.fetch_at = 0, utc_now()
        return gettext("The answers are being fetched. Reload the page in a moment.")

    @verb(_("Accept"), when=lambda row: row.outcome == Outcome.FAILED, style="primary")
    def accept(self, row: Submission) -> Any:
        """What failed by our fault becomes the lead that it should have been."""
        receipt = accept_failed(self.session, row)
        return self.session.get(Lead, receipt.lead_id), gettext("The submission is accepted.")

    def sections(self, row: Submission) -> list[Any]:
        """Only what it said."""
        return [
            (title, [(label, value) for label, value in lines if value not in ("", None)])
            for title, lines in super().sections(row)
        ]

    def context(self, row: Submission) -> dict[str, Any]:
        return {
            "reasons": remarks_of(row.reasons),
            "warnings": remarks_of(row.warnings),
            "body": row.body[:SHOWN_BYTES].decode("utf-8", "replace"),
            "readable": readable(row),
            "body_is_cut": len(row.body) > SHOWN_BYTES,
        }


def readable(row: Submission) -> str:
    """The body as people read it: JSON in lines and letters, a form one field a line; '' when it
    is neither.
    """
    try:
        if is_json(row.media_type):
            text = json.dumps(json.loads(row.body), ensure_ascii=False, indent=2)
            # Half a character, which JSON can hold, is none that a page can.
            return text[:SHOWN_BYTES].encode("utf-8", "replace").decode()
        if row.media_type == FORM_TYPE:
            fields = read_form(row.body, lenient=True)
            return "\n".join(f"{name}: {value}" for name, value in fields.items())[:SHOWN_BYTES]
    except (Broken, ValueError, RecursionError):
        pass
    return ""


def remarks_of(stored: Any) -> list[tuple[str, str]]:
    """(field, sentence) of stored reasons or warnings, in the reader's language."""
    told = []
    for field, said in as_read(stored).items():
        for remark in said:
            message = gettext(remark.message)
            try:
                text = message % dict(remark.params) if remark.params else message
            except (KeyError, TypeError, ValueError):
                text = message  # stored by an earlier version with other places
            told.append((str(field_label(field)) if field else gettext("The request"), text))
    return told
