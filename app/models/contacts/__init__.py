"""How people are named and reached: texts, phones and e-mails as typed and as keys that match.

Pure functions: no database, no request. Models and intake read contacts through here only.
"""

from app.models.contacts.emails import EMAIL_LIMIT, Email, bare_email, read_email, read_emails
from app.models.contacts.faults import Code, Fault
from app.models.contacts.names import NAME_LIMIT, full_name, split_fio, split_full_name
from app.models.contacts.phones import PHONE_LIMIT, Phone, country_of, read_phones
from app.models.contacts.reading import ContactFields, read_contact
from app.models.contacts.search import like_escape, like_pattern, search_terms, search_text_of
from app.models.contacts.text import TextTooLong, clean_text, faults_in_text

__all__ = [
    "EMAIL_LIMIT",
    "NAME_LIMIT",
    "PHONE_LIMIT",
    "Code",
    "ContactFields",
    "Email",
    "Fault",
    "Phone",
    "TextTooLong",
    "bare_email",
    "clean_text",
    "country_of",
    "faults_in_text",
    "full_name",
    "like_escape",
    "like_pattern",
    "read_contact",
    "read_email",
    "read_emails",
    "read_phones",
    "search_terms",
    "search_text_of",
    "split_fio",
    "split_full_name",
]
