"""Every page speaks whole Russian or whole English, by the rules of both languages."""

from __future__ import annotations

import ast
import enum
import importlib
import pkgutil
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from flask import Flask
from flask_appbuilder.security.sqla.models import User
from flask_babel import force_locale, gettext, ngettext
from sqlalchemy import select

import app.models
from app import i18n
from app.extensions import db
from app.models import Channel, Company, OwnForm
from app.models.contacts import Code
from app.models.own_form import TEXTS
from app.seed.planting import Ground, plant
from app.ui.labels import STATES
from tests.site import Site, logged_in, visitor

RUSSIAN = i18n.CATALOGUES / "ru" / "LC_MESSAGES" / "messages.po"
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w*\}|(?<!%)%[sd]|</?\w+[^>]*>")


def messages() -> list[Message]:
    return [message for message in i18n.read_catalogue(RUSSIAN) if message.id]


def pairs() -> Iterator[tuple[str, str]]:
    """Each English text with each of its Russian forms."""
    for message in messages():
        if isinstance(message.id, tuple):
            for form in forms_of(message):
                yield message.id[1], form
        else:
            yield str(message.id), str(message.string)


def forms_of(message: Message) -> list[str]:
    return list(message.string or ()) if message.pluralizable else [str(message.string)]


# -- the catalogue ---------------------------------------------------------------------------------


def test_the_catalogue_holds_what_the_code_says_and_nothing_else():
    def keys(found: Any) -> set[Any]:
        return {(message.context, message.id) for message in found if message.id}

    said, known = keys(i18n.extract()), keys(i18n.read_catalogue(RUSSIAN))
    assert said - known == set(), "run `flask fab babel-extract` and translate what is new"
    assert known - said == set(), "run `flask fab babel-extract`: the code no longer says this"
    assert not i18n.read_catalogue(RUSSIAN).obsolete


def test_no_text_waits_for_a_translator():
    assert [message.id for message in messages() if not i18n.is_translated(message)] == []


def test_both_languages_have_the_same_places():
    wrong = []
    for english, russian in pairs():
        if sorted(PLACES.findall(english)) != sorted(PLACES.findall(russian)):
            wrong.append((english, russian))
    assert wrong == []


def test_russian_has_three_plural_forms():
    catalogue = i18n.read_catalogue(RUSSIAN)
    assert catalogue.num_plurals == 3
    for message in messages():
        if isinstance(message.id, tuple):
            assert len(forms_of(message)) == 3, message.id
            assert "%(num)" in message.id[1] or PLACES.search(message.id[1]), "the number inside"


def test_extracting_again_changes_no_word(tmp_path):
    copy = tmp_path / "ru" / "LC_MESSAGES" / "messages.po"
    copy.parent.mkdir(parents=True)
    shutil.copy(RUSSIAN, copy)
    assert i18n.update(copy) == []
    once = copy.read_text()
    assert i18n.update(copy) == []
    assert copy.read_text() == once
    assert {(m.context, str(m.id), str(m.string)) for m in i18n.read_catalogue(copy) if m.id} == {
        (m.context, str(m.id), str(m.string)) for m in messages()
    }


def test_no_text_hides_within_a_formatted_one():
    """What stands in the braces of an f-string is read by no extractor."""
    marks = set(i18n.KEYWORDS)
    hidden = [
        f"{source.relative_to(i18n.CATALOGUES.parents[1])}:{joined.lineno}"
        for source in sorted(i18n.CATALOGUES.parent.rglob("*.py"))
        for joined in ast.walk(ast.parse(source.read_text()))
        if isinstance(joined, ast.JoinedStr)
        for call in ast.walk(joined)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in marks
    ]
    assert hidden == []


def test_every_state_has_a_word():
    for kind, words in STATES.items():
        assert set(words) == {state.value for state in kind}, kind
    # Code names faults, which have sentences of their own (app/models/contacts/faults.py).
    unnamed = {kind.__name__ for kind in _enums_of_models()} - {kind.__name__ for kind in STATES}
    assert unnamed == set()


def _enums_of_models() -> set[type[enum.StrEnum]]:
    found = set()
    for module in pkgutil.iter_modules(app.models.__path__):
        for name, value in vars(importlib.import_module(f"app.models.{module.name}")).items():
            if isinstance(value, type) and issubclass(value, enum.StrEnum) and name[0] != "_":
                found.add(value)
    return found - {enum.StrEnum, Code}


# -- the language (rules of Russian) ---------------------------------------------------------------

FORBIDDEN = {
    "Say what happened or what to do, not “successfully” or “please”.": r"успешно|пожалуйста",
    "Quote with «ёлочки».": r"[\"“”„]",
    "A dash stands between spaces, and is long.": r"\w—|—\w| - ",
    "We say вы with a small letter.": r"(?<=[а-яё,;] )(?:Вы|Вас|Вам|Ваш\w*)\b",
    "Лид is a thing: создать лид.": r"(?i)\b(?:создать|добавить|изменить|выбрать|взять) лида\b",
    "Only one gender, or a word without one.": r"\((?:а|и|ы|ов|ы\(й\))\)",
    "At a time: дата создания, not создан в.": r"\b(?:создан|принят|изменён)\w* в$",
    "Download is скачать, upload is загрузить из файла.": r"^Загрузить$",
    "Discard, cancel, undo: отмена.": r"^Отменить$",
    "Say эл. почта.": r"(?i)\be-?mail\b(?!\.)|емейл|имейл",
    "A space is one.": r"  ",
    "An ellipsis is one character.": r"\.\.\.",
}
# Nothing in them bends.
SAME_FORM = {"and %(num)s more"}
INFINITIVES = {
    "Save": "Сохранить", "Download": "Скачать", "Convert": "Сконвертировать", "Sign": "Подписать",
    "Terminate": "Расторгнуть", "Retry": "Повторить", "Cancel": "Отмена", "Delete": "Удалить",
    "Reset": "Сбросить", "Log a call": "Записать звонок",
}  # fmt: skip


@pytest.mark.parametrize("rule", FORBIDDEN)
def test_russian_keeps_its_rules(rule):
    pattern = re.compile(FORBIDDEN[rule])
    assert [russian for _, russian in pairs() if pattern.search(russian)] == [], rule


def test_russian_is_not_written_in_title_case():
    title_case = re.compile(r"^[А-ЯЁ][а-яё]+(?: [А-ЯЁ][а-яё]+)+$")
    assert [russian for _, russian in pairs() if title_case.search(russian)] == []


def test_both_languages_end_alike():
    """A sentence stays a sentence, a label a label; a question stays a question."""
    wrong = [
        (english, russian)
        for english, russian in pairs()
        if (english[-1:] in ".?") != (russian[-1:] in ".?")
        and not russian.endswith((" г.", "доб.", "п. п."))
    ]
    assert wrong == []


def test_buttons_are_infinitives():
    known = dict(pairs())
    assert {text: known[text] for text in INFINITIVES if text in known} == {
        text: word for text, word in INFINITIVES.items() if text in known
    }


# -- which language a page speaks ------------------------------------------------------------------


def log_in_page(client: Any, **headers: str) -> Any:
    return client.get("/login/", headers=headers)


def test_the_readers_choice_wins_over_the_browser(sqlite_app):
    client = visitor(sqlite_app)
    asked = {"Accept-Language": "en-GB,en;q=0.9"}
    assert "Имя пользователя" not in log_in_page(client, **asked).text
    assert client.get("/lang/ru", headers=asked).status_code == 302
    assert "Имя пользователя" in log_in_page(client, **asked).text
    client.get("/lang/en")
    assert "Имя пользователя" not in log_in_page(client, **asked).text


def test_the_browsers_wish_wins_over_the_company(sqlite_app):
    russian = "Имя пользователя"
    assert russian in log_in_page(visitor(sqlite_app), **{"Accept-Language": "ru-RU,ru;q=0.9"}).text
    mixed = {"Accept-Language": "de,ru;q=0.8,en;q=0.5"}
    assert russian in log_in_page(visitor(sqlite_app), **mixed).text
    assert russian not in log_in_page(visitor(sqlite_app), **{"Accept-Language": "de"}).text
    assert russian not in log_in_page(visitor(sqlite_app)).text


def test_without_a_wish_the_companys_language_is_spoken(sqlite_app, monkeypatch):
    monkeypatch.setitem(sqlite_app.config, "BABEL_DEFAULT_LOCALE", "ru")
    assert "Имя пользователя" in log_in_page(visitor(sqlite_app)).text
    french = {"Accept-Language": "fr"}
    assert "Имя пользователя" in log_in_page(visitor(sqlite_app), **french).text


def test_an_unknown_language_is_no_page_and_no_error(sqlite_app):
    client = visitor(sqlite_app)
    for language in ("xx", "de", "RU", "en_GB", "%00", "ru%20", "ru%0d%0aX:1"):
        assert client.get(f"/lang/{language}").status_code == 404, language
    assert log_in_page(client).status_code == 200
    with client.session_transaction() as kept:
        kept["locale"] = "xx"  # of a version that knew it
    assert log_in_page(client).status_code == 200


def test_a_choice_of_language_leads_back_to_the_page(sqlite_app):
    client = visitor(sqlite_app)
    for referrer, target in (
        ("http://localhost/login/?next=/spendview/list/", "/login/?next=/spendview/list/"),
        ("https://elsewhere.example/login/", "/"),
        ("", "/"),
    ):
        assert client.get("/lang/ru", headers={"Referer": referrer}).location == target


def test_every_page_offers_the_other_language(sqlite_app):
    client = visitor(sqlite_app)
    russian = {"Accept-Language": "ru"}
    assert 'href="/lang/en"' in log_in_page(client, **russian).text
    assert 'href="/lang/ru"' not in log_in_page(client, **russian).text
    assert 'href="/lang/ru"' in log_in_page(client).text


def test_every_page_says_its_language(sqlite_app):
    for client, page in ((visitor(sqlite_app), "/login/"), (visitor(sqlite_app), "/nowhere")):
        for language in ("ru", "en"):
            client.get(f"/lang/{language}")
            assert f'lang="{language}"' in client.get(page).text


def test_a_token_door_gets_no_cookie_for_its_language(sqlite_app):
    answer = sqlite_app.test_client().post("/api/v1/leads", json={})
    assert "Set-Cookie" not in answer.headers


def test_our_words_win_over_those_of_flask_appbuilder(sqlite_app):
    with sqlite_app.test_request_context(), force_locale("ru"):
        assert gettext("Added Row") == "Запись добавлена"
        assert gettext("Leads") == "Лиды"


def test_plurals_follow_russian_grammar(sqlite_app):
    counted = [message.id for message in messages() if isinstance(message.id, tuple)]
    with sqlite_app.test_request_context(), force_locale("ru"):
        for one, many in counted:
            told = {name: "*" for name in re.findall(r"%\((\w+)\)s", many) if name != "num"}
            forms = [ngettext(one, many, number, **told) for number in (1, 2, 5, 11, 21, 104)]
            words = [re.sub(r"\d+|\*", "", form) for form in forms]
            assert (words[0], words[1], words[2]) == (words[4], words[5], words[3]), many
            assert words[1] != words[2] or words[0] != words[2] or many in SAME_FORM, many


# -- compiling -------------------------------------------------------------------------------------


def test_a_catalogue_is_compiled_when_it_is_newer(tmp_path):
    folder = tmp_path / "ru" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    shutil.copy(RUSSIAN, folder / "messages.po")
    assert i18n.compile_catalogues(tmp_path) == 1
    assert (folder / "messages.mo").stat().st_size > 1000
    assert i18n.compile_catalogues(tmp_path) == 0


def test_a_folder_that_cannot_be_written_is_left_as_it_is(tmp_path, monkeypatch):
    folder = tmp_path / "ru" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    shutil.copy(RUSSIAN, folder / "messages.po")

    def refused(_self: Path, *_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refused)
    assert i18n.compile_catalogues(tmp_path) == 0


# -- pages -----------------------------------------------------------------------------------------

# What is called the same in Russian: names of things, codes, what programs say to each other.
SAME = re.compile(
    r"\b(?:CRM|CSV|PDF|PNG|JPEG|UTM|ROI|ROAS|CPL|CAC|SHA|RUB|RU|English|wkhtmltopdf|yandex|vk|google"
    r"|TSV|XLSX|xlsx|Excel|API|URL|QR|https"
    r"|gclid|gbraid|wbraid|yclid|fbclid|ttclid|ClientID|data-lang|data-look|light|dark|lang=(?:ru|en)|utm"
    r"|Google Ads|Google|Meta|Facebook|Instagram|TikTok|Tilda|Typeform|JSON|Token|KZ"
    r"|Retry-After|Idempotency-Key"
    r"|Admin|Operator|Manager|Marketer|Public|admin|operator|manager|marketer"
    r"|demo-\w+|demo|question)\b"  # sent with the demo's submissions
)
NOT_WORDS = re.compile(
    r"\S+@\S+|https?://\S+|(?<!\w)/\S+|\b[0-9a-f]{6,}\b|\w+_\w+|[\w-]+\.[\w.-]+\w|\w+/\w+"
)
SHOWN_ATTRIBUTES = {"title", "placeholder", "alt", "aria-label", "label"}
UNSHOWN_ELEMENTS = {"script", "style", "template", "code", "pre", "textarea", "kbd"}
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"}


class Shown(HTMLParser):
    """The texts of a page that people read."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            hidden = tag in UNSHOWN_ELEMENTS or given.get("lang") == "en" or "data-as-sent" in given
            self.inside.append(f"!{tag}" if hidden else tag)
        if not any(name.startswith("!") for name in self.inside):
            self.texts += [given[name] or "" for name in SHOWN_ATTRIBUTES & given.keys()]
            if tag == "input" and given.get("type") in ("submit", "button"):
                self.texts.append(given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop().lstrip("!") != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(name.startswith("!") for name in self.inside):
            self.texts.append(data)


def english_in(page: str) -> list[str]:
    shown = Shown()
    shown.feed(page)
    left = []
    for text in shown.texts:
        plain = SAME.sub("", NOT_WORDS.sub("", text))
        if re.search(r"[A-Za-z]{2,}", plain):
            left.append(" ".join(text.split()))
    return left


@contextmanager
def in_silence(_label: str, _length: int) -> Iterator[Any]:
    yield lambda _count: None


@pytest.fixture(scope="module")
def peopled(_sqlite_site: Site) -> Iterator[Flask]:
    """With the Russian demo company and Russian colleagues; its documents wait."""
    site = _sqlite_site.app
    with site.test_request_context(), force_locale("ru"):
        session = db.session()
        Company.of(session).change(name="Наша компания")
        for channel in session.scalars(select(Channel)):
            channel.change(title=gettext(channel.title))
        for user in session.scalars(select(User)).unique():
            user.first_name, user.last_name = "Анна", "Иванова"
        session.commit()
        folder = Path(site.config["CRM_DATA"])
        plant(Ground(session, "ru", folder, in_silence, hash_method="pbkdf2:sha256:1"))
        for form in session.scalars(select(OwnForm)):  # what visitors read is the company's own
            form.change(**{f"{text}_en": getattr(form, f"{text}_ru") for text in TEXTS})
            form.ask([replace(one, label_en=one.label_ru) for one in form.asked])
        session.commit()
        session.close()
    yield site
    _sqlite_site.clean()


def addresses(site: Flask) -> dict[str, list[str]]:
    """{endpoint: its pages}: each GET route of a screen, with a row of each state where it asks
    for one.
    """
    with site.app_context():
        views = {view.endpoint: view for view in site.extensions["appbuilder"].baseviews}
        samples = {name: _samples(view) for name, view in views.items()}
    found: dict[str, list[str]] = {}
    for rule in site.url_map.iter_rules():
        screen = rule.endpoint.partition(".")[0]
        if screen not in views or "GET" not in (rule.methods or ()) or rule.endpoint in NO_PAGES:
            continue
        if not rule.arguments:
            found.setdefault(rule.endpoint, []).append(rule.rule)
        elif rule.arguments == {"pk"}:
            pattern = re.sub(r"<[^>]*>", "{}", rule.rule)
            pages = [pattern.format(pk) for pk in samples[screen]]
            found.setdefault(rule.endpoint, []).extend(pages)
    return found


NO_PAGES = {"LocaleView.index", "LoginView.logout"}


def _samples(view: Any) -> list[int]:
    """One row of each status or state, or kind; put-away ones too."""
    model = getattr(getattr(view, "datamodel", None), "obj", None)
    if model is None:
        return []
    kinds: dict[Any, int] = {}
    names = ("status", "state", "kind", "outcome", "is_put_away")
    for row in db.session.scalars(select(model).limit(500)).unique():
        kinds.setdefault(tuple(getattr(row, name, None) for name in names), row.id)
    return list(kinds.values())


def walk(site: Flask, language: str, username: str = "admin") -> Iterator[tuple[str, str]]:
    client = logged_in(site, username)
    client.get(f"/lang/{language}")
    for pages in addresses(site).values():
        for page in pages:
            answer = client.get(page)
            answer.get_data()  # a file that is made while it is read
            assert answer.status_code < 500, page
            if answer.status_code == 200 and answer.mimetype == "text/html":
                yield page, answer.text


def test_no_russian_word_stands_on_an_english_page(sqlite_app):
    left = {}
    for page, text in walk(sqlite_app, "en"):
        shown = Shown()
        shown.feed(text)
        for words in shown.texts:
            if re.search("[а-яё]", words, re.IGNORECASE) and words.strip() != "Русский":
                left[words.strip()] = page
    assert left == {}


def test_error_pages_speak_russian(sqlite_app):
    client = logged_in(sqlite_app, "operator")
    client.get("/lang/ru")
    for page, status in (("/nowhere", 404), ("/spendview/list/", 403)):
        answer = client.get(page)
        assert (answer.status_code, english_in(answer.text)) == (status, []), page


@pytest.mark.slow
def test_no_english_word_stands_on_a_russian_page(peopled):
    left: dict[str, set[str]] = {}
    walked = 0
    for page, text in walk(peopled, "ru"):
        walked += 1
        for english in english_in(text):
            left.setdefault(english, set()).add(page)
    assert walked > 40
    assert {english: sorted(pages)[:3] for english, pages in left.items()} == {}


@pytest.mark.slow
def test_what_a_form_refuses_it_refuses_in_russian(peopled):
    client = logged_in(peopled, "admin")
    client.get("/lang/ru")
    left: dict[str, str] = {}
    refused = 0
    for pages in addresses(peopled).values():
        for page in pages[:2]:
            got = client.get(page)
            form = got.get_data().decode() if got.mimetype == "text/html" else ""
            got.close()
            if '<form method="post"' not in form:
                continue
            for nonsense in ("", "???"):
                answer = client.post(page, data=dict.fromkeys(_fields_of(form), nonsense))
                assert answer.status_code < 500, page
                refused += answer.status_code in (200, 400, 409)
                left |= dict.fromkeys(english_in(answer.text.replace(nonsense or "\0", "")), page)
    assert refused > 20
    assert left == {}


def _fields_of(form: str) -> set[str]:
    """The names of what people type or choose; ticks are left out."""
    tags = re.findall(r"<(?:input|select|textarea)\b[^>]*>", form)
    named = [re.search(r' name="([a-z_]+)"', tag) for tag in tags if "checkbox" not in tag]
    return {found[1] for found in named if found}
