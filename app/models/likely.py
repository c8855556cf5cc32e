"""Whom a lead or client may be though no phone or e-mail says so: people with a similar name.

Candidates come from a few short walks along the index of name keys (the key itself, first and last
name turned, an initial, and the nearest neighbours in the order of the keys), so that a million
leads cost what a thousand do. Nothing here merges anybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, literal, select, union_all
from sqlalchemy.orm import Session, selectinload

from app.models.client import Client, ClientKind, ContactPerson
from app.models.contacts.likeness import (
    HIGHEST,
    Likeness,
    Name,
    compare,
    compare_organisations,
    organisation_key,
    probes,
)  # fmt: skip
from app.models.lead import Lead

WALK = 40  # rows that one walk looks at
MOST = 5  # that are suggested
COMMON = 10  # where more are alike, the name alone says nothing
NEIGHBOURS_SHARE = 2  # letters that neighbours in the order of keys have in common

Row = Lead | Client


@dataclass(frozen=True, slots=True)
class Likely:
    """Somebody with a similar name; `through` is the contact person of an organisation."""

    row: Row
    likeness: Likeness
    through: ContactPerson | None = None


def leads_named_like(session: Session, row: Row, *, but: Collection[int] = ()) -> list[Likely]:
    """Leads with a similar name, the most alike first; `but` are ids that are known otherwise."""
    if isinstance(row, Client) and row.is_organisation:
        return []
    left_out = {*but, row.id} if isinstance(row, Lead) else set(but)
    standing = (Lead.archived_at.is_(None), Lead.is_test.is_(False))
    found = _candidates(session, Lead, row, Lead.id, Lead.company_name, *standing)
    best = _best(row, [one for one in found if one.owner not in left_out])
    leads = _loaded(session, Lead, best)
    return [Likely(leads[one.owner], likeness) for one, likeness in best if one.owner in leads]


def clients_named_like(session: Session, row: Row, *, but: Collection[int] = ()) -> list[Likely]:
    """The same of clients: people, organisations, and contact people for whom theirs stands."""
    left_out = {*but, row.id} if isinstance(row, Client) else set(but)
    standing = Client.archived_at.is_(None)
    if isinstance(row, Client) and row.is_organisation:
        return _organisations(session, row, left_out)
    nothing = literal("")
    found = _candidates(
        session, Client, row, Client.id, nothing, standing, Client.kind == ClientKind.PERSON.value
    )
    at_work = ContactPerson.client.has(standing)
    found += _candidates(session, ContactPerson, row, ContactPerson.client_id, nothing, at_work)
    best = _best(row, [one for one in found if one.owner not in left_out])
    clients = _loaded(session, Client, best)
    through = {one.id for one, _ in best if one.noun == "contact_person"}
    people: dict[int, ContactPerson] = {}
    if through:
        named = select(ContactPerson).where(ContactPerson.id.in_(through))
        people = {person.id: person for person in session.scalars(named)}
    return [
        Likely(
            clients[one.owner], likeness,
            people.get(one.id) if one.noun == "contact_person" else None,
        )
        for one, likeness in best if one.owner in clients
    ]  # fmt: skip


# -- how it is made --------------------------------------------------------------------------------


def _candidates(
    session: Session, noun: Any, row: Row, owner: Any, company: Any, *conditions: Any
) -> list[Any]:
    """Only what is compared: whole rows of some hundred people would cost far more."""
    exact, beginnings = probes(row.last_name, row.first_name)
    if not exact:
        return []
    walks = list(_walks(noun, exact, beginnings))
    ids = union_all(*(select(walk.subquery().c.id) for walk in walks))
    wanted = select(
        noun.id, owner.label("owner"), noun.last_name, noun.first_name, noun.middle_name,
        noun.email_key, company.label("company"), literal(noun.__tablename__).label("noun"),
    )  # fmt: skip
    found = wanted.where(noun.id.in_(ids), *conditions).order_by(noun.id.desc())
    return list(session.execute(found.limit(WALK * len(walks))))


def _loaded(session: Session, noun: Any, best: list[tuple[Any, Likeness]]) -> dict[int, Any]:
    if not best:
        return {}
    wanted = select(noun).where(noun.id.in_([one.owner for one, _ in best]))
    rows = session.scalars(wanted.options(selectinload(noun.contact_points)))
    return {row.id: row for row in rows}


def _walks(noun: Any, exact: list[str], beginnings: list[str]) -> Iterator[Select[Any]]:
    key = noun.name_key
    rows = select(noun.id)
    for one in exact:  # the newest of those who have this very key
        yield rows.where(key == one).order_by(key, noun.id.desc()).limit(WALK)
    for start in beginnings:
        within = rows.where(key >= start, key < start + HIGHEST)
        yield within.order_by(key, noun.id).limit(WALK)
    near = exact[0][:NEIGHBOURS_SHARE]
    yield rows.where(key > exact[0], key < near + HIGHEST).order_by(key, noun.id).limit(WALK)
    before = rows.where(key < exact[0], key >= near)
    yield before.order_by(key.desc(), noun.id.desc()).limit(WALK)


def _organisations(session: Session, row: Client, left_out: set[int]) -> list[Likely]:
    key = organisation_key(row.organisation_name)
    if key is None:
        return []
    near = key[: NEIGHBOURS_SHARE + 1]
    rows = select(Client.id)
    walks = [
        rows.where(Client.name_key == key).order_by(Client.id.desc()).limit(WALK),
        rows.where(Client.name_key > key, Client.name_key < near + HIGHEST)
        .order_by(Client.name_key, Client.id).limit(WALK),
        rows.where(Client.name_key < key, Client.name_key >= near)
        .order_by(Client.name_key.desc(), Client.id.desc()).limit(WALK),
    ]  # fmt: skip
    ids = union_all(*(select(walk.subquery().c.id) for walk in walks))
    wanted = select(Client).where(Client.id.in_(ids), Client.archived_at.is_(None))
    found: list[Likely] = []
    for client in session.scalars(wanted.options(selectinload(Client.contact_points))):
        likeness = compare_organisations(row.organisation_name, client.organisation_name)
        if likeness is not None and client.id not in left_out and client.is_organisation:
            found.append(Likely(client, likeness))
    return sorted(found, key=lambda one: _rank(one.likeness, one.row.id))[:MOST]


def _best(row: Row, found: list[Any]) -> list[tuple[Any, Likeness]]:
    """One for each owner, the most alike first."""
    mine = Name.read(row.last_name, row.first_name, row.middle_name)
    alike: dict[int, tuple[Any, Likeness]] = {}
    for one in found:
        theirs = Name.read(one.last_name, one.first_name, one.middle_name)
        likeness = compare(mine, theirs)
        if likeness is None:
            continue
        known = alike.get(one.owner)
        if known is None or likeness.score > known[1].score:
            alike[one.owner] = one, likeness
    likely = list(alike.values())
    if len(likely) > COMMON:  # many are called so: what else agrees?
        likely = [pair for pair in likely if pair[1].supported or _agree(row, pair[0])]
    return sorted(likely, key=lambda pair: _rank(pair[1], pair[0].owner))[:MOST]


def _agree(row: Row, one: Any) -> bool:
    """A company in common, or an address that differs by its domain alone."""
    company = getattr(row, "company_name", "").casefold()
    if company and company == one.company.casefold():
        return True
    boxes = {key.partition("@")[0] for key in row.email_keys()}
    return bool(one.email_key) and one.email_key.partition("@")[0] in boxes


def _rank(likeness: Likeness, row_id: int) -> tuple[bool, int, int]:
    return not likeness.supported, -likeness.score, -row_id
