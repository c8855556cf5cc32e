"""Leads as intake sees them while it decides: who has an open one, and what a repeat adds to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Integer, Select, and_, bindparam, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from app.intake.arrival import Arrival
from app.intake.reading import Person
from app.models.contact_point import ContactPoint
from app.models.lead import Lead, is_open_lead, search_text_of_lead
from app.models.matching import (
    CANDIDATES,
    Keys,
    by_rank,
    leads_sharing,
    lock_and_ask,
    lock_pairs,
    sharing_params,
)
from app.models.person import Named, Reachable
from app.models.ready import Ready, among

NAMES = ("last_name", "first_name", "middle_name")
FILLED = (*NAMES, "company_name", "job_title", "language")
REACHED = ("phone", "phone_key", "phone_extension", "email", "email_key")
EVERYBODY = 1_000_000
MOST_POINTS = 50  # of one lead; a robot that asks again for ever fills no table


class Draft(Named, Reachable):
    """A lead outside the session: one that will be inserted, or an open one that was found.

    `lead_id` is None until it is inserted; `place` orders those of one moment.
    """

    contact_points: list[ContactPoint]

    def __init__(self, campaign_id: int | None, received_at: datetime, place: int) -> None:
        self.lead_id: int | None = None
        self.campaign_id = campaign_id
        self.received_at = received_at
        self.place = place
        self.is_test = False
        self.batch_id: int | None = None
        self.asked_again_at: datetime | None = None
        self.first_name = self.last_name = self.middle_name = ""
        self.name_key = None
        self.company_name = self.job_title = ""
        self.language: str | None = None
        self.assignee_id: int | None = None
        self.respond_by: datetime | None = None
        self.use_phone(None)
        self.use_email(None)
        self.contact_points = []
        self.new_points: list[ContactPoint] = []

    @property
    def keys(self) -> Keys:
        return Keys.of(self)

    @property
    def age(self) -> tuple[datetime, int]:
        return self.received_at, self.place

    @property
    def search_text(self) -> str:
        return search_text_of_lead(self)

    @classmethod
    def of(cls, person: Person, arrival: Arrival, campaign_id: int | None, place: int) -> Draft:
        """The lead that this person becomes."""
        draft = cls(campaign_id, arrival.asked_at, place)
        fields = person.fields
        draft.first_name, draft.last_name = fields.first_name, fields.last_name
        draft.middle_name = fields.middle_name
        draft.company_name, draft.job_title = person.company_name, person.job_title
        draft.language = person.language
        draft.is_test, draft.batch_id = arrival.is_test, arrival.batch_id
        draft._reach(person)
        return draft

    def ask_again(self, person: Person, at: datetime) -> dict[str, Any]:
        """Law 4: fills what is empty, keeps a differing phone or e-mail as a further contact,
        overwrites nothing. Returns {changes, facts} for the note.
        """
        before = {field: getattr(self, field) for field in (*FILLED, "phone", "email")}
        had = len(self.contact_points)
        facts: dict[str, Any] = {}
        if self._is_told_otherwise(person):
            sent = [getattr(person.fields, field) for field in NAMES]
            facts["name"] = " ".join(part for part in sent if part)
        else:
            for field in NAMES:
                setattr(self, field, getattr(self, field) or getattr(person.fields, field))
        for field in ("company_name", "job_title", "language"):
            setattr(self, field, getattr(self, field) or getattr(person, field))
        self._reach(person)
        self.asked_again_at = max(self.asked_again_at or at, at)
        further = [point.typed for point in self.contact_points[had:]]
        if further:
            facts["further"] = further
        changes = [
            {"field": field, "old": old, "new": getattr(self, field)}
            for field, old in before.items()
            if old != getattr(self, field)
        ]
        return {"changes": changes or None, "facts": facts}

    def _is_told_otherwise(self, person: Person) -> bool:
        """Whether another name was given: half of one and half of the other name nobody."""
        pairs = [(getattr(self, field), getattr(person.fields, field)) for field in NAMES]
        return any(mine and sent and mine.casefold() != sent.casefold() for mine, sent in pairs)

    def _reach(self, person: Person) -> None:
        for phone in person.phones:
            if not self.phone:
                self.use_phone(phone)
            elif len(self.contact_points) < MOST_POINTS:
                self.add_phone(phone)
        for email in person.emails:
            if not self.email:
                self.use_email(email)
            elif len(self.contact_points) < MOST_POINTS:
                self.add_email(email)
        self.new_points = [point for point in self.contact_points if point.id is None]


class OpenLeads:
    """The open leads of the people at hand, found by campaign and key."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[int | None, str], dict[int, Draft]] = {}

    def add(self, draft: Draft) -> None:
        """Makes a lead findable by its keys; again after it has gained some."""
        for key in draft.keys:
            self._by_key.setdefault((draft.campaign_id, key), {})[id(draft)] = draft

    def like(self, campaign_id: int | None, keys: Keys) -> list[Draft]:
        """Those of the same person: phone matches first, then the oldest."""
        found: dict[int, Draft] = {}
        for key in keys:
            found |= self._by_key.get((campaign_id, key), {})
        return by_rank(keys, ((draft.keys, *draft.age, draft) for draft in found.values()))

    @classmethod
    def load(
        cls,
        session: Session,
        wanted: Iterable[tuple[int | None, Keys]],
        held: Collection[tuple[int, str]] = (),
    ) -> OpenLeads:
        """Reads and locks the open leads that share a key with somebody wanted, so that none is
        lost or converted between the look and the change. `held` are the pairs (space, key) that
        nobody else may hold from before the look until the transaction ends.
        """
        leads = cls()
        people = [(campaign_id, keys) for campaign_id, keys in wanted if keys]
        if not people:
            lock_pairs(session, held)
            return leads
        connection = session.connection()
        drafts = {draft.lead_id: draft for draft in _found(connection, people, held)}
        if drafts:
            points = select(ContactPoint.lead_id, ContactPoint.id, ContactPoint.kind,
                            ContactPoint.typed, ContactPoint.key)  # fmt: skip
            rows = connection.execute(points.where(ContactPoint.lead_id.in_(drafts)))
            for lead_id, point_id, kind, typed, key in rows:
                point = ContactPoint(id=point_id, kind=kind, typed=typed, key=key)
                drafts[lead_id].contact_points.append(point)
        for draft in drafts.values():
            leads.add(draft)
        return leads


def _found(
    connection: Connection,
    people: list[tuple[int | None, Keys]],
    held: Collection[tuple[int, str]],
) -> list[Draft]:
    campaigns = {campaign_id for campaign_id, _ in people}
    values = {
        **sharing_params(keys for _, keys in people),
        "campaigns": sorted(one for one in campaigns if one is not None),
        "or_none": None in campaigns,
        "most": CANDIDATES if len(people) == 1 else EVERYBODY,
    }
    return [_draft_of(row) for row in lock_and_ask(connection, held, OPEN_LEADS, values)]


def _open_leads(as_arrays: bool) -> Select[*tuple[Any, ...]]:
    columns = (
        Lead.id, Lead.campaign_id, Lead.received_at, Lead.asked_again_at,
        *(getattr(Lead, name) for name in (*FILLED, *REACHED)),
    )  # fmt: skip
    here = or_(
        among(Lead.campaign_id, "campaigns", as_arrays),
        and_(bindparam("or_none", type_=Boolean, required=False), Lead.campaign_id.is_(None)),
    )
    sharing = leads_sharing(as_arrays)
    return (
        select(*columns)
        .join(sharing, sharing.c.id == Lead.id)
        .where(is_open_lead(), here)
        .order_by(Lead.received_at, Lead.id)
        .limit(bindparam("most", type_=Integer, required=False))
        .with_for_update(key_share=True, of=Lead)
    )


OPEN_LEADS = Ready(_open_leads)


def _draft_of(row: Any) -> Draft:
    draft = Draft(row.campaign_id, row.received_at, row.id)
    draft.lead_id = row.id
    draft.asked_again_at = row.asked_again_at
    for field in (*FILLED, *REACHED):
        setattr(draft, field, getattr(row, field))
    return draft
