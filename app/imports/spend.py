"""Rows of spend: one amount per campaign and day. A report of a platform names the campaign by its
id there or by its title; whatever sums rows up is no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.imports.campaigns import CampaignBook
from app.imports.judging import Fate, Seen, Sight, Verdict, tell
from app.imports.remarks import RowWhy
from app.imports.tables import Row
from app.imports.values import currency_of
from app.intake.remarks import Remark
from app.models.base import rounded
from app.models.campaign import Campaign
from app.models.company import Company
from app.models.contacts import clean_text
from app.models.service import Service
from app.models.spend import Spend

BY_HAND, FROM_FILE = "manual", "file"
ORIGINS = {
    "by hand": BY_HAND, "вручную": BY_HAND, "manual": BY_HAND,
    "from a file": FROM_FILE, "из файла": FROM_FILE, "file": FROM_FILE,
}  # fmt: skip
ORIGIN_LIMIT = 40


@dataclass(slots=True)
class Entry:
    """`title` and `external_id` of a campaign that is to be made; `old` is the amount before."""

    campaign_id: int | None
    title: str
    external_id: str
    day: date
    origin: str
    amount: Decimal
    spend_id: int | None = None
    old: Decimal | None = None

    @property
    def key(self) -> tuple[int | None, date, str]:
        return self.campaign_id, self.day, self.origin

    @property
    def mark(self) -> str:
        whose = self.campaign_id if self.campaign_id is not None else self.title or self.external_id
        return f"spend {whose} {self.day} {self.origin}"


class Spends:
    """`judge` changes nothing; `store` writes the entries by the noun's verb."""

    def __init__(self, session: Session, sight: Sight) -> None:
        self.session, self.sight = session, sight
        self.own = Company.of(session).currency
        self.said_above = self._currency_of_header()

    def _currency_of_header(self) -> str:
        for place in self.sight.places.get("amount", ()):
            return currency_of(self.sight.plan.headers[place])
        return ""

    def judge(self, rows: Sequence[Row]) -> list[Verdict]:
        verdicts = [self.sight.first_look(row) for row in rows]
        good = [one for one in verdicts if one.fate is Fate.READY]
        book = CampaignBook.of(self.session, self.sight, [one.row for one in good])
        for one in good:
            self._read(one, book)
        # Totals have fewer cells than a row may lack: what is ragged and sums up is no row.
        for one in verdicts:
            if one.fate is Fate.WRONG and self.sight.is_total(one.row) and one.row.fault is None:
                one.fate, one.remarks = Fate.IGNORED, {}
        self._repeats([one for one in good if one.fate is Fate.READY])
        return verdicts

    def _read(self, one: Verdict, book: CampaignBook) -> None:
        sight, row = self.sight, one.row
        external, title = sight.id(row, "campaign_id"), clean_text(sight.text(row, "campaign"))
        said_day = sight.text(row, "day")
        sums_up = sight.is_total(row) and (
            sight.is_only_total(title or external) or sight.reading.day(said_day) is None
        )
        if sums_up or sight.is_only_total(title) or not (external or title or said_day):
            one.fate = Fate.IGNORED
            return
        day = self._day(one, said_day)
        amount = self._amount(one)
        campaign_id, origin = self._campaign(one, book, external, title)
        if one.fate is Fate.READY and day is not None and amount is not None:
            one.item = Entry(campaign_id, title, external, day, origin, amount)

    def _day(self, one: Verdict, said: str) -> date | None:
        sight = self.sight
        label = sight.label("day" if sight.places.get("day") else "from_day")
        if not said:
            said, until = sight.text(one.row, "from_day"), sight.text(one.row, "to_day")
            if said and until and sight.reading.day(said) != sight.reading.day(until):
                one.refuse(label, RowWhy.SEVERAL_DAYS)
                return None
        if not said:
            one.refuse(label, RowWhy.NO_DAY)
            return None
        day = sight.reading.day(said)
        if day is None:
            one.refuse(label, Remark(RowWhy.BAD_DATE, {"sent": clean_text(said)[:60]}))
        return day

    def _amount(self, one: Verdict) -> Decimal | None:
        sight, label = self.sight, self.sight.label("amount")
        said = sight.text(one.row, "amount")
        if not said:
            one.refuse(label, RowWhy.NO_AMOUNT)
            return None
        named = currency_of(sight.text(one.row, "currency")) or self.said_above
        if named and named != self.own:
            where = sight.label("currency") if sight.places.get("currency") else label
            one.refuse(where, Remark(RowWhy.OTHER_CURRENCY, {"sent": named, "own": self.own}))
            return None
        amount = sight.reading.amount(said)
        trial = Spend()
        try:
            if amount is None:
                one.refuse(label, Remark(RowWhy.BAD_AMOUNT, {"sent": clean_text(said)[:60]}))
                return None
            with self.session.no_autoflush:
                trial.change(amount=amount)
        except Invalid as error:
            for fault in error.faults.get("amount", ()):
                one.refuse(label, Remark(str(fault.message), fault.params))
            return None
        return rounded(amount)

    def _campaign(
        self, one: Verdict, book: CampaignBook, external: str, title: str
    ) -> tuple[int | None, str]:
        """(campaign, origin): two campaigns of a platform may be one of ours, each with its sum."""
        given = clean_text(self.sight.text(one.row, "origin"))[:ORIGIN_LIMIT]
        origin = ORIGINS.get(given.casefold(), given)
        found = book.by_id(external) if external else None
        if found is not None:
            return found.id, origin or f"{found.platform}:{external}"[:ORIGIN_LIMIT]
        origin = origin or (f"{FROM_FILE}:{external}"[:ORIGIN_LIMIT] if external else FROM_FILE)
        titled = book.by_title(title)
        if len(titled) == 1:
            return titled[0], origin
        label = self.sight.label("campaign" if title else "campaign_id")
        sent = {"sent": (title or external)[:60]}
        if len(titled) > 1:
            one.refuse(label, Remark(RowWhy.SEVERAL_CAMPAIGNS, sent))
        elif not (title or external):
            one.refuse(label, Remark(RowWhy.NO_CAMPAIGN, {"sent": ""}))
        elif self.sight.plan.service_id is None:
            one.refuse(label, Remark(RowWhy.NO_CAMPAIGN, sent))
        return None, origin

    def _repeats(self, good: list[Verdict]) -> None:
        here = self._stored([one.item for one in good])
        seen = Seen(self.session, self.sight.file, [one.item.mark for one in good])
        label = self.sight.label("day" if self.sight.places.get("day") else "from_day")
        for one in good:
            entry: Entry = one.item
            before = seen.row_of(entry.mark, one.row.number)
            seen.add([entry.mark], one.row.number)
            spend = here.get(entry.key)
            by_hand = here.get((entry.campaign_id, entry.day, BY_HAND))
            if before:
                one.refuse(label, Remark(RowWhy.DUPLICATE_DAY, {"row": before[0]}))
            elif spend is not None and spend.amount == entry.amount:
                one.noun_id = spend.id
                one.repeat(label, RowWhy.KNOWN_SPEND)
            elif spend is not None:
                entry.spend_id, entry.old = spend.id, spend.amount
                old = Remark(
                    RowWhy.CHANGES_SPEND, {"old": str(spend.amount), "new": str(entry.amount)}
                )
                tell(one.warnings, self.sight.label("amount"), old)
            elif by_hand is not None and by_hand.amount == entry.amount:
                one.noun_id = by_hand.id
                one.repeat(label, RowWhy.KNOWN_SPEND)
        seen.keep()

    def _stored(self, entries: list[Entry]) -> dict[tuple[int | None, date, str], Spend]:
        campaigns = sorted({one.campaign_id for one in entries if one.campaign_id})
        if not campaigns:
            return {}
        query = select(Spend).where(
            Spend.campaign_id.in_(campaigns), Spend.day.in_(sorted({one.day for one in entries}))
        )
        return {(one.campaign_id, one.day, one.origin): one for one in self.session.scalars(query)}

    # -- storing ---------------------------------------------------------------------------------

    def store(self, verdicts: Sequence[Verdict]) -> tuple[int, int]:
        """(entries made, entries changed)"""
        made = changed = 0
        for one in verdicts:
            if one.fate is not Fate.READY:
                continue
            entry: Entry = one.item
            if entry.spend_id is not None:
                spend = self.session.get_one(Spend, entry.spend_id)
                spend.change(amount=entry.amount)
                changed += 1
            else:
                spend = Spend(currency=self.own)
                campaign = self._campaign_of(entry)
                self.session.add(spend)
                with self.session.no_autoflush:
                    spend.change(
                        campaign=campaign, day=entry.day, origin=entry.origin, amount=entry.amount
                    )
                made += 1
            one.noun_id = spend.id
        self.session.flush()
        return made, changed

    def _campaign_of(self, entry: Entry) -> Campaign:
        if entry.campaign_id is not None:
            return self.session.get_one(Campaign, entry.campaign_id)
        book = CampaignBook(self.session, [entry.external_id], [entry.title])
        found = book.by_id(entry.external_id) if entry.external_id else None
        titled = [found.id] if found else book.by_title(entry.title)
        if titled:  # an earlier row has made it
            return self.session.get_one(Campaign, titled[0])
        campaign = Campaign()
        self.session.add(campaign)
        with self.session.no_autoflush:
            campaign.change(
                title=entry.title or entry.external_id,
                service=self.session.get_one(Service, self.sight.plan.service_id),
            )
            if entry.external_id:
                campaign.add_external_id(FROM_FILE, entry.external_id)
        self.session.flush()
        return campaign
