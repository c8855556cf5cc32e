"""Who has the same phone or e-mail as a lead, and a person's word that it is somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.models.apart import others_than, take_back, tell_apart
from app.models.client import Client
from app.models.lead import Lead
from app.models.matching import Keys, leads_sharing, sharing_params
from app.ui.access import may
from app.ui.fields import read_id
from app.views.base import verb

MOST = 10


@dataclass(frozen=True, slots=True)
class Similar:
    """Somebody like the lead; `other` is how a form names them (`lead-12`, `client-5`)."""

    row: Lead | Client
    same_phone: bool
    same_email: bool

    @property
    def is_client(self) -> bool:
        return isinstance(self.row, Client)

    @property
    def other(self) -> str:
        return f"{self.row.__tablename__}-{self.row.id}"


@dataclass(frozen=True, slots=True)
class Likeness:
    """Who may be the same person, and whom people have told apart."""

    same: list[Similar]
    apart: list[Similar]


class KnowsSimilar:
    """The part of the leads' screen that shows similar people."""

    session: Any
    row_or_404: Any

    def likeness(self, lead: Lead) -> Likeness:
        keys = Keys.of(lead)
        if not keys:
            return Likeness([], [])
        found: list[Lead | Client] = []
        if may("list", "ClientView"):
            found += self._clients_with_points(lead.likely_clients()[:MOST])
        found += self.similar_leads(lead, keys)
        if not found:
            return Likeness([], [])
        others = others_than(self.session, lead)
        likeness = Likeness([], [])
        for row in found:
            told = others.clients if isinstance(row, Client) else others.leads
            one = Similar(
                row, bool(keys.phones & row.phone_keys()), bool(keys.emails & row.email_keys())
            )
            (likeness.apart if row.id in told else likeness.same).append(one)
        return likeness

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
        """One query for the further phones and addresses of them all."""
        if clients:
            wanted = select(Client).where(Client.id.in_([client.id for client in clients]))
            self.session.scalars(wanted.options(selectinload(Client.contact_points))).all()
        return clients

    @verb(_("Not the same person"), permission="work")
    def not_same(self, lead: Lead) -> str:
        tell_apart(self.session, lead, self._other(lead))
        return gettext("Remembered: not the same person.")

    @verb(_("May be the same person"), permission="work")
    def maybe_same(self, lead: Lead) -> str:
        take_back(self.session, lead, self._other(lead))
        return gettext("They stand among the similar people again.")

    def _other(self, lead: Lead) -> Lead | Client:
        kind, _dash, number = request.form.get("other", "").partition("-")
        row_id = read_id(number)
        row: Lead | Client | None = None
        if row_id is not None and kind == "client" and may("list", "ClientView"):
            row = self.session.get(Client, row_id)
        elif row_id is not None and kind == "lead":
            row = self.session.get(Lead, row_id)
        if row is None:
            abort(404)
        return row
