"""The printed page: what stands on it, what must not, and how it is written in each language."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError

from app.documents import formats, template
from app.documents.template import FOLDER, TEMPLATES, document_mark, file_name, page_html
from tests.documents.samples import (
    HOSTILE,
    Terms,
    draft,
    english_company,
    organisation,
    person,
    russian_company,
    terms,
)


def words_of(page: str) -> str:
    """The text of a page without its style, as one line."""
    body = re.sub(r"<style>.*?</style>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", "", body)).split())


def printed(document: Terms) -> str:
    return words_of(page_html(document))


# Formats


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        ("1234567.50", "RUB", "ru", "1\xa0234\xa0567,50\xa0₽"),
        ("1234567.50", "RUB", "en", "₽1,234,567.50"),
        ("0.00", "EUR", "ru", "0,00\xa0€"),
        ("-5.1", "EUR", "en", "-€5.10"),
        ("1000", "KZT", "en", "₸1,000.00"),
        ("1185.125", "RUB", "ru", "1\xa0185,13\xa0₽"),
        ("1500", "JPY", "en", "JPY\xa01,500"),
        ("1500", "CHF", "ru", "1\xa0500,00\xa0CHF"),
    ],
)
def test_money_is_written_as_the_language_writes_it(
    amount: str, currency: str, language: str, text: str
) -> None:
    assert formats.money_text(amount, currency, language) == text


def test_dates_are_written_in_words() -> None:
    assert formats.date_text("2026-11-05", "en") == "5\xa0November\xa02026"
    russian = formats.date_text("2026-11-05", "ru")
    assert russian.replace("\u202f", " ").replace("\xa0", " ") == "5 ноября 2026 г."


@pytest.mark.parametrize(
    ("phone", "text"),
    [
        ("+79923288341", "+7 992 328-83-41"),
        ("+375291234567", "+375 29 123-45-67"),
        ("8 (495) 123-45-67 доб. 5", "8 (495) 123-45-67 доб. 5"),
        ("+7999", "+7999"),
        ("+99999999999", "+99999999999"),
        ("", ""),
    ],
)
def test_a_stored_phone_is_grouped_and_a_typed_one_stays(phone: str, text: str) -> None:
    assert formats.phone_text(phone) == text


def test_only_scripts_from_right_to_left_are_cut_into_words() -> None:
    assert formats.pieces("Ёлкин Пётр") == ["Ёлкин Пётр"]
    assert formats.pieces("北京 公司") == ["北京 公司"]
    assert formats.pieces("محمد بن") == ["محمد", " ", "بن"]


# Names of files and marks


def test_files_are_named_by_number_and_version() -> None:
    assert file_name(terms("ru", version=2)) == "Договор № 12, версия 2.pdf"
    assert file_name(terms("en")) == "Contract 12 version 1.pdf"
    assert file_name(draft("ru")) == "Договор, черновик.pdf"
    assert file_name(draft("en")) == "Contract draft.pdf"


def test_the_mark_is_ascii_without_blanks_and_stands_on_the_page() -> None:
    assert document_mark(12, 1) == "C12-v1"
    assert document_mark(None, 1) == "DRAFT-v1"
    assert printed(terms(version=3)).endswith("C12-v3")
    assert printed(draft()).endswith("DRAFT-v1")


# What a contract says


def test_a_russian_contract_with_a_person_says_everything() -> None:
    text = printed(terms())
    for part in (
        "Договор оказания услуг № 12", "Дата подписания: 5 ноября 2026 г.",
        "с 10 ноября 2026 г. по 31 декабря 2026 г. включительно", "1 234 567,50 ₽",
        "Настройка рекламы", "Общество с ограниченной ответственностью «Ромашка»",
        "Ёлкин Пётр Артёмович (далее — «Заказчик»)", "ИНН: 7707083893", "КПП: 770701001",
        "Генеральный директор Алёшина Фёкла Семёновна (основание полномочий: Устав)",
        "БИК 044525225", "+7 992 328-83-41",
    ):  # fmt: skip
        assert part in text
    assert "Версия" not in text
    assert "Черновик" not in text


def test_an_english_contract_with_an_organisation_names_who_signs() -> None:
    client = organisation(
        legal_name="Vector Inc.",
        name="Vector",
        tax_id="EU5",
        branch_code="77",
        signatory_name="Ann Lee",
        signatory_position="Director",
        signatory_basis="Power of attorney 5",
        phone="+442079460000",
    )
    text = printed(terms("en", client=client))
    for part in (
        "Service contract No. 12", "Date: 5 November 2026", "₽1,234,567.50",
        "from 10 November 2026 to 31 December 2026 inclusive",
        "Vector Inc., represented by Director Ann Lee, acting on the basis of "
        "Power of attorney 5 (the “Customer”)",
        "Tax ID: EU5", "Tax registration code: 77", "+44 20 7946 0000",
    ):  # fmt: skip
        assert part in text


def test_a_foreign_tax_number_is_not_called_inn() -> None:
    text = printed(terms(client=organisation(tax_id="DE123456789")))
    assert "Налоговый номер: DE123456789" in text
    assert "ИНН: DE" not in text


def test_a_later_version_tells_its_number_and_reason() -> None:
    text = printed(terms(version=2, amendment_reason="увеличен объём"))
    assert "Версия 2, заменяет все предыдущие. Причина изменения: увеличен объём" in text
    silent = printed(terms("en", version=2))
    assert "Version 2, replaces all earlier versions." in silent
    assert "Reason" not in silent


@pytest.mark.parametrize(
    ("language", "word", "note"), [("ru", "ЧЕРНОВИК", "Черновик."), ("en", "DRAFT", "Draft.")]
)
def test_a_draft_says_so_twice(language: str, word: str, note: str) -> None:
    text = printed(draft(language))
    assert word in text
    assert note in text
    assert "№ 12" not in text
    assert "No. 12" not in text


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "text"),
    [
        ("2026-11-10", None, "begins on 10 November 2026."),
        (None, "2026-12-31", "is provided by 31 December 2026 inclusive."),
        (None, None, "2.1. The contract takes effect"),
    ],
)
def test_the_term_may_be_open(starts_on: str | None, ends_on: str | None, text: str) -> None:
    clauses = printed(terms("en", starts_on=starts_on, ends_on=ends_on))
    assert text in clauses.replace("2.1.The", "2.1. The")


def test_the_logo_stands_on_the_page_only_when_it_is_a_picture() -> None:
    company = english_company()
    assert f'src="data:image/png;base64,{company["logo"]}"' in page_html(terms("en"))
    for changes in (
        {"logo": "bm90IGEgcGljdHVyZQ=="},
        {"logo": 'x" onerror="'},
        {"logo_type": "image/svg+xml"},
        {"logo_type": "image/jpeg"},
        {"logo_type": None},
        {"logo": None},
    ):
        page = page_html(terms("en", company=english_company(**changes)))
        assert "<img" not in page
        assert "Daisy" in page


# What is missing is left out


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("empty", [None, "", "  "])
def test_empty_details_leave_neither_label_nor_none(language: str, empty: str | None) -> None:
    def blank(part: Terms) -> Terms:
        return {f: v if f in ("name", "kind") else empty for f, v in part.items()}

    page = page_html(
        terms(
            language,
            signed_on=empty,
            starts_on=empty,
            ends_on=empty,
            amount=empty,
            service={"title": "X", "description": empty},
            company=blank(russian_company()),
            client=blank(organisation()),
        )
    )
    text = words_of(page)
    assert "None" not in page
    for label in (
        "Tax", "Address", "Bank", "Phone", "E-mail", "basis", "Date", "represented", "price of",
        "ИНН", "КПП", "Адрес", "Банк", "Телефон", "почта:", "Основание", "Дата", "подписывает",
        "Цена Услуги", "1.2.", "3.2.", "()", " ,", " ;",
    ):  # fmt: skip
        assert label not in text


def test_absent_keys_are_as_good_as_empty_ones() -> None:
    bare: dict[str, Any] = {
        "template": "contract",
        "template_version": 1,
        "language": "ru",
        "number": 1,
        "version": 1,
        "service": {"title": "X"},
        "company": {"name": "A"},
        "client": {"name": "B"},
    }
    text = printed(bare)
    assert "A (далее — «Исполнитель»), с одной стороны, и B (далее — «Заказчик»)" in text


# What strangers type


def test_a_hostile_name_is_text() -> None:
    page = page_html(terms("en", client=person(name=HOSTILE), service={"title": HOSTILE}))
    assert "<iframe" not in page
    assert '<meta name="pdfkit' not in page
    assert words_of(page).count(HOSTILE) >= 3


def test_what_is_typed_is_never_a_template() -> None:
    assert "{{ 7 * 7 }}" in printed(terms(client=person(name="{{ 7 * 7 }}{% raw %}")))


def test_templates_run_in_a_sandbox_where_a_misspelt_field_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        template.environment.from_string("{{ company.nmae }}").render(company={"name": "A"})
    with pytest.raises(SecurityError):
        template.environment.from_string("{{ ().__class__.__base__ }}").render()


def test_no_template_escapes_the_escaping_or_fetches_anything() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert len(files) >= 4
    for path in files:
        source = path.read_text(encoding="utf-8")
        for banned in (
            r"\|\s*safe\b", r"\bMarkup\b", r"\bautoescape\b", r"url\(", r"@import", r"https?:",
            r"<(script|iframe|object|embed|link|base|form)\b",
        ):  # fmt: skip
            assert not re.search(banned, source), f"{banned} in {path.name}"
    code = (FOLDER.parent / "documents" / "template.py").read_text(encoding="utf-8")
    assert "Markup" not in code


# Versions of templates


@pytest.mark.parametrize("key", list(TEMPLATES))
def test_every_template_exists_in_both_languages(key: tuple[str, int]) -> None:
    assert set(TEMPLATES[key]) == {"en", "ru"}
    name, version = key
    for language in TEMPLATES[key]:
        assert page_html(terms(language, template=name, template_version=version))


@pytest.mark.parametrize(
    "changes", [{"template": "other"}, {"template_version": 99}, {"language": "de"}]
)
def test_an_unknown_template_is_named(changes: dict[str, Any]) -> None:
    with pytest.raises(template.UnknownTemplate) as raised:
        page_html(terms() | changes)
    assert raised.value.code == "unknown_template"
