"""How a full name is taken apart and put together again."""

from __future__ import annotations

from app.models.contacts.text import clean_text

NAME_LIMIT = 150


def split_full_name(name: str) -> tuple[str, str]:
    """(first, last) of one name column: the first word, and the rest. Nothing is cut."""
    first, _, last = clean_text(name).partition(" ")
    return first, last


def split_fio(name: str) -> tuple[str, str, str]:
    """(last, first, middle) of a column in that order ("ФИО"); a single word is a first name.

    Whatever follows the second word is the middle name ("Али оглы").
    """
    last, _, rest = clean_text(name).partition(" ")
    if not rest:
        return "", last, ""
    first, _, middle = rest.partition(" ")
    return last, first, middle


def full_name(last: str | None, first: str | None, middle: str | None, language: str) -> str:
    """«Фамилия Имя Отчество» in Russian, "First Last" elsewhere; '' when there is no name."""
    in_russian = language[:2].lower() == "ru"
    parts = (last, first, middle) if in_russian else (first, last)
    return " ".join(part for part in parts if part) or middle or ""
