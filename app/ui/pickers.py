"""Choosing a related row among very many: looked up remotely, and only what one may see.

A picker belongs to a noun. Ordinarily it is made from the noun's screen: whoever may list that
screen may choose of its rows, those that its base filter and `picker_filters` admit. `register`
adds pickers for nouns without such a screen (colleagues to make responsible).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

from flask import Flask, current_app
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext
from sqlalchemy import and_, select
from sqlalchemy.orm import Session
from wtforms.fields import Field
from wtforms.validators import StopValidation

from app.models.contacts import like_pattern, search_terms, search_text_of
from app.ui.access import may
from app.ui.fields import read_id
from app.ui.formatters import label_of
from app.ui.widgets import PickerWidget

LIMIT = 20  # rows in one answer
SMALL = 500  # rows of a noun without search text that are looked through in Python


class Picker(Protocol):
    noun: str

    def may(self) -> bool: ...

    def find(self, text: str, limit: int = LIMIT, *, every: bool = False) -> list[Any]:
        """Rows that match, at most `limit`. `every` admits those that are only filtered by."""
        ...

    def get(self, row_id: Any, *, every: bool = False) -> Any | None: ...

    def label(self, row: Any) -> str: ...


def register(app: Flask, picker: Picker) -> None:
    app.extensions.setdefault("crm_pickers", {})[picker.noun] = picker


def picker_of(noun: str) -> Picker | None:
    """The noun's picker, None when no screen offers it."""
    known: dict[str, Picker] = current_app.extensions.setdefault("crm_pickers", {})
    if noun not in known:
        for view in current_app.appbuilder.baseviews:  # type: ignore[attr-defined]
            if getattr(view, "noun", "") == noun and hasattr(view, "picker"):
                known[noun] = view.picker()
                break
    return known.get(noun)


def matching(model: Any, text: str) -> Any | None:
    """The condition that a Searchable model's rows match the text; None for an empty text."""
    terms = search_terms(text)
    if not terms:
        return None
    return and_(*(model.search_text.like(like_pattern(term), escape="\\") for term in terms))


def among(rows: Sequence[Any], text: str, label: Any, limit: int) -> list[Any]:
    """The rows whose label holds every word of the text, letter case aside."""
    terms = search_terms(text)
    folded = ((row, search_text_of(label(row))) for row in rows)
    return [row for row, line in folded if all(term in line for term in terms)][:limit]


class UserPicker:
    """Active colleagues, for those who work with leads, clients or contracts."""

    noun = "ab_user"
    screens = ("LeadView", "ClientView", "ContractView")

    @property
    def session(self) -> Session:
        session: Session = current_app.appbuilder.session  # type: ignore[attr-defined]
        return session

    def may(self) -> bool:
        return any(may("edit", screen) for screen in self.screens)

    def find(self, text: str, limit: int = LIMIT, *, every: bool = False) -> list[Any]:
        active = select(User).order_by(User.last_name, User.first_name, User.id).limit(SMALL)
        if not every:
            active = active.where(User.active)
        rows = self.session.scalars(active).unique().all()
        return among(rows, text, self.label, limit)

    def get(self, row_id: Any, *, every: bool = False) -> Any | None:
        number = read_id(row_id)
        user = self.session.get(User, number) if number else None
        return user if user is not None and (user.active or every) else None

    def label(self, row: Any) -> str:
        return label_of(row)


class Chosen:
    """A row must be chosen; a complaint about the one that was typed goes before this."""

    field_flags: ClassVar[dict[str, Any]] = {"required": True}

    def __call__(self, _form: Any, field: Any) -> None:
        if field.data is None and not field.process_errors:
            raise StopValidation(gettext("Fill in this field."))


class PickerField(Field):
    """A related row. What is chosen is looked up again on POST, by the same rules.

    The row that the record already points to stays acceptable, put away or not. `every` is for
    filters: rows that are no longer offered can still be filtered by.
    """

    widget = PickerWidget()

    def __init__(
        self, label: Any = None, validators: Any = None, *, noun: str, every: bool = False,
        eager: bool = True, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(label, validators, **kwargs)
        self.noun = noun
        self.every = every
        self.eager = eager
        self.typed: str | None = None
        self.offered: list[Any] | None = None

    @property
    def picker(self) -> Picker | None:
        return picker_of(self.noun)

    @property
    def is_open(self) -> bool:
        """Whether the reader may choose here at all."""
        return self.picker is not None and self.picker.may()

    @property
    def chosen_id(self) -> str:
        return "" if self.data is None else str(self.data.id)

    @property
    def chosen_label(self) -> str:
        if self.data is None or self.picker is None:
            return ""
        return self.picker.label(self.data)

    def small_choice(self) -> list[tuple[str, str]] | None:
        """All there is to choose, when that is little enough for a plain select; else None."""
        if self.picker is None:
            return None
        rows = self.offered
        if rows is None:
            if not self.eager:
                return None
            rows = self.picker.find("", LIMIT + 1, every=self.every)
            if len(rows) > LIMIT:
                return None
        listed = [(str(row.id), self.picker.label(row)) for row in rows]
        if self.data is not None and self.chosen_id not in {row_id for row_id, _ in listed}:
            listed.append((self.chosen_id, self.chosen_label))
        return listed

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        if formdata is not None:
            typed, was = formdata.get(f"{self.name}-text"), formdata.get(f"{self.name}-was", "")
            if typed is not None and typed.strip() != was.strip():
                self.typed = typed.strip()
        super().process(formdata, *args, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        if self.typed is not None and self.is_open:
            self.data = self._by_text(self.typed) if self.typed else None
        elif valuelist:
            self.data = self._by_id(valuelist[0].strip())

    def _by_id(self, given: str) -> Any | None:
        present = self.object_data
        if present is not None and given == str(present.id):
            return present
        if not given and (self.is_open or present is None):
            return None
        row = self.picker.get(given, every=self.every) if self.is_open and self.picker else None
        if row is None:
            raise ValueError(gettext("There is no such record among those you may choose."))
        return row

    def _by_text(self, text: str) -> Any:
        picker = self.picker
        rows = picker.find(text, every=self.every) if picker else []
        same = [row for row in rows if picker and picker.label(row).casefold() == text.casefold()]
        for found in (same, rows):
            if len(found) == 1:
                return found[0]
        if rows:
            self.offered = rows
            raise ValueError(gettext("Several records match “%(text)s”. Choose one.", text=text))
        raise ValueError(gettext("Nothing matches “%(text)s”.", text=text))
