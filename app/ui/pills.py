"""States as coloured words: the colour repeats what the word says and never says more."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from flask_babel import gettext
from markupsafe import Markup

from app.models.campaign import Phase
from app.models.contract import ContractStatus
from app.models.document import DocumentState
from app.models.lead import LeadStatus
from app.models.submission import Outcome
from app.models.webhook import DeliveryState
from app.ui import labels

# The kinds are classes of frame.css: pill-new, pill-work, pill-qualified, pill-good, pill-grey,
# pill-bad, pill-info. Red is left to what went wrong.
KINDS: dict[type[StrEnum], dict[str, str]] = {
    LeadStatus: {
        "new": "new",
        "in_work": "work",
        "qualified": "qualified",
        "converted": "good",
        "lost": "grey",
    },
    ContractStatus: {
        "draft": "new",
        "signed": "good",
        "completed": "info",
        "terminated": "grey",
    },
    Phase: {"planned": "new", "runs": "good", "ended": "grey"},
    DocumentState: {"waiting": "work", "ready": "good", "failed": "bad"},
    DeliveryState: {"waiting": "work", "delivered": "good", "failed": "bad"},
    Outcome: {
        "accepted": "good",
        "repeated": "info",
        "rejected": "work",
        "test": "grey",
        "failed": "bad",
        "pending": "new",
    },
}


def pill(kind: str, word: Any) -> Markup:
    """`<span class="pill pill-new">New</span>`."""
    return Markup('<span class="pill pill-{}">{}</span>').format(kind, word)


def status_pill(states: type[StrEnum], value: Any) -> Markup:
    """The state's word in its colour; states without colours are mere words."""
    word = labels.label(states, value)
    if not word or states not in KINDS:
        return Markup("{}").format(word)
    return pill(KINDS[states].get(str(value), "grey"), word)


def yes_no_pill(value: bool | None, yes: Any = None, no: Any = None) -> Markup:
    """Whether something holds: `yes_no_pill(service.active)`."""
    if value is None:
        return Markup()
    return pill("good", yes or gettext("Yes")) if value else pill("grey", no or gettext("No"))
