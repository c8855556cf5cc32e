"""Whom a lead or client may be though no phone or e-mail says so: people with a similar name.

Candidates come from a few short walks along the index of name keys (the key itself, first and last
name turned, an initial, and the nearest neighbours in the order of the keys), so that a million
leads cost what a thousand do. Nothing here merges anybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select, union_all
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
    found = _candidates(session, Lead, row, Lead.archived_at.is_(None), Lead.is_test.is_(False))
    return _best(row, ((lead, lead, None) for lead in found if lead.id not in left_out))


def clients_named_like(session: Session, row: Row, *, but: Collection[int] = ()) -> list[Likely]:
    """The same of clients: people, organisations, and contact people for whom theirs stands."""
    left_out = {*but, row.id} if isinstance(row, Client) else set(but)
    standing = Client.archived_at.is_(None)
    if isinstance(row, Client) and row.is_organisation:
        return _organisations(session, row, left_out)
    people = _candidates(session, Client, row, standing, Client.kind == ClientKind.PERSON.value)
    at_work = _candidates(session, ContactPerson, row, ContactPerson.client.has(standing))
    pairs = [(client, client, None) for client in people]
    pairs += [(one.client, one, one) for one in at_work]
    return _best(row, (pair for pair in pairs if pair[0].id not in left_out))


# -- how it is made --------------------------------------------------------------------------------


def _candidates(session: Session, noun: Any, row: Row, *conditions: Any) -> list[Any]:
    exact, beginnings = probes(row.last_name, row.first_name)
    if not exact:
        return []
    walks = list(_walks(noun, exact, beginnings))
    ids = union_all(*(select(walk.subquery().c.id) for walk in walks))
    wanted = select(noun).where(noun.id.in_(ids), *conditions).order_by(noun.id.desc())
    if noun is not ContactPerson:
        wanted = wanted.options(selectinload(noun.contact_points))
    return list(session.scalars(wanted.limit(WALK * len(walks))))


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
    return sorted(found, key=_rank)[:MOST]


def _best(row: Row, pairs: Any) -> list[Likely]:
    mine = Name.read(row.last_name, row.first_name, row.middle_name)
    found: dict[int, Likely] = {}
    for shown, named, through in pairs:
        theirs = Name.read(named.last_name, named.first_name, named.middle_name)
        likeness = compare(mine, theirs)
        if likeness is None:
            continue
        known = found.get(shown.id)
        if known is None or likeness.score > known.likeness.score:
            found[shown.id] = Likely(shown, likeness, through)
    likely = list(found.values())
    if len(likely) > COMMON:  # many are called so: what else agrees?
        likely = [one for one in likely if one.likeness.supported or _agree(row, one.row)]
    return sorted(likely, key=_rank)[:MOST]


def _agree(one: Row, other: Row) -> bool:
    """A company in common, or an address that differs by its domain alone."""
    companies = [getattr(row, "company_name", "").casefold() for row in (one, other)]
    if companies[0] and companies[0] == companies[1]:
        return True
    boxes = [{key.partition("@")[0] for key in row.email_keys()} for row in (one, other)]
    return bool(boxes[0] & boxes[1])


def _rank(one: Likely) -> tuple[bool, int, int]:
    return not one.likeness.supported, -one.likeness.score, -one.row.id
