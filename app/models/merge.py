"""Two records of one person become one: a person chooses the survivor and each of its fields.

What was said, asked and signed moves to the survivor; its phones and addresses are joined. The
other record is put away as a duplicate and leads to the survivor from then on. What was before is
kept, so that a merge can be undone as long as nothing that happened since contradicts it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, Integer, String, inspect, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session

from app.errors import N_, AlreadyMerged, NotAllowedNow, Stale
from app.models.actor import current_actor
from app.models.apart import are_apart, copy_words, take_words_back
from app.models.base import TABLE_OPTIONS, Json, Model, UtcDateTime, differences, machine, snapshot
from app.models.client import Client, ContactPerson, take_contacts
from app.models.clock import utc_now
from app.models.contract import Contract, ContractStatus, find_by_new_name
from app.models.lead import OPEN, TOLD, WORKED, Lead
from app.models.matching import CLIENTS, Keys, lock_keys
from app.models.note import Note, NoteKind
from app.models.submission import Submission
from app.models.undo import ChangedSince, Undoable, UndoneAlready, _typed, mark_undone

Row = Lead | Client

# What is chosen together, by the name of its choice.
LEAD_CHOICES: dict[str, tuple[str, ...]] = {
    "name": ("last_name", "first_name", "middle_name"),
    "phone": ("phone", "phone_key", "phone_extension"),
    "email": ("email", "email_key"),
    "company_name": ("company_name",),
    "job_title": ("job_title",),
    "language": ("language",),
    # The cohort of the statistics goes with the campaign that has the credit.
    "campaign": ("campaign_id", "received_at"),
    "assignee": ("assignee_id",),
    "status": ("status", "status_changed_at", "lost_reason"),
    "next_contact_at": ("next_contact_at",),
}
_CLIENT = {
    "phone": LEAD_CHOICES["phone"],
    "email": LEAD_CHOICES["email"],
    "address": ("address",),
    "language": ("language",),
    "manager": ("manager_id",),
    "campaign": ("campaign_id",),
}
PERSON_CHOICES = {"name": LEAD_CHOICES["name"], **_CLIENT}
ORGANISATION_CHOICES = {
    "organisation_name": ("organisation_name",),
    "legal_name": ("legal_name",),
    "taxpayer": ("tax_country", "tax_id", "branch_code"),
    "bank_details": ("bank_details",),
    **_CLIENT,
}
# What goes on after the merge: its later values stay when the merge is undone.
GOES_ON = frozenset((*LEAD_CHOICES["assignee"], *LEAD_CHOICES["status"], "next_contact_at"))
FACTS = (
    "first_contact_at", "last_contact_at", "last_outcome", "asked_again_at", "calls", "respond_by",
)  # fmt: skip


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
            _lock_contracts(session, survivor.id)
        _hold(session, survivor, loser)
        self._refuse_contradictions(session, survivor, loser)
        _give_back(session, self, survivor, loser)
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
        for contract in _rows(session, Contract, self.moved.get("contract", {})):
            was = self.moved["contract"][str(contract.id)]
            link = ("contract", contract.id)
            if getattr(contract, f"{self.noun}_id") != survivor.id:
                raise Contradicted(N_("A contract was moved elsewhere since."), link=link)
            is_new = was == ContractStatus.DRAFT and contract.status != ContractStatus.DRAFT
            if is_new and self.noun == "client":
                raise Contradicted(N_("A contract was signed since."), link=link)
        for lead in _rows(session, Lead, self.moved.get("lead", ())):
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
        _lock_contracts(session, loser.id)
    _hold(session, survivor, loser)
    _refuse(session, survivor, loser)
    for row in (survivor, loser):
        if versions is not None and versions.get(row.id) != row.lock_version:
            raise Stale()
    if isinstance(survivor, Lead) and isinstance(loser, Lead):
        made = _Leads(session, survivor, loser, choices).run()
    elif isinstance(survivor, Client) and isinstance(loser, Client):
        made = _Clients(session, survivor, loser, choices).run()
    else:
        raise TypeError("a lead is merged with a lead, a client with a client")
    session.add(made)
    session.flush()
    return made


def choices_of(row: Row) -> dict[str, tuple[str, ...]]:
    """Which fields one chooses for such records, each with its columns."""
    if isinstance(row, Lead):
        return LEAD_CHOICES
    return ORGANISATION_CHOICES if row.is_organisation else PERSON_CHOICES


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


def _lock_contracts(session: Session, client_id: int) -> None:
    """Before the client's row, in the order of signing."""
    rows = select(Contract).where(Contract.client_id == client_id).order_by(Contract.id)
    session.scalars(rows.with_for_update(of=Contract)).all()


# -- merging ---------------------------------------------------------------------------------------


class _Merging:
    """What leads and clients have in common."""

    told: tuple[str, ...]

    def __init__(
        self, session: Session, survivor: Any, loser: Any, choices: Mapping[str, int]
    ) -> None:
        self.session, self.survivor, self.loser = session, survivor, loser
        self.noun: str = survivor.__tablename__
        self.columns = [
            column
            for choice, columns in choices_of(survivor).items()
            if choices.get(choice, survivor.id) == loser.id
            for column in columns
        ]
        every = [one for columns in choices_of(survivor).values() for one in columns]
        self.watched = [*every, *(FACTS if self.noun == "lead" else ())]
        self.moved: dict[str, Any] = {}
        self.made: dict[str, Any] = {}

    def run(self) -> Merge:
        survivor, loser, session = self.survivor, self.loser, self.session
        before = snapshot(survivor, self.watched)
        told = self._told()
        points = {point.id for point in survivor.contact_points}
        with session.no_autoflush:
            self._end(loser)
            session.flush()  # the unique rules admit the survivor only then
            self._choose()
        session.flush()
        self._join_facts()
        self.moved["note"] = _move(session, Note, self.noun, loser.id, survivor.id)
        self._move()
        self.made["apart"] = copy_words(session, loser, survivor)
        survivor.refresh_search_text()
        loser.refresh_search_text()
        session.flush()
        session.expire(survivor, ["contact_points"])
        new = [point.id for point in survivor.contact_points if point.id not in points]
        self.made["contact_point"] = new
        self._check()
        note = survivor._note(
            NoteKind.MERGED,
            changes=differences(told, self._told()),
            facts={self.noun: loser.id, "name": loser.name()},
            always=True,
        )
        session.flush()
        self.made["note"] = note.id
        for row in (survivor, loser):
            session.expire(row, ["notes"])
        return Merge(
            noun=self.noun, survivor_id=survivor.id, loser_id=loser.id, before=before,
            after=snapshot(survivor, self.watched), moved=self.moved, made=self.made,
        )  # fmt: skip

    def _told(self) -> dict[str, Any]:
        return snapshot(self.survivor, self.told) | {
            "contact_points": self.survivor.further_contacts()
        }

    def _end(self, loser: Any) -> None:
        loser._mark_put_away("duplicate")
        loser.merged_into_id = self.survivor.id

    def _choose(self) -> None:
        """The chosen values, and whatever phone or address is left over as a further contact."""
        survivor, loser = self.survivor, self.loser
        had = [
            (survivor.phone, survivor.phone_key, survivor.phone_extension),
            (survivor.email, survivor.email_key),
        ]
        for column in self.columns:
            setattr(survivor, column, getattr(loser, column))
        take_contacts(survivor, _Contacts(*had[0], *had[1]))
        take_contacts(survivor, loser)
        self.session.flush()
        self.session.expire(survivor, ["campaign"])

    def _join_facts(self) -> None: ...

    def _move(self) -> None: ...

    def _check(self) -> None: ...


class _Contacts:
    """The main phone and address that a survivor had."""

    contact_points: tuple[Any, ...] = ()

    def __init__(self, phone: str, key: str | None, extension: str | None, email: str,
                 email_key: str | None) -> None:  # fmt: skip
        self.phone, self.phone_key, self.phone_extension = phone, key, extension
        self.email, self.email_key = email, email_key


class _Leads(_Merging):
    told = (*TOLD, *WORKED)

    def run(self) -> Merge:
        if self.survivor.is_converted:  # converted is final, whatever was chosen
            self.columns = [one for one in self.columns if one not in GOES_ON]
        self.twins = self.survivor._twins()
        self.made["twins"] = sorted(
            {twin for twin, _ in self.twins} | {twin for twin, _ in self.loser._twins()}
        )
        return super().run()

    def _end(self, loser: Lead) -> None:
        loser._end_claim()
        super()._end(loser)

    def _join_facts(self) -> None:
        survivor, loser = self.survivor, self.loser
        if survivor.status not in OPEN:
            survivor.next_contact_at = None
        later = max((survivor, loser), key=_last_contact)
        survivor.last_outcome = later.last_outcome
        survivor.last_contact_at = later.last_contact_at
        survivor.first_contact_at = _least(survivor.first_contact_at, loser.first_contact_at)
        survivor.asked_again_at = _most(survivor.asked_again_at, loser.asked_again_at)
        survivor.calls += loser.calls
        waits = survivor.first_contact_at is None and survivor.status in OPEN
        due = _least(survivor.respond_by, loser.respond_by)
        survivor.respond_by = due if waits else None

    def _move(self) -> None:
        ids = _move(self.session, Submission, "lead", self.loser.id, self.survivor.id)
        self.moved["submission"] = ids
        self.session.expire(self.loser, ["submissions"])
        self.session.expire(self.survivor, ["submissions", "assignee"])
        credited = select(Contract).where(Contract.lead_id == self.loser.id)
        self.moved["contract"] = {}
        for contract in self.session.scalars(credited.order_by(Contract.id)).all():
            contract.lock()
            self.moved["contract"][str(contract.id)] = contract.status
            contract.moves_by_merge = True
            contract.lead = self.survivor
        self.session.flush()

    def _check(self) -> None:
        self.survivor._refuse_second_open_lead(but=self.twins)


class _Clients(_Merging):
    told = (
        "last_name", "first_name", "middle_name", "organisation_name", "legal_name", "tax_country",
        "tax_id", "branch_code", "address", "bank_details", "phone", "phone_extension", "email",
        "language", "manager", "campaign",
    )  # fmt: skip

    def _choose(self) -> None:
        super()._choose()
        self.session.expire(self.survivor, ["manager"])

    def _move(self) -> None:
        session, survivor, loser = self.session, self.survivor, self.loser
        self._move_people()
        leads = session.scalars(select(Lead).where(Lead.client_id == loser.id).order_by(Lead.id))
        self.moved["lead"] = []
        for lead in leads.all():
            self.moved["lead"].append(lead.id)
            lead.client = survivor
        session.flush()
        self.moved["contract"] = {}
        rows = select(Contract).where(Contract.client_id == loser.id).order_by(Contract.id)
        for contract in session.scalars(rows).all():
            contract.lock()
            self.moved["contract"][str(contract.id)] = contract.status
            _hand_over(contract, survivor)
        session.flush()
        session.expire(loser, ["leads", "contracts", "people"])
        session.expire(survivor, ["leads", "contracts", "people"])
        find_by_new_name(survivor)

    def _move_people(self) -> None:
        """Of two main ones (or signatories) the survivor's stays."""
        session, survivor, loser = self.session, self.survivor, self.loser
        has = {role: any(getattr(p, role) for p in survivor.people) for role in ROLES}
        self.moved["contact_person"] = {}
        for person in list(loser.people):
            self.moved["contact_person"][str(person.id)] = [getattr(person, r) for r in ROLES]
            for role in ROLES:
                if has[role]:
                    setattr(person, role, False)
            person.client = survivor
        session.flush()
        session.expire(survivor, ["people"])

    def _check(self) -> None:
        self.survivor._refuse_second_taxpayer()


ROLES = ("is_main", "is_signatory")


def _hand_over(contract: Contract, client: Client) -> None:
    """The contract's client in person is the same: no version of its document follows."""
    contract.moves_by_merge = True
    contract.client = client


def _move(
    session: Session, noun: Any, owner: str, source: int, target: int,
    *, only: Collection[int] = (),
) -> list[int]:  # fmt: skip
    """Gives the rows of one owner (of them `only` these) to another; returns their ids."""
    column = getattr(noun, f"{owner}_id")
    statement = update(noun).where(column == source)
    if only:
        statement = statement.where(noun.id.in_(only))
    moved = statement.values({column: target}).returning(noun.id)
    found = session.execute(moved, execution_options={"synchronize_session": False})
    ids = sorted(found.scalars())
    _forget(session, noun, ids)
    return ids


def _forget(session: Session, noun: Any, ids: Iterable[int]) -> None:
    wanted = set(ids)
    for row in list(session.identity_map.values()):
        if isinstance(row, noun) and inspect(row).identity[0] in wanted:
            session.expire(row)


def _last_contact(lead: Lead) -> datetime:
    return lead.last_contact_at or datetime.min.replace(tzinfo=utc_now().tzinfo)


def _least(*times: datetime | None) -> datetime | None:
    return min((at for at in times if at is not None), default=None)


def _most(*times: datetime | None) -> datetime | None:
    return max((at for at in times if at is not None), default=None)


# -- undoing ---------------------------------------------------------------------------------------


def _give_back(session: Session, done: Merge, survivor: Any, loser: Any) -> None:
    told = select(Note).where(Note.id == done.made["note"])
    mark_undone(session, session.scalars(told).all())
    _take_copies(session, done, survivor)
    _restore(done, survivor, loser)
    session.flush()
    if isinstance(survivor, Client):
        _restore_people(session, done, survivor, loser)
    for noun in (Note, Submission):
        ids = done.moved.get(noun.__tablename__, [])
        if ids:
            _move(session, noun, done.noun, survivor.id, loser.id, only=ids)
    for lead in _rows(session, Lead, done.moved.get("lead", ())):
        lead.client = loser
    for contract in _rows(session, Contract, done.moved.get("contract", {})):
        contract.lock()
        contract.moves_by_merge = True
        if done.noun == "client":
            contract.client = loser
        else:
            contract.lead = loser
    session.flush()
    loser._mark_brought_back()
    loser.merged_into_id = None
    for row in (survivor, loser):
        session.flush()
        session.expire(row)
        row.refresh_search_text()
    session.flush()
    if isinstance(survivor, Lead):
        known = set(done.made.get("twins", ()))
        for row in (survivor, loser):
            but = [pair for pair in row._twins() if pair[0] in known]
            row._refuse_second_open_lead(but=but)
    else:
        loser._refuse_second_taxpayer()
        for row in (survivor, loser):
            find_by_new_name(row)


def _restore(done: Merge, survivor: Any, loser: Any) -> None:
    """The survivor's columns; what went on since stays as it is now."""
    columns: Any = inspect(type(survivor)).columns
    for name, old in done.before.items():
        now = machine(getattr(survivor, name))
        if name == "calls":
            survivor.calls = max(0, survivor.calls - loser.calls)
        elif now == done.after[name]:
            setattr(survivor, name, _typed(columns[name].type, old))


def _take_copies(session: Session, done: Merge, survivor: Any) -> None:
    made = set(done.made.get("contact_point", ()))
    for point in list(survivor.contact_points):
        if point.id in made:
            survivor.contact_points.remove(point)
    take_words_back(session, done.made.get("apart", []))


def _restore_people(session: Session, done: Merge, survivor: Client, loser: Client) -> None:
    moved: dict[str, list[bool]] = done.moved.get("contact_person", {})
    people = _rows(session, ContactPerson, moved)
    for person in people:
        for role in ROLES:
            setattr(person, role, False)
    session.flush()
    for person in people:
        person.client = loser
        for role, was in zip(ROLES, moved[str(person.id)], strict=True):
            setattr(person, role, was)
    session.flush()
    session.expire(survivor, ["people"])
    session.expire(loser, ["people"])
    if survivor.people and survivor.main_person is None:
        survivor.people[0].is_main = True
    session.flush()


def _rows(session: Session, noun: Any, ids: Iterable[Any]) -> list[Any]:
    """Those of the rows that are still there."""
    wanted = sorted(map(int, ids))
    if not wanted:
        return []
    return list(session.scalars(select(noun).where(noun.id.in_(wanted)).order_by(noun.id)))


__all__ = ["Contradicted", "Merge", "choices_of", "merge", "merges_into", "survivor_of"]
