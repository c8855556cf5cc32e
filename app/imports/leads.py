"""Rows of leads: each is one submission, received by the same rules as at every door (law 4).

A row has an id of its sender's or else one of its own content, so that the same file twice changes
nothing. A row without an own id and time that says nothing new of a lead is that lead, not a
request: so an export that is brought back makes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.imports.campaigns import CampaignBook
from app.imports.columns import ANSWER, bare_header
from app.imports.judging import Fate, Seen, Sight, Verdict, tell
from app.imports.remarks import RowWhy
from app.imports.tables import Row
from app.imports.values import bare_id, has_lost_digits, is_nothing
from app.imports.workbooks import NumberCell
from app.intake import Arrival, CampaignSent, Receipt, Sender, receive_many
from app.intake.campaigns import Campaigns
from app.intake.formats.values import short_texts
from app.intake.people import OpenLeads
from app.intake.reading import Person, read_person
from app.intake.remarks import Remark
from app.models.clock import local
from app.models.contact_point import ContactPoint
from app.models.contacts import Code, bare_email, clean_text, read_emails, split_fio
from app.models.contacts.phones import FEWEST_DIGITS
from app.models.lead import Lead
from app.models.matching import Keys, leads_sharing, sharing_params
from app.models.person import company_region
from app.models.source import Source, SourceFormat
from app.models.submission import Outcome, Submission

DOOR = "import"
FILES = SourceFormat.FILE.value  # the source that files without another are of
FILES_NAME = "Imported files"
ROUND = 500
CLICK_ID_LIMIT = 255
_TEST = re.compile(r"\s*<test lead: dummy data|^\s*test lead\s*$", re.IGNORECASE)
TIMES_OF_DAY = frozenset({"время", "time", "времясоздания", "времязаявки", "часы", "uhrzeit"})
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp]\.?[Mm]\.?)?")
_YES = frozenset({"1", "true", "yes", "да", "истина"})
_SPREADSHEET_LOST = re.compile(r"[1-9]\d{3,}0{6,}")
NAMES = ("first_name", "last_name", "middle_name", "name")


def files_source(session: Session) -> Source:
    """The source of files that are of no other; made at the first import."""
    source = session.scalar(select(Source).where(Source.format == FILES).order_by(Source.id))
    if source is None:
        source = Source(format=FILES)
        session.add(source)
        with session.no_autoflush:
            source.change(name=FILES_NAME)
        session.flush()
    return source


class Leads:
    """`judge` changes nothing; `store` gives what is good to intake."""

    def __init__(self, session: Session, sight: Sight) -> None:
        self.session, self.sight = session, sight
        plan = sight.plan
        source = session.get(Source, plan.source_id) if plan.source_id else None
        source = source or files_source(session)
        default = plan.campaign_id or source.default_campaign_id
        self.sender = Sender(
            source.id, source.name, source.format, default, source.needs_campaign and not default
        )
        self.names_ids = source.format != FILES  # ids are the sender's own, as at its door
        self.labels = {
            name: sight.label(*(name, *more))
            for name, more in (
                ("first_name", ()), ("last_name", ()), ("middle_name", ()), ("name", ()),
                ("phone", ()), ("email", ()), ("company_name", ()), ("job_title", ()),
                ("language", ()), ("external_id", ()),
            )
        }  # fmt: skip
        for name, other in (("email", "phone"), ("phone", "email")):
            if not sight.places.get(name) and sight.places.get(other):
                self.labels[name] = self.labels[other]  # a column that is not there names nobody
        self.labels["campaign"] = sight.label("campaign_id" if sight.places.get("campaign_id")
                                              else "campaign")  # fmt: skip

    # -- judging ---------------------------------------------------------------------------------

    def judge(self, rows: Sequence[Row]) -> list[Verdict]:
        verdicts = [self.sight.first_look(row) for row in rows]
        good = [one for one in verdicts if one.fate is Fate.READY]
        book = CampaignBook(
            self.session,
            (self.sight.id(one.row, "campaign_id") for one in good),
            (title for one in good for title in self._titles(one.row)),
        )
        for verdict in good:
            self._read(verdict, book)
        good = [one for one in good if one.fate is Fate.READY]
        region = company_region(self.session)
        people = {id(one): read_person(one.item, region) for one in good}
        campaigns = Campaigns(self.session, [one.item for one in good])
        placed = {id(one): campaigns.place(one.item) for one in good}
        for one in good:
            self._take_remarks(one)
        good = [one for one in good if one.fate is Fate.READY]
        self._adopt(good, people, placed)
        self._repeats(good, people, placed)
        return verdicts

    def _read(self, verdict: Verdict, book: CampaignBook) -> None:
        sight, row = self.sight, verdict.row
        arrival = Arrival(door=DOOR, sender=self.sender, labels=self.labels)
        self._name(arrival, row)
        arrival.phone = self._phones(verdict) or None
        arrival.email = self._emails(verdict, arrival) or None
        for name in ("company_name", "job_title", "language"):
            setattr(arrival, name, sight.text(row, name) or None)
        test = self._says_test(row)
        if test:
            verdict.refuse(test, RowWhy.TEST_LEAD)
            return
        said = self._moment(row)
        if said:
            arrival.submitted_at = sight.reading.instant(said)
            if arrival.submitted_at is None:
                sent = Remark(RowWhy.BAD_DATE, {"sent": clean_text(said)[:60]})
                verdict.refuse(sight.label("submitted_at"), sent)
                return
        if sight.is_total(row) and not _says_contact(arrival):
            verdict.fate = Fate.IGNORED
            return
        self._campaign(arrival, row, book)
        self._marks(arrival, row, book)
        self._answers(arrival, row)
        arrival.external_id = self._external_id(verdict)
        arrival.media_type = "application/json"
        arrival.body = self._body(row)
        verdict.item = arrival

    def _moment(self, row: Row) -> str:
        """What the row says of its time; a day and its time of day may stand in two columns."""
        said = self.sight.text(row, "submitted_at")
        if not said or ":" in said:
            return said
        for place, header in enumerate(self.sight.plan.headers[: len(row.cells)]):
            cell = row.cells[place].strip()
            if bare_header(header) in TIMES_OF_DAY and _TIME_OF_DAY.fullmatch(cell):
                day = self.sight.reading.day(said)
                return f"{day.isoformat()} {cell}" if day else said
        return said

    def _name(self, arrival: Arrival, row: Row) -> None:
        sight = self.sight
        arrival.first_name = sight.text(row, "first_name") or None
        arrival.last_name = sight.text(row, "last_name") or None
        arrival.middle_name = sight.text(row, "middle_name") or None
        arrival.name = sight.text(row, "name") or None
        fio = sight.text(row, "fio")
        if fio and not (arrival.first_name or arrival.last_name or arrival.name):
            last, first, middle = split_fio(fio)
            arrival.last_name, arrival.first_name = last or None, first or None
            arrival.middle_name = middle or None

    def _phones(self, verdict: Verdict) -> str:
        found = []
        for cell in self.sight.texts(verdict.row, "phone"):
            text = bare_id(cell)
            if not text:
                tell(verdict.warnings, self.sight.label("phone"), RowWhy.EMPTY)
            elif isinstance(cell, NumberCell) and _SPREADSHEET_LOST.fullmatch(text):
                found.append(f"{text[0]}.{text[1]}E+{len(text) - 1}")  # rounded: told as such
            else:
                found.append(text)
        return "; ".join(dict.fromkeys(found))

    def _emails(self, verdict: Verdict, arrival: Arrival) -> str:
        cells = [bare_email(cell) for cell in self.sight.texts(verdict.row, "email")]
        if len(cells) < 2:
            return "".join(cells)
        good = [cell for cell in cells if all(email.key for email in read_emails(cell))]
        for cell in cells:
            if good and cell not in good:  # one bad address must not cost the good ones
                tell(verdict.warnings, self.sight.label("email"), Remark(Code.BAD_EMAIL))
        return "; ".join(good) if good else cells[0]

    def _says_test(self, row: Row) -> str:
        """The header of the cell that a sender's test tool has filled; '' when there is none."""
        for name in (*NAMES, "fio", "phone", "email", "is_test"):
            for place in self.sight.places.get(name, ()):
                cell = row.cells[place] if place < len(row.cells) else ""
                is_yes = name == "is_test" and cell.strip().casefold() in _YES
                if is_yes or _TEST.match(bare_id(cell)):
                    return self.sight.plan.headers[place]
        return ""

    def _titles(self, row: Row) -> list[str]:
        """What may name the campaign: its column, and the mark of the advertisement."""
        marks = self._utm(row)
        hints = [marks[name] for name in marks if "campaign" in name]
        return [clean_text(self.sight.text(row, "campaign")), *hints[:1]]

    def _utm(self, row: Row) -> dict[str, str]:
        return self._by_header("utm", row)

    def _by_header(self, field: str, row: Row) -> dict[str, str]:
        return short_texts(
            {
                self.sight.plan.headers[place].strip().lower(): row.cells[place]
                for place in self.sight.places.get(field, ())
                if place < len(row.cells) and row.cells[place].strip()
            }
        )

    def _campaign(self, arrival: Arrival, row: Row, book: CampaignBook) -> None:
        external = self.sight.id(row, "campaign_id")
        title = clean_text(self.sight.text(row, "campaign"))
        titled = book.by_title(title)
        ours = CampaignSent(str(titled[0]), only_ours=True) if len(titled) == 1 else None
        if external and (book.by_id(external) or ours is None):
            arrival.campaign = CampaignSent(external)
        else:
            arrival.campaign = ours or (CampaignSent(title) if title else None)

    def _marks(self, arrival: Arrival, row: Row, book: CampaignBook) -> None:
        # A click id keeps its header too, which says whose it is (app/intake/clicks.py).
        arrival.utm = self._utm(row) | self._by_header("click_id", row)
        click = self.sight.text(row, "click_id")
        arrival.click_id = click if click and len(click) <= CLICK_ID_LIMIT else None
        hint = "".join(self._titles(row)[1:])
        if arrival.campaign is None and hint:
            titled = book.by_title(hint)
            is_ours = len(titled) == 1
            sent = str(titled[0]) if is_ours else hint
            arrival.campaign = CampaignSent(sent, only_ours=is_ours, is_hint=True)

    def _answers(self, arrival: Arrival, row: Row) -> None:
        plan = self.sight.plan
        for place, name in enumerate(plan.fields):
            cell = row.cells[place] if place < len(row.cells) else ""
            if name not in (ANSWER, "platform_id", "amount", "campaign") or not cell.strip():
                continue
            text = clean_text(cell, multiline=True)
            if name == "platform_id":
                text = bare_id(text)
            elif name == "amount" and is_nothing(cell):
                continue
            elif name == "amount":
                amount = self.sight.reading.amount(cell)
                text = text if amount is None else f"{amount:.2f}"
            if text:
                arrival.answers[clean_text(plan.headers[place])[:100]] = text

    def _external_id(self, verdict: Verdict) -> str:
        row, own = verdict.row, self.sight.id(verdict.row, "external_id")
        if has_lost_digits(self.sight.text(row, "external_id")):
            tell(verdict.warnings, self.sight.label("external_id"), RowWhy.LOST_ID)
            own = ""
        if not own:
            return self.sight.digest(row)
        return own if self.names_ids else f"{self.sight.plan.stamp}:{own}"

    def _body(self, row: Row) -> bytes:
        cells = dict(zip(self.sight.plan.headers, row.cells, strict=False))
        said = {header: cell for header, cell in cells.items() if cell.strip()}
        return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")

    def _take_remarks(self, verdict: Verdict) -> None:
        arrival: Arrival = verdict.item
        if arrival.errors:
            verdict.fate = Fate.WRONG
            for where, said in arrival.errors.items():
                for remark in said:
                    tell(verdict.remarks, where, remark)
        for where, said in arrival.warnings.items():
            for remark in said:
                tell(verdict.warnings, where, remark)

    # -- who is here already ---------------------------------------------------------------------

    def _adopt(
        self, good: list[Verdict], people: dict[int, Person], placed: dict[int, int | None]
    ) -> None:
        """A row without campaign belongs to that of the same person's earlier row of the file: it
        is a second request and no second lead.
        """
        earlier: dict[str, int] = self._made_by_this(
            [people[id(one)].keys for one in good if placed[id(one)] is None]
        )
        for one in good:
            campaign, keys = placed[id(one)], people[id(one)].keys
            if campaign is None:
                found = next((earlier[key] for key in keys if key in earlier), None)
                if found is not None:
                    one.item.campaign = CampaignSent(str(found), only_ours=True)
                    placed[id(one)] = campaign = found
            if campaign is not None:
                earlier |= {key: earlier.get(key, campaign) for key in keys}

    def _made_by_this(self, people: list[Keys]) -> dict[str, int]:
        """{key: campaign} of leads that earlier parts of this import have made."""
        if not people or self.sight.file.batch_id is None:
            return {}
        sharing = leads_sharing()
        query = (
            select(Lead.phone_key, Lead.email_key, Lead.campaign_id)
            .join(sharing, sharing.c.id == Lead.id)
            .where(Lead.batch_id == self.sight.file.batch_id, Lead.campaign_id.is_not(None))
        )
        rows = self.session.connection().execute(query, sharing_params(people))
        return {
            key: row.campaign_id for row in rows for key in (row.phone_key, row.email_key) if key
        }

    def _repeats(
        self, good: list[Verdict], people: dict[int, Person], placed: dict[int, int | None]
    ) -> None:
        delivered = self._delivered([one.item.external_id for one in good])
        known = self._known([one for one in good if self._is_bare(one)], people, placed)
        leads = OpenLeads.load(
            self.session, [(placed[id(one)], people[id(one)].keys) for one in good]
        )
        wanted = [text for one in good for text in self._marks_of(one, people, placed)]
        wanted += [text for one in good for text in _anywhere(people[id(one)].keys)]
        seen = Seen(self.session, self.sight.file, wanted)
        id_label = self.sight.label("external_id") if self.sight.places.get("external_id") else "*"
        for one in good:
            keys, number = people[id(one)].keys, one.row.number
            own, *marks = self._marks_of(one, people, placed)
            before = seen.row_of(own, number)
            same = None if before else self._same_person(seen, marks, keys, number)
            other = self._same_person(seen, _anywhere(keys), keys, number)
            if placed[id(one)] is None:
                same = same or other
            if before:
                one.repeat(id_label, Remark(RowWhy.DUPLICATE_IN_FILE, {"row": before[0]}))
            elif one.item.external_id in delivered:
                one.noun_id = delivered[one.item.external_id]
                one.repeat(id_label, RowWhy.SENT_BEFORE)
            elif id(one) in known:
                one.noun_id = known[id(one)]
                one.repeat(self._contact_label(keys), RowWhy.KNOWN_LEAD)
            elif same:
                remark = Remark(RowWhy.DUPLICATE_CONTACT, {"row": same})
                one.repeat(self._contact_label(keys), remark, acts=True)
            else:
                alike = leads.like(placed[id(one)], keys)
                if alike:
                    one.noun_id = alike[0].lead_id
                    one.repeat(self._contact_label(keys), RowWhy.ASKS_AGAIN, acts=True)
                elif other:  # in another campaign: a lead of its own, and not in silence
                    remark = Remark(RowWhy.DUPLICATE_CONTACT, {"row": other})
                    tell(one.warnings, self._contact_label(keys), remark)
                elif shared := self._sharing(seen, keys, number):
                    name, row = shared
                    remark = Remark(RowWhy.SHARED_CONTACT, {"row": row})
                    tell(one.warnings, self.sight.label(name), remark)
            seen.add([own], number)
            seen.add(_anywhere(keys), number, alone=not keys.phones)
            seen.add(marks, number, alone=not keys.phones)
        seen.keep()

    def _marks_of(
        self, one: Verdict, people: dict[int, Person], placed: dict[int, int | None]
    ) -> list[str]:
        campaign, keys = placed[id(one)] or 0, people[id(one)].keys
        return [
            f"id {one.item.external_id}",
            *(f"phone {campaign} {key}" for key in sorted(keys.phones)),
            *(f"email {campaign} {key}" for key in sorted(keys.emails)),
        ]

    @staticmethod
    def _same_person(seen: Seen, marks: list[str], keys: Keys, number: int) -> int | None:
        """Law 4's match among earlier rows: a phone, or an e-mail where one side has no phone."""
        for mark in marks:
            found = seen.row_of(mark, number)
            if found and (mark.startswith("phone") or found[1] or not keys.phones):
                return found[0]
        return None

    @staticmethod
    def _sharing(seen: Seen, keys: Keys, number: int) -> tuple[str, int] | None:
        """(field, earlier row) of a contact that somebody else has too: two phones, one e-mail."""
        for mark in _anywhere(keys):
            found = seen.row_of(mark, number)
            if found:
                return mark.partition(" ")[0], found[0]
        return None

    def _contact_label(self, keys: Keys) -> str:
        names = [name for name, there in (("phone", keys.phones), ("email", keys.emails)) if there]
        return self.sight.label(*names)

    def _delivered(self, ids: list[str]) -> dict[str, int | None]:
        found: dict[str, int | None] = {}
        query = select(Submission.external_id, Submission.lead_id).where(
            Submission.outcome == Outcome.ACCEPTED.value,
            Submission.source_id == self.sender.id,
            Submission.external_id.in_(sorted(set(ids))),
        )
        for external_id, lead_id in self.session.execute(query):
            found[str(external_id)] = lead_id
        return found

    @staticmethod
    def _is_bare(one: Verdict) -> bool:
        return str(one.item.external_id).startswith("row:")

    def _known(
        self, bare: list[Verdict], people: dict[int, Person], placed: dict[int, int | None]
    ) -> dict[int, int]:
        """{verdict: lead} of rows that say nothing that their lead does not say."""
        if not bare:
            return {}
        sharing = leads_sharing()
        query = (
            select(
                Lead.id, Lead.campaign_id, Lead.first_name, Lead.last_name, Lead.middle_name,
                Lead.phone_key, Lead.email_key, Lead.company_name, Lead.job_title,
                Lead.received_at,
            )
            .join(sharing, sharing.c.id == Lead.id)
            .where(Lead.is_test.is_(False))
            .order_by(Lead.id)
        )  # fmt: skip
        params = sharing_params(people[id(one)].keys for one in bare)
        rows = self.session.connection().execute(query, params).all()
        keys: dict[int, set[str]] = {
            row.id: {key for key in (row.phone_key, row.email_key) if key} for row in rows
        }
        points = select(ContactPoint.lead_id, ContactPoint.key).where(
            ContactPoint.lead_id.in_(sorted(keys)), ContactPoint.key.is_not(None)
        )
        for lead_id, key in self.session.execute(points):
            keys[lead_id or 0].add(key or "")
        by_key: dict[str, list[Any]] = {}
        for row in rows:
            for key in keys[row.id]:
                by_key.setdefault(key, []).append(row)
        return {
            id(one): row.id
            for one in bare
            for row in _sharing_rows(by_key, people[id(one)].keys)
            if row.campaign_id == placed[id(one)]
            and _says_nothing_new(one.item, people[id(one)], row, keys[row.id])
        }

    # -- storing ---------------------------------------------------------------------------------

    def store(self, verdicts: Sequence[Verdict]) -> tuple[int, int]:
        """(leads made, requests joined to a lead that was there)"""
        given = [one for one in verdicts if one.item is not None and one.fate is not Fate.WRONG
                 and (one.fate is Fate.READY or one.acts)]  # fmt: skip
        if not given:
            return 0, 0
        for one in given:
            one.item.batch_id = self.sight.file.batch_id
        receipts = receive_many(self.session, [one.item for one in given])
        made = joined = 0
        for one, receipt in zip(given, receipts, strict=True):
            one.noun_id = receipt.lead_id
            if receipt.is_refused:
                self._refused(one, receipt)
            elif receipt.outcome is Outcome.ACCEPTED and receipt.asked_again:
                joined += 1
                if one.fate is Fate.READY:
                    one.repeat("*", RowWhy.ASKS_AGAIN, acts=True)
            elif receipt.outcome is Outcome.ACCEPTED:
                made += 1
                one.fate = Fate.READY
            else:
                one.repeat("*", RowWhy.SENT_BEFORE)
        return made, joined

    @staticmethod
    def _refused(one: Verdict, receipt: Receipt) -> None:
        for where, said in receipt.reasons.items():
            for remark in said:
                one.refuse(where, remark)


def _says_contact(arrival: Arrival) -> bool:
    """Not a count or a sum that stands in the column of phones."""
    digits = sum(char.isdigit() for char in arrival.phone or "")
    return digits >= FEWEST_DIGITS or "@" in (arrival.email or "")


def _anywhere(keys: Keys) -> list[str]:
    """A person's marks whatever the campaign."""
    return [
        *(f"phone * {key}" for key in sorted(keys.phones)),
        *(f"email * {key}" for key in sorted(keys.emails)),
    ]


def _sharing_rows(by_key: dict[str, list[Any]], keys: Keys) -> list[Any]:
    found = {row.id: row for key in keys for row in by_key.get(key, ())}
    return list(found.values())


def _says_nothing_new(arrival: Arrival, person: Person, row: Any, keys: set[str]) -> bool:
    said = (arrival.name or "", *(getattr(person.fields, name) for name in NAMES[:3]))
    words = {word for text in said for word in clean_text(text).casefold().split()}
    known = f"{row.last_name} {row.first_name} {row.middle_name}".casefold().split()
    if not words <= set(known) or not set(person.keys) <= keys:
        return False
    for mine, theirs in (
        (person.company_name, row.company_name),
        (person.job_title, row.job_title),
    ):
        if mine and mine.casefold() != theirs.casefold():
            return False
    if arrival.submitted_at is None:
        return True
    minute = "%Y-%m-%d %H:%M"
    return local(arrival.submitted_at).strftime(minute) == local(row.received_at).strftime(minute)
