"""What people and platforms call the fields of a lead, in English and Russian."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.models.click import KIND_OF, VISITOR_IDS
from app.models.contacts import clean_text

# Compared without letter case, blanks and signs: "Phone-Number" is phonenumber.
ALIASES: dict[str, tuple[str, ...]] = {
    "first_name": ("firstname", "fname", "givenname", "имя"),
    "last_name": ("lastname", "lname", "surname", "familyname", "фамилия"),
    "middle_name": ("middlename", "patronymic", "patronymicname", "secondname", "отчество"),
    "name": ("name", "fullname", "yourname", "contactname", "whatisyourname", "whatsyourname",
             "вашеимя", "каквасзовут", "каквасзвать", "каквамобращаться",
             "какквамобращаться", "имяифамилия", "имяфамилия", "контактноелицо"),
    "fio": ("фио", "fio", "клиент", "вашефио", "фамилияимяотчество"),
    "phone": ("phone", "phonenumber", "phonenumbers", "phones", "tel", "telephone", "тел", "моб",
              "сот", "сотовый", "сотовыйтелефон", "телефоны", "рабочийтелефон", "мойтелефон",
              "mobile", "mobilephone", "mobilenumber", "cell", "whatsapp", "whatsappnumber",
              "workphone", "workphonenumber", "homephone", "contactphone", "contactnumber",
              "телефон", "ваштелефон", "вашномер", "вашномертелефона", "номертелефона", "номер",
              "мобильный", "мобильныйтелефон", "контактныйтелефон"),
    "email": ("email", "emailaddress", "mail", "workemail", "youremail", "useremail", "почта",
              "емейл", "имейл", "электроннаяпочта", "элпочта", "вашапочта", "вашemail",
              "адресэлектроннойпочты"),
    "company_name": ("company", "companyname", "organisation", "organization", "компания",
                     "организация", "названиекомпании"),
    "job_title": ("jobtitle", "position", "должность"),
    "language": ("language", "lang", "locale", "язык"),
    "campaign": ("campaign", "campaignid", "advertisingcompany", "advertisingcampaign", "кампания",
                 "рекламнаякампания"),
    "external_id": ("externalid", "leadid", "tranid", "transactionid", "submissionid", "answerid",
                    "requestid", "номерзаявки"),
    "submitted_at": ("submittedat", "submittime", "leadsubmittime", "createdtime", "createdat",
                     "submissiondate", "submissiontime", "времязаявки", "датазаявки"),
    "consent": ("consent", "agree", "agreement", "privacy", "privacypolicy", "gdpr", "согласие",
                "согласиенаобработку", "согласиенаобработкуперсональныхданных"),
    "consent_text": ("consenttext", "текстсогласия"),
    "consent_at": ("consentat", "consenttime"),
    "is_test": ("istest",),
    "form_id": ("formid",),
}  # fmt: skip
FIELD_OF = {alias: field for field, aliases in ALIASES.items() for alias in aliases}
CLICK_IDS = frozenset(KIND_OF)
MARKS = CLICK_IDS | VISITOR_IDS

# Words of a question whose answer may be a contact when no field was named plainly.
_PHONE = re.compile(
    r"phone|\btel\b|телефон|\bтел\b|мобильн|whats\s?app|номер для связи", re.IGNORECASE
)
# Names that do not say how to reach somebody, and fields that nobody has named: there only what is
# a number from end to end counts.
_REACH = re.compile(
    r"contact|контакт|связ|в[ао]т[сц]?[ао]п|viber|вайбер|telegram|телеграм|перезвон|call\s?back|"
    r"^(?:input|field|text|поле|вопрос|question|ответ|answer)[\W\d_]*$",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"[+(]*\d[\d\s().–-]{7,22}\d")
_EMAIL = re.compile(r"e-?mail|почт|имейл|емейл", re.IGNORECASE)
_NAME = re.compile(
    r"зовут|\bимя\b|\bфио\b|как .*обращаться|your name|full name|first and last", re.IGNORECASE
)
# Of form builders: your-name, user_phone, client[email], form_fields[phone], Phone_2.
_WHOSE = re.compile(r"^(?:your|user|client|customer|contact|lead|person)(?=.)")
_INSIDE = re.compile(r"\[([^\[\]]+)\]$")
_SIGNS = re.compile(r"[\W_]+")
_ADDRESS = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]+")
_NUMBER = re.compile(r"\+[\d\s().–-]{9,25}")


def bare(name: str) -> str:
    return _SIGNS.sub("", clean_text(name).casefold())


def field_of(name: str, known: Mapping[str, str] | None = None) -> str | None:
    """Our field for this name; what the format itself `known`s comes first."""
    inside = _INSIDE.search(name.strip())
    for text in dict.fromkeys((name, inside[1] if inside else name)):
        short = bare(text)
        plain = short.rstrip("0123456789")
        for one in dict.fromkeys((short, plain, _WHOSE.sub("", plain))):
            field = (known or {}).get(one) or FIELD_OF.get(one)
            if field:
                return field
    return None


def guess(question: str, value: str) -> str | None:
    """The contact that a question in many words asks for; the answer must look like one."""
    digits = sum(char.isdigit() for char in value)
    if _REACH.search(question) and digits >= 10 and _DIGITS.fullmatch(value.strip()):
        return "phone"
    if _PHONE.search(question) and 7 <= digits <= 40:
        return "phone"
    if _EMAIL.search(question) and "@" in value:
        return "email"
    if _NAME.search(question) and digits == 0 and 0 < len(value) <= 150:
        return "name"
    return None


def contact_in(value: str) -> str | None:
    """What a whole answer must be, whatever the question: an e-mail, or +7 and so on."""
    if _ADDRESS.fullmatch(value.strip()):
        return "email"
    return "phone" if _NUMBER.fullmatch(value.strip()) else None
