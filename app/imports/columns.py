"""What the columns of a file mean: headers in English and Russian as senders, CRMs and people write
them, told apart for leads, clients and spend.

A header is compared without letter case, blanks, signs and what stands in brackets. What nobody
knows is kept with a lead as an answer. Of several columns for one field the first of the aliases
wins; phones and e-mails are joined in that order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.models.contacts import read_email, read_phones
from app.models.import_file import ImportKind as Kind

ANSWER, SKIP = "answer", "skip"
SEVERAL = frozenset({"phone", "email", ANSWER, SKIP, "utm", "click_id"})  # a field of many columns
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_SIGNS = re.compile(r"[\W_]+")


PERSON: dict[str, tuple[str, ...]] = {
    "first_name": ("имя", "firstname", "fname", "givenname", "имяклиента", "имялида",
                   "vorname", "prénom", "nombre", "імя"),
    "last_name": ("фамилия", "lastname", "lname", "surname", "familyname", "nachname",
                  "familienname", "nomdefamille", "apellido", "apellidos", "прізвище"),
    "middle_name": ("отчество", "middlename", "patronymic", "patronymicname", "secondname",
                    "побатькові"),
    "name": (
        "fullname", "полноеимя", "полноеимяконтакта", "name", "contactname", "имяконтакта",
        "основнойконтакт", "контактноелицо", "контакт", "contact", "yourname", "вашеимя",
        "каквасзовут", "имяифамилия", "username", "leadname", "clientname", "customername",
        "customer", "person", "имяпользователя",
    ),
    "fio": (
        "фио", "fio", "клиент", "фиоклиента", "вашефио", "фиоконтакта", "фамилияимяотчество",
        "фамилияимя", "заявитель", "покупатель",
    ),
    "phone": (
        "мобильныйтелефон", "телефонмобильный", "мобильный", "mobilephone", "mobile",
        "mobilephonenumber", "mobilenumber", "cell", "сотовый", "сотовыйтелефон",
        "phone", "phonenumber", "телефон", "номертелефона", "userphone", "phonenumbers", "phones",
        "tel", "telephone", "вашномер", "ваштелефон", "телефоны", "телефонклиента",
        "телефонконтакта", "контактныйтелефон", "contactphone", "whatsapp", "номер", "phone1",
        "phone1value", "телефон1", "рабочийтелефон", "телефонрабочий", "workphone",
        "workphonenumber", "businessphone", "domashniytelefon", "домашнийтелефон", "homephone",
        "другойтелефон", "otherphone", "phone2", "phone2value", "телефон2", "phone3", "телефон3",
        "тел", "моб", "сот", "мобтел", "телмоб", "сотовыйномер", "telefon", "telefonnummer",
        "handy", "handynummer", "téléphone", "portable", "teléfono", "телефони", "номертелефону",
        "дополнительныйтелефон", "другиеконтакты", "furthercontacts",
    ),
    "email": (
        "email", "emailaddress", "useremail", "youremail", "mail", "emails", "почта",
        "электроннаяпочта", "элпочта", "емейл", "имейл", "вашапочта", "вашemail", "адресэлпочты",
        "адресэлектроннойпочты", "contactemail", "emailклиента", "emailконтакта", "email1",
        "email1value", "личныйemail", "частныйemail", "personalemail", "workemail",
        "рабочийemail", "businessemail", "companyemail", "другойemail", "otheremail", "email2",
        "email2value", "emailadresse", "courriel", "adresseemail", "correo", "correoelectrónico",
        "пошта", "електроннапошта",
    ),
    "language": ("language", "lang", "locale", "язык"),
    "campaign_id": (
        "campaignid", "idкампании", "номеркампании", "idрекламнойкампании", "campaignno",
        "advertisingcompany", "advertisingcampaign", "кампанияid",
    ),
    "campaign": (
        "campaign", "campaignname", "кампания", "рекламнаякампания", "названиекампании",
        "имякампании", "campaigntitle",
    ),
}  # fmt: skip

FIELDS: dict[Kind, dict[str, tuple[str, ...]]] = {
    Kind.LEADS: {
        **PERSON,
        "company_name": (
            "company", "companyname", "компания", "организация", "названиекомпании",
            "organisation", "organization", "компанияконтакта", "associatedcompany",
            "компанияклиента",
        ),
        "job_title": ("jobtitle", "должность", "position", "роль"),
        "external_id": (
            "leadid", "tranid", "transactionid", "externalid", "submissionid", "responseid",
            "idзаявки", "номерзаявки", "idлида", "idсделки", "recordid", "answerid", "id",
            "requestid", "dealid", "contactid", "idконтакта",
        ),
        "submitted_at": (
            "submittedat", "submittime", "leadsubmittime", "createdtime", "createtime", "created",
            "createdat", "createdate", "creationdate", "datecreated", "датасоздания", "создан",
            "датасозданиясделки", "датасозданиялида", "датаобращения", "датазаявки",
            "времязаявки", "времясоздания", "датаивремя", "датавремя", "отметкавремени",
            "timestamp", "receivedat", "получен", "получено", "получена", "submissiondate",
            "submissiontime",
            "datum", "erstelltam", "datedecréation", "fecha", "датастворення",
            "датапоступления", "когда", "дата", "date", "datetime", "время", "time",
        ),
        "click_id": ("gclid", "yclid", "fbclid", "ttclid", "vkclid", "msclkid", "gbraid", "wbraid",
                     "rbclickid", "clickid"),
        "is_test": ("istest",),
        "amount": ("сумма", "бюджет", "amount", "budget", "dealvalue", "dealamount", "суммасделки",
                   "стоимость", "цена", "price"),
        "platform_id": (
            "adid", "adsetid", "adgroupid", "formid", "pageid", "creativeid", "assetgroupid",
        ),
        SKIP: ("rowinthefile", "whynotimported", "строкафайла", "почемунезагружено"),
    },
    Kind.CLIENTS: {
        **PERSON,
        "kind": ("kind", "type", "вид", "тип", "типклиента"),
        "organisation_name": (
            "organisation", "organization", "организация", "company", "companyname", "компания",
            "названиекомпании", "названиеорганизации", "organisationname", "organizationname",
            "название",
        ),
        "legal_name": ("legalname", "юридическоеназвание", "юрназвание", "полноенаименование",
                       "юрлицо", "наименование"),
        "tax_id": ("taxid", "инн", "vat", "vatid", "vatnumber", "taxnumber", "иннкпп"),
        "branch_code": ("branchcode", "кпп"),
        "tax_country": ("taxcountry", "странаналогов", "country", "страна"),
        "address": ("address", "адрес", "юридическийадрес", "legaladdress"),
        "bank_details": ("bankdetails", "банковскиереквизиты", "реквизиты"),
        SKIP: ("rowinthefile", "whynotimported", "строкафайла", "почемунезагружено"),
    },
    Kind.SPEND: {
        "day": ("day", "date", "день", "дата", "датапоказа", "reportdate"),
        "from_day": ("reportingstarts", "startdate", "началопериода", "началоотчетности"),
        "to_day": ("reportingends", "enddate", "конецпериода", "окончаниеотчетности"),
        "campaign_id": PERSON["campaign_id"],
        "campaign": PERSON["campaign"],
        "amount": (
            "cost", "amountspent", "spend", "spent", "расход", "расходы", "потраченовсего",
            "потрачено", "затраты", "сумма", "amount", "totalcost", "стоимость", "списано",
            "суммазатрат", "costrub", "израсходовано",
        ),
        "origin": ("origin", "откудаданные"),
        "currency": ("currency", "currencycode", "валюта", "кодвалюты", "accountcurrency"),
        SKIP: ("rowinthefile", "whynotimported", "строкафайла", "почемунезагружено"),
    },
}  # fmt: skip
_ALIASES = {
    kind: {
        alias: (name, place)
        for name, aliases in fields.items()
        for place, alias in enumerate(aliases)
    }
    for kind, fields in FIELDS.items()
}
# Of these at least one column of each group must be there.
NEEDED: dict[Kind, tuple[tuple[str, ...], ...]] = {
    Kind.LEADS: (("phone", "email"),),
    Kind.CLIENTS: (
        ("name", "fio", "first_name", "last_name", "organisation_name", "phone", "email"),
    ),
    Kind.SPEND: (("day", "from_day"), ("campaign", "campaign_id"), ("amount",)),
}


_NUMBERING = frozenset({"номер", "номерпп", "номерппп", "номерстроки"})


def bare_header(header: str) -> str:
    """How headers are compared."""
    text = header.replace("№", " номер ").casefold().replace("ё", "е")
    outside = _SIGNS.sub("", _BRACKETS.sub(" ", text))
    return outside or _SIGNS.sub("", text)


def recognised(kind: Kind, header: str) -> tuple[str, int] | None:
    """(field, place among its aliases)"""
    bare = bare_header(header)
    if bare in _NUMBERING and "№" in header:
        return ANSWER if kind is Kind.LEADS else SKIP, 0  # rows that are counted, and no phone
    found = _ALIASES[kind].get(bare)
    if found is None:  # "Потрачено всего, ₽", "Amount spent RUB"
        found = _ALIASES[kind].get(re.sub(r"(rub|usd|eur|руб|kzt)$", "", bare))
    if found is None and kind is Kind.LEADS and bare.startswith("utm"):
        return "utm", 0
    return found


@dataclass(frozen=True, slots=True)
class Sender:
    """A service whose files are known by their headers: what they mean beyond the names."""

    name: str
    headers: frozenset[str]
    month_first: bool | None = None
    utc: bool = False


SENDERS = (
    Sender("LinkedIn", frozenset({"submittedat", "campaigngroupname", "accountname"}), True, True),
    Sender("TikTok", frozenset({"leadid", "createtime", "adgroupid"}), False, True),
)


def sender_of(headers: Sequence[str]) -> Sender | None:
    bare = {bare_header(header) for header in headers}
    return next((one for one in SENDERS if one.headers <= bare), None)


@dataclass(slots=True)
class Columns:
    """The meaning of each column, in the order of the file."""

    kind: Kind
    headers: list[str]
    fields: list[str] = field(default_factory=list)

    def places(self, name: str) -> list[int]:
        """The columns of a field, the weightiest first."""
        found = [place for place, one in enumerate(self.fields) if one == name]
        return sorted(found, key=lambda place: (self._weight(place), place))

    def label(self, *names: str) -> str:
        """The file's own headers for these fields, for reports."""
        places = sorted(place for name in names for place in self.places(name))
        return ",".join(self.headers[place] for place in places) or ",".join(names)

    def missing(self) -> list[tuple[str, ...]]:
        return [group for group in NEEDED[self.kind] if not set(group) & set(self.fields)]

    def _weight(self, place: int) -> int:
        found = recognised(self.kind, self.headers[place])
        return found[1] if found and found[0] == self.fields[place] else 1000


def guess_columns(kind: Kind, headers: list[str], samples: Sequence[Sequence[str]]) -> Columns:
    """By the headers; a phone or an e-mail that no header names, by the look of the values."""
    found = [recognised(kind, header) for header in headers]
    best: dict[str, int] = {}
    for place, one in enumerate(found):
        if one and one[0] not in SEVERAL:
            holder = best.get(one[0])
            rival = found[holder] if holder is not None else None
            if rival is None or one[1] < rival[1]:
                best[one[0]] = place
    other = ANSWER if kind is Kind.LEADS else SKIP
    fields = [
        one[0] if one and (one[0] in SEVERAL or best[one[0]] == place or one[0] == "platform_id")
        else other
        for place, one in enumerate(found)
    ]  # fmt: skip
    phones = [place for place, one in enumerate(fields) if one == "phone"]
    for place in phones if len(phones) > 1 else ():
        if bare_header(headers[place]) == "номер":  # of an order, where the phone has its own
            fields[place] = other
    if kind is not Kind.SPEND:
        _by_look(fields, samples, other)
        if "first_name" in fields and "last_name" not in fields and "name" not in fields:
            fields[fields.index("first_name")] = "name"  # one column for the whole name
    return Columns(kind, headers, fields)


def _by_look(fields: list[str], samples: Sequence[Sequence[str]], other: str) -> None:
    for wanted, fits in (
        ("email", lambda text: read_email(text).key is not None),
        ("phone", lambda text: any(phone.key for phone in read_phones(text, "RU"))),
    ):
        if wanted in fields:
            continue
        for place, one in enumerate(fields):
            values = [row[place] for row in samples if place < len(row) and row[place].strip()]
            if one == other and values and all(map(fits, values)):
                fields[place] = wanted
                break


def header_row(kind: Kind, rows: Sequence[Any]) -> int:
    """The number of the row that names the columns: the one with most known headers, the first of
    these; else the first of the widest ones. 0 when the rows begin at once.
    """
    best, number = 0, 0
    for row in rows:
        known = {one[0] for cell in row.cells if cell.strip() and (one := recognised(kind, cell))}
        filled = sum(bool(cell.strip()) for cell in row.cells)
        if len(known) > best and (filled > 1 or len(row.cells) == 1):
            best, number = len(known), row.number
    if best:
        return number
    filled_rows = [(sum(bool(cell.strip()) for cell in row.cells), row) for row in rows]
    widest = max((count for count, _ in filled_rows), default=0)
    first = next((row for count, row in filled_rows if count == widest and count), None)
    if first is None or _is_data(first.cells):
        return 0
    return int(first.number)


def _is_data(cells: Sequence[str]) -> bool:
    """A phone or an e-mail names no column."""
    return any(
        read_email(cell).key or any(phone.key for phone in read_phones(cell, "RU"))
        for cell in cells
        if cell.strip()
    )
