"""Any form or JSON object whose field names people would recognise, English or Russian; lenient."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.intake.arrival import Arrival, CampaignSent
from app.intake.formats.values import HIDDEN, NO, YES, plain_text, read_time, short_texts, storable
from app.intake.remarks import Remark, Why, say
from app.models.contacts import clean_text, split_fio

MOST_FIELDS = 200
CLICK_ID_LIMIT = 255

# Compared without letter case, blanks and signs: "Phone-Number" is phonenumber.
ALIASES: dict[str, tuple[str, ...]] = {
    "first_name": ("firstname", "fname", "givenname", "имя"),
    "last_name": ("lastname", "lname", "surname", "familyname", "фамилия"),
    "middle_name": ("middlename", "patronymic", "patronymicname", "secondname", "отчество"),
    "name": ("name", "fullname", "yourname", "contactname", "вашеимя", "какваззовут",
             "имяифамилия", "контактноелицо"),
    "fio": ("фио", "fio", "клиент", "вашефио"),
    "phone": ("phone", "phonenumber", "phonenumbers", "phones", "tel", "telephone", "mobile",
              "mobilephone", "cell", "whatsapp", "телефон", "ваштелефон",
              "вашномер", "номертелефона", "номер", "мобильный",
              "мобильныйтелефон", "контактныйтелефон"),
    "email": ("email", "emailaddress", "mail", "workemail", "youremail", "почта", "емейл", "имейл",
              "электроннаяпочта", "элпочта", "вашапочта", "вашemail", "адресэлектроннойпочты"),
    "company_name": ("company", "companyname", "organisation", "organization", "компания",
                     "организация", "названиекомпании"),
    "job_title": ("jobtitle", "position", "должность"),
    "language": ("language", "lang", "locale", "язык"),
    "campaign": ("campaign", "campaignid", "advertisingcompany", "advertisingcampaign", "кампания",
                 "рекламнаякампания"),
    "external_id": ("externalid", "leadid", "tranid", "transactionid", "submissionid", "answerid",
                    "requestid", "номерзаявки"),
    "submitted_at": ("submittedat", "submittime", "leadsubmittime", "createdtime", "времязаявки"),
    "consent": ("consent", "agree", "agreement", "privacy", "privacypolicy", "gdpr", "согласие",
                "согласиенаобработку", "согласиенаобработкуперсональныхданных"),
    "consent_text": ("consenttext", "текстсогласия"),
    "consent_at": ("consentat", "consenttime"),
    "is_test": ("istest",),
}  # fmt: skip
FIELD_OF = {alias: field for field, aliases in ALIASES.items() for alias in aliases}
CLICK_IDS = (
    "gclid", "yclid", "fbclid", "gclid", "ttclid", "vkclid", "msclkid", "gbraid", "wbraid",
    "rbclickid", "clickid",
)  # fmt: skip
# Envelopes whose inside is looked at as if it stood outside.
ENVELOPES = frozenset({"lead", "contact", "data", "fields", "form", "person", "client", "utm"})
_SIGNS = re.compile(r"[\W_]+")


def read(values: Mapping[str, Any], arrival: Arrival) -> None:
    """Lenient: one good contact makes the lead, and what is not recognised becomes an answer."""
    arrival.strict = False
    found: dict[str, Any] = {}
    marks: dict[str, Any] = {}
    for name in getattr(values, "twice", ()):
        say(arrival.warnings, clean_text(name)[:100], Why.SENT_TWICE)
    for number, (name, value) in enumerate(_flat(values)):
        if number >= MOST_FIELDS:
            say(arrival.warnings, "", Remark(Why.TOO_MANY, {"limit": MOST_FIELDS}))
            break
        bare = _SIGNS.sub("", clean_text(name).casefold())
        field = FIELD_OF.get(bare)
        if bare.startswith("utm") or bare in CLICK_IDS:
            marks[clean_text(name).lower()] = value
        elif field and field not in found and plain_text(value):
            found[field] = value
        elif value not in (None, "", [], {}, HIDDEN):
            arrival.answers[clean_text(name)[:100]] = storable(value)
    _take(arrival, {name: _as_typed(value) for name, value in found.items()})
    _take_marks(arrival, short_texts(marks))


def _flat(values: Mapping[str, Any], depth: int = 2) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        inside = _SIGNS.sub("", str(name).casefold()) in ENVELOPES
        if isinstance(value, Mapping) and depth and inside:
            yield from _flat(value, depth - 1)
        else:
            yield str(name), value


def _as_typed(value: Any) -> str:
    """A text stays as it came: intake cleans it, and tells when there was something to clean."""
    return value if isinstance(value, str) else plain_text(value)


def _take(arrival: Arrival, found: dict[str, str]) -> None:
    for field in ("first_name", "last_name", "middle_name", "name", "phone", "email",
                  "company_name", "job_title", "language", "external_id"):  # fmt: skip
        setattr(arrival, field, found.get(field) or None)
    if found.get("fio") and not (arrival.first_name or arrival.last_name or arrival.name):
        arrival.last_name, arrival.first_name, arrival.middle_name = split_fio(found["fio"])
    if arrival.first_name and not arrival.last_name and " " in arrival.first_name:
        # "Имя: Анна Пробная": a form with one field for the name.
        arrival.name, arrival.first_name = arrival.first_name, None
    if found.get("campaign"):
        arrival.campaign = CampaignSent(found["campaign"])
    arrival.submitted_at = _time(arrival, "submitted_at", found)
    arrival.is_test = _is_yes(found.get("is_test", ""))
    _take_consent(arrival, found)


def _take_consent(arrival: Arrival, found: dict[str, str]) -> None:
    """A ticked box is consent at the moment of asking; any other text is its wording."""
    ticked = plain_text(found.get("consent"))
    arrival.consent_text = clean_text(found.get("consent_text", ""), multiline=True) or None
    arrival.consent_at = _time(arrival, "consent_at", found)
    if ticked.lower() in NO:
        return
    if ticked.lower() not in YES:
        arrival.consent_text = arrival.consent_text or ticked
    arrival.consent_at = arrival.consent_at or arrival.asked_at


def _take_marks(arrival: Arrival, marks: dict[str, str]) -> None:
    arrival.utm = marks
    ids = [marks[name] for name in marks if _SIGNS.sub("", name) in CLICK_IDS]
    arrival.click_id = next((one for one in ids if len(one) <= CLICK_ID_LIMIT), None)
    if arrival.campaign is None and marks.get("utm_campaign"):
        arrival.campaign = CampaignSent(marks["utm_campaign"], platform=None, is_hint=True)


def _time(arrival: Arrival, field: str, found: dict[str, str]) -> Any:
    text = plain_text(found.get(field))
    if not text:
        return None
    at = read_time(text)
    if at is None:
        say(arrival.warnings, field, Why.BAD_TIME)
        arrival.answers.setdefault(field, text)
    return at


def _is_yes(text: str) -> bool:
    return text.strip().lower() in YES
