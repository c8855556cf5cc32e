"""How two records become one, and how a merge is taken back; what may be merged says merge.py."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, select, update
from sqlalchemy.orm import Session

from app.models.apart import copy_words, take_words_back
from app.models.base import differences, machine, snapshot
from app.models.client import Client, ContactPerson, take_contacts
from app.models.clock import utc_now
from app.models.contract import Contract, find_by_new_name
from app.models.lead import OPEN, TOLD, WORKED, Lead
from app.models.note import Note, NoteKind
from app.models.submission import Submission
from app.models.undo import mark_undone, typed

if TYPE_CHECKING:
    from app.models.merge import Merge

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
    "qualified_at",
)  # fmt: skip


def choices_of(row: Row) -> dict[str, tuple[str, ...]]:
    """Which fields one chooses for such records, each with its columns."""
    if isinstance(row, Lead):
        return LEAD_CHOICES
    return ORGANISATION_CHOICES if row.is_organisation else PERSON_CHOICES


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

    def run(self) -> dict[str, Any]:
        """What a merge remembers."""
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
        after = snapshot(survivor, self.watched)
        return {"before": before, "after": after, "moved": self.moved, "made": self.made}

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


class LeadsMerging(_Merging):
    told = (*TOLD, *WORKED)

    def run(self) -> dict[str, Any]:
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
        survivor.qualified_at = _least(survivor.qualified_at, loser.qualified_at)
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


class ClientsMerging(_Merging):
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


def give_back(session: Session, done: Merge, survivor: Any, loser: Any) -> None:
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
    for lead in rows_of(session, Lead, done.moved.get("lead", ())):
        lead.client = loser
    for contract in rows_of(session, Contract, done.moved.get("contract", {})):
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
            setattr(survivor, name, typed(columns[name].type, old))


def _take_copies(session: Session, done: Merge, survivor: Any) -> None:
    made = set(done.made.get("contact_point", ()))
    for point in list(survivor.contact_points):
        if point.id in made:
            survivor.contact_points.remove(point)
    take_words_back(session, done.made.get("apart", []))


def _restore_people(session: Session, done: Merge, survivor: Client, loser: Client) -> None:
    moved: dict[str, list[bool]] = done.moved.get("contact_person", {})
    people = rows_of(session, ContactPerson, moved)
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


def rows_of(session: Session, noun: Any, ids: Iterable[Any]) -> list[Any]:
    """Those of the rows that are still there."""
    wanted = sorted(map(int, ids))
    if not wanted:
        return []
    return list(session.scalars(select(noun).where(noun.id.in_(wanted)).order_by(noun.id)))
