"""How the search over everything finds rows: by any part of a name, phone, e-mail or number.

Each noun is asked once, and each part of the question has its own limit, so that a million leads
answer as a thousand do. What the screens' base filters hide is not found here either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, literal, or_, select, union_all
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from app.models.client import Client, ContactPerson
from app.models.contact_point import ContactPoint
from app.models.contacts import read_email, read_phones
from app.models.contract import Contract, ContractStatus
from app.models.lead import Lead, LeadStatus
from app.models.person import company_region
from app.ui.access import may
from app.ui.fields import read_id
from app.ui.formatters import NO_BREAK, day, label_of, money, phone
from app.ui.pickers import matching
from app.ui.pills import pill, status_pill
from app.views.base.links import screen_of

MOST = 5  # of one noun; the noun's list shows the rest
LONGEST_QUERY = 200
FEWEST_PHONE_DIGITS = 7
# What an index of three-letter pieces cannot find is looked for among the newest rows only.
NEWEST = 5_000
# SQLite has no such index: there it reads so many of the newest rows, and full phones by their key.
NEWEST_ON_SQLITE = 300_000

_PIECE = re.compile(r"[^\W_]{3}")
_NUMBER = re.compile(r"\s*(?:№|#|no?\.?)?\s*([0-9]{1,10})\s*", re.IGNORECASE)
PERSON = [
    "first_name", "last_name", "middle_name", "phone", "phone_key", "phone_extension", "email",
]  # fmt: skip
# The noun, its group's title, its icon, and what a hit's lines need of the row.
NOUNS: dict[str, tuple[Any, str, list[str]]] = {
    "lead": (_l("Leads"), "user-plus", [*PERSON, "company_name", "status"]),
    "client": (_l("Clients"), "user", [*PERSON, "organisation_name", "kind"]),
    "contract": (
        _l("Contracts"), "file-text",
        ["number", "status", "client.first_name", "client.last_name", "client.middle_name",
         "client.organisation_name", "client.kind", "client.phone", "client.email",
         "service.title"],
    ),
    "campaign": (_l("Campaigns"), "speakerphone", ["title", "starts_on", "ends_on"]),
    "service": (_l("Services"), "briefcase", ["title", "price", "currency", "active"]),
}  # fmt: skip
BIG = ("lead", "client", "contract")


@dataclass(frozen=True, slots=True)
class Hit:
    """One row as the search shows it."""

    noun: str
    address: str
    icon: str
    label: str
    line: str
    mark: Any = ""


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one noun; `all_address` is its list with this search, when it has more."""

    name: str
    title: Any
    hits: list[Hit]
    all_address: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What was typed, read in every way in which it can be meant."""

    text: str
    number: int | None
    phones: frozenset[str]
    emails: frozenset[str]

    @classmethod
    def read(cls, session: Session, text: str) -> Question:
        text = " ".join(text.replace("\x00", "").split())[:LONGEST_QUERY]
        found = _NUMBER.fullmatch(text)
        email = read_email(text).key if "@" in text else None
        phones: list[str | None] = []
        if sum(sign.isdigit() for sign in text) >= FEWEST_PHONE_DIGITS and "@" not in text:
            phones = [one.key for one in read_phones(text, company_region(session))]
        return cls(
            found[1] if found else text,
            read_id(found[1]) if found else None,
            frozenset(key for key in phones if key),
            frozenset({email} if email else ()),
        )

    @property
    def is_indexed(self) -> bool:
        """Whether three letters or digits stand together somewhere."""
        return _PIECE.search(self.text) is not None

    def looks_like(self) -> str | None:
        """`phone`, `email` or `name`: what a new lead would be made of; None for a mere number."""
        if "@" in self.text:
            return "email"
        if sum(sign.isdigit() for sign in self.text) >= 5:
            return "phone"
        return "name" if any(sign.isalpha() for sign in self.text) else None


def find(session: Session, question: Question) -> list[Group]:
    """The groups that have rows which the reader may see, at most MOST rows each."""
    groups = []
    for noun, (title, _icon, needs) in NOUNS.items():
        view = screen_of(noun)
        if view is None or not view.offers("show"):
            continue
        rows = _rows(session, view, question, needs)
        if not rows:
            continue
        more = len(rows) > MOST and may("list", view.class_permission_name)
        every = url_for(f"{view.endpoint}.list", search=question.text) if more else None
        groups.append(Group(noun, title, [hit_of(view, row) for row in rows[:MOST]], every))
    return groups


def opened(session: Session, pairs: list[tuple[str, int]], most: int) -> list[Hit]:
    """These (noun, id) as hits in the same order; those that the reader may not see are absent."""
    hits: dict[tuple[str, int], Hit] = {}
    for noun in {noun for noun, _ in pairs} & NOUNS.keys():
        view = screen_of(noun)
        if view is None or not view.offers("show"):
            continue
        ids = [row_id for its, row_id in pairs if its == noun]
        needs = NOUNS[noun][2]
        rows = view.datamodel.get_many(ids, view._base_filters, _columns(view, needs), needs)
        hits |= {(noun, row.id): hit_of(view, row) for row in rows}
    return [hits[pair] for pair in pairs if pair in hits][:most]


# -- one noun's rows -------------------------------------------------------------------------------


def _rows(session: Session, view: Any, question: Question, needs: list[str]) -> list[Any]:
    model = view.datamodel.obj
    parts = _parts(session, view, question)
    if not parts:
        return []
    every = union_all(*parts).subquery()
    best = select(every.c.id, func.min(every.c.rank).label("rank")).group_by(every.c.id).subquery()
    found = (
        session.query(model)
        .join(best, best.c.id == model.id)
        .options(*view.datamodel.loading(_columns(view, needs), needs))
        .order_by(best.c.rank, model.id.desc())
        .limit(MOST + 1)
    )
    return list(found.all())


def _columns(view: Any, needs: list[str]) -> list[str]:
    """Relations are named among the columns too, so that their keys are loaded."""
    return [name for name in needs if "." not in name and name in view.datamodel.list_columns]


def _parts(session: Session, view: Any, question: Question) -> list[Any]:
    """(id, rank) by each way to find rows of the noun, the surest first; limited one by one."""
    noun, model = view.noun, view.datamodel.obj
    allowed = view._base_filters.apply_all(session.query(model))
    parts: list[Any] = []

    def add(condition: ColumnElement[bool], order: Any = model.id) -> None:
        found = allowed.filter(condition).order_by(order.desc()).limit(MOST + 1)
        named = found.with_entities(model.id.label("id"), literal(len(parts)).label("rank"))
        parts.append(select(named.subquery()))

    if question.number is not None and noun in BIG:
        add((Contract.number if model is Contract else model.id) == question.number)
    if (question.phones or question.emails) and model in (Lead, Client):
        add(model.id.in_(_by_keys(model, question)))
    text = matching(model, question.text)
    if text is None:
        return parts
    if noun not in BIG:
        add(text)
    elif not question.is_indexed:
        if model is not Contract:
            add(model.last_name.in_(_spellings(question.text)))
        add(text & _among_newest(model, NEWEST))
    elif session.get_bind().dialect.name == "sqlite":
        add(text & _among_newest(model, NEWEST_ON_SQLITE))
    else:
        add(text & _among_newest(model, NEWEST))
        newest = parts.pop().cte("newest")
        parts.append(select(newest))
        few = select(func.count()).select_from(newest).scalar_subquery() <= MOST
        # Not by the bare id: along its index PostgreSQL would read all the rows of a word that it
        # takes for a common one. What is common is among the newest; the rest the pieces find.
        add(text & few, model.id + 0)
    return parts


def _among_newest(model: Any, most: int) -> ColumnElement[bool]:
    newest = select(func.coalesce(func.max(model.id), 0)).scalar_subquery()
    found: ColumnElement[bool] = model.id > newest - most
    return found


def _spellings(name: str) -> list[str]:
    """A short surname such as Ли as it may be written, for the index of last names."""
    return sorted({name, name.lower(), name.upper(), name.title()})


def _by_keys(model: Any, question: Question) -> Any:
    """Ids by a whole phone or address, those of contact points and contact people included."""
    keys = sorted(question.phones | question.emails)
    owner = ContactPoint.lead_id if model is Lead else ContactPoint.client_id
    parts = [
        select(model.id).where(model.phone_key.in_(sorted(question.phones))),
        select(model.id).where(model.email_key.in_(sorted(question.emails))),
        select(owner).where(ContactPoint.key.in_(keys), owner.is_not(None)),
    ]
    if model is Client:
        has_key = or_(
            ContactPerson.phone_key.in_(sorted(question.phones)),
            ContactPerson.email_key.in_(sorted(question.emails)),
        )
        parts.append(select(ContactPerson.client_id).where(has_key))
        points = select(ContactPerson.client_id).join(ContactPoint)
        parts.append(points.where(ContactPoint.key.in_(keys)))
    return union_all(*parts)


# -- how a row reads -------------------------------------------------------------------------------


def hit_of(view: Any, row: Any) -> Hit:
    noun = view.noun
    line, mark = _about(row)
    icon = NOUNS[noun][1]
    if isinstance(row, Client) and row.is_organisation:
        icon = "building"
    return Hit(
        noun,
        url_for(f"{view.endpoint}.show", pk=row.id),
        icon,
        label_of(row),
        " · ".join(part for part in line if part),
        mark,
    )


def _about(row: Any) -> tuple[list[str], Any]:
    if isinstance(row, (Lead, Client)):
        reached = [phone(row.phone_key or row.phone, row.phone_extension), row.email]
        number = f"№{NO_BREAK}{row.id}"
        if isinstance(row, Lead):
            return [*reached, number], status_pill(LeadStatus, row.status)
        return [*reached, number], ""
    if isinstance(row, Contract):
        # A draft is called by its service already.
        about = [label_of(row.client), row.service.title if row.number else ""]
        return about, status_pill(ContractStatus, row.status)
    if hasattr(row, "price"):
        return [money(row.price, row.currency)], "" if row.active else pill("grey", _l("Not sold"))
    period = [day(each) for each in (row.starts_on, row.ends_on) if each]
    return [" – ".join(period)], ""
