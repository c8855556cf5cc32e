"""Doing something once: a form's key and its act stand or fall in one transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.errors import N_, CrmError
from app.models.actor import current_actor
from app.models.form_key import FormKey


class DoneBefore(Exception):  # noqa: N818 -- it is no error: the first click succeeded
    """The same form has been sent already; `row_id` is what it made."""

    def __init__(self, row_id: int | None) -> None:
        self.row_id = row_id
        super().__init__(row_id)


class WrongKey(CrmError):
    message = N_("This form has been used for something else. Save it once more.")


def begin_once(session: Session, key: str, act: str) -> FormKey:
    """Claims the key before the act. A second sender waits here until the first has committed.

    Set the returned row's `row_id` before the commit. Raises DoneBefore.
    """
    act = f"{current_actor().user_id or 0}:{act}"[:100]
    _refuse_known(session, key, act)
    claimed = FormKey(key=key, act=act)
    session.add(claimed)
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        _refuse_known(session, key, act)
        raise
    return claimed


def _refuse_known(session: Session, key: str, act: str) -> None:
    known: Any = session.get(FormKey, key, populate_existing=True)
    if known is not None:
        if known.act != act:
            raise WrongKey()
        raise DoneBefore(known.row_id)
