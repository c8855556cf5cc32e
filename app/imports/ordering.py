"""What a person or a command may say of an import, in one place: how the file is read, what its
columns mean, and what holds for all rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import N_, Invalid
from app.imports.columns import FIELDS, SKIP
from app.imports.encodings import OFFERED
from app.imports.planning import Plan
from app.imports.tables import BOOK, Layout
from app.imports.texts import DELIMITERS
from app.imports.working import look_again
from app.models.campaign import Campaign
from app.models.contacts import search_text_of
from app.models.import_file import ImportFile, ImportKind
from app.models.service import Service
from app.models.source import Source


def read_otherwise(
    session: Session, one: ImportFile, *, sheet: str | None = None, encoding: str | None = None,
    delimiter: str | None = None, header: int | None = None,
) -> bool:  # fmt: skip
    """Reads the file's head anew where something is said that differs. Raises Invalid by field and
    FileRefused.
    """
    layout = Layout(**one.layout)
    before = Layout(**one.layout)
    if layout.kind == BOOK:
        if sheet:
            if sheet not in layout.sheets:
                raise Invalid.of(
                    "sheet", N_("This workbook has no sheet “%(sheet)s”."), sheet=sheet
                )
            layout.sheet = sheet
    else:
        if encoding:
            if encoding not in {*OFFERED, layout.encoding}:
                raise Invalid.of("encoding", N_("Choose one of the encodings."))
            layout.encoding = encoding
        if delimiter:
            if delimiter not in {*DELIMITERS, layout.delimiter}:
                raise Invalid.of("delimiter", N_("Choose what parts the cells."))
            layout.delimiter = delimiter
    if header is not None and header < 0:
        raise Invalid.of("header", N_("Write the number of the row with the headers, or 0."))
    moved = header is not None and header != Plan.of(one.plan).header_row
    if layout == before and not moved:
        return False
    if layout.encoding != before.encoding and not delimiter:
        layout.delimiter = ""  # guessed anew
    look_again(session, one, layout, header=header)
    return True


def settle(session: Session, one: ImportFile, fields: list[str] | None, **said: Any) -> Plan:
    """What the columns mean and what holds for all rows: `month_first`, `comma`, `utc`,
    `campaign_id`, `source_id`, `service_id`; what is not said stays. Raises Invalid by field.
    """
    kind, plan = ImportKind(one.kind), Plan.of(one.plan)
    if fields is not None:
        plan.choose(kind, fields)
    missing = plan.columns(kind).missing()
    if missing:
        raise Invalid.of("columns", MISSING[kind])
    for name, noun in (("campaign_id", Campaign), ("source_id", Source), ("service_id", Service)):
        if said.get(name) is not None and session.get(noun, said[name]) is None:
            raise Invalid.of(name, N_("Choose one of the list."))
    for name, value in said.items():
        setattr(plan, name, value)
    one.plan = plan.as_json()
    return plan


MISSING = {
    ImportKind.LEADS: N_("Say which column is the phone or the e-mail."),
    ImportKind.CLIENTS: N_("Say which column is the name, the phone or the e-mail."),
    ImportKind.SPEND: N_("Say which columns are the day, the campaign and the amount."),
}


def named_fields(one: ImportFile, named: Mapping[str, str]) -> list[str]:
    """The plan's fields with some columns meant otherwise: {header: field}. Raises Invalid."""
    plan = Plan.of(one.plan)
    fields = list(plan.fields)
    for header, name in named.items():
        if header not in plan.headers:
            raise Invalid.of("columns", N_("There is no column “%(header)s”."), header=header)
        if name not in {*FIELDS[ImportKind(one.kind)], "answer", SKIP, "utm"}:
            raise Invalid.of("columns", N_("There is no field “%(named)s”."), named=name)
        fields[plan.headers.index(header)] = name
    return fields


def row_named(session: Session, field: str, noun: Any, text: str) -> int:
    """The id of a campaign, service or source that is named by its id or title. Raises Invalid."""
    title = noun.name if noun is Source else noun.title
    query = select(noun.id).where(noun.id == int(text)) if text.isdigit() else None
    found = list(session.scalars(query)) if query is not None else []
    if not found:
        found = list(session.scalars(select(noun.id).where(title == text)))
    if not found and noun is not Source:
        found = list(
            session.scalars(select(noun.id).where(noun.search_text == search_text_of(text)))
        )
    if len(found) != 1:
        raise Invalid.of(field, N_("There is no “%(named)s”, or several."), named=text)
    return int(found[0])
