"""Rows of clients: each is made by the noun's own verb; who is here already stays as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.imports.campaigns import CampaignBook
from app.imports.judging import Fate, Seen, Sight, Verdict, tell
from app.imports.remarks import RowWhy
from app.imports.tables import Row
from app.imports.values import bare_id
from app.intake.remarks import Remark, Why
from app.models.campaign import Campaign
from app.models.client import Client, ClientKind
from app.models.company import Company
from app.models.contacts import clean_text, read_email, read_emails, read_phones, split_fio
from app.models.contacts.names import split_full_name
from app.models.matching import Keys, clients_like
from app.models.person import company_region

LANGUAGES = {
    "en": "en", "english": "en", "английский": "en", "ru": "ru", "russian": "ru", "русский": "ru",
}  # fmt: skip
ORGANISATIONS = frozenset(
    {"organisation", "organization", "организация", "company", "компания", "юрлицо", "юр. лицо",
     "юридическое лицо", "legal entity"}
)  # fmt: skip
PEOPLE = frozenset(
    {"person", "физическое лицо", "физлицо", "физ. лицо", "человек", "individual", "частное лицо"}
)
PLAIN = ("legal_name", "tax_id", "branch_code", "tax_country", "address", "bank_details")
PERSON = ("first_name", "last_name", "middle_name")


class Clients:
    """`judge` changes nothing; `store` makes the clients."""

    def __init__(self, session: Session, sight: Sight) -> None:
        self.session, self.sight = session, sight
        self.language = Company.of(session).language
        self.region = company_region(session)

    def judge(self, rows: Sequence[Row]) -> list[Verdict]:
        verdicts = [self.sight.first_look(row) for row in rows]
        good = [one for one in verdicts if one.fate is Fate.READY]
        book = CampaignBook.of(self.session, self.sight, [one.row for one in good])
        for one in good:
            self._read(one, book)
        self._repeats([one for one in good if one.fate is Fate.READY])
        for one in good:
            if one.fate is Fate.READY:
                self._try(one)
        return verdicts

    def _read(self, one: Verdict, book: CampaignBook) -> None:
        sight, row = self.sight, one.row
        values: dict[str, Any] = {
            name: text for name in PLAIN if (text := str(sight.text(row, name)))
        }
        names = self._names(row)
        organisation = clean_text(sight.text(row, "organisation_name"))
        kind = self._kind(one, organisation)
        if kind == ClientKind.ORGANISATION and not organisation:
            whole = clean_text(sight.text(row, "name") or sight.text(row, "fio"))
            organisation, names = whole, {}
        if kind == ClientKind.ORGANISATION:
            values |= {"kind": kind.value, "organisation_name": organisation}
        else:
            values |= names
        phones = "; ".join(bare_id(cell) for cell in sight.texts(row, "phone"))
        emails = sight.texts(row, "email")
        values["phone"] = phones
        values["email"] = emails[0] if emails else ""
        further = emails[1:]
        if emails and read_email(emails[0]).key is None:
            several = read_emails(emails[0])
            if len(several) > 1:
                values["email"], further = (
                    several[0].typed,
                    [e.typed for e in several[1:]] + further,
                )
        if not any((names, organisation, phones, emails)):
            one.fate = Fate.IGNORED if sight.is_total(row) else one.fate
        language = sight.text(row, "language").casefold()
        if language and language not in LANGUAGES:
            remark = Remark(RowWhy.BAD_VALUE, {"sent": clean_text(language)[:60]})
            tell(one.warnings, sight.label("language"), remark)
        values["language"] = LANGUAGES.get(language, self.language)
        self._campaign(one, values, book)
        person = names if kind == ClientKind.ORGANISATION else {}
        one.item = {"values": values, "further": further, "person": person}

    def _names(self, row: Row) -> dict[str, str]:
        sight = self.sight
        names = {name: text for name in PERSON if (text := clean_text(sight.text(row, name)))}
        if names.get("first_name") or names.get("last_name"):
            return names
        fio, whole = sight.text(row, "fio"), sight.text(row, "name")
        if fio:
            last, first, middle = split_fio(fio)
        else:
            (first, last), middle = split_full_name(whole), names.get("middle_name", "")
        found = {"first_name": first, "last_name": last, "middle_name": middle}
        return {name: text for name, text in found.items() if text}

    def _kind(self, one: Verdict, organisation: str) -> ClientKind:
        said = clean_text(self.sight.text(one.row, "kind")).casefold()
        if said in ORGANISATIONS:
            return ClientKind.ORGANISATION
        if said in PEOPLE:
            return ClientKind.PERSON
        if said:
            remark = Remark(RowWhy.BAD_VALUE, {"sent": said[:60]})
            tell(one.warnings, self.sight.label("kind"), remark)
        return ClientKind.ORGANISATION if organisation else ClientKind.PERSON

    def _campaign(self, one: Verdict, values: dict[str, Any], book: CampaignBook) -> None:
        external = self.sight.id(one.row, "campaign_id")
        title = clean_text(self.sight.text(one.row, "campaign"))
        found = book.by_id(external) if external else None
        titled = [found.id] if found else book.by_title(title)
        campaign_id = titled[0] if len(titled) == 1 else self.sight.plan.campaign_id
        if (external or title) and len(titled) != 1:
            label = self.sight.label("campaign" if title else "campaign_id")
            remark = Remark(Why.UNKNOWN_CAMPAIGN, {"sent": (title or external)[:60]})
            tell(one.warnings, label, remark)
        if campaign_id:
            values["campaign"] = self.session.get(Campaign, campaign_id)

    # -- who is here already ---------------------------------------------------------------------

    def _repeats(self, good: list[Verdict]) -> None:
        marks = {id(one): self._marks(one) for one in good}
        seen = Seen(self.session, self.sight.file, [m for found in marks.values() for m in found])
        for one in good:
            keys, number = self._keys(one), one.row.number
            before = next((f for m in marks[id(one)] if (f := seen.row_of(m, number))), None)
            label = self._label(one, keys)
            if before:
                one.repeat(label, Remark(RowWhy.DUPLICATE_CONTACT, {"row": before[0]}))
            else:
                known = self._known(one, keys)
                if known is not None:
                    one.noun_id = known.id
                    one.repeat(label, RowWhy.KNOWN_CLIENT)
            seen.add(marks[id(one)], number)
        seen.keep()

    def _keys(self, one: Verdict) -> Keys:
        values = one.item["values"]
        phones = read_phones(values["phone"], self.region) if values["phone"] else []
        emails = [read_email(text) for text in (values["email"], *one.item["further"]) if text]
        return Keys(
            frozenset(phone.key for phone in phones if phone.key),
            frozenset(email.key for email in emails if email.key),
        )

    def _name_of(self, one: Verdict) -> str:
        values = one.item["values"]
        names = [values.get(name, "") for name in ("organisation_name", *PERSON)]
        return clean_text(" ".join(names)).casefold()

    def _marks(self, one: Verdict) -> list[str]:
        keys, values = self._keys(one), one.item["values"]
        marks = [f"phone {key}" for key in sorted(keys.phones)]
        marks += [f"email {key}" for key in sorted(keys.emails)] if not keys.phones else []
        if values.get("tax_id"):
            marks.append(f"tax {values.get('tax_country', '')} {values['tax_id']}"
                         f" {values.get('branch_code', '')}")  # fmt: skip
        if not keys and not values.get("tax_id"):
            marks.append(f"name {self._name_of(one)}")
        return marks

    def _known(self, one: Verdict, keys: Keys) -> Client | None:
        for client in clients_like(self.session, keys):
            people = [Keys.of(client), *(Keys.of(person) for person in client.people)]
            if any(keys.match(other) is not None for other in people):
                return client
        values = one.item["values"]
        query = select(Client).where(Client.archived_at.is_(None)).order_by(Client.id).limit(1)
        if values.get("tax_id"):
            return self.session.scalar(
                query.where(
                    Client.tax_id == clean_text(values["tax_id"]),
                    Client.branch_code == clean_text(values.get("branch_code", "")),
                )
            )
        if keys or not self._name_of(one):
            return None
        names: tuple[str, ...] = ("organisation_name", *PERSON)
        if values.get("kind") == ClientKind.ORGANISATION:
            names = ("organisation_name",)  # whoever stands beside it is its contact person
        same = [getattr(Client, name) == values.get(name, "") for name in names]
        return self.session.scalar(query.where(*same))

    def _label(self, one: Verdict, keys: Keys) -> str:
        names = [name for name, there in (("phone", keys.phones), ("email", keys.emails)) if there]
        if not names and one.item["values"].get("tax_id"):
            names = ["tax_id"]
        return self.sight.label(*names) if names else "*"

    # -- the noun's own checks -------------------------------------------------------------------

    def _try(self, one: Verdict) -> None:
        """What the noun would refuse, without writing anything."""
        client = Client(contact_points=[], people=[])
        self.session.add(client)
        try:
            with self.session.no_autoflush:
                client._take(dict(one.item["values"]))
        except Invalid as error:
            for field, faults in error.faults.items():
                for fault in faults:
                    one.refuse(self._header(field), Remark(str(fault.message), fault.params))
        finally:
            self.session.expunge(client)

    def _header(self, field: str) -> str:
        if self.sight.places.get(field):
            return self.sight.label(field)
        whole = next((name for name in ("fio", "name") if self.sight.places.get(name)), "")
        return self.sight.label(whole) if whole else "*"

    def store(self, verdicts: Sequence[Verdict]) -> tuple[int, int]:
        """(clients made, 0)"""
        made = 0
        for one in verdicts:
            if one.fate is not Fate.READY:
                continue
            client = Client(contact_points=[])
            try:
                with self.session.begin_nested():
                    self.session.add(client)
                    with self.session.no_autoflush:
                        client.create(**one.item["values"])
                        for text in one.item["further"]:
                            client.add_email(read_email(text))
                        if one.item["person"]:
                            client.add_person(**one.item["person"])
                    client.refresh_search_text()
            except Invalid as error:  # somebody took the tax id meanwhile
                for field, faults in error.faults.items():
                    for fault in faults:
                        one.refuse(self._header(field), Remark(str(fault.message), fault.params))
                continue
            one.noun_id = client.id
            made += 1
        self.session.flush()
        return made, 0
