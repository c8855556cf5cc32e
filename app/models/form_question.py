"""What an own form asks, line by line: contacts, a message and questions of one's own, each with
its words in two languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from app.errors import N_, Invalid
from app.models.checks import checked_text
from app.models.company import LANGUAGES

MOST_QUESTIONS = 20
MOST_OPTIONS = 30
LABEL_LIMIT = 200
OPTION_LIMIT = 100


class QuestionKind(StrEnum):
    """The first four stand in a form once at most."""

    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    MESSAGE = "message"
    TEXT = "text"
    CHOICE = "choice"
    TICK = "tick"


ONCE = (QuestionKind.NAME, QuestionKind.PHONE, QuestionKind.EMAIL, QuestionKind.MESSAGE)
CONTACTS = (QuestionKind.PHONE, QuestionKind.EMAIL)


@dataclass(frozen=True, slots=True)
class Question:
    """`key` is its name in what is posted, and never given to another question of the form. An
    empty half of a text means the other language's.
    """

    key: str
    kind: str
    label_en: str = ""
    label_ru: str = ""
    required: bool = False
    options_en: tuple[str, ...] = ()
    options_ru: tuple[str, ...] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Question:
        values = dict(stored)
        for name in ("options_en", "options_ru"):
            values[name] = tuple(values.get(name) or ())
        return cls(**values)

    def stored(self) -> dict[str, Any]:
        values = asdict(self)
        return values | {name: list(values[name]) for name in ("options_en", "options_ru")}

    def label(self, language: str) -> str:
        return in_language(self.label_en, self.label_ru, language)

    def options(self, language: str) -> tuple[str, ...]:
        return (self.options_ru or self.options_en) if language == "ru" else (
            self.options_en or self.options_ru
        )  # fmt: skip


def in_language(english: str, russian: str, language: str) -> str:
    return (russian or english) if language == "ru" else (english or russian)


# With what a new form begins.
STANDARD = (
    Question("name", "name", "Name", "Имя", required=True),
    Question("phone", "phone", "Phone", "Телефон", required=True),
    Question("email", "email", "E-mail", "Эл. почта"),
    Question("message", "message", "What is it about?", "Что вас интересует?"),
)


def checked_questions(asked: Iterable[Question], last_key: int) -> tuple[list[Question], int]:
    """The questions as a form keeps them, and the number of the newest key. New ones come without
    a key. Raises Invalid: `question-3` names the fourth.
    """
    kept: list[Question] = []
    for place, one in enumerate(asked):
        field = f"question-{place}"
        question, last_key = _keyed(_checked(one, field), last_key)
        for other in kept:
            _refuse_same(question, other, field)
        kept.append(question)
    if len(kept) > MOST_QUESTIONS:
        raise Invalid.of("", N_("A form asks at most %(most)s questions."), most=MOST_QUESTIONS)
    if not any(one.kind in CONTACTS for one in kept):
        raise Invalid.of("", N_("Ask for a phone or an e-mail: without one nobody can answer."))
    return kept, last_key


def _checked(one: Question, field: str) -> Question:
    if one.kind not in set(QuestionKind):
        raise Invalid.of(field, N_("Choose one of the list."))
    labels = [checked_text(field, text, limit=LABEL_LIMIT) for text in (one.label_en, one.label_ru)]
    if not any(labels):
        raise Invalid.of(field, N_("Write the question in at least one language."))
    options = [_options(field, listed) for listed in (one.options_en, one.options_ru)]
    if one.kind != QuestionKind.CHOICE:
        options = [(), ()]
    elif not any(options):
        raise Invalid.of(field, N_("Write what can be chosen, one a line."))
    elif all(options) and len(options[0]) != len(options[1]):
        raise Invalid.of(field, N_("Write as many choices in one language as in the other."))
    return Question(
        one.key, str(QuestionKind(one.kind)), labels[0], labels[1], bool(one.required), *options
    )


def _options(field: str, listed: Iterable[str]) -> tuple[str, ...]:
    options = [text for one in listed if (text := checked_text(field, one, limit=OPTION_LIMIT))]
    if len(options) > MOST_OPTIONS:
        raise Invalid.of(field, N_("At most %(most)s choices."), most=MOST_OPTIONS)
    if len(set(options)) < len(options):
        raise Invalid.of(field, N_("The same choice stands here twice."))
    return tuple(options)


def _keyed(one: Question, last_key: int) -> tuple[Question, int]:
    key = one.key
    if one.kind in ONCE:
        key = one.kind
    elif not (key.startswith("q") and key[1:].isdigit() and int(key[1:]) <= last_key):
        last_key += 1
        key = f"q{last_key}"
    values = {name: getattr(one, name) for name in one.__slots__} | {"key": key}
    return Question(**values), last_key


def _refuse_same(one: Question, other: Question, field: str) -> None:
    if one.key == other.key:
        raise Invalid.of(field, N_("This is asked already, once is enough."))
    if any(one.label(language) == other.label(language) for language in LANGUAGES):
        raise Invalid.of(field, N_("Another question has the same words."))


__all__ = [
    "CONTACTS",
    "MOST_OPTIONS",
    "MOST_QUESTIONS",
    "ONCE",
    "STANDARD",
    "Question",
    "QuestionKind",
    "checked_questions",
    "in_language",
]
