"""Own forms: their texts and questions, the sites that may show them, and the source they own."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import OwnForm, OwnFormDay, Source
from app.models.form_question import MOST_QUESTIONS, STANDARD, Question
from app.models.sites import checked_address, checked_sites
from tests.factories import make_campaign, make_own_form, make_source


def faulty(act: Any, *args: Any, **kwargs: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        act(*args, **kwargs)
    return {field: str(said[0]) for field, said in refused.value.faults.items()}


# -- the source ------------------------------------------------------------------------------------


def test_a_form_owns_a_source_that_is_called_as_it_is(session: Session) -> None:
    campaign = make_campaign(session)
    form = make_own_form(session, title="Landing page", campaign=campaign)
    assert (form.source.name, form.source.format) == ("Landing page", "own_form")
    assert form.source.default_campaign is form.campaign is campaign
    form.change(title="Start page", campaign=None)
    session.flush()
    assert form.source.name == "Start page"
    assert form.source.default_campaign_id is None
    owned = select(Source).where(Source.format == "own_form")
    assert session.scalars(owned).all() == [form.source]


def test_a_source_s_name_that_is_taken_is_told_at_the_title(session: Session) -> None:
    make_source(session, name="Landing page")
    told = faulty(make_own_form, session, title="Landing page")
    assert told == {"title": "There is a source with this name already."}


def test_no_source_becomes_one_of_an_own_form_nor_the_other_way_round(session: Session) -> None:
    form, source = make_own_form(session), make_source(session)
    assert list(faulty(source.change, format="own_form")) == ["format"]
    assert list(faulty(form.source.change, format="generic")) == ["format"]
    form.source.change(format="own_form", phone_region="KZ")
    assert form.source.phone_region == "KZ"


def test_it_is_put_away_with_its_source_and_comes_back_switched_off(session: Session) -> None:
    form = make_own_form(session)
    states = []
    for act in (
        lambda: form.switch(True), lambda: form.put_away("other"), form.bring_back,
        lambda: form.switch(True), lambda: form.source.put_away("other"),
    ):  # fmt: skip
        act()
        states.append((form.is_open, form.source.is_put_away))
    assert states == [(True, False), (False, True), (False, False), (True, False), (False, True)]


# -- texts -----------------------------------------------------------------------------------------


def test_consent_must_be_worded_and_each_change_of_its_words_is_a_version(session: Session) -> None:
    form = make_own_form(session)
    assert form.consent_version == 1
    form.change(heading_en="Ask us", consent_en=form.consent_en)
    assert form.consent_version == 1
    form.change(consent_ru="Согласен.")
    assert form.consent_version == 2
    assert faulty(form.change, consent_en="", consent_ru=" ") == {
        "consent_en": "Write what the visitor agrees to."
    }


def test_an_empty_text_is_the_other_language_s(session: Session) -> None:
    form = make_own_form(session, heading_en="", button_ru="")
    assert form.text("heading", "en") == form.heading_ru
    assert form.text("button", "ru") == form.button_en


# -- questions -------------------------------------------------------------------------------------


def test_questions_keep_their_order_and_their_keys(session: Session) -> None:
    form = make_own_form(session)
    colour = Question("", "choice", "Colour", "Цвет", options_en=("Red", " ", "Blue"))
    form.ask([colour, *STANDARD, Question("", "text", "City", "Город")])
    assert [one.key for one in form.asked] == ["q1", "name", "phone", "email", "message", "q2"]
    assert form.asked[0].options_en == ("Red", "Blue")
    form.ask([*STANDARD, form.asked[-1]])
    form.ask([*form.asked, Question("", "tick", "News", "Новости")])
    assert [one.key for one in form.asked][-2:] == ["q2", "q3"]  # q1 is never given again
    form.ask([*form.asked, Question("q99", "text", "Made up", "")])
    assert form.asked[-1].key == "q4"


@pytest.mark.parametrize(
    ("asked", "field", "told"),
    [
        ([Question("", "name", "Name")], "", "Ask for a phone or an e-mail"),
        ([Question("", "phone")], "question-0", "Write the question in at least one language."),
        ([Question("", "file", "File")], "question-0", "Choose one of the list."),
        ([*STANDARD, Question("", "phone", "Another")], "question-4", "This is asked already"),
        ([*STANDARD, Question("", "text", "Phone")], "question-4", "has the same words"),
        ([*STANDARD, Question("", "choice", "One")], "question-4", "Write what can be chosen"),
        (
            [*STANDARD, Question("", "choice", "One", options_en=("a", "b"), options_ru=("а",))],
            "question-4", "as many choices",
        ),
        (
            [*STANDARD, Question("", "choice", "One", options_en=("a", "a"))],
            "question-4", "stands here twice",
        ),
        (
            [*STANDARD, *[Question("", "text", f"Q{n}") for n in range(MOST_QUESTIONS)]],
            "", "at most 20 questions",
        ),
    ],
)  # fmt: skip
def test_questions_that_cannot_be_asked_are_told_by_their_place(
    session: Session, asked: list[Question], field: str, told: str
) -> None:
    found = faulty(make_own_form(session).ask, asked)
    assert list(found) == [field]
    assert told in found[field]


# -- sites and addresses ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("example.com", "https://example.com"),
        ("https://Example.com/shop?x=1", "https://example.com"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("*.example.com", "https://*.example.com"),
        ("a.example, b.example\n a.example", "https://a.example\nhttps://b.example"),
        ("https://пример.рф", "https://xn--e1afmkfd.xn--p1ai"),
        ("", ""),
    ],
)
def test_sites_are_kept_as_policies_name_them(typed: str, kept: str) -> None:
    assert checked_sites("sites", typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["*", "*.com", "https://", "'self'", "a.example;script-src", "ftp://a.example", "a..b",
     "https://a.example:99999", "https://u@a.example", "data:", "https://*.*.example",
     "-a.example"],
)  # fmt: skip
def test_what_is_no_site_is_refused_and_cannot_end_a_policy(typed: str) -> None:
    assert list(faulty(checked_sites, "sites", typed)) == ["sites"]


@pytest.mark.parametrize(
    "typed",
    ["//evil.example", "/thanks", "javascript:alert(1)", "https://known.example@evil.example/",
     "https://", "https://a b", "https:\\\\a.example", "https://a.example:x/", "data:text/html,x",
     "https://*.example.com/", "https://a.example/" + "x" * 500],
)  # fmt: skip
def test_thanks_lead_to_plain_web_addresses_only(session: Session, typed: str) -> None:
    assert list(faulty(make_own_form(session).change, thanks_url=typed)) == ["thanks_url"]


def test_an_address_for_thanks_stays_as_it_was_typed(session: Session) -> None:
    address = "https://пример.рф/спасибо?a=1#top"
    assert checked_address("thanks_url", f" {address} ") == address
    form = make_own_form(session, thanks_url=address)
    assert form.thanks_origin == "https://xn--e1afmkfd.xn--p1ai"


# -- counting --------------------------------------------------------------------------------------


def test_two_visitors_of_a_day_count_as_two(session: Session) -> None:
    form, day = make_own_form(session), date(2026, 1, 31)
    dialect = session.get_bind().dialect.name
    for _ in range(2):
        session.execute(OwnFormDay.counting(dialect, form.id, day, views=1))
    session.execute(OwnFormDay.counting(dialect, form.id, day, returned=1))
    counted = session.scalars(select(OwnFormDay)).one()
    assert (counted.views, counted.returned) == (2, 1)


def test_addresses_of_forms_are_not_to_be_guessed(session: Session) -> None:
    form = make_own_form(session)
    assert isinstance(form, OwnForm)
    first = form.address
    assert len(first) == 22
    form.change_address()
    assert form.address != first
