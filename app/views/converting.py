"""Converting a lead: the page where a manager sees who matches and chooses what it becomes (law 1).

The form carries the ids of the clients that the manager has seen; `Lead.convert` looks again inside
its transaction and sends the manager back here when another one has appeared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import redirect, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import func, select, union_all
from wtforms import BooleanField, HiddenField
from wtforms.validators import InputRequired, ValidationError

from app.errors import N_, Invalid
from app.models.client import Client, ContactPerson
from app.models.contract import COUNTED, Contract
from app.models.lead import Lead, NewOrganisation, NewPerson
from app.models.note import PEOPLES_KINDS, Note, NoteKind
from app.ui.fields import ChoiceField, TextField, read_id
from app.ui.pickers import PickerField, picker_of
from app.views.base import NounForm, verb
from app.views.base.links import screen_of

PERSON, ORGANISATION, OTHER = "person", "organisation", "other"


class IntoField(ChoiceField):
    """`client-12`, `other` (the one of the picker), `person` or `organisation`."""

    def pre_validate(self, form: Any) -> None:
        if self.data in (PERSON, ORGANISATION, OTHER) or _client_id(self.data):
            return
        raise ValidationError(gettext("Choose what the lead becomes."))


class ConvertForm(NounForm):
    into = IntoField(_("What it becomes"), [InputRequired(_("Choose what the lead becomes."))])
    client = PickerField(_("Client"), noun="client", eager=False)
    organisation_name = TextField(_("Name of the organisation"))
    start_contract = BooleanField(_("Start a contract with this client"))
    seen = HiddenField()


@dataclass(frozen=True, slots=True)
class Match:
    """A client who shares a phone or e-mail with the lead, as the page shows it."""

    client: Client
    person: ContactPerson | None  # through whom the organisation matches
    signed: int
    last_contact_at: datetime | None
    same_phone: bool
    same_email: bool
    same_name: bool
    is_new: bool  # has appeared since the manager looked

    @property
    def choice(self) -> str:
        return f"client-{self.client.id}"

    def verdicts(self, lead: Lead) -> dict[str, str]:
        """What becomes of each value of the lead with this client: `same`, `differs` (the client's
        stays; a further phone or e-mail is kept beside it), `fills` what is empty, or "".
        """
        same = {"name": self.same_name, "phone": self.same_phone, "email": self.same_email}
        pairs = {
            "name": (lead.name(), self.client.name()),
            "phone": (lead.phone, self.client.phone),
            "email": (lead.email, self.client.email),
            "campaign": (lead.campaign, self.client.campaign),
        }
        same["campaign"] = lead.campaign is not None and lead.campaign is self.client.campaign
        return {field: _verdict(same[field], *pair) for field, pair in pairs.items()}


class Converting:
    """The part of the leads' screen that converts."""

    session: Any

    @verb(
        _("Convert"), permission="convert", form=ConvertForm, template="crm/convert.html",
        style="primary", when=lambda lead: lead.is_open,
    )  # fmt: skip
    def convert(self, lead: Lead, values: dict[str, Any]) -> Any:
        into = self._into(values)
        client = lead.convert(into, seen=ids_of(values["seen"]))
        contracts = screen_of("contract")
        if values["start_contract"] and contracts is not None and contracts.offers("add"):
            service = lead.campaign.service_id if lead.campaign else None
            address = url_for(
                f"{contracts.endpoint}.add", client=client.id, lead=lead.id, service=service
            )
            return redirect(address)
        return client, gettext("The lead has become this client.")

    def _into(self, values: dict[str, Any]) -> Client | NewPerson | NewOrganisation:
        choice = values["into"]
        if choice == PERSON:
            return NewPerson()
        if choice == ORGANISATION:
            return NewOrganisation(values["organisation_name"] or "")
        if choice == OTHER:
            client, field = values.get("client"), "client"
        else:
            picker, field = picker_of("client"), "into"
            client = picker.get(_client_id(choice)) if picker else None
        if client is None:
            raise Invalid.of(field, N_("Choose a client who is there."))
        return client

    def context_convert(self, lead: Lead, form: ConvertForm) -> dict[str, Any]:
        matches = self._matches(lead, ids_of(form.seen.data), asked=form.is_submitted())
        form.seen.data = ",".join(str(match.client.id) for match in matches)
        if form.into.data is None and not form.is_submitted():
            known = _asked_for(matches)
            if known is None and not matches:
                form.client.data = _named_like()
            likely = OTHER if form.client.data is not None else _suggested(lead, matches)
            form.into.data = known or likely
            form.organisation_name.data = lead.company_name
        contracts = screen_of("contract")
        return {
            "matches": matches,
            "conversion": self._conversion_of(lead),
            "service": lead.campaign.service if lead.campaign else None,
            "may_start_contract": contracts is not None and contracts.offers("add"),
        }

    def _conversion_of(self, lead: Lead) -> Note | None:
        """Who converted the lead and when, as its story says."""
        if not lead.is_converted:
            return None
        found = select(Note).where(Note.lead_id == lead.id, Note.kind == NoteKind.CONVERTED)
        note: Note | None = self.session.scalars(found.order_by(Note.id.desc()).limit(1)).first()
        return note

    def _matches(self, lead: Lead, seen: set[int], *, asked: bool) -> list[Match]:
        clients = lead.likely_clients() if lead.is_open else []
        signed, spoken = self._figures([client.id for client in clients])
        return [
            Match(
                client,
                _person_like(client, lead),
                signed.get(client.id, 0),
                spoken.get(client.id),
                bool(lead.phone_keys() & _phones(client)),
                bool(lead.email_keys() & _emails(client)),
                bool(lead.name()) and lead.name().casefold() == client.name().casefold(),
                asked and client.id not in seen,
            )
            for client in clients
        ]

    def _figures(self, ids: Sequence[int]) -> tuple[dict[int, int], dict[int, datetime]]:
        """Signed contracts of each client, and when people last spoke or wrote of them as a client
        or a lead, by one statement each.
        """
        if not ids:
            return {}, {}
        contracts = (
            select(Contract.client_id, func.count())
            .where(Contract.client_id.in_(ids), Contract.status.in_(COUNTED))
            .where(Contract.archived_at.is_(None))
            .group_by(Contract.client_id)
        )
        spoken = select(Note.client_id.label("client_id"), Note.at)
        spoken = spoken.where(Note.client_id.in_(ids), Note.kind.in_(PEOPLES_KINDS))
        as_leads = select(Lead.client_id.label("client_id"), Note.at).join(Note.lead)
        as_leads = as_leads.where(Lead.client_id.in_(ids), Note.kind.in_(PEOPLES_KINDS))
        both = union_all(spoken, as_leads).subquery()
        notes = select(both.c.client_id, func.max(both.c.at)).group_by(both.c.client_id)
        signed = {row[0]: row[1] for row in self.session.execute(contracts)}
        return signed, {row[0]: row[1] for row in self.session.execute(notes)}


def ids_of(text: str | None) -> set[int]:
    """The ids that a hidden field carries, such as `3,14`."""
    return {number for number in map(read_id, (text or "").split(",")) if number}


def _verdict(is_same: bool, of_lead: Any, of_client: Any) -> str:
    if is_same:
        return "same"
    if not of_lead:
        return ""
    return "differs" if of_client else "fills"


def _asked_for(matches: list[Match]) -> str | None:
    """`?client=5`: “the same person”, said on the lead's page."""
    asked = read_id(request.args.get("client", ""))
    return next((match.choice for match in matches if match.client.id == asked), None)


def _named_like() -> Client | None:
    """The same of a client whose name alone is similar: no match, but the one that was meant."""
    asked, picker = read_id(request.args.get("client", "")), picker_of("client")
    return picker.get(asked) if asked and picker is not None and picker.may() else None


def _suggested(lead: Lead, matches: list[Match]) -> str | None:
    """Chosen beforehand: an equal phone and name; without a match what the lead itself says."""
    same = [match for match in matches if match.same_phone and match.same_name]
    if len(same) == 1:
        return same[0].choice
    if matches:
        return None
    return ORGANISATION if lead.company_name else PERSON


def _client_id(choice: str | None) -> int | None:
    kind, _dash, number = (choice or "").partition("-")
    return read_id(number) if kind == "client" else None


def _person_like(client: Client, lead: Lead) -> ContactPerson | None:
    keys = lead.phone_keys() | lead.email_keys()
    return next((p for p in client.people if keys & (p.phone_keys() | p.email_keys())), None)


def _phones(client: Client) -> set[str]:
    return client.phone_keys().union(*(person.phone_keys() for person in client.people))


def _emails(client: Client) -> set[str]:
    return client.email_keys().union(*(person.email_keys() for person in client.people))
