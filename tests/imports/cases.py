"""The shared cases of files: what each must become, and the two ways by which it comes in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commands import crm
from app.extensions import db
from app.models import Campaign, Company, ImportFile, ImportRow, clock
from app.models.import_file import RowState
from tests.factories import make_campaign

FILES = Path(__file__).parents[1] / "cases" / "files"
NAMES = sorted(path.name for path in FILES.iterdir() if not path.name.endswith(".expect.json"))
# Who neither phone nor e-mail reaches: the reason names what was wrong with them, if anything was.
NO_CONTACT = {"no_contact", "bad_phone", "bad_email"}


@dataclass(frozen=True)
class Case:
    name: str
    expected: dict[str, Any]

    @property
    def kind(self) -> str:
        return "spend" if "total_cost" in self.expected else "leads"

    @property
    def path(self) -> Path:
        return FILES / self.name


def case(name: str) -> Case:
    return Case(name, json.loads((FILES / f"{name}.expect.json").read_text()))


@contextmanager
def company_of(app: Flask, one: Case) -> Iterator[None]:
    """The company as the case has it, with the campaigns that the file names."""
    before = clock.zone().key
    with app.app_context():
        session = db.session()
        company = Company.of(session)
        company.phone_region = one.expected.get("default_region", "RU")
        rows = one.expected["rows"]
        company.currency = next((row["currency"] for row in rows if row.get("currency")), "RUB")
        known: dict[str, Campaign] = {}
        for row in rows:
            title, external = row.get("campaign_name"), row.get("campaign_id")
            if title and title not in known:
                known[title] = make_campaign(session, title=title)
            ids = {one.external_id for one in known[title].external_ids} if title else set()
            if title and external and external not in ids:
                known[title].add_external_id("platform", external)
        session.commit()
    clock.use_zone(one.expected.get("company_timezone", "Europe/Moscow"))
    try:
        yield
    finally:
        clock.use_zone(before)


def by_command(app: Flask, one: Case, *more: str) -> str:
    """`flask fab import KIND FILE`"""
    script = ScriptInfo(create_app=lambda: app)
    result = CliRunner().invoke(crm, ["import", one.kind, str(one.path), *more], obj=script)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def last_import(session: Session) -> ImportFile:
    return session.scalars(select(ImportFile).order_by(ImportFile.id.desc())).first()  # type: ignore[return-value]


def told_rows(session: Session, one: ImportFile, *states: RowState) -> dict[int, ImportRow]:
    query = select(ImportRow).where(ImportRow.import_id == one.id)
    rows = session.scalars(query.where(ImportRow.state.in_([state.value for state in states])))
    return {row.number: row for row in rows}


def codes_of(row: ImportRow) -> set[str]:
    return {one["code"] for said in (row.remarks or {}).values() for one in said}


def headers_of(row: ImportRow) -> set[str]:
    return {name for where in (row.remarks or {}) for name in where.split(",")}
