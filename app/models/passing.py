"""What is kept for a time only: keys of forms and of requests, wrong log-ins, steps to undo, what
webhooks were told.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.models.clock import utc_now
from app.models.form_key import FormKey
from app.models.import_file import ImportFile, ImportPiece, ImportRow
from app.models.login_failure import LoginFailure
from app.models.source import IDEMPOTENCY_KEPT, IdempotencyKey
from app.models.undo import UndoStep
from app.models.webhook import KEPT, WebhookDelivery

FORM_KEYS_KEPT = timedelta(days=7)
FAILURES_KEPT = timedelta(days=2)  # a day, and one to compare it with
STEPS_KEPT = timedelta(days=1)  # beyond their ten minutes, for an undo that runs long
IMPORTS_KEPT = timedelta(days=30)
AT_ONCE = 10_000  # so that nobody waits long for the one writer of SQLite


def forget_old(session: Session) -> int:
    """Deletes what is over, at most 10,000 rows of each kind; returns how many."""
    kinds: tuple[tuple[Any, Any, Any, timedelta], ...] = (
        (FormKey, FormKey.key, FormKey.at, FORM_KEYS_KEPT),
        (IdempotencyKey, IdempotencyKey.id, IdempotencyKey.created_at, IDEMPOTENCY_KEPT),
        (LoginFailure, LoginFailure.id, LoginFailure.at, FAILURES_KEPT),
        (UndoStep, UndoStep.id, UndoStep.until, STEPS_KEPT),
        (WebhookDelivery, WebhookDelivery.id, WebhookDelivery.ordered_at, KEPT),
    )
    gone = 0
    for noun, key, at, kept in kinds:
        over = select(key).where(at <= utc_now() - kept).order_by(at).limit(AT_ONCE)
        # Another worker may be at the same rows.
        statement = delete(noun).where(key.in_(over.with_for_update(skip_locked=True)))
        options = {"synchronize_session": False}
        gone += len(session.execute(statement.returning(key), execution_options=options).all())
    return gone + _forget_imports(session)


def _forget_imports(session: Session) -> int:
    """Files that nobody has run and what was told of rows hold people's data: for a time only."""
    old = select(ImportFile.id).where(ImportFile.changed_at <= utc_now() - IMPORTS_KEPT)
    gone = 0
    for noun in (ImportPiece, ImportRow):
        over = select(noun.id).where(noun.import_id.in_(old)).limit(AT_ONCE)
        statement = delete(noun).where(noun.id.in_(over.with_for_update(skip_locked=True)))
        options = {"synchronize_session": False}
        gone += len(session.execute(statement.returning(noun.id), execution_options=options).all())
    return gone
