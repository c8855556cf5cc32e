"""The shared webhook cases: exact requests of the platforms, and what must become of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask

from app.extensions import db
from app.models import Lead, Submission
from app.models.source import SecretName, Source, SourceFormat
from tests.factories import make_source

FOLDER = Path(__file__).parents[1] / "cases" / "webhooks"
FORMATS = {
    "google_lead_form": SourceFormat.GOOGLE,
    "html_form": SourceFormat.FORM,
    "meta_leadgen": SourceFormat.META,
    "meta_graph_lead": SourceFormat.META,
    "tiktok_lead": SourceFormat.TIKTOK,
    "tilda": SourceFormat.TILDA,
    "typeform": SourceFormat.TYPEFORM,
    "vk_callback": SourceFormat.VK,
}
SECRETS = {
    "google_key": SecretName.SIGNING,
    "secret": SecretName.SIGNING,
    "app_secret": SecretName.SIGNING,
    "client_secret": SecretName.SIGNING,
    "verify_token": SecretName.VERIFY_TOKEN,
    "confirmation": SecretName.CONFIRMATION,
}


@dataclass
class Case:
    name: str
    body: bytes
    expect: dict[str, Any]

    @property
    def config(self) -> dict[str, Any]:
        return self.expect.get("config", {})

    @property
    def statuses(self) -> set[int]:
        return {self.expect["status"], *self.expect.get("status_also", [])}

    @property
    def clock(self) -> datetime | None:
        said = self.config.get("clock")
        return datetime.fromisoformat(said) if said else None


def all_cases() -> list[Case]:
    files = sorted(FOLDER.glob("*.expect.json"))
    found = [(file.name.removesuffix(".expect.json"), file) for file in files]
    return [
        Case(name, (FOLDER / name).read_bytes(), json.loads(file.read_text()))
        for name, file in found
    ]


class Platform:
    """A platform whose source is set up as the case says, and which posts under its address."""

    def __init__(self, app: Flask, form: str, config: dict[str, Any], **source: Any) -> None:
        self.app = app
        with app.app_context():
            session = db.session()
            made: Source = make_source(session, format=str(form), **source)
            for name, value in config.items():
                if name == "group_id":
                    made.change(group_id=str(value))
                elif name == "honeypot_field":
                    made.change(honeypot=value)
                elif name in SECRETS:
                    made.keep_secret(SECRETS[name], value)
            session.flush()
            # Who cannot sign comes with a token in the address; a handshake needs neither.
            by_address = made.is_signed or {"verify_token", "confirmation"} & set(config)
            self.key = made.address if by_address else made.issue_token()
            session.commit()
            self.source_id = made.id

    def post(self, body: bytes, content_type: str = "application/json", **headers: str) -> Any:
        return self.app.test_client().post(
            f"/in/{self.key}", data=body, content_type=content_type, headers=headers
        )

    def send(self, case: Case) -> Any:
        asked = case.expect["request"]
        if asked["method"] == "GET":
            query = case.body.decode().strip()
            return self.app.test_client().get(f"/in/{self.key}?{query}")
        return self.app.test_client().post(
            f"/in/{self.key}", data=case.body, content_type=asked["content_type"],
            headers=asked["headers"],
        )  # fmt: skip

    def submissions(self) -> list[dict[str, Any]]:
        with self.app.app_context():
            rows = db.session.query(Submission).order_by(Submission.id).all()
            columns = [column.key for column in Submission.__mapper__.column_attrs]
            return [{name: getattr(row, name) for name in columns} for row in rows]

    def leads(self) -> list[dict[str, Any]]:
        with self.app.app_context():
            rows = db.session.query(Lead).order_by(Lead.id).all()
            columns = [column.key for column in Lead.__mapper__.column_attrs]
            return [{name: getattr(row, name) for name in columns} for row in rows]
