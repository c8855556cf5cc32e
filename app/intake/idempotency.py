"""A request that its source named itself: the same key within 7 days gets the stored answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from app.intake.many import delivery_space
from app.models.clock import utc_now
from app.models.matching import lock_alone
from app.models.source import IDEMPOTENCY_KEPT, IdempotencyKey

KEY_LIMIT = 255


@dataclass(frozen=True, slots=True)
class Kept:
    """What was answered; `is_same` tells whether this request has the same body."""

    status: int
    answer: Any
    submission_id: int | None
    is_same: bool


def is_key(text: str) -> bool:
    return 0 < len(text) <= KEY_LIMIT and text.isascii() and text.isprintable()


def find(session: Session, source_id: int, key: str, digest: str) -> Kept | None:
    """The stored answer. Until the transaction ends nobody else works on the same key."""
    lock_alone(session, delivery_space(source_id), f"key:{key}")
    row = session.execute(
        select(
            IdempotencyKey.status, IdempotencyKey.answer, IdempotencyKey.submission_id,
            IdempotencyKey.body_digest,
        )
        .where(IdempotencyKey.source_id == source_id, IdempotencyKey.key == key)
        .where(IdempotencyKey.created_at > utc_now() - IDEMPOTENCY_KEPT)
    ).first()  # fmt: skip
    if row is None:
        return None
    return Kept(row.status, row.answer, row.submission_id, row.body_digest == digest)


def keep(
    session: Session,
    source_id: int,
    key: str,
    digest: str,
    *,
    status: int,
    answer: Any,
    submission_id: int | None,
) -> None:
    """Stores the answer, and lets go of the source's keys whose seven days are over."""
    session.execute(
        delete(IdempotencyKey)
        .where(IdempotencyKey.source_id == source_id)
        .where(IdempotencyKey.created_at <= utc_now() - IDEMPOTENCY_KEPT)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        insert(IdempotencyKey).values(
            source_id=source_id,
            key=key,
            body_digest=digest,
            status=status,
            answer=answer,
            submission_id=submission_id,
            created_at=utc_now(),
        )
    )
