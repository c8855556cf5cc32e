"""Conversions for the ad platforms: who was qualified, became a client or signed, and whose click
had brought them.

A contract counts with what it has brought by now; a voided one, and one that brought nothing, are
left out. A lead goes by the moment at which it was qualified or converted for the first time, so
that the same event always has the same time, by which platforms know what they have had already.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from app.errors import N_, Invalid
from app.models import clock
from app.models.click import IS_ID, ClickKind
from app.models.contract import Contract, ContractStatus
from app.models.lead import Lead, LeadStatus, counts_in_figures
from app.models.revenue_entry import RevenueEntry, RevenueReason
from app.models.submission import Submission
from app.statistics.periods import Period

BATCH = 500
NAME_LIMIT = 100
# A name that a spreadsheet would take for a formula, or that would break a line, is refused.
_BEGINS_FORMULA = tuple("=+-@＝＋－＠'")


class Platform(StrEnum):
    """Whose file it is. Yandex takes one kind of id in a file: `yandex` its clicks, `metrica` the
    visitors as Metrica knows them.
    """

    GOOGLE = "google"
    META = "meta"
    YANDEX = "yandex"
    METRICA = "metrica"


class ConversionEvent(StrEnum):
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    SIGNED = "signed"


KINDS: dict[Platform, tuple[ClickKind, ...]] = {
    Platform.GOOGLE: (ClickKind.GCLID,),
    Platform.META: (ClickKind.FBC, ClickKind.FBCLID, ClickKind.LEADGEN),
    Platform.YANDEX: (ClickKind.YCLID,),
    Platform.METRICA: (),  # by submission.visitor_id
}
# What the platforms themselves call such an event, where they have a word for it.
NAMES: dict[Platform, dict[ConversionEvent, str]] = {
    Platform.GOOGLE: {
        ConversionEvent.QUALIFIED: "Qualified lead",
        ConversionEvent.CONVERTED: "Converted lead",
        ConversionEvent.SIGNED: "Contract signed",
    },
    Platform.META: {
        ConversionEvent.QUALIFIED: "Lead",
        ConversionEvent.CONVERTED: "Lead",
        ConversionEvent.SIGNED: "Purchase",
    },
}
NAMES[Platform.YANDEX] = NAMES[Platform.METRICA] = {
    ConversionEvent.QUALIFIED: "lead_qualified",
    ConversionEvent.CONVERTED: "lead_converted",
    ConversionEvent.SIGNED: "contract_signed",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conversions, under which name at the platform. `contacts`: those without a click go
    too, known by the hashes of phone and e-mail (Meta alone takes them).
    """

    platform: Platform
    event: ConversionEvent
    period: Period
    name: str
    contacts: bool = False

    @classmethod
    def named(
        cls, platform: str | None, event: str | None, period: Period, name: str | None = None,
        *, contacts: bool = False,
    ) -> Wanted:  # fmt: skip
        """As an address names it (`name` is its `goal`). Raises Invalid by field."""
        try:
            whose = Platform(platform or Platform.GOOGLE)
        except ValueError:
            raise Invalid.of("platform", N_("Choose one of the list.")) from None
        try:
            what = ConversionEvent(event or ConversionEvent.SIGNED)
        except ValueError:
            raise Invalid.of("event", N_("Choose one of the list.")) from None
        text = " ".join((name or NAMES[whose][what]).split())
        if len(text) > NAME_LIMIT:
            raise Invalid.of("goal", N_("Use at most %(limit)s characters."), limit=NAME_LIMIT)
        if text.startswith(_BEGINS_FORMULA) or not text.isprintable():
            raise Invalid.of("goal", N_("Begin the name with a letter or a digit."))
        return cls(whose, what, period, text, contacts and whose is Platform.META)

    @property
    def of_contracts(self) -> bool:
        return self.event is ConversionEvent.SIGNED


@dataclass(frozen=True, slots=True)
class Conversion:
    """`number` is the contract's or the lead's id, `amount` None for leads. `clicked_at` is when
    the submission with the click came.
    """

    number: int
    at: datetime
    amount: Decimal | None
    currency: str
    kind: ClickKind | None
    click_id: str
    clicked_at: datetime | None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many events there are, how many of them go into the file, and why the others do not."""

    all: int
    ready: int
    other_click: int
    no_click: int
    by_hand: int
    no_lead: int
    left_out: int


def count(session: Session, wanted: Wanted) -> Counts:
    """By one statement. `left_out` are contracts that were voided or have brought nothing."""
    events = _events(wanted).subquery("events")
    goes = _has_click(wanted, events.c.lead_id)
    if wanted.contacts:
        goes = or_(goes, events.c.has_contact)
    other = _any_submission(events.c.lead_id, Submission.click_kind.is_not(None))
    from_source = _any_submission(events.c.lead_id, Submission.source_id.is_not(None))
    why = case(
        (~events.c.counts, "left_out"),
        (goes, "ready"),
        (events.c.lead_id.is_(None), "no_lead"),
        (other, "other_click"),
        (from_source, "no_click"),
        else_="by_hand",
    ).label("why")
    each = select(why).select_from(events).subquery()
    rows = session.execute(select(each.c.why, func.count()).group_by(each.c.why))
    found = {str(reason): int(number) for reason, number in rows}
    names = ("ready", "other_click", "no_click", "by_hand", "no_lead", "left_out")
    return Counts(sum(found.values()), *(found.get(name, 0) for name in names))


def conversions(session: Session, wanted: Wanted) -> Iterator[list[Conversion]]:
    """Those that go into the file, in batches by time and id, so that memory holds one batch and
    each batch is read along an index.
    """
    events = _events(wanted).subquery("events")
    when = events.c.day if wanted.of_contracts else events.c.at
    query = select(events).order_by(when, events.c.number).limit(BATCH)
    last: Any = None
    while True:
        following = query
        if last is not None:
            same = and_(when == last[0], events.c.number > last[1])
            following = query.where(when >= last[0], or_(when > last[0], same))
        rows = session.execute(following).all()
        if not rows:
            return
        last = (rows[-1].day if wanted.of_contracts else rows[-1].at, rows[-1].number)
        kept = [row for row in rows if row.counts]
        leads = sorted({row.lead_id for row in kept if row.lead_id is not None})
        clicks = _clicks(session, wanted, leads)
        people = _people(session, leads) if wanted.contacts else {}
        made = (_conversion(wanted, row, clicks.get(row.lead_id, ()), people) for row in kept)
        yield [one for one in made if one is not None]


# -- the events ------------------------------------------------------------------------------------


def _events(wanted: Wanted) -> Any:
    """number, lead_id, at or day, amount, currency, counts, has_contact of each event."""
    reached = or_(Lead.phone_key.is_not(None), Lead.email_key.is_not(None))
    if not wanted.of_contracts:
        is_qualified = wanted.event is ConversionEvent.QUALIFIED
        at = Lead.qualified_at if is_qualified else Lead.status_changed_at
        happened = at.is_not(None) if is_qualified else Lead.status == LeadStatus.CONVERTED.value
        return select(
            Lead.id.label("number"),
            Lead.id.label("lead_id"),
            at.label("at"),
            Lead.id.is_not(None).label("counts"),
            reached.label("has_contact"),
        ).where(happened, counts_in_figures(), *wanted.period.of_instants(at))
    of_contract = RevenueEntry.contract_id == Contract.id
    brought = select(func.sum(RevenueEntry.amount)).where(of_contract).correlate(Contract)
    signed_at = (
        select(func.min(RevenueEntry.created_at))
        .where(of_contract, RevenueEntry.reason == RevenueReason.SIGNED.value)
        .correlate(Contract)
    )
    amount = func.coalesce(brought.scalar_subquery(), 0)
    return (
        select(
            Contract.id.label("number"),
            Contract.lead_id.label("lead_id"),
            Contract.signed_on.label("day"),
            signed_at.scalar_subquery().label("at"),
            brought.scalar_subquery().label("amount"),
            Contract.currency.label("currency"),
            and_(Contract.archived_at.is_(None), amount > 0).label("counts"),
            func.coalesce(reached, False).label("has_contact"),
        )
        .join(Lead, Lead.id == Contract.lead_id, isouter=True)
        .where(
            Contract.status != ContractStatus.DRAFT.value,
            *wanted.period.of_days(Contract.signed_on),
        )
    )


def _moment(row: Any) -> datetime:
    """When it happened. A contract has a day of signing: the moment at which the verb was called
    if that was the day, else the day's last second, which is after any click of the day.
    """
    at: datetime | None = row.at
    if not hasattr(row, "day"):
        return at or clock.utc_now()  # never empty: the query asks for it
    day: date = row.day
    if at is not None and clock.company_day(at) == day:
        return at
    return datetime.combine(day, time(23, 59, 59), tzinfo=clock.zone())


def _has_click(wanted: Wanted, lead_id: ColumnElement[Any]) -> ColumnElement[bool]:
    return _any_submission(lead_id, _is_of(wanted))


def _is_of(wanted: Wanted) -> ColumnElement[bool]:
    if wanted.platform is Platform.METRICA:
        return Submission.visitor_id.is_not(None)
    return Submission.click_kind.in_([kind.value for kind in KINDS[wanted.platform]])


def _any_submission(lead_id: ColumnElement[Any], condition: Any) -> ColumnElement[bool]:
    return exists(select(Submission.id).where(Submission.lead_id == lead_id, condition))


# -- their clicks ----------------------------------------------------------------------------------

Click = tuple[datetime, ClickKind | None, str]


def _clicks(session: Session, wanted: Wanted, leads: Sequence[int]) -> dict[int, list[Click]]:
    """Of each lead, the earliest first."""
    found: dict[int, list[Click]] = {}
    query = (
        select(
            Submission.lead_id, Submission.received_at, Submission.submitted_at,
            Submission.click_kind, Submission.click_id, Submission.visitor_id,
        )
        .where(Submission.lead_id.in_(leads), _is_of(wanted))
        .order_by(Submission.received_at, Submission.id)
    )  # fmt: skip
    for row in session.execute(query):
        at = min(row.submitted_at or row.received_at, row.received_at)
        if wanted.platform is Platform.METRICA:
            found.setdefault(row.lead_id, []).append((at, None, row.visitor_id))
        elif IS_ID.fullmatch(row.click_id):
            kind = ClickKind(row.click_kind)
            found.setdefault(row.lead_id, []).append((at, kind, row.click_id))
    return found


def _people(
    session: Session, leads: Sequence[int]
) -> dict[int, tuple[tuple[str, ...], tuple[str, ...]]]:
    rows = session.execute(
        select(Lead.id, Lead.phone_key, Lead.email_key).where(Lead.id.in_(leads))
    )
    return {row.id: (_one(row.phone_key), _one(row.email_key)) for row in rows}


def _one(key: str | None) -> tuple[str, ...]:
    return (key,) if key else ()


def _conversion(
    wanted: Wanted, row: Any, clicks: Sequence[Click],
    people: dict[int, tuple[tuple[str, ...], tuple[str, ...]]],
) -> Conversion | None:  # fmt: skip
    """With the last click before it; where all came later, with the first. None without any."""
    at = _moment(row)
    before = [click for click in clicks if click[0] <= at]
    chosen = before[-1] if before else (clicks[0] if clicks else None)
    phones, emails = people.get(row.lead_id, ((), ()))
    if chosen is None and not (phones or emails):
        return None
    clicked_at, kind, text = chosen or (None, None, "")
    return Conversion(
        number=row.number,
        at=at,
        amount=getattr(row, "amount", None),
        currency=getattr(row, "currency", ""),
        kind=kind,
        click_id=text,
        clicked_at=clicked_at,
        phones=phones,
        emails=emails,
    )
