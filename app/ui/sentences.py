"""Each note of a story as a sentence in the reader's language.

Notes keep values in machine form; what they name by id is looked up here, one query per noun, and
what the reader's role may not see is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from app.models import clock
from app.models.base import Archive
from app.models.campaign import Campaign
from app.models.client import Client, ClientKind
from app.models.contract import Contract, ContractStatus
from app.models.lead import CallOutcome, Lead, LeadStatus, LostReason
from app.models.note import Note, NoteKind
from app.models.service import Service
from app.ui.access import may
from app.ui.formatters import day, label_of, moment, money, phone, yes_no
from app.ui.labels import LANGUAGE_NAMES, field_label, label

# Which noun an id in a change or fact points to.
LINKS: dict[str, Any] = {
    "assignee": User,
    "campaign": Campaign,
    "client": Client,
    "from": User,
    "lead": Lead,
    "manager": User,
    "service": Service,
}
SCREENS = {Lead: "LeadView", Client: "ClientView", Contract: "ContractView"}
MONEY = {"amount", "budget", "price", "kept"}
# What the sentence's opening says already.
ALWAYS_IMPLIED = frozenset({"archived_at", "archived_reason"})
IMPLIED: dict[str, frozenset[str]] = {
    "signed": frozenset({"status", "number"}),
    "completed": frozenset({"status"}),
    "terminated": frozenset({"status"}),
    "converted": frozenset({"status"}),
    "qualified": frozenset({"status"}),
    "lost": frozenset({"status", "lost_reason"}),
    "reopened": frozenset({"status", "lost_reason"}),
}
OWN_DAYS = {
    "signed": ("signed_on",), "completed": ("completed_on",), "terminated": ("terminated_on",),
}  # fmt: skip
Names = dict[tuple[Any, int], str]


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a story; `note` is None where a document's row tells it."""

    at: datetime
    author: str
    kind: str
    sentence: str
    text: str = ""
    note: Note | None = None

    @property
    def is_words(self) -> bool:
        """What a person wrote or said, as against what the system saw."""
        return self.note is not None and self.note.is_of_people


def describe_notes(session: Session, notes: Iterable[Note]) -> list[Line]:
    listed = list(notes)
    names = _names(session, listed)
    return [
        Line(note.at, _author(note), note.kind, _sentence(note, names), note.text, note)
        for note in listed
    ]


def describe_note(note: Note) -> str:
    """One note's sentence, in the reader's language."""
    session = object_session(note)
    return _sentence(note, _names(session, [note]) if session else {})


# -- what notes point to ---------------------------------------------------------------------------


def _names(session: Session, notes: list[Note]) -> Names:
    wanted: dict[Any, set[int]] = {}
    for note in notes:
        pairs = [(c["field"], c[side]) for c in note.changes or [] for side in ("old", "new")]
        pairs += list((note.facts or {}).items())
        for field, value in pairs:
            if field in LINKS and isinstance(value, int) and not isinstance(value, bool):
                wanted.setdefault(LINKS[field], set()).add(value)
    names: Names = {}
    for model, ids in wanted.items():
        if not _may_see(model):
            continue
        rows = session.scalars(select(model).where(model.id.in_(ids))).unique()
        names |= {(model, row.id): label_of(row) for row in rows}
    return names


def _may_see(model: Any) -> bool:
    screen = SCREENS.get(model)
    return screen is None or may("list", screen)


def _author(note: Note) -> str:
    if note.author_kind == "source":
        return gettext("Source %(name)s", name=note.author)
    if note.author_kind == "command":
        return gettext("Command %(name)s", name=note.author)
    return gettext("System") if note.author_kind == "system" else note.author


# -- sentences -------------------------------------------------------------------------------------


def _sentence(note: Note, names: Names) -> str:
    facts = note.facts or {}
    kind = facts.get("undone") or note.kind
    opening = _opening(note, kind, facts, names)
    if "undone" in facts:
        opening = gettext("Undone: %(what)s", what=opening[:1].lower() + opening[1:])
    parts = [opening]
    implied = IMPLIED.get(kind, frozenset()) | ALWAYS_IMPLIED
    told = [c for c in note.changes or [] if c.get("field") not in implied]
    parts += [_change(c, note, names) for c in told if not _is_its_own_day(c, note)]
    return " ".join(
        part if part.endswith((".", "?", "!")) else f"{part}." for part in parts if part
    )


def _is_its_own_day(change: dict[str, Any], note: Note) -> bool:
    """Signed on the day that stands beside the sentence anyway."""
    if change.get("field") not in OWN_DAYS.get(note.kind, ()):
        return False
    return bool(change.get("new") == clock.company_day(note.at).isoformat())


def _opening(note: Note, kind: str, facts: dict[str, Any], names: Names) -> str:
    about = _about(note, facts)
    if kind == NoteKind.PERSON:
        return gettext("Note")
    if kind == NoteKind.CALL:
        outcome = label(CallOutcome, facts.get("outcome"))
        return gettext("Call: %(outcome)s", outcome=outcome) if outcome else gettext("Call")
    if kind == NoteKind.CONVERTED:
        name = names.get((Client, facts.get("client") or 0), "")
        if not name:
            return gettext("Converted into a client")
        if facts.get("into") == "client":
            return gettext("Converted into the known client %(name)s", name=name)
        return gettext("Converted into the new client %(name)s", name=name)
    if kind in (NoteKind.PUT_AWAY, NoteKind.VOIDED):
        reason = label(Archive, facts.get("reason"))
        word = gettext("Voided") if kind == NoteKind.VOIDED else gettext("Put away")
        return _joined(about, word, reason)
    if kind == NoteKind.LOST:
        return _joined("", gettext("Lost"), label(LostReason, facts.get("reason")))
    if kind == NoteKind.MERGED and note.contract_id is None:
        return _merged(facts, names)
    if kind == NoteKind.CLAIM_TAKEN:
        name = _linked("from", facts.get("from"), names) or str(facts.get("from") or "")
        return gettext("The lead was taken over from %(name)s", name=name)
    if kind == NoteKind.DELETED:
        return gettext(
            "The draft was deleted: %(service)s, %(amount)s",
            service=facts.get("service") or "", amount=_money(facts.get("amount")),
        )  # fmt: skip
    if kind == NoteKind.CREATED and about:
        service, amount = facts.get("service") or "", _money(facts.get("amount"))
        return gettext(
            "A draft contract was made: %(service)s, %(amount)s", service=service, amount=amount
        )
    if kind == NoteKind.AMENDED:
        return _with_version(_joined(about, gettext("Amended"), facts.get("reason")), facts)
    return _with_version(_joined(about, label(NoteKind, kind), facts.get("reason")), facts)


def _merged(facts: dict[str, Any], names: Names) -> str:
    for field in ("lead", "client"):
        if facts.get(field):
            name = names.get((LINKS[field], facts[field])) or facts.get("name") or ""
            return gettext("Merged with %(name)s (№ %(number)s)", name=name, number=facts[field])
    return label(NoteKind, "merged")


def _joined(about: str, word: str, reason: Any) -> str:
    opening = f"{about}: {word[:1].lower()}{word[1:]}" if about else word
    return f"{opening} ({reason})" if reason else opening


def _with_version(opening: str, facts: dict[str, Any]) -> str:
    version = facts.get("version")
    if not version:
        return opening
    return f"{opening}, " + gettext("document version %(version)s", version=version)


def _about(note: Note, facts: dict[str, Any]) -> str:
    if facts.get("number"):
        return gettext("Contract № %(number)s", number=facts["number"])
    return gettext("Contract") if note.contract_id is not None else ""


def _change(change: dict[str, Any], note: Note, names: Names) -> str:
    field = str(change.get("field", ""))
    old, new = (_value(field, change.get(side), note, names) for side in ("old", "new"))
    if _is_hidden(field, change, names):
        return gettext("%(field)s changed", field=field_label(field))
    who = f"{change['person']}: " if change.get("person") else ""
    empty = gettext("empty")
    return f"{who}{field_label(field)}: {old or empty} → {new or empty}"


def _is_hidden(field: str, change: dict[str, Any], names: Names) -> bool:
    model = LINKS.get(field)
    return (
        model is not None and not _may_see(model) and bool(change.get("old") or change.get("new"))
    )


def _linked(field: str, value: Any, names: Names) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return ""
    return names.get((LINKS[field], value), f"№ {value}")


def _value(field: str, value: Any, note: Note, names: Names) -> str:
    """A machine value as people read it; what cannot be read stays as it is."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return yes_no(value)
    if field in LINKS and isinstance(value, int):
        return _linked(field, value, names)
    if field in MONEY:
        return _money(value)
    if field == "status":
        kind: Any = ContractStatus if note.contract_id is not None else LeadStatus
        return label(kind, value)
    if field == "kind":
        return label(ClientKind, value)
    if field == "lost_reason":
        return label(LostReason, value)
    if field == "language":
        return str(LANGUAGE_NAMES.get(value, value))
    if field == "phone":
        return phone(str(value))
    if isinstance(value, str) and field.endswith(("_at", "_on", "_until")):
        return _time(value)
    return str(value)


def _money(value: Any) -> str:
    try:
        return money(Decimal(str(value))) if value not in (None, "") else ""
    except InvalidOperation:
        return str(value)


def _time(text: str) -> str:
    try:
        if len(text) <= len("2026-11-05"):
            return day(date.fromisoformat(text))
        return moment(datetime.fromisoformat(text))
    except ValueError:
        return text
