"""The words that people read for our fields and states; one table, so that screens agree."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from app.models.base import Archive
from app.models.batch import BatchKind
from app.models.campaign import Phase
from app.models.click import ClickKind
from app.models.client import ClientKind
from app.models.contact_point import ContactKind
from app.models.contacts.likeness import Why
from app.models.contract import ContractStatus
from app.models.document import DocumentKind, DocumentState
from app.models.form_question import QuestionKind
from app.models.import_file import ImportKind, ImportState, RowState
from app.models.job import JobKind, JobState
from app.models.lead import CallOutcome, LeadStatus, LostReason
from app.models.note import NoteKind
from app.models.revenue_entry import RevenueReason
from app.models.source import Assignment, Scope, SecretName, SourceFormat
from app.models.submission import Outcome
from app.models.webhook import DeliveryState, HookEvent, WhyOff
from app.statistics.conversions import ConversionEvent, Platform

STATES: dict[type[StrEnum], dict[str, Any]] = {
    LeadStatus: {
        "new": _l("New"),
        "in_work": _l("In work"),
        "qualified": _l("Qualified"),
        "converted": _l("Converted"),
        "lost": _l("Lost"),
    },
    LostReason: {
        "too_expensive": _l("Too expensive"),
        "no_need": _l("No need"),
        "went_elsewhere": _l("Went elsewhere"),
        "not_reached": _l("Not reached"),
        "wrong_contact": _l("Wrong contact"),
        "other": _l("Other"),
    },
    CallOutcome: {
        "answered": _l("Answered"),
        "no_answer": _l("No answer"),
        "busy": _l("Busy"),
        "wrong_number": _l("Wrong number"),
        "call_later": _l("Call later"),
    },
    Phase: {"planned": _l("Planned"), "runs": _l("Runs"), "ended": _l("Ended")},
    ClientKind: {"person": _l("Person"), "organisation": _l("Organisation")},
    ContractStatus: {
        "draft": _l("Draft"),
        "signed": _l("Signed"),
        "completed": _l("Completed"),
        "terminated": _l("Terminated"),
    },
    RevenueReason: {
        "signed": _l("Signed"),
        "amended": _l("Amended"),
        "terminated": _l("Terminated"),
        "refunded": _l("Refunded"),
        "voided": _l("Voided"),
    },
    DocumentState: {"waiting": _l("Waiting"), "ready": _l("Ready"), "failed": _l("Failed")},
    JobKind: {
        "bulk": _l("Act"),
        "undo": _l("Undo"),
        "import": _l("Import"),
    },
    JobState: {
        "waiting": _l("Waiting"),
        "running": _l("Running"),
        "done": _l("Done"),
        "failed": _l("Stopped by an error"),
        "cancelled": _l("Stopped"),
    },
    DocumentKind: {"generated": _l("Generated"), "signed_copy": _l("Signed copy")},
    Archive: {
        "spam": _l("Spam"),
        "duplicate": _l("Duplicate"),
        "mistake": _l("Mistake"),
        "other": _l("Other"),
    },
    Outcome: {
        "accepted": _l("Accepted"),
        "repeated": _l("Repeated"),
        "rejected": _l("Rejected"),
        "test": _l("Test"),
        "failed": _l("Failed"),
        "pending": _l("To be fetched"),
    },
    SourceFormat: {
        "generic": _l("Own program (JSON or form)"),
        "form": _l("Form of a web page"),
        "tilda": "Tilda",
        "google": "Google Ads",
        "meta": "Meta (Facebook, Instagram)",
        "vk": _l("VK"),
        "tiktok": "TikTok",
        "typeform": "Typeform",
        "yandex": _l("Yandex Forms"),
        "own_form": _l("Own form"),
        "file": _l("Imported files"),
    },
    QuestionKind: {
        "name": _l("Name"),
        "phone": _l("Phone"),
        "email": _l("E-mail"),
        "message": _l("Message"),
        "text": _l("A line of text"),
        "choice": _l("One of a list"),
        "tick": _l("A tick"),
    },
    SecretName: {
        "signing": _l("Signing secret or key"),
        "verify_token": _l("Verify token"),
        "confirmation": _l("String that the server must return"),
        "access_token": _l("Access token"),
    },
    ContactKind: {"phone": _l("Phone"), "email": _l("E-mail")},
    BatchKind: {"seed": _l("Demo data"), "import": _l("Import")},
    Why: {
        "same": _l("same name"),
        "spelling": _l("same name in other letters"),
        "order": _l("same name in another order"),
        "short_form": _l("another form of the name"),
        "initial": _l("the initials agree"),
        "typo": _l("a similar name"),
    },
    Assignment: {
        "nobody": _l("Nobody"),
        "person": _l("A person"),
        "in_turn": _l("Operators on duty, in turn"),
    },
    ImportKind: {"leads": _l("Leads"), "clients": _l("Clients"), "spend": _l("Spend")},
    ImportState: {
        "uploaded": _l("Columns to be matched"),
        "checking": _l("Is being checked"),
        "checked": _l("Checked"),
        "running": _l("Is being imported"),
        "done": _l("Imported"),
        "undoing": _l("Is being undone"),
        "undone": _l("Undone"),
    },
    RowState: {
        "wrong": _l("Wrong"),
        "repeat": _l("Repeat"),
        "warned": _l("With a warning"),
        "changed": _l("Changed"),
        "kept": _l("Kept"),
    },
    Scope: {"push_leads": _l("Push leads"), "read_statistics": _l("Read statistics")},
    HookEvent: {
        "lead.converted": _l("Lead converted"),
        "contract.signed": _l("Contract signed"),
        "contract.amended": _l("Contract amended"),
        "contract.completed": _l("Contract completed"),
        "contract.terminated": _l("Contract terminated"),
        "contract.voided": _l("Contract voided"),
        "contract.restored": _l("Voided contract brought back"),
        "test": _l("Test"),
    },
    # As they stand in addresses; there is nothing to translate.
    ClickKind: {kind.value: kind.value for kind in ClickKind}
    | {"leadgen": _l("id of Meta's own form"), "other": _l("unknown")},
    Platform: {
        "google": "Google Ads",
        "meta": "Meta (Facebook, Instagram)",
        "yandex": _l("Yandex: by click (yclid)"),
        "metrica": _l("Yandex Metrica: by visitor (ClientID)"),
    },
    ConversionEvent: {
        "qualified": _l("Lead qualified"),
        "converted": _l("Lead converted"),
        "signed": _l("Contract signed"),
    },
    WhyOff: {
        "by_hand": _l("Switched off by hand"),
        "failing": _l("Nothing was accepted for three days"),
        "gone": _l("The receiver wants nothing more (410)"),
    },
    DeliveryState: {
        "waiting": _l("Waiting"),
        "delivered": _l("Delivered"),
        "failed": _l("Failed"),
    },
    NoteKind: {
        "person": _l("Note"),
        "call": _l("Call"),
        "created": _l("Created"),
        "changed": _l("Changed"),
        "assigned": _l("Assigned"),
        "claim_taken": _l("Taken over"),
        "asked_again": _l("Asked again"),
        "qualified": _l("Qualified"),
        "converted": _l("Converted"),
        "lost": _l("Lost"),
        "reopened": _l("Reopened"),
        "signed": _l("Signed"),
        "amended": _l("Amended"),
        "completed": _l("Completed"),
        "terminated": _l("Terminated"),
        "voided": _l("Voided"),
        "deleted": _l("Deleted"),
        "put_away": _l("Put away"),
        "brought_back": _l("Brought back"),
        "merged": _l("Merged"),
    },
}

# Words that our code writes into text columns; what others write there stays as it is.
VALUES: dict[str, dict[str, Any]] = {
    "door": {
        "seed": "/clients/potential/api/",
        "leads": "/api/v1/leads",
        "batch": "/api/v1/leads/batch",
        "submissions": "/api/v1/submissions",
        "by_hand": _l("By hand"),
        "import": _l("From a file"),
        "generic": "/in/…",
        "form": _l("Form of a web page"),
        "tilda": "Tilda",
        "google": "Google Ads",
        "meta": "Meta",
        "vk": _l("VK"),
        "tiktok": "TikTok",
        "typeform": "Typeform",
        "yandex": _l("Yandex Forms"),
        "own_form": _l("Own form"),
    },
    "origin": {"manual": _l("By hand"), "file": _l("From a file")},
}

LANGUAGE_NAMES = {"en": _l("English"), "ru": _l("Russian")}

FIELDS: dict[str, Any] = {
    "active": _l("Sold now"),
    "address": _l("Address"),
    "amount": _l("Amount"),
    "archived_at": _l("Put away at"),
    "archived_reason": _l("Put away because"),
    "asked_again_at": _l("Asked again at"),
    "assignee": _l("Responsible"),
    "assignment": _l("Who gets new leads"),
    "at": _l("At"),
    "author": _l("Author"),
    "bank_details": _l("Bank details"),
    "branch_code": _l("Branch code (KPP)"),
    "budget": _l("Budget"),
    "calls": _l("Calls"),
    "campaign": _l("Campaign"),
    "channel": _l("Channel"),
    "client": _l("Client"),
    "company_name": _l("Company"),
    "completed_on": _l("Completed on"),
    "consent_at": _l("Consent given at"),
    "consent_text": _l("Consent"),
    "contact_points": _l("Further contacts"),
    "contract": _l("Contract"),
    "created_at": _l("Created at"),
    "changed_at": _l("Changed at"),
    "currency": _l("Currency"),
    "day": _l("Day"),
    "days_off": _l("Days off and moved days"),
    "default_campaign": _l("Default campaign"),
    "description": _l("Description"),
    "documents": _l("Documents"),
    "email": _l("E-mail"),
    "ends_on": _l("Ends on"),
    "events": _l("Events"),
    "expires_at": _l("Expires at"),
    "external_id": _l("External id"),
    "first_contact_at": _l("First contact at"),
    "last_contact_at": _l("Last contact at"),
    "first_name": _l("First name"),
    "form_id": _l("Form"),
    "format": _l("Format"),
    "is_main": _l("Main contact"),
    "is_signatory": _l("Signs contracts"),
    "is_test": _l("Test"),
    "job_title": _l("Job title"),
    "kept": _l("Stays paid"),
    "kind": _l("Kind"),
    "label": _l("Label"),
    "language": _l("Language"),
    "last_name": _l("Last name"),
    "last_outcome": _l("Last call"),
    "last_used_at": _l("Last used at"),
    "lead": _l("Lead"),
    "legal_name": _l("Legal name"),
    "lost_reason": _l("Lost because"),
    "manager": _l("Manager"),
    "middle_name": _l("Middle name"),
    "name": _l("Name"),
    "needs_campaign": _l("Campaign required"),
    "next_contact_at": _l("Next contact at"),
    "notes": _l("Story"),
    "number": _l("Number"),
    "organisation_name": _l("Organisation"),
    "origin": _l("Origin"),
    "outcome": _l("Outcome"),
    "person": _l("Contact person"),
    "people": _l("Contact people"),
    "phone": _l("Phone"),
    "phone_extension": _l("Extension"),
    "phone_region": _l("Region of phone numbers"),
    "platform": _l("Platform"),
    "position": _l("Position"),
    "price": _l("Price"),
    "reason": _l("Reason"),
    "received_at": _l("Received at"),
    "respond_by": _l("Answer by"),
    "response_minutes": _l("First answer within, minutes"),
    "revenue": _l("Revenue"),
    "role": _l("Role"),
    "service": _l("Service"),
    "signatory_basis": _l("Signs on the basis of"),
    "signatory_name": _l("Signatory"),
    "signatory_position": _l("Signatory's position"),
    "signed_on": _l("Signed on"),
    "source": _l("Source"),
    "starts_on": _l("Starts on"),
    "state": _l("State"),
    "status": _l("Status"),
    "status_changed_at": _l("Status since"),
    "submitted_at": _l("Submitted at"),
    "tax_country": _l("Tax country"),
    "tax_id": _l("Tax id (INN, VAT)"),
    "terminated_on": _l("Terminated on"),
    "termination_reason": _l("Terminated because"),
    "text": _l("Text"),
    "time_zone": _l("Time zone"),
    "title": _l("Title"),
    "version": _l("Version"),
    "with_contacts": _l("With names, phones and e-mails"),
    "working_week": _l("Working hours"),
}


def field_label(field: str) -> Any:
    """The field's label; a field that the table lacks is spelt from its name."""
    return FIELDS.get(field) or re.sub(r"[._]+", " ", field).strip().capitalize()


def label(kind: type[StrEnum], value: str | None) -> str:
    """A state in the reader's language; '' for none, the value itself when it is unknown."""
    if value is None or value == "":
        return ""
    return str(STATES.get(kind, {}).get(str(value), value))


def choices(kind: type[StrEnum], *, blank: bool = False) -> list[tuple[str, Any]]:
    """For a select: every state in the order of its enum."""
    listed = [(state.value, STATES.get(kind, {}).get(state.value, state.value)) for state in kind]
    return [("", ""), *listed] if blank else listed
