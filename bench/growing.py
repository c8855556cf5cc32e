"""Fills the database of DATABASE_URL for the benches: leads as many as wanted, and their lives.

    .venv/bin/python -m bench.growing 1000000

The large seed leaves nearly every lead new. Here they get the shares of a company that has worked
for years, with the operators' plans and calls, by plain statements: as verbs it would take hours.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from app import create_app
from app.extensions import db
from app.models import Company, Lead
from app.models.clock import utc_now
from app.models.lead import CallOutcome, LeadStatus, LostReason
from app.seed.large import plant_large
from app.seed.planting import Ground
from app.setup import set_up

SHARES = 200  # every two-hundredth lead shares a life


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    begun, done, told = time.perf_counter(), 0, 0

    def tick(some: int) -> None:
        nonlocal done, told
        done += some
        if done - told >= total / 10:
            told = done
            print(f"  {label}: {done} of {total}, {time.perf_counter() - begun:.0f} s", flush=True)

    yield tick


def grow(leads: int) -> None:
    app = create_app()
    set_up(app)
    with app.app_context():
        session = db.session()
        language = Company.of(session).language
        ground = Ground(session, language, app.config["CRM_DATA"], progress,
                        hash_method="pbkdf2:sha256:1")  # fmt: skip
        plant_large(ground, leads=leads)
        live(session)
        session.commit()
        if session.get_bind().dialect.name == "postgresql":
            session.connection().execute(text("ANALYZE"))
            session.commit()


def live(session: Session) -> None:
    """Of two hundred: 80 lost, 40 in work, 20 qualified, 60 new; every tenth plan is missing."""
    workers = list(session.scalars(
        select(User.id).where(User.roles.any(Role.name == "Operator")).order_by(User.id)
    ))  # fmt: skip
    for number in range(SHARES):
        session.execute(
            update(Lead)
            .where(Lead.id % SHARES == number, Lead.status == LeadStatus.NEW.value)
            .where(Lead.archived_at.is_(None), Lead.is_test.is_(False))
            .values(**_life(number, workers))
            .execution_options(synchronize_session=False)
        )
        session.commit()


def _life(number: int, workers: list[int]) -> dict[str, Any]:
    """The column values of one share."""
    worker = workers[number % len(workers)] if workers else None
    if number < 80:
        reason = list(LostReason)[number % len(LostReason)].value
        return {"status": LeadStatus.LOST.value, "lost_reason": reason, "assignee_id": worker}
    if number < 140:
        status = LeadStatus.IN_WORK if number < 120 else LeadStatus.QUALIFIED
        outcomes = list(CallOutcome)
        at = utc_now() + timedelta(days=number % 20 - 8, minutes=number * 7)
        return {"status": status.value, "assignee_id": worker, "calls": number % 4 + 1,
                "last_outcome": outcomes[number % len(outcomes)].value,
                "next_contact_at": None if number % 10 == 0 else at}  # fmt: skip
    return {"assignee_id": worker if number % 2 else None,
            "asked_again_at": utc_now() if number == SHARES - 1 else None}  # fmt: skip


if __name__ == "__main__":
    grow(int(sys.argv[1]))
