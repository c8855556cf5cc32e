"""The one way to make leads: a round of arrivals becomes submissions, leads and notes together.

One arrival is a round of one, so that a single post, a batch, an import and the seed obey the
same rules (law 4) by the same lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.intake import rows
from app.intake.arrival import Arrival, Receipt
from app.intake.assigning import responsible_for
from app.intake.campaigns import Campaigns
from app.intake.people import Draft, OpenLeads
from app.intake.reading import Person, read_person
from app.models.matching import NO_CAMPAIGN, Keys, lock_and_ask
from app.models.note import NoteKind
from app.models.ready import Ready, among
from app.models.submission import Outcome, Submission

MOST_IN_A_ROUND = 1000
LOOKS = 3  # a row that the look-up does not see and the unique index does is looked for again
OTHERS_NAMED = 20
NEWEST = 2**62  # drafts of this round come after all rows of the same moment


def _delivered(as_arrays: bool) -> Select[*tuple[Any, ...]]:
    return select(
        Submission.id, Submission.source_id, Submission.external_id, Submission.lead_id,
        Submission.campaign_id,
    ).where(
        Submission.outcome == bindparam("outcome", required=False),
        among(Submission.source_id, "sources", as_arrays),
        among(Submission.external_id, "texts", as_arrays),
    )  # fmt: skip


DELIVERED = Ready(_delivered)


def receive_many(session: Session, arrivals: Sequence[Arrival]) -> list[Receipt]:
    """Makes or finds the lead of each arrival, in order; the same as `receive` one by one.

    At most 1,000 at a time, in the caller's transaction, which the caller commits. Each arrival
    leaves a submission, a refused one too. The author of the notes is the current actor.
    """
    if len(arrivals) > MOST_IN_A_ROUND:
        raise ValueError(f"at most {MOST_IN_A_ROUND} arrivals in a transaction")
    session.flush()
    if len(arrivals) > 1:
        try:
            with session.begin_nested():
                return _Round(session, arrivals).run()
        except (IntegrityError, rows.TakenMeanwhile):
            pass  # somebody wrote past the locks: each by itself looks again
    return [_receive_one(session, arrival) for arrival in arrivals]


def _receive_one(session: Session, arrival: Arrival) -> Receipt:
    for _ in range(LOOKS):
        try:
            return _Round(session, [arrival]).run()[0]
        except rows.TakenMeanwhile:
            continue
    raise rows.TakenMeanwhile


@dataclass(slots=True)
class Case:
    """One arrival on its way through the round."""

    arrival: Arrival
    person: Person
    campaign_id: int | None
    outcome: Outcome = Outcome.ACCEPTED
    lead: Draft | None = None
    lead_id: int | None = None  # of a repeated request, whose lead is not looked at
    first: Case | None = None
    first_id: int | None = None
    note: dict[str, Any] = field(default_factory=dict)
    submission_id: int = 0

    @property
    def keys(self) -> Keys:
        return self.person.keys

    @property
    def delivery(self) -> tuple[int, str] | None:
        """What tells that the same request comes again: the source and its own id for it."""
        sender, external_id = self.arrival.sender, self.arrival.external_id
        return (sender.id, external_id) if sender and external_id else None

    @property
    def begins(self) -> bool:
        """Whether it makes a new lead that somebody is to call."""
        return self.outcome is Outcome.ACCEPTED and self.note.get("kind") == NoteKind.CREATED

    @property
    def asked_again(self) -> bool:
        return self.note.get("kind") == NoteKind.ASKED_AGAIN

    def receipt(self) -> Receipt:
        return Receipt(
            outcome=self.outcome,
            submission_id=self.submission_id,
            lead_id=self.lead.lead_id if self.lead else self.lead_id,
            campaign_id=self.campaign_id,
            asked_again=self.asked_again,
            reasons=self.arrival.errors,
            warnings=self.arrival.warnings,
        )


class _Round:
    def __init__(self, session: Session, arrivals: Sequence[Arrival]) -> None:
        self.session = session
        campaigns = Campaigns(session, arrivals)
        self.rules = campaigns.rules
        region = self.rules.region
        people = [read_person(arrival, _region(arrival) or region) for arrival in arrivals]
        self.cases = [
            Case(arrival, person, campaigns.place(arrival))
            for arrival, person in zip(arrivals, people, strict=True)
        ]
        self.delivered: dict[tuple[int, str], Case] = {}  # those of this round

    def run(self) -> list[Receipt]:
        good = [case for case in self.cases if not case.arrival.errors]
        held = self._to_hold(good)
        if any(case.delivery for case in good):
            self._mark_delivered(good, held)
            held = []
        self.leads = OpenLeads.load(
            self.session,
            [(case.campaign_id, case.keys) for case in good if not case.first_id],
            held,
        )
        for place, case in enumerate(self.cases):
            self._decide(case, NEWEST + place)
        self._write()
        return [case.receipt() for case in self.cases]

    def _to_hold(self, good: list[Case]) -> list[tuple[int, str]]:
        """The locks of law 4: of each key in its campaign, and of each request that has an id."""
        pairs = {(case.campaign_id or NO_CAMPAIGN, key) for case in good for key in case.keys}
        pairs |= {
            (delivery_space(delivery[0]), delivery[1])
            for case in good
            if (delivery := case.delivery)
        }
        return sorted(pairs)

    def _mark_delivered(self, good: list[Case], held: list[tuple[int, str]]) -> None:
        """Marks the requests that were accepted before."""
        wanted = {delivery for case in good if (delivery := case.delivery)}
        values = {
            "outcome": Outcome.ACCEPTED.value,
            "sources": sorted({source for source, _ in wanted}),
            "texts": sorted({text for _, text in wanted}),
        }
        connection = self.session.connection()
        rows = lock_and_ask(connection, held, DELIVERED, values)
        if any(case.arrival.is_pending for case in good):
            # Those whose answers are still to be fetched; the same notice again adds nothing.
            pending = {"outcome": Outcome.PENDING.value}
            rows = [*DELIVERED.ask(connection, values | pending), *rows]
        found = {(row.source_id, row.external_id): row for row in rows}
        for case in good:
            row = found.get(case.delivery) if case.delivery else None
            if row is not None and row.lead_id is None and not case.arrival.is_pending:
                continue  # what was waited for has come
            if row is not None:
                case.first_id, case.lead_id = row.id, row.lead_id
                case.campaign_id = row.campaign_id

    def _decide(self, case: Case, place: int) -> None:
        if case.arrival.errors:
            case.outcome = Outcome.REJECTED
            return
        case.first = self.delivered.get(case.delivery) if case.delivery else None
        if case.first_id or case.first:
            case.outcome = Outcome.REPEATED
            if case.first:
                case.lead, case.campaign_id = case.first.lead, case.first.campaign_id
            return
        if case.arrival.is_pending:
            case.outcome = Outcome.PENDING
            if case.delivery:
                self.delivered[case.delivery] = case
            return
        if case.arrival.is_test:
            case.outcome = Outcome.TEST
            self._begin(case, place)
            return
        if case.delivery:
            self.delivered[case.delivery] = case
        alike = self.leads.like(case.campaign_id, case.keys)
        if alike:
            self._ask_again(case, alike[0], alike[1:])
        else:
            self.leads.add(self._begin(case, place))

    def _begin(self, case: Case, place: int) -> Draft:
        case.lead = Draft.of(case.person, case.arrival, case.campaign_id, place)
        case.note = {"kind": NoteKind.CREATED}
        return case.lead

    def _ask_again(self, case: Case, lead: Draft, others: list[Draft]) -> None:
        told = lead.ask_again(case.person, case.arrival.asked_at)
        self.leads.add(lead)
        case.lead = lead
        case.note = {"kind": NoteKind.ASKED_AGAIN, **told, "others": others[:OTHERS_NAMED]}

    def _give(self) -> None:
        """New leads get somebody responsible, by the rule of their source, and a time to answer."""
        new = [case for case in self.cases if case.begins]
        people = responsible_for(self.session, [case.arrival.sender for case in new])
        for case, user_id in zip(new, people, strict=True):
            lead = case.lead
            if lead is None:
                continue
            if user_id is not None:
                lead.assignee_id = user_id
                case.note["changes"] = [{"field": "assignee", "old": None, "new": user_id}]
            if case.arrival.batch_id is None:
                lead.respond_by = self.rules.respond_by(case.arrival.received_at)

    def _write(self) -> None:
        self._give()
        leads = {id(case.lead): case.lead for case in self.cases if case.lead and case.note}
        new = [one for one in leads.values() if one.lead_id is None]
        rows.write(self.session, new, self.cases)
        rows.update_leads(self.session, [one for one in leads.values() if one.place < NEWEST])
        rows.insert_points(self.session, list(leads.values()))


def _region(arrival: Arrival) -> str | None:
    return arrival.sender.phone_region if arrival.sender else None


def delivery_space(source_id: int) -> int:
    """The lock space of a source's own ids, below that of clients."""
    return -1 - source_id
