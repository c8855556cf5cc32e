"""What bench/intake.py measures our door against: a Flask application that knows no law.

`/nothing` answers without a database; `/core` inserts the rows that our door inserts, by SQLAlchemy
Core in one transaction, and looks nothing up, reads no token and judges no value.
"""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, request
from sqlalchemy import create_engine, insert

from app.extensions import db
from app.models import Lead, Note, Submission

app = Flask(__name__)
engine = create_engine(
    os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg2:"), pool_size=10
)
assert db  # its import declares every table
LEAD = insert(Lead.__table__).returning(Lead.__table__.c.id)
SUBMISSION, NOTE = insert(Submission.__table__), insert(Note.__table__)
SOURCE_ID = int(os.environ.get("BENCH_SOURCE", "1"))


@app.post("/nothing")
def nothing() -> tuple[dict[str, Any], int]:
    return {"id": len(request.get_json())}, 201


@app.post("/core")
def core() -> tuple[dict[str, Any], int]:
    raw, sent = request.get_data(), request.get_json()
    now = datetime.now(UTC)
    with engine.begin() as connection:
        lead_id = connection.execute(LEAD, lead_row(sent, now)).scalar_one()
        connection.execute(SUBMISSION, submission_row(raw, sent, lead_id, now))
        connection.execute(NOTE, note_row(lead_id, now))
    return {"id": lead_id, **sent}, 201


def lead_row(sent: dict[str, Any], now: datetime) -> dict[str, Any]:
    phone, email = sent["phone"], sent["email"]
    last, first = sent["last_name"], sent["first_name"]
    return {
        "first_name": first, "last_name": last, "middle_name": "", "company_name": "",
        "job_title": "", "language": None, "phone": phone, "phone_key": phone,
        "phone_extension": None, "email": email, "email_key": email,
        "name_key": f"{last} {first}".lower(), "campaign_id": sent["campaign"], "status": "new",
        "received_at": now, "status_changed_at": now, "assignee_id": None,
        "respond_by": now + timedelta(minutes=30), "asked_again_at": None, "is_test": False,
        "batch_id": None, "calls": 0, "lock_version": 1, "created_at": now, "changed_at": now,
        "created_by_id": None, "changed_by_id": None,
        "search_text": f"{last}\n{first}\n{email}\n{phone[1:]}\n8{phone[2:]}".lower(),
    }  # fmt: skip


def submission_row(raw: bytes, sent: dict[str, Any], lead_id: int, now: datetime) -> dict[str, Any]:
    return {
        "source_id": SOURCE_ID, "door": "leads", "received_at": now, "submitted_at": None,
        "media_type": "application/json", "body": raw,
        "body_digest": hashlib.sha256(raw).hexdigest(), "external_id": None, "form_id": None,
        "campaign_id": sent["campaign"], "campaign_sent": str(sent["campaign"]),
        "lead_id": lead_id, "first_id": None, "answers": None, "click_id": None, "utm": None,
        "consent_text": None, "consent_at": None, "is_test": False, "fetches": 0, "fetch_at": None,
        "outcome": "accepted", "reasons": None, "warnings": None, "batch_id": None,
        "created_by_id": None,
    }  # fmt: skip


def note_row(lead_id: int, now: datetime) -> dict[str, Any]:
    return {
        "kind": "created", "text": "", "changes": None, "facts": None, "at": now, "pinned": False,
        "author_kind": "source", "author": "Bench", "author_user_id": None, "lead_id": lead_id,
        "batch_id": None,
    }  # fmt: skip
