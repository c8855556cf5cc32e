"""Names, phones, e-mails and search as people really type them."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.models.contacts import (
    NAME_LIMIT,
    Code,
    Fault,
    TextTooLong,
    clean_text,
    country_of,
    faults_in_text,
    full_name,
    like_pattern,
    read_contact,
    read_email,
    read_emails,
    read_phones,
    search_terms,
    search_text_of,
    split_fio,
    split_full_name,
)

CASES = json.loads((Path(__file__).parent.parent / "cases" / "contacts.json").read_text("utf-8"))
# The tables of countries load at the first use, which takes longer than one example may.
patient = settings(deadline=None)
any_text = st.text(st.characters(), max_size=60)  # lone surrogates and controls included
phone_like = st.text("0123456789+()-. ,;/#xдобext\n٠١٢９🙂eE", max_size=60)
regions = st.sampled_from(["RU", "US", "DE", "IT", "UA", "ZZ", ""])


def key_of(value, region="RU"):
    phones = read_phones(value, region)
    return phones[0].key if phones else None


def keys_of(value, region="RU"):
    return [phone.key for phone in read_phones(value, region)]


def codes(faults):
    return {field: [fault.code for fault in found] for field, found in faults.items()}


def finds(query, search_text):
    """What the list does, on the database that knows letter case of ASCII only."""
    with sqlite3.connect(":memory:") as connection:
        answers = [
            connection.execute(r"SELECT ? LIKE ? ESCAPE '\'", (search_text, like_pattern(term)))
            for term in search_terms(query)
        ]
        found = all(answer.fetchone()[0] for answer in answers)
    connection.close()
    return found


# -- the shared cases ------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES["contacts"], ids=lambda case: case["id"])
def test_a_lenient_door_reads_each_case(case):
    expect = case["expect"]
    fields, errors, warnings = read_contact(**case["input"])
    assert errors == {}
    assert sorted(warnings) == expect["warnings"]
    assert (fields.first_name, fields.last_name) == (expect["first_name"], expect["last_name"])
    assert fields.phone_key == expect["phone"]
    assert (fields.phone.extension if fields.phone else None) == expect["phone_ext"]
    assert fields.email_key == expect["email"]
    assert [phone.key for phone in fields.other_phones] == expect.get("other_phones", [])
    if "country" in expect:
        assert country_of(expect["phone"]) == expect["country"]


@pytest.mark.parametrize(
    "case", [c for c in CASES["contacts"] if "find_by" in c["expect"]], ids=lambda case: case["id"]
)
def test_search_finds_each_case(case):
    fields, _, _ = read_contact(**case["input"])
    stored = search_text_of(
        fields.first_name, fields.last_name, fields.email_key, phones=[fields.phone_key]
    )
    for query in case["expect"]["find_by"]:
        assert finds(query, stored), query


@pytest.mark.parametrize(
    ("case_id", "refused"),
    [
        ("o12", {"name": ["nul", "control_character"], "phone": ["nul"], "email": ["nul"]}),
        ("o13", {"phone": ["bad_phone"]}),
        ("o14", {"email": ["bad_email"]}),
        ("o10", {}),
        ("o15", {}),
    ],
)
def test_a_strict_door_names_all_faulty_fields(case_id, refused):
    case = next(case for case in CASES["contacts"] if case["id"] == case_id)
    _, errors, warnings = read_contact(**case["input"], strict=True)
    assert codes(errors) == refused
    assert warnings == {}


# -- texts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_text", "cleaned"),
    [
        ("  Анна \t  Мария ", "Анна Мария"),
        ("a\u00a0b\u2009c\u3000d\u202fe", "a b c d e"),
        ("Nguye\u0302\u0303n", "Nguyễn"),
        ("e\u200b\u0301", "é"),
        ("\ufeffИван\u200b", "Иван"),
        ("a\u202eb\u2066c\u2069\u200fd", "abcd"),
        ("a\x00b\x07c\x1fd\x9fe", "abcde"),
        ("a\ud800b", "ab"),
        ("Anna\r\nBcc: evil@example.com", "Anna Bcc: evil@example.com"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("\u200dИван\u200c \u200d Тест\u200d", "Иван Тест"),
        ("🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f"),
        ("a\U000e0067b", "ab"),
        ("\u3164\u2800", ""),
        ('Test, Anna "A" O\'Toole <b> %s', 'Test, Anna "A" O\'Toole <b> %s'),
        ("д’Артуа ß İ ı", "д’Артуа ß İ ı"),
    ],
)
def test_a_text_is_cleaned_to_one_spelling(given_text, cleaned):
    assert clean_text(given_text) == cleaned


def test_a_text_of_several_lines_keeps_them():
    assert clean_text(" a  b\r\nc\rd\u2028\n\n\n\ne ", multiline=True) == "a b\nc\nd\n\ne"


def test_a_long_text_is_refused_with_its_limit_and_never_cut():
    assert clean_text("я" * 150, limit=150) == "я" * 150
    with pytest.raises(TextTooLong) as refused:
        clean_text("я" * 151, limit=150)
    assert "150" in str(refused.value)


def test_the_limit_counts_what_is_stored():
    assert len(clean_text("e\u0301  " * 10 + "\u200b" * 100, limit=19)) == 19


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("a\x00", [Code.NUL]),
        ("a\x07b\x85", [Code.CONTROL, Code.LINE_BREAK]),
        ("Anna\r\nBcc: x", [Code.LINE_BREAK]),
        ("a\u202eb", [Code.BIDI]),
        ("a\u2067b", [Code.BIDI]),
        ("a\udfffb", [Code.SURROGATE]),
        (" Анна\u200b\n", []),
        ("שלום\u200f", []),
        ("👨‍👩‍👧", []),
    ],
)
def test_strict_doors_learn_what_a_text_must_not_hold(value, found):
    assert [fault.code for fault in faults_in_text(value)] == found


def test_line_breaks_are_no_fault_of_a_text_of_several_lines():
    assert faults_in_text("a\nb", multiline=True) == []


@patient
@given(any_text, st.booleans())
def test_cleaning_any_text_is_safe_to_store_and_final(value, multiline):
    once = clean_text(value, multiline=multiline)
    assert clean_text(once, multiline=multiline) == once
    assert unicodedata.is_normalized("NFC", once)
    assert faults_in_text(once, multiline=multiline) == []
    once.encode("utf-8")


# -- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Мария Ивановна Пробная", "Мария", "Ивановна Пробная"),
        ("Жан-Люк д’Артуа", "Жан-Люк", "д’Артуа"),
        ("王小明", "王小明", ""),
        ("ნინო ტესტაძე", "ნინო", "ტესტაძე"),
        ("דוד מבחן", "דוד", "מבחן"),
        ("김 시험", "김", "시험"),
        ("  ", "", ""),
        ('Anna, "A" Test', "Anna,", '"A" Test'),
    ],
)
def test_one_name_column_is_the_first_word_and_the_rest(name, first, last):
    assert split_full_name(name) == (first, last)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Пробная Анна Петровна", ("Пробная", "Анна", "Петровна")),
        ("Тестов Иван", ("Тестов", "Иван", "")),
        ("Щ", ("", "Щ", "")),
        ("Тестов Рустам Али оглы", ("Тестов", "Рустам", "Али оглы")),
        ("", ("", "", "")),
    ],
)
def test_fio_is_last_first_middle(name, parts):
    assert split_fio(name) == parts


@patient
@given(any_text)
def test_splitting_a_name_loses_nothing(name):
    assert " ".join(part for part in split_full_name(name) if part) == clean_text(name)
    assert " ".join(part for part in split_fio(name) if part) == clean_text(name)


@pytest.mark.parametrize(
    ("parts", "language", "shown"),
    [
        (("Ёлкин", "Семён", "Ильич"), "ru", "Ёлкин Семён Ильич"),
        (("Ёлкин", "Семён", None), "ru_RU", "Ёлкин Семён"),
        (("Ёлкин", "Семён", "Ильич"), "en", "Семён Ёлкин"),
        (("", "Мадонна", ""), "en", "Мадонна"),
        (("", "", "Ильич"), "en", "Ильич"),
        ((None, None, None), "ru", ""),
    ],
)
def test_a_name_is_shown_in_the_order_of_the_language(parts, language, shown):
    last, first, middle = parts
    assert full_name(last, first, middle, language) == shown


# -- phones ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "typed", "key"),
    [
        # one Russian mobile, many notations (bug report 2)
        ("RU", "+79000000001", "+79000000001"),
        ("RU", "89000000001", "+79000000001"),
        ("RU", "79000000001", "+79000000001"),
        ("RU", "9000000001", "+79000000001"),
        ("RU", "8 (900) 000-00-01", "+79000000001"),
        ("RU", "8–900–000–00–01", "+79000000001"),
        ("RU", "+7.900.000.00.01", "+79000000001"),
        ("RU", "8 900\u2009000\u00a000\u202f01", "+79000000001"),
        ("RU", "(+7) 900 000-00-01", "+79000000001"),
        ("RU", "+8 (900) 000-00-01", "+79000000001"),
        ("RU", "+7 8 900 000 00 01", "+79000000001"),
        ("RU", "00 7 900 000 00 01", "+79000000001"),
        ("RU", "тел.: 8 900 000 00 01", "+79000000001"),
        ("RU", "p:+79000000001", "+79000000001"),
        ("RU", "'+79000000001", "+79000000001"),
        ("RU", "\u202a+79000000001\u202c", "+79000000001"),
        ("RU", "79000000001.0", "+79000000001"),
        ("RU", "после 18:00 8 900 000 00 01", "+79000000001"),
        ("RU", "8,900,000,00,01", "+79000000001"),
        ("RU", "8 (812) 000-00-01", "+78120000001"),
        ("RU", "8 800 000-00-01", "+78000000001"),
        # abroad, seen from Russia
        ("RU", "8 701 000 00 01", "+77010000001"),
        ("RU", "+380 50 000 00 01", "+380500000001"),
        ("RU", "380500000001", "+380500000001"),
        ("RU", "00380500000001", "+380500000001"),
        ("RU", "8~10 380 50 000 00 01", "+380500000001"),
        ("RU", "1-650-555-0123", "+16505550123"),
        ("RU", "+39 (0)6 12345678", "+390612345678"),
        ("RU", "+34 (0)91 123 45 67", "+34911234567"),
        # other companies
        ("KZ", "8 (701) 000-00-01", "+77010000001"),
        ("UA", "050 123-45-67", "+380501234567"),
        ("UA", "8 (050) 123-45-67", "+380501234567"),
        ("BY", "8 (029) 123-45-67", "+375291234567"),
        ("UZ", "90 123 45 67", "+998901234567"),
        ("GE", "555 00 00 01", "+995555000001"),
        ("DE", "030/23125-008", "+493023125008"),
        ("DE", "+49 (0) 170 1234567", "+491701234567"),
        ("GB", "020 7946 0958", "+442079460958"),
        ("GB", "07700 900123", "+447700900123"),
        ("US", "(202) 555-0143", "+12025550143"),
        ("IL", "050-000-0001", "+972500000001"),
        ("KR", "010-0000-0001", "+821000000001"),
        ("FR", "01 99 00 00 11", "+33199000011"),
        # digits of other scripts
        ("IN", "९००००००००१", "+919000000001"),
        ("IR", "۰۹۱۲۰۰۰۰۰۰۱", "+989120000001"),
        ("BD", "০১৭১২০০০০০১", "+8801712000001"),
        ("TH", "๐๘๑๐๐๐๐๐๐๑", "+66810000001"),
    ],
)
def test_one_number_has_one_key_in_every_notation(region, typed, key):
    assert keys_of(typed, region) == [key]


@pytest.mark.parametrize(
    "typed",
    [
        "112", "02", "8900", "+7900", "8 900 000 00", "8 900 000 00 011", "0000000000",
        "+7 000 000-00-00", "+7 (123) 456-78-90", "+1 555 555 5555", "not a phone", "нет", "#N/A",
        "7.9001234567e10", "7,9E+10", "7.9E10", "79E+9", "7,9е10", "7900123456.70",
        "8 9OO 000 00 01", "+7 900 ***-00-01", "+7 900 xxx-xx-01", "31.12.2026", "-", "🙂",
        "<test lead: dummy data for phone_number>", "1" * 400,
    ],
)  # fmt: skip
def test_what_no_phone_has_gets_no_key_and_keeps_its_text(typed):
    (phone,) = read_phones(typed, "RU")
    assert phone.key is None
    assert phone.typed == typed


@pytest.mark.parametrize("typed", ["", "  \n", "p:", "тел.:", "\x00\u200b"])
def test_no_phone_is_no_phone(typed):
    assert read_phones(typed, "RU") == []


@pytest.mark.parametrize(
    ("typed", "extension"),
    [
        ("8 (495) 000-00-01 доб. 12", "12"),
        ("8 (495) 000-00-01 доб.12", "12"),
        ("8(495)000-00-01доб12", "12"),
        ("8 (495) 000-00-01, доб. 12", "12"),
        ("8 (495) 000-00-01 (доб. 12)", "12"),
        ("8 (495) 000-00-01 (добавочный номер 12)", "12"),
        ("8 (495) 000-00-01 вн. 12", "12"),
        ("8 (495) 000-00-01 внутр. 12", "12"),
        ("+7 495 000-00-01 ext. 45", "45"),
        ("+7 495 000-00-01;ext=45", "45"),
        ("+7 495 000-00-01 Extension: 0045", "0045"),
        ("+7 495 000-00-01x12", "12"),
        ("+7 495 000-00-01 х12", "12"),
        ("+7 495 000-00-01 #12", "12"),
        ("+7 495 000-00-01,,12", "12"),
        ("8 495 000-00-01 доб. ١٢", "12"),
        ("8 495 000-00-01 доб. 12, 13", "12, 13"),
        ("8 495 000-00-01 доб. 12/13", "12/13"),
    ],
)
def test_an_extension_is_told_from_the_number(typed, extension):
    (phone,) = read_phones(typed, "RU")
    assert (phone.key, phone.extension, phone.remark) == ("+74950000001", extension, "")


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("+7 (900) 000-10-15, 8 900 000 10 16", ["+79000001015", "+79000001016"]),
        ("89000000702,89000000703", ["+79000000702", "+79000000703"]),
        ("89000000001/89000000002", ["+79000000001", "+79000000002"]),
        ("89000000001; 89000000002;", ["+79000000001", "+79000000002"]),
        ("89000000001\n89000000002", ["+79000000001", "+79000000002"]),
        ("8 900 000 00 01 или 8 900 000 00 02", ["+79000000001", "+79000000002"]),
        ("8 900 000 00 01 or +1 202 555 0143", ["+79000000001", "+12025550143"]),
        ("+79000000001+79000000002", ["+79000000001", "+79000000002"]),
        ("89000000001 89000000002 89000000003", [f"+7900000000{n}" for n in (1, 2, 3)]),
        ("8 900 000 00 01 - 8 900 000 00 02", ["+79000000001", "+79000000002"]),
        ("8 495 000-00-01 доб. 12, 8 900 000 00 02", ["+74950000001", "+79000000002"]),
        ("9000000001, 8 900 000 00 01", ["+79000000001"]),
        ("+7 900 000 00 01 (муж), +7 900 000 00 02 (жена)", ["+79000000001", "+79000000002"]),
        ("89000000001, 8900000", ["+79000000001", None]),
    ],
)
def test_several_numbers_in_one_text_are_told_apart(typed, keys):
    assert keys_of(typed) == keys


def test_each_of_several_numbers_keeps_its_own_text():
    phones = read_phones("+7 (900) 000-10-15, 8 495 000 10 16 доб. 7 или 9000000003", "RU")
    assert [phone.typed for phone in phones] == [
        "+7 (900) 000-10-15",
        "8 495 000 10 16 доб. 7",
        "9000000003",
    ]


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_the_example_numbers_of_every_country_are_read(region):
    number = phonenumbers.example_number(region)
    assert number is not None
    key = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    international = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    assert key_of(key, "RU") == key
    assert key_of(international, "RU") == key
    assert key_of(national, region) == key
    assert finds(national, search_text_of(phones=[key]))
    assert finds(international, search_text_of(phones=[key]))


@patient
@given(st.one_of(any_text, phone_like), regions)
def test_any_text_is_read_as_phones_without_an_error(value, region):
    for phone in read_phones(value, region):
        assert phone.typed == clean_text(phone.typed, multiline=True)
        assert len(phone.extension or "") <= 20
        if phone.key:
            assert phone.key.isascii()
            assert phone.key[0] == "+"
            assert phone.key[1:].isdecimal()
            assert key_of(phone.key, region) == phone.key


# -- e-mails ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("HELLO@EXAMPLE.COM", "hello@example.com"),
        (" Anna+CRM@Example.com\r\n", "anna+crm@example.com"),
        ("ISIL@EXAMPLE.COM", "isil@example.com"),
        ("o'toole@example.com", "o'toole@example.com"),
        ("info@ПРИМЕР.example", "info@пример.example"),
        ("info@xn--e1afmkfd.example", "info@пример.example"),
        ("INFO@XN--E1AFMKFD.EXAMPLE", "info@пример.example"),
        ("ПЁТР@пример.рф", "пётр@пример.рф"),
        ("e\u0301@example.com", "é@example.com"),
        ("straße@example.com", "straße@example.com"),
        ("anna@firma.test", "anna@firma.test"),
        ("mailto:anna@example.com", "anna@example.com"),
        ("\ufeffanna@exam\u200bple.com", "anna@example.com"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_one_address_has_one_key(typed, key):
    assert read_email(typed).key == key


@pytest.mark.parametrize(
    "typed",
    [
        "", "a..b@example.com", "petr@@example.com", "example.com", "@example.com", "a@",
        "a@localhost", "a@test", "a b@example.com", "a@example..com", "a@[127.0.0.1]",
        '"a"@example.com', "a\ufffd@example.com",
        "a@example.com\r\nBcc: evil@example.com", "nul\x00@example.com", "a\u202e@example.com",
        "victim+test\u037eattacker@example.com", "victim+test;attacker@example.com",
        "a" * 65 + "@example.com", "a@" + "b" * 250 + ".com", "a@xn--999.example", "нет",
    ],
)  # fmt: skip
def test_what_is_no_address_gets_no_key(typed):
    assert read_email(typed).key is None
    assert [email.key for email in read_emails(typed)] in ([], [None])


def test_a_greek_question_mark_never_becomes_a_semicolon():
    (email,) = read_emails("victim+test\u037eattacker@example.com")
    assert ";" not in email.typed
    assert read_email(email.typed).key is None


def test_several_addresses_in_one_cell_are_read_only_together():
    assert [e.key for e in read_emails("A@x.example; b@x.example, -")] == [
        "a@x.example",
        "b@x.example",
    ]
    assert [e.key for e in read_emails("victim;attacker@example.com")] == [None]


@patient
@given(
    st.one_of(any_text, st.emails(), st.text("aA.@;,\u037eİßΣё-\r\nxn", max_size=30)),
)
def test_any_text_is_read_as_addresses_without_an_error(value):
    for email in [read_email(value), *read_emails(value)]:
        assert faults_in_text(email.typed) == []
        if email.key:
            assert not set(email.key) & set(";,<>\r\n\0 ")
            assert read_email(email.key).key == email.key


# -- search ----------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["привет", "ИВАНОВ", "иван", "Иванов Привет", "Иванов, привет"])
def test_search_ignores_letter_case_on_sqlite_too(query):
    assert finds(query, search_text_of("Привет", "Иванов"))


@pytest.mark.parametrize(
    "query",
    [
        "8 900 000-00-01", "9000000001", "+7 (900) 000 00 01", "00-01", "89000000001", "8 900",
        "8(900)", "+7900", "900 000", "тел. 8 900 000 00 01", "tel:+79000000001", "+79000000001",
        "８９００００００００１", "8 900 000-00-01 доб. 5", "007 900 000 00 01",
    ],
)  # fmt: skip
def test_search_finds_a_phone_in_every_notation(query):
    assert finds(query, search_text_of("Иван", phones=["+79000000001"]))


@pytest.mark.parametrize(
    ("stored", "query"),
    [
        ("Ёлкин", "елкин"),
        ("Елкин", "ЁЛКИН"),
        ("Işıl", "ışıl"),
        ("Işıl", "IŞIL"),
        ("İpek", "ipek"),
        ("Straße", "STRASSE"),
        ("STRASSE", "straße"),
        ("ΟΔΟΣ", "οδος"),
        ("O’Toole", "O'Toole"),
        ("Timmy O'Toole", "timmy o’toole"),
        ("Nguye\u0302\u0303n", "Nguyễn"),
        ("Саша 👨‍👩‍👧 Тест", "👨‍👩‍👧"),
        ("می\u200cخواهم", "میخواهم"),
        ("ＡＢＣ", "abc"),
        ("ООО «Ромашка»", '"ромашка"'),
        ("№ 2026-000123", "2026-000123"),
        ("№ 2026-000123", "000123"),
        ("100 %_\\", "%_\\"),
        ("info@пример.example", "info@xn--e1afmkfd.example"),
        ("Жан-Люк", "жан–люк"),
    ],
)
def test_search_forgives_spelling(stored, query):
    assert finds(query, search_text_of(stored))


@pytest.mark.parametrize("query", ["%", "_", "петр", "8 901", "иванов петр", "\\"])
def test_search_does_not_find_others(query):
    assert not finds(query, search_text_of("Иванов", "Иван", phones=["+79000000001"]))


def test_an_empty_query_has_no_terms():
    assert search_terms(" \u200b\n") == []


def test_two_numbers_in_a_query_are_two_terms():
    assert search_terms("+79000000001 +79000000002") == ["9000000001", "9000000002"]


def test_a_query_is_bounded():
    assert len(search_terms("a b c d e f g h i j k" * 1000)) <= 8


@patient
@given(st.one_of(any_text, st.text("0123456789 +-()/.,;:#aдё'", max_size=30)))
def test_search_finds_what_was_stored(value):
    stored = search_text_of(value)
    assert "\x00" not in stored
    for term in search_terms(value):
        assert term in stored


names = st.text(
    st.characters(categories=["Lu", "Ll", "Lo"], exclude_characters="ͅ"), min_size=1, max_size=20
)


@patient
@given(names, names)
def test_search_finds_a_stored_name_by_any_of_its_words(first, last):
    stored = search_text_of(last, first)
    assert finds(first, stored)
    assert finds(f"{first} {last}", stored)


# -- doors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("strict", [True, False])
def test_a_name_over_the_limit_is_an_error_at_every_door(strict):
    long = "я" * (NAME_LIMIT + 1)
    for field in ("first_name", "last_name", "middle_name", "name"):
        _, errors, _ = read_contact(
            **{field: long}, phone="+79000000001", region="RU", strict=strict
        )
        assert errors == {field: [Fault(Code.TOO_LONG, {"limit": 150})]}
        assert "150" in str(errors[field][0])


def test_a_lenient_door_keeps_the_text_of_a_bad_contact():
    fields, errors, warnings = read_contact(phone="8900", email="a@example.com", region="RU")
    assert errors == {}
    assert codes(warnings) == {"phone": [Code.BAD_PHONE]}
    assert fields.phone is not None
    assert (fields.phone.typed, fields.phone_key) == ("8900", None)
    assert fields.email_key == "a@example.com"


def test_a_bad_part_of_a_phone_is_a_warning_and_kept():
    fields, errors, warnings = read_contact(phone="8900000, 89000000001", region="RU")
    assert errors == {}
    assert codes(warnings) == {"phone": [Code.PHONE_PART]}
    assert fields.phone_key == "+79000000001"
    assert [phone.typed for phone in fields.other_phones] == ["8900000"]


def test_a_rounded_number_is_told_as_such():
    _, errors, _ = read_contact(phone="7,9E+10", region="RU")
    assert codes(errors) == {"phone": [Code.LOST_DIGITS]}


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("empty", [None, "", "  "])
def test_nobody_is_reached_without_a_contact(strict, empty):
    _, errors, _ = read_contact(name="Мадонна", phone=empty, region="RU", strict=strict)
    assert codes(errors) == {"phone": [Code.NO_CONTACT], "email": [Code.NO_CONTACT]}


def test_two_bad_contacts_are_two_errors_at_a_lenient_door():
    _, errors, warnings = read_contact(phone="+7900", email="petr@@example.com", region="RU")
    assert codes(errors) == {"phone": [Code.BAD_PHONE], "email": [Code.BAD_EMAIL]}
    assert warnings == {}


def test_a_dash_stands_for_nothing_at_a_lenient_door_only():
    _, errors, warnings = read_contact(phone="—", email="a@example.com", region="RU")
    assert (errors, warnings) == ({}, {})
    _, errors, _ = read_contact(phone="—", email="a@example.com", region="RU", strict=True)
    assert codes(errors) == {"phone": [Code.BAD_PHONE]}


@pytest.mark.parametrize(
    ("phone", "email", "refused"),
    [
        ("8 900 000-00-01 (мама)", None, {"phone": [Code.PHONE_WORDS]}),
        ("89000000001abc", None, {"phone": [Code.PHONE_WORDS]}),
        (None, "a@x.example, b@x.example", {"email": [Code.SEVERAL_EMAILS]}),
        ("+79000000001", "a\r\nBcc: b@x.example", {"email": [Code.LINE_BREAK]}),
        ("+7900", "nope", {"phone": [Code.BAD_PHONE], "email": [Code.BAD_EMAIL]}),
        ("тел. 8 900 000-00-01 доб. 12", None, {}),
    ],
)
def test_a_strict_door_refuses_what_is_malformed(phone, email, refused):
    _, errors, warnings = read_contact(phone=phone, email=email, region="RU", strict=True)
    assert codes(errors) == refused
    assert warnings == {}


def test_first_and_last_name_go_before_the_whole_name():
    fields, _, _ = read_contact(
        first_name="Анна", name="Кто Другой", phone="89000000001", region="RU"
    )
    assert (fields.first_name, fields.last_name) == ("Анна", "")


def test_a_fault_is_an_error_with_field_and_words():
    error = Fault(Code.TOO_LONG, {"limit": 150}).as_error("first_name")
    assert (error.field, error.status, error.params) == ("first_name", 400, {"limit": 150})
    assert str(error) == "This is longer than 150 characters. Shorten it."


@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_its_sentence(code):
    fault = Fault(code, {"limit": 1, "part": "a", "words": "b"})
    assert str(fault)
    assert "%" not in str(fault)


@patient
@given(any_text, any_text, any_text, st.booleans())
def test_any_input_is_answered_with_faults_and_never_an_exception(name, phone, email, strict):
    fields, errors, warnings = read_contact(
        name=name, phone=phone, email=email, region="RU", strict=strict
    )
    assert fields.has_contact or errors
    assert not (strict and warnings)
    for text in (fields.first_name, fields.last_name, getattr(fields.email, "typed", "")):
        assert faults_in_text(text) == []
