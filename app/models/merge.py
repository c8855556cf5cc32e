"""Two records of one person become one: a person chooses the survivor and each of its fields.

What was said, asked and signed moves to the survivor; its phones and addresses are joined. The
other record is put away as a duplicate and leads to the survivor from then on. What was before is
kept, so that a merge can be undone as long as nothing that happened since contradicts it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, Integer, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session

from app.errors import N_, AlreadyMerged, NotAllowedNow, Stale
from app.models.actor import current_actor
from app.models.apart import are_apart
from app.models.base import TABLE_OPTIONS, Json, Model, UtcDateTime, machine
from app.models.client import Client
from app.models.clock import utc_now
from app.models.contract import Contract, ContractStatus
from app.models.lead import Lead
from app.models.matching import CLIENTS, Keys, lock_keys
from app.models.merging import (
    FACTS,
    GOES_ON,
    ClientsMerging,
    LeadsMerging,
    choices_of,
    give_back,
    rows_of,
)  # fmt: skip
from app.models.undo import ChangedSince, Undoable, UndoneAlready

Row = Lead | Client

# How the screens call what may contradict.
WORDS = {
    "last_name": N_("Last name"),
    "first_name": N_("First name"),
    "middle_name": N_("Middle name"),
    "phone": N_("Phone"),
    "phone_key": N_("Phone"),
    "phone_extension": N_("Phone"),
    "email": N_("E-mail"),
    "email_key": N_("E-mail"),
    "company_name": N_("Company"),
    "job_title": N_("Job title"),
    "language": N_("Language"),
    "campaign_id": N_("Campaign"),
    "received_at": N_("Campaign"),
    "organisation_name": N_("Organisation"),
    "legal_name": N_("Legal name"),
    "tax_country": N_("Tax id (INN, VAT)"),
    "tax_id": N_("Tax id (INN, VAT)"),
    "branch_code": N_("Branch code (KPP)"),
    "address": N_("Address"),
    "bank_details": N_("Bank details"),
    "manager_id": N_("Manager"),
}


class Merge(Undoable, Model):
    """`before` are the survivor's columns as they were, `after` as the merge left them; `moved` the
    ids of what changed its owner, by table, and `made` of what was copied to the survivor.
    """

    __tablename__ = "people_merge"
    __table_args__ = (
        Index(None, "noun", "survivor_id"),
        Index(None, "noun", "loser_id"),
        TABLE_OPTIONS,
    )

    UNDOABLE: ClassVar[tuple[str, ...]] = ()

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    noun: Mapped[str] = mapped_column(String(10))
    survivor_id: Mapped[int] = mapped_column(Integer)
    loser_id: Mapped[int] = mapped_column(Integer)
    before: Mapped[dict[str, Any]] = mapped_column(Json)
    after: Mapped[dict[str, Any]] = mapped_column(Json)
    moved: Mapped[dict[str, Any]] = mapped_column(Json)
    made: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    by_id: Mapped[int | None] = mapped_column(
        ForeignKey("ab_user.id"), default=lambda: current_actor().user_id
    )
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def undo(self) -> None:
        """Everything as it was, but for what has happened since. Raises ChangedSince, naming what
        contradicts, UndoneAlready, OpenLeadExists.
        """
        session = object_session(self)
        if session is None:
            raise RuntimeError("the merge is not in a session")
        session.refresh(self, with_for_update=True)
        if self.undone_at is not None:
            raise UndoneAlready()
        noun: Any = Lead if self.noun == "lead" else Client
        survivor, loser = session.get(noun, self.survivor_id), session.get(noun, self.loser_id)
        if survivor is None or loser is None:
            raise Contradicted(N_("One of the two records is gone."))
        if noun is Client:
            _lock_contracts(session, survivor, loser)
        _hold(session, survivor, loser)
        self._refuse_contradictions(session, survivor, loser)
        give_back(session, self, survivor, loser)
        self.undone_at = utc_now()
        session.flush()

    def take_back(self, before: Mapping[str, Any], *, version: int, notes: Collection[int]) -> None:
        self.undo()

    def _refuse_contradictions(self, session: Session, survivor: Row, loser: Row) -> None:
        here = (self.noun, survivor.id)
        if survivor.merged_into_id is not None:
            into = (self.noun, survivor.merged_into_id)
            raise Contradicted(N_("The record was merged into another one since."), link=into)
        if survivor.is_put_away:
            raise Contradicted(N_("The record was put away since. Bring it back first."), link=here)
        if loser.merged_into_id != survivor.id:
            raise ChangedSince(link=here)
        if isinstance(survivor, Lead) and survivor.is_converted:
            was = self.after.get("status")
            if was != survivor.status:
                raise Contradicted(N_("The lead was converted since."), link=here)
        for name, left in self.after.items():
            if name in GOES_ON or name in FACTS or self.before[name] == left:
                continue
            if machine(getattr(survivor, name)) != left:
                told = [WORDS.get(name, name)]
                raise Contradicted(N_("Changed since the merge: %(what)s."), link=here, what=told)
        for contract in rows_of(session, Contract, self.moved.get("contract", {})):
            was = self.moved["contract"][str(contract.id)]
            link = ("contract", contract.id)
            if getattr(contract, f"{self.noun}_id") != survivor.id:
                raise Contradicted(N_("A contract was moved elsewhere since."), link=link)
            is_new = was == ContractStatus.DRAFT and contract.status != ContractStatus.DRAFT
            if is_new and self.noun == "client":
                raise Contradicted(N_("A contract was signed since."), link=link)
        for lead in rows_of(session, Lead, self.moved.get("lead", ())):
            if lead.client_id != survivor.id:
                raise Contradicted(
                    N_("A lead belongs to another client since."), link=("lead", lead.id)
                )


class Contradicted(ChangedSince):
    """Why a merge cannot be undone any more."""


def merge(
    survivor: Row, loser: Row, choices: Mapping[str, int], *,
    versions: Mapping[int, int] | None = None,
) -> Merge:  # fmt: skip
    """Makes one record of two. `choices` maps a choice to the id of the record whose value stays,
    the survivor's by default; `versions` are those that the person saw (law 8).

    Raises Stale, AlreadyMerged when a colleague was quicker, NotAllowedNow, OpenLeadExists.
    """
    session = survivor.session
    noun = survivor.__tablename__
    _refuse_strangers(survivor, loser)
    if noun == "client":
        _lock_contracts(session, survivor, loser)
    _hold(session, survivor, loser)
    _refuse(session, survivor, loser)
    for row in (survivor, loser):
        if versions is not None and versions.get(row.id) != row.lock_version:
            raise Stale()
    if isinstance(survivor, Lead) and isinstance(loser, Lead):
        kept = LeadsMerging(session, survivor, loser, choices).run()
    elif isinstance(survivor, Client) and isinstance(loser, Client):
        kept = ClientsMerging(session, survivor, loser, choices).run()
    else:
        raise TypeError("a lead is merged with a lead, a client with a client")
    made = Merge(noun=noun, survivor_id=survivor.id, loser_id=loser.id, **kept)
    session.add(made)
    session.flush()
    return made


def refuse_merge(survivor: Row, loser: Row) -> None:
    """Raises what speaks against a merge as the two are now, for the page before it."""
    _refuse_strangers(survivor, loser)
    _refuse(survivor.session, survivor, loser)


def merges_into(session: Session, row: Row, *, most: int = 5) -> list[Merge]:
    """Merges that made the row what it is and that nobody has undone, the last first."""
    found = (
        select(Merge)
        .where(Merge.noun == row.__tablename__, Merge.survivor_id == row.id)
        .where(Merge.undone_at.is_(None))
        .order_by(Merge.id.desc())
        .limit(most)
    )
    return list(session.scalars(found))


def survivor_of(session: Session, noun: type[Row], row_id: int) -> int | None:
    """Where the address of a merged record leads, through any number of merges; None for a record
    that was not merged.
    """
    found, seen = None, {row_id}
    following: int | None = row_id
    while following is not None:
        following = session.scalar(select(noun.merged_into_id).where(noun.id == following))
        if following is None or following in seen:
            return found
        found = following
        seen.add(following)
    return found


# -- may they? -------------------------------------------------------------------------------------


def _refuse_strangers(survivor: Row, loser: Row) -> None:
    if survivor is loser or type(survivor) is not type(loser):
        raise NotAllowedNow(N_("Choose two different records."))


def _refuse(session: Session, survivor: Row, loser: Row) -> None:
    noun = survivor.__tablename__
    for row in (survivor, loser):
        if row.merged_into_id is not None:
            raise AlreadyMerged(link=(noun, survivor_of(session, type(row), row.id) or row.id))
        if row.is_put_away:
            raise NotAllowedNow(
                N_("One of the two is put away. Bring it back first."), link=(noun, row.id)
            )
    if are_apart(session, survivor, loser):
        raise NotAllowedNow(
            N_("Somebody said that these are not the same person. Take that back first.")
        )
    if isinstance(survivor, Lead) and isinstance(loser, Lead):
        _refuse_leads(survivor, loser)
    elif isinstance(survivor, Client) and survivor.kind != loser.kind:
        raise NotAllowedNow(N_("A person and an organisation are not merged."))


def _refuse_leads(survivor: Lead, loser: Lead) -> None:
    if survivor.is_test != loser.is_test:
        raise NotAllowedNow(N_("A test is not merged with a real lead."))
    if loser.is_converted and not survivor.is_converted:
        raise NotAllowedNow(
            N_("The other lead has been converted: let it survive."), link=("lead", loser.id)
        )
    if loser.is_converted and survivor.client_id != loser.client_id:
        raise NotAllowedNow(
            N_("The leads became two clients. Merge the clients first."),
            link=("client", loser.client_id or 0),
        )
    for row in (survivor, loser):
        row._respect_claim()


def _hold(session: Session, one: Row, other: Row) -> None:
    """The keys of both and then both rows, in one order for everybody."""
    keys = Keys.of(one) | Keys.of(other)
    for row in (one, other):
        if isinstance(row, Client):
            for person in row.people:
                keys = keys | Keys.of(person)
    spaces: Iterable[int | None] = (CLIENTS,)
    if isinstance(one, Lead) and isinstance(other, Lead):
        spaces = {one.campaign_id, other.campaign_id}
    session.flush()
    lock_keys(session, spaces, keys)
    for row in sorted((one, other), key=lambda row: row.id):
        row.lock()


def _lock_contracts(session: Session, *clients: Row) -> None:
    """Before the clients' rows, in the order of signing; all of them in one order for everybody."""
    ids = [client.id for client in clients]
    rows = select(Contract).where(Contract.client_id.in_(ids)).order_by(Contract.id)
    session.scalars(rows.with_for_update(of=Contract)).all()


__all__ = [
    "Contradicted", "Merge", "choices_of", "merge", "merges_into", "refuse_merge", "survivor_of",
]  # fmt: skip
