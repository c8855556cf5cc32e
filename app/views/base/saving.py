"""How a screen saves: the form's key, one verb and the commit, over nobody else's work."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.errors import CrmError, Stale
from app.models.actor import current_actor
from app.models.form_key import FormKey
from app.models.undo import UndoStep, recording
from app.ui.messages import message_of
from app.ui.pickers import PickerField
from app.views.base.forms import NounForm, as_text, shown_text
from app.views.base.links import address_of
from app.views.base.once import DoneBefore, WrongKey, begin_once
from app.views.base.opened import watching

log = logging.getLogger(__name__)

CONFLICT = 409


class Saving:
    """The changing half of `NounView`."""

    datamodel: Any
    endpoint: Any
    default_view: Any
    offers: Callable[[str], bool]
    row_or_404: Callable[..., Any]

    @property
    def session(self) -> Any:
        return self.datamodel.session

    def save_over(
        self, form: NounForm, row: Any, act: str, filled: Callable[[Any], NounForm],
        do: Callable[[], Any], undo: str = "",
    ) -> Response | int:  # fmt: skip
        """Law 8: saves the form over the row unless somebody else did meanwhile."""
        number = row.id
        try:
            self._refuse_repeat(form, f"{act} {number}")
        except DoneBefore as done:
            return self._arrive(done.row_id, gettext("The record has been changed."))
        self._take_theirs(form, row, filled)
        if form.is_stale(row) or (act == "edit" and _is_typed_over(form, filled(row))):
            return self._show_conflict(form, number, filled)
        if not form.validate():
            return 400
        try:
            with watching(self.session, row):
                return self.perform(
                    form, f"{act} {number}", do, gettext("The record has been changed."),
                    row_id=number, undo=undo,
                )  # fmt: skip
        except (Stale, StaleDataError):
            return self._show_conflict(form, number, filled)

    def perform(
        self, form: NounForm, act: str, do: Callable[[], Any], message: str = "", *,
        row_id: int | None = None, go_to: str | None = None, undo: str = "",
    ) -> Response | int:  # fmt: skip
        """The form's key, the verb and the commit; an answer, or the status of the refusal, whose
        messages are in the form by then. Stale passes through to `save_over`. `undo` is the
        permission of a verb that can be undone: the told sentence then carries the button.
        """
        act = f"{type(self).__name__} {act}"
        category = "success"
        try:
            key = begin_once(self.session, form.form_key.data, act)
            if undo:
                with recording(self.session) as record:
                    result = do()
                step = UndoStep.keep(
                    self.session, record.rows(), user_id=current_actor().user_id, act=act,
                    permission=undo,
                )  # fmt: skip
                category = f"undo:{step.id}" if step is not None else category
            else:
                result = do()
            row, told = _told(result)
            if isinstance(row, Response):
                key.row_id = row_id
                self.session.commit()
                if told:
                    flash(str(told), category)
                return row
            self.session.flush()
            number = row.id if row is not None and row_id is None else row_id
            key.row_id = number
            target = self._address(row, number)
            self.session.commit()
        except DoneBefore as done:
            self.session.rollback()
            return self._arrive(done.row_id, message, go_to)
        except (Stale, StaleDataError):
            self.session.rollback()
            raise
        except CrmError as error:
            self.session.rollback()
            form.take(error)
            if isinstance(error, WrongKey):
                form.renew_key()
            return error.status
        except IntegrityError as error:
            self.session.rollback()
            form.take_integrity(error)
            return CONFLICT
        log.info("%s: %s", act, number)
        flash(str(told or message or gettext("Saved.")), category)
        return redirect(go_to or target)

    def _refuse_repeat(self, form: NounForm, act: str) -> None:
        known = self.session.get(FormKey, form.form_key.data)
        if known is not None and known.act.partition(":")[2] == f"{type(self).__name__} {act}":
            raise DoneBefore(known.row_id)

    def _address(self, row: Any, number: int | None) -> str:
        if row is not None and not isinstance(row, self.datamodel.obj):
            return address_of(row.__tablename__, row.id) or url_for(f"{self.endpoint}.list")
        if number is not None and self.offers("show"):
            return url_for(f"{self.endpoint}.show", pk=number)
        return url_for(f"{self.endpoint}.{self.default_view}")

    def _arrive(self, number: int | None, message: str, go_to: str | None = None) -> Response:
        """For the second click: as if it had been the first."""
        flash(message or gettext("Saved."), "success")
        return redirect(go_to or self._address(None, number))

    def _show_conflict(self, form: NounForm, number: int, filled: Callable[[Any], NounForm]) -> int:
        """Keeps what was typed, takes over what only the other one changed, and lists both."""
        self.session.rollback()
        self.session.expire_all()
        row = self.row_or_404(number, away=False)
        current = filled(row)
        opened = form.values_at_opening()
        before = self._worded(form, opened)
        for field in form.shown():
            name = field.short_name
            theirs = current[name]
            yours, now = as_text(field), as_text(theirs)
            was = (opened or {}).get(name)
            if yours == now or now == was:
                continue
            untouched = was is not None and yours == was
            form.conflicts.append(
                {
                    "name": name,
                    "label": field.label.text,
                    "before": before.get(name, ""),
                    "now": shown_text(theirs),
                    "yours": None if untouched else shown_text(field),
                }
            )
            if untouched:
                field.data, field.raw_data = theirs.data, None
        form.lock_version.data = str(row.lock_version)
        current.remember(row)
        form.opened.data = current.opened.data
        form.faults.insert(0, (message_of(Stale()), None))
        return CONFLICT

    @staticmethod
    def _take_theirs(form: NounForm, row: Any, filled: Callable[[Any], NounForm]) -> None:
        """The fields for which the conflict page was told to keep what stands there now."""
        chosen = [f for f in form.shown() if request.form.get(f"keep-{f.short_name}") == "now"]
        if chosen:
            current = filled(row)
            for field in chosen:
                now = current[field.short_name]
                field.data, field.raw_data, field.process_errors = now.data, [as_text(now)], []
                if isinstance(field, PickerField):
                    field.typed = None

    def _worded(self, form: NounForm, opened: dict[str, str] | None) -> dict[str, str]:
        if opened is None:
            return {}
        texts = MultiDict({name: str(text) for name, text in opened.items()})
        earlier = type(form)(formdata=texts, meta={"csrf": False})
        return {f.short_name: shown_text(f) for f in earlier.shown()}


def _is_typed_over(form: NounForm, current: NounForm) -> bool:
    """A person who asks again fills what was empty, and that raises no version: what the editor
    left alone is taken over into the form; True when they typed something else there.
    """
    opened = form.values_at_opening() or {}
    for field in form.shown():
        name = field.short_name
        was, now, yours = opened.get(name), as_text(current[name]), as_text(field)
        if was is None or now == was or yours == now:
            continue
        if yours != was:
            return True
        field.data, field.raw_data = current[name].data, None
    return False


def _told(result: Any) -> tuple[Any, Any]:
    """A verb's answer as (row or response, sentence)."""
    if isinstance(result, tuple):
        return result
    if result is None or isinstance(result, Response) or hasattr(result, "__mapper__"):
        return result, None
    return None, result
