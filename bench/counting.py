"""What the database says after a bench has pushed leads and signed contracts: each of them once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from flask import Flask
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.extensions import db
from app.intake import Arrival
from app.intake.receive import BY_HAND, receive
from app.laws import LAWS
from app.models import Document, Lead, Note, Submission
from app.models.document import DocumentState
from app.models.note import NoteKind
from app.models.source import Scope
from app.models.submission import Outcome
from bench import pushing
from tests.factories import (
    complete_company,
    make_campaign,
    make_client,
    make_contract,
    make_service,
    make_source,
)


@dataclass
class Counts:
    """Of the leads that were sent. What `broken` names must be zero; a repeated or failed
    submission is the trace of an answer that did not arrive, and harms nothing.
    """

    sent: int
    accepted: int
    lost: int = 0  # confirmed, and no lead is there
    doubled: int = 0  # leads beyond the first
    without_submission: int = 0
    worked_twice: int = 0  # accepted submissions beyond the first, or a note "asked again"
    versions: int = 0  # that the signed contracts must have
    not_ready: int = 0
    too_many_versions: int = 0
    repeated: int = 0  # answers that were lost on their way: the same request came once more
    kept_as_failed: int = 0
    laws: list[str] = field(default_factory=list)

    @property
    def broken(self) -> list[str]:
        zero = {
            "lost": self.lost,
            "not accepted in the end": self.sent - self.accepted,
            "doubled": self.doubled,
            "without their submission": self.without_submission,
            "worked twice": self.worked_twice,
            "versions without a ready document": self.not_ready,
            "versions that nobody ordered": self.too_many_versions,
        }
        return [f"{what}: {number}" for what, number in zero.items() if number] + self.laws

    def __str__(self) -> str:
        return (
            f"leads: {self.sent:,} sent, {self.accepted:,} accepted, {self.lost} lost,"
            f" {self.doubled} doubled, {self.without_submission} without their submission,"
            f" {self.worked_twice} worked twice\n"
            f"submissions beside them: {self.repeated} repeated, {self.kept_as_failed} failed\n"
            f"documents: {self.versions} versions signed, {self.not_ready} not ready,"
            f" {self.too_many_versions} too many\n"
            f"laws broken: {len(self.laws)}"
        )


@dataclass
class Prepared:
    """A source with its token and a campaign, and drafts to sign."""

    app: Flask
    token: str
    source_id: int
    campaign_id: int
    contracts: list[int]

    def count(
        self, leads: Iterable[pushing.Lead], versions: Mapping[int, int], *, within: float
    ) -> Counts:
        """Waits `within` seconds at most until no document is waiting."""
        with self.app.app_context():
            session = db.session()
            _wait_for_documents(session, within)
            counts = self._leads(session, list(leads))
            _documents(session, versions, counts)
            counts.laws = [line for law in LAWS if (line := law.broken(session))]
            db.engine.dispose()
        return counts

    def _leads(self, session: Session, sent: list[pushing.Lead]) -> Counts:
        counts = Counts(len(sent), sum(lead.accepted is not None for lead in sent))
        stored: dict[str, list[int]] = {}
        for number, email in session.execute(select(Lead.id, Lead.email)):
            stored.setdefault(email or "", []).append(number)
        accepted = _of_leads(session, Submission.outcome == Outcome.ACCEPTED.value, Submission)
        again = _of_leads(session, Note.kind == NoteKind.ASKED_AGAIN.value, Note)
        for lead in sent:
            ids = stored.get(lead.email, [])
            counts.lost += lead.accepted is not None and not ids
            counts.doubled += max(0, len(ids) - 1)
            for number in ids:
                counts.without_submission += not accepted[number]
                counts.worked_twice += max(0, accepted[number] - 1) + again[number]
        ours = Submission.source_id == self.source_id
        query = select(Submission.outcome, func.count()).where(ours).group_by(Submission.outcome)
        by_outcome = {str(outcome): number for outcome, number in session.execute(query)}
        counts.repeated = by_outcome.get(Outcome.REPEATED.value, 0)
        counts.kept_as_failed = by_outcome.get(Outcome.FAILED.value, 0)
        return counts


def prepare(app: Flask, *, contracts: int) -> Prepared:
    """Into a new database; one lead is there then, so that bin/start brings no demo data."""
    with app.app_context():
        session = db.session()
        complete_company(session)
        receive(session, Arrival(door=BY_HAND, phone="+79910000000"))
        campaign, source = make_campaign(session), make_source(session)
        client, service = make_client(session), make_service(session)
        drafts = [make_contract(session, client=client, service=service) for _ in range(contracts)]
        token = source.issue_token((Scope.PUSH_LEADS,))
        session.commit()
        made = Prepared(app, token, source.id, campaign.id, [one.id for one in drafts])
        session.rollback()
        db.engine.dispose()
    return made


def _of_leads(
    session: Session, which: ColumnElement[bool], noun: type[Submission] | type[Note]
) -> Counter[int]:
    """How many rows of the noun each lead has."""
    query = select(noun.lead_id, func.count()).where(which).group_by(noun.lead_id)
    return Counter({lead: number for lead, number in session.execute(query) if lead is not None})


def _wait_for_documents(session: Session, within: float) -> None:
    until = time.monotonic() + within
    waiting = select(Document.id).where(Document.state == DocumentState.WAITING.value).limit(1)
    while session.scalar(waiting) is not None and time.monotonic() < until:
        session.rollback()
        time.sleep(0.5)
    session.rollback()


def _documents(session: Session, versions: Mapping[int, int], counts: Counts) -> None:
    ready = {
        (contract, version): number
        for contract, version, number in session.execute(
            select(Document.contract_id, Document.version, func.count())
            .where(Document.state == DocumentState.READY.value, Document.size > 0)
            .group_by(Document.contract_id, Document.version)
        )
    }
    wanted = {(one, place) for one, last in versions.items() for place in range(1, last + 1)}
    counts.versions = len(wanted)
    counts.not_ready = sum(ready.get(one) != 1 for one in wanted)
    extra = select(Document.contract_id, Document.version).where(
        Document.contract_id.in_(list(versions))
    )
    counts.too_many_versions = sum(tuple(row) not in wanted for row in session.execute(extra))
