"""Who may be the same person as a lead or client, and a person's word that it is somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.models.apart import Others, others_than, take_back, tell_apart
from app.models.client import Client, ContactPerson
from app.models.contacts.likeness import Likeness as NameLikeness
from app.models.contacts.likeness import Why
from app.models.lead import Lead
from app.models.likely import clients_named_like, leads_named_like
from app.models.matching import Keys, clients_like, leads_sharing, sharing_params
from app.ui.access import may
from app.ui.fields import read_id
from app.ui.formatters import label_of
from app.ui.labels import label
from app.views.base import verb

MOST = 10


@dataclass(frozen=True, slots=True)
class Similar:
    """Somebody like the record; `other` is how a form names them (`lead-12`, `client-5`)."""

    row: Lead | Client
    same_phone: bool = False
    same_email: bool = False
    named: NameLikeness | None = None
    through: ContactPerson | None = None

    @property
    def is_client(self) -> bool:
        return isinstance(self.row, Client)

    @property
    def is_known(self) -> bool:
        """By a phone or an e-mail, and not by the name alone."""
        return self.same_phone or self.same_email

    @property
    def other(self) -> str:
        return f"{self.row.__tablename__}-{self.row.id}"

    @property
    def reasons(self) -> str:
        told = [gettext("same phone")] if self.same_phone else []
        told += [gettext("same e-mail")] if self.same_email else []
        if self.named is not None:
            told.append(label(Why, self.named.why))
            if self.named.supported:
                told.append(gettext("same middle name"))
        if self.through is not None:
            told.append(gettext("contact person: %(name)s", name=label_of(self.through)))
        return ", ".join(told)


@dataclass(frozen=True, slots=True)
class Likeness:
    """Who may be the same person, and whom people have told apart."""

    same: list[Similar]
    apart: list[Similar]

    @property
    def client(self) -> Client | None:
        """The client whom the lead's phone or e-mail belongs to."""
        known = [one.row for one in self.same if one.is_known and isinstance(one.row, Client)]
        return known[0] if known else None


class KnowsSimilar:
    """The part of the leads' and the clients' screens that shows similar people."""

    session: Any
    row_or_404: Any

    def likeness(self, row: Lead | Client) -> Likeness:
        found = self._sharing(row)
        leads = {one.row.id for one in found if not one.is_client}
        clients = {one.row.id for one in found if one.is_client}
        if may("list", "ClientView"):
            found += [
                Similar(one.row, named=one.likeness, through=one.through)
                for one in clients_named_like(self.session, row, but=clients | _own_client(row))
            ]
        if isinstance(row, Lead):
            found += [
                Similar(one.row, named=one.likeness)
                for one in leads_named_like(self.session, row, but=leads)
            ]
        others = others_than(self.session, row) if found else Others()
        likeness = Likeness([], [])
        for one in found:
            told = others.clients if one.is_client else others.leads
            (likeness.apart if one.row.id in told else likeness.same).append(one)
        return likeness

    def _sharing(self, row: Lead | Client) -> list[Similar]:
        """Those with the same phone or e-mail: clients, and of a lead other leads, newest first."""
        keys = _keys_of(row)
        if not keys:
            return []
        found: list[Lead | Client] = []
        if may("list", "ClientView"):
            clients = [one for one in clients_like(self.session, keys) if one is not row][:MOST]
            found += self._clients_with_points(clients)
        if isinstance(row, Lead):
            found += self.similar_leads(row, keys)
        pairs = [(one, _keys_of(one)) for one in found]
        return [
            Similar(one, bool(keys.phones & its.phones), bool(keys.emails & its.emails))
            for one, its in pairs
        ]

    def similar_leads(self, lead: Lead, keys: Keys) -> list[Lead]:
        """Other leads with the same phone or e-mail, newest first."""
        apart = [Keys(keys.phones, frozenset()), Keys(frozenset(), keys.emails)]
        sharing = leads_sharing()
        found = (
            select(Lead)
            .join(sharing, sharing.c.id == Lead.id)
            .where(Lead.id != lead.id, Lead.archived_at.is_(None))
            .options(selectinload(Lead.contact_points))
            .order_by(Lead.id.desc())
            .limit(MOST)
        )
        return list(self.session.scalars(found, sharing_params(apart)))

    def _clients_with_points(self, clients: list[Client]) -> list[Client]:
        """The further phones and addresses of them all and of their people, by a few queries."""
        if clients:
            wanted = select(Client).where(Client.id.in_([client.id for client in clients]))
            people = selectinload(Client.people).selectinload(ContactPerson.contact_points)
            self.session.scalars(wanted.options(selectinload(Client.contact_points), people)).all()
        return clients

    def tell_not_same(self, row: Lead | Client) -> str:
        tell_apart(self.session, row, self._other())
        return gettext("Remembered: not the same person.")

    def tell_maybe_same(self, row: Lead | Client) -> str:
        take_back(self.session, row, self._other())
        return gettext("They stand among the similar people again.")

    def _other(self) -> Lead | Client:
        kind, _dash, number = request.form.get("other", "").partition("-")
        row_id = read_id(number)
        row: Lead | Client | None = None
        if row_id is not None and kind == "client" and may("list", "ClientView"):
            row = self.session.get(Client, row_id)
        elif row_id is not None and kind == "lead" and may("list", "LeadView"):
            row = self.session.get(Lead, row_id)
        if row is None:
            abort(404)
        return row


class LeadsKnowSimilar(KnowsSimilar):
    @verb(_("Not the same person"), permission="work")
    def not_same(self, lead: Lead) -> str:
        return self.tell_not_same(lead)

    @verb(_("May be the same person"), permission="work")
    def maybe_same(self, lead: Lead) -> str:
        return self.tell_maybe_same(lead)


class ClientsKnowSimilar(KnowsSimilar):
    """Who may merge clients may say that two are two."""

    @verb(_("Not the same person"), permission="merge")
    def not_same(self, client: Client) -> str:
        return self.tell_not_same(client)

    @verb(_("May be the same person"), permission="merge")
    def maybe_same(self, client: Client) -> str:
        return self.tell_maybe_same(client)


def _keys_of(row: Lead | Client) -> Keys:
    keys = Keys.of(row)
    if isinstance(row, Client):
        for person in row.people:
            keys = keys | Keys.of(person)
    return keys


def _own_client(row: Lead | Client) -> set[int]:
    """What a lead has become is no news."""
    return {row.client_id} if isinstance(row, Lead) and row.client_id else set()
