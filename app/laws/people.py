"""The laws of leads, clients and how they are reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from app.laws.law import law, named
from app.models import (
    Client,
    ContactPerson,
    ContactPoint,
    Contract,
    Lead,
    Model,
    Note,
    Submission,
)  # fmt: skip
from app.models.contract import LIVE
from app.models.lead import LeadStatus, is_open_lead
from app.models.matching import NO_CAMPAIGN, Keys
from app.models.note import NoteKind
from app.models.submission import Outcome


@law("a person has one open lead in a campaign, by phone and by e-mail")
def _one_open_lead(session: Session) -> Iterator[str]:
    twins: dict[tuple[int, str], list[int]] = {}
    main = select(
        Lead.id, func.coalesce(Lead.campaign_id, NO_CAMPAIGN), Lead.phone_key, Lead.email_key
    ).where(is_open_lead())
    points = (
        select(Lead.id, ContactPoint.kind, ContactPoint.key)
        .join(ContactPoint, ContactPoint.lead_id == Lead.id)
        .where(is_open_lead(), ContactPoint.key.is_not(None))
    )
    further: dict[int, set[tuple[str, str]]] = {}
    for lead_id, kind, key in session.execute(points):
        if key:
            further.setdefault(lead_id, set()).add((kind, key))
    keys_of: dict[int, Keys] = {}
    for lead_id, space, phone, email in session.execute(main):
        known = further.get(lead_id, set())
        phones = {key for kind, key in known if kind == "phone"} | ({phone} if phone else set())
        emails = {key for kind, key in known if kind == "email"} | ({email} if email else set())
        keys_of[lead_id] = Keys(frozenset(phones), frozenset(emails))
        for key in phones | emails:
            twins.setdefault((space, key), []).append(lead_id)
    # Who asks again with the phone of one and the address of another ties two together; the note
    # names the other, and people decide.
    tied = select(Note.lead_id, Note.facts).where(Note.kind == NoteKind.ASKED_AGAIN.value)
    seen = {
        pair
        for lead_id, facts in session.execute(tied)
        for other in (facts or {}).get("others", ())
        for pair in ((lead_id, other), (other, lead_id))
    }
    for together in twins.values():
        for place, first in enumerate(together):
            for second in together[place + 1 :]:
                pair = (first, second)
                if pair not in seen and keys_of[first].match(keys_of[second]) is not None:
                    seen.add(pair)
                    yield f"leads {first} and {second}"


@law("a converted lead has its client and a note that tells of it")
def _converted(session: Session) -> Iterator[str]:
    told = exists().where(
        Note.lead_id == Lead.id,
        Note.client_id == Lead.client_id,
        Note.kind.in_((NoteKind.CONVERTED.value, NoteKind.MERGED.value)),
    )
    is_converted = Lead.status == LeadStatus.CONVERTED.value
    return named(
        "lead",
        session.scalars(
            select(Lead.id)
            .where(
                or_(
                    and_(is_converted, or_(Lead.client_id.is_(None), ~told)),
                    and_(~is_converted, Lead.client_id.is_not(None)),
                )
            )
            .where(Lead.merged_into_id.is_(None))  # whose story is the survivor's
            .order_by(Lead.id)
        ),
    )


@law("a lead and a client have the note of their beginning")
def _beginnings(session: Session) -> Iterator[str]:
    for noun, owner in ((Lead, Note.lead_id), (Client, Note.client_id)):
        told = exists().where(
            owner == noun.id, Note.contract_id.is_(None), Note.kind == NoteKind.CREATED.value
        )
        own = select(noun.id).where(~told, noun.merged_into_id.is_(None))
        yield from named(noun.__tablename__, session.scalars(own.order_by(noun.id)))


@law("a lost lead has a reason, and every lead one way to be reached")
def _reachable(session: Session) -> Iterator[str]:
    point = exists().where(ContactPoint.lead_id == Lead.id, ContactPoint.key.is_not(None))
    mute = and_(Lead.phone_key.is_(None), Lead.email_key.is_(None), ~point)
    lost = and_(Lead.status == LeadStatus.LOST.value, Lead.lost_reason.is_(None))
    return named("lead", session.scalars(select(Lead.id).where(or_(lost, mute)).order_by(Lead.id)))


@law("a client that is put away has no live contract, a put-away lead no standing client")
def _put_away(session: Session) -> Iterator[str]:
    live = exists().where(
        Contract.client_id == Client.id,
        Contract.status.in_(LIVE),
        Contract.archived_at.is_(None),
    )
    clients = select(Client.id).where(Client.archived_at.is_not(None), live)
    yield from named("client", session.scalars(clients.order_by(Client.id)))
    leads = (
        select(Lead.id)
        .join(Client, Client.id == Lead.client_id)
        .where(Lead.archived_at.is_not(None), Client.archived_at.is_(None))
        .where(Lead.merged_into_id.is_(None))
    )
    yield from named("lead", session.scalars(leads.order_by(Lead.id)))


@law("what was merged is put away, leads to a survivor and has nothing of its own left")
def _merged(session: Session) -> Iterator[str]:
    for noun, key in ((Lead, "lead_id"), (Client, "client_id")):
        mapped: Any = noun
        holds = [exists().where(getattr(Note, key) == mapped.id)]
        holds.append(exists().where(getattr(Contract, key) == mapped.id))
        if noun is Lead:
            holds.append(exists().where(Submission.lead_id == Lead.id))
        else:
            holds.append(exists().where(Lead.client_id == Client.id))
            holds.append(exists().where(ContactPerson.client_id == Client.id))
        wrong = or_(mapped.archived_at.is_(None), mapped.merged_into_id == mapped.id, *holds)
        merged = select(mapped.id).where(mapped.merged_into_id.is_not(None), wrong)
        yield from named(mapped.__tablename__, session.scalars(merged.order_by(mapped.id)))


@law("what is put away says when and why, what is not says neither")
def _archived(session: Session) -> Iterator[str]:
    for mapper in Model.registry.mappers:
        noun: Any = mapper.class_
        if "archived_at" in mapper.columns:
            half = noun.archived_at.is_(None) != noun.archived_reason.is_(None)
            yield from named(
                noun.__tablename__, session.scalars(select(noun.id).where(half).order_by(noun.id))
            )


@law("a contact point belongs to exactly one lead, client or contact person that exists")
def _contact_points(session: Session) -> Iterator[str]:
    owners = ((Lead, ContactPoint.lead_id), (Client, ContactPoint.client_id),
              (ContactPerson, ContactPoint.person_id))  # fmt: skip
    owned: Any = literal(0)
    for noun, key in owners:
        owned = owned + case((exists().where(noun.id == key), 1), else_=0)
    query = select(ContactPoint.id).where(owned != 1).order_by(ContactPoint.id)
    return named("contact point", session.scalars(query))


@law("an organisation has one main contact person if it has any, a tax id stands at one client")
def _organisations(session: Session) -> Iterator[str]:
    main = func.sum(case((ContactPerson.is_main, 1), else_=0))
    people = select(ContactPerson.client_id).group_by(ContactPerson.client_id).having(main != 1)
    yield from named("client", session.scalars(people.order_by(ContactPerson.client_id)))
    twin = aliased(Client)
    same = exists().where(
        twin.id < Client.id, twin.archived_at.is_(None), twin.tax_id == Client.tax_id,
        twin.tax_country == Client.tax_country, twin.branch_code == Client.branch_code,
    )  # fmt: skip
    twins = select(Client.id).where(Client.archived_at.is_(None), Client.tax_id != "", same)
    yield from named("client", session.scalars(twins.order_by(Client.id)))


@law("an accepted submission has its lead, a repeated one the first that it repeats")
def _submissions(session: Session) -> Iterator[str]:
    lost = or_(
        and_(Submission.outcome == Outcome.ACCEPTED.value, Submission.lead_id.is_(None)),
        and_(Submission.outcome == Outcome.REPEATED.value, Submission.first_id.is_(None)),
    )
    query = select(Submission.id).where(lost).order_by(Submission.id)
    return named("submission", session.scalars(query))
