"""The commands: `flask fab setup`, seed, unseed, import, worker, check … (or `flask crm …`).

Flask loads this module at every call of `flask`, before the application: it imports nothing heavy.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from flask_appbuilder.cli import fab

if TYPE_CHECKING:
    from app.seed.planting import Planted, Tick

FIRST_ADMINISTRATOR = "crm_first_administrator"


@click.group()
def crm() -> None:
    """The CRM's own commands; `flask fab` knows them too."""


@crm.command()
@with_appcontext
def setup() -> None:
    """Makes the database ready: migrations, roles, company, first administrator, translations."""
    from app.i18n import compile_catalogues
    from app.setup import set_up

    app = _app()
    compiled = compile_catalogues()
    report = set_up(app)
    if report.migrated:
        click.echo("The database is at its newest version.")
    if report.password:
        click.echo(
            f"The first administrator is {report.username}, with this password (shown once):"
        )
        click.echo(report.password)
        app.extensions[FIRST_ADMINISTRATOR] = report.password
    elif report.username:
        click.echo(f"The first administrator is {report.username}, with the given password.")
    if not (report.migrated or report.username or compiled):
        click.echo("All is set up.")


@crm.command()
@click.option("--size", type=click.Choice(["demo", "large"]), default="demo", show_default=True)
@click.option("--language", type=click.Choice(["ru", "en"]), help="By default the company's.")
@click.option("--if-empty", is_flag=True, help="Say so and succeed where data is already.")
@with_appcontext
def seed(size: str, language: str | None, if_empty: bool) -> None:
    """Fills an empty database with demo data and makes the demo users."""
    from app.extensions import db
    from app.models import Company
    from app.seed.large import plant_large
    from app.seed.planting import Ground, plant, why_not

    app, session = _app(), db.session()
    reason = why_not(session)
    if reason is not None:
        if not if_empty:
            raise click.ClickException(reason)
        click.echo(reason)
        return
    ground = Ground(
        session,
        language or Company.of(session).language,
        app.config["CRM_DATA"],
        progress,
        first_password=app.extensions.pop(FIRST_ADMINISTRATOR, None),
        admin_is_free=not app.config["ADMIN_PASSWORD"],
        hash_method=app.config.get("FAB_PASSWORD_HASH_METHOD", "scrypt"),
    )
    planted = plant(ground) if size == "demo" else plant_large(ground)
    session.close()
    click.echo(
        f"Added {planted.leads} leads, {planted.clients} clients and {planted.contracts} contracts."
    )
    if size == "demo":
        _render(planted)
    if planted.logins is not None:
        click.echo(f"The demo log-ins are in {planted.logins}.")


@crm.command()
@with_appcontext
def unseed() -> None:
    """Takes the demo data out again; keeps and names what real rows stand on."""
    from app.extensions import db
    from app.seed.uprooting import uproot

    app = _app()
    report = uproot(db.session(), app.config["CRM_DATA"], progress)
    if report is None:
        click.echo("There is no demo data in this database.")
        return
    click.echo(f"Took out {report.removed} rows.")
    for line in report.kept:
        click.echo(f"Kept {line}.")
    for line in report.remarks:
        click.echo(line)


@crm.command("create-token")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["push_leads", "read_statistics"]),
    default=["push_leads"],
    show_default=True,
)
@click.option("--per-minute", type=int, help="Requests a minute; by default API_RATE_LIMIT.")
@with_appcontext
def create_token(name: str, scopes: tuple[str, ...], per_minute: int | None) -> None:
    """Adds a token to the source NAME, which is made if needed. The last line is the token."""
    from sqlalchemy import select

    from app.errors import CrmError
    from app.extensions import db
    from app.models import Source
    from app.models.actor import Actor, acting_as

    session = db.session()
    with acting_as(Actor("command", "create-token")):
        source = session.scalar(select(Source).where(Source.name == name))
        try:
            if source is None:
                source = Source()
                session.add(source)
                source.change(name=name)
                click.echo(f"Made the source {source.name}.")
            if source.is_put_away:
                raise click.ClickException("This source is put away. Bring it back first.")
            token = source.issue_token(scopes, per_minute=per_minute)
        except CrmError as error:
            raise click.ClickException(_sentence(error)) from error
        session.commit()
    click.echo(token)


@crm.command()
@with_appcontext
def worker() -> None:
    """Renders documents, does long acts and tells webhooks until it is told to stop (SIGTERM or
    Ctrl-C).
    """
    from app.documents.worker import Worker
    from app.extensions import db
    from app.webhooks.courier import Courier

    work = Worker(db.engine, beside=_app().extensions["crm_turn"])
    work.stop_on_signals()
    with Courier(db.engine):
        work.run()


@crm.command()
@with_appcontext
def check() -> None:
    """Looks whether all laws hold on the data: exit code 0, else 1 and a line per broken law."""
    from app.extensions import db
    from app.laws import LAWS, waived_documents

    session = db.session()
    broken = [line for law in LAWS if (line := law.broken(session))]
    for line in broken:
        click.echo(line)
    waived = waived_documents(session)
    if waived:
        click.echo(f"Documents waived by their batch: {waived} contracts.")
    if broken:
        sys.exit(1)
    click.echo(f"All {len(LAWS)} laws hold.")


@crm.command("import")
@click.argument("kind", type=click.Choice(["leads", "clients", "spend"]))
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--check", "only_check", is_flag=True, help="Say what would happen, store nothing.")
@click.option("--wrong", "wrong_file", type=click.Path(), help="Where wrong rows go, with reasons.")
@click.option("--column", "columns", multiple=True, help='What a column means: "Header=phone".')
@click.option("--header-row", type=int, help="The row with the headers; 0 when there is none.")
@click.option("--sheet", help="Of a workbook.")
@click.option("--encoding", help="Of a text file, such as cp1251.")
@click.option("--delimiter", help="What parts the cells of a text file; “tab” is a tab.")
@click.option("--month-first/--day-first", default=None, help="How 02/03/2026 is read.")
@click.option("--comma/--point", default=None, help="What begins the decimals of 1,234.")
@click.option("--utc/--company-time", default=None, help="Whose the times without a zone are.")
@click.option("--campaign", help="Of rows that name none: its id or title.")
@click.option("--source", help="Whose ids the file has: the source's id or name.")
@click.option("--new-campaigns", help="Make unknown campaigns of a cost report, for this service.")
@with_appcontext
def import_rows(
    kind: str, file: str, only_check: bool, wrong_file: str | None, **said: Any
) -> None:
    """Brings the rows of a FILE (CSV, TSV, XLSX) in, as the import page does."""
    from app.commands_import import Order, bring

    bring(Order(kind, file, only_check, wrong_file, said), progress, click.echo)


@crm.command("undo-import")
@click.argument("number", type=int)
@with_appcontext
def undo_import(number: int) -> None:
    """Takes back what the import NUMBER has made; names what others have worked with since."""
    from app.commands_import import take_back

    take_back(number, progress, click.echo)


@crm.command("export-conversions")
@click.argument("platform", type=click.Choice(["google", "meta", "yandex", "metrica"]))
@click.option(
    "--event",
    type=click.Choice(["qualified", "converted", "signed"]),
    default="signed",
    show_default=True,
)
@click.option("--goal", help="What the platform calls the conversion; by default the usual name.")
@click.option("--from", "first", help="First company day, such as 2026-11-01. Default: all time.")
@click.option("--to", "last", help="Last company day.")
@click.option("--contacts", is_flag=True, help="Meta: with hashes of phone and e-mail.")
@click.option("--output", type=click.Path(dir_okay=False), help="By default it is printed.")
@with_appcontext
def export_conversions(
    platform: str, event: str, goal: str | None, first: str | None, last: str | None,
    contacts: bool, output: str | None,
) -> None:  # fmt: skip
    """Writes conversions in the upload format of an ad platform, as the page under statistics."""
    from app.database import read_in_blocks
    from app.errors import CrmError
    from app.extensions import db
    from app.statistics.conversions import Wanted, conversions
    from app.statistics.periods import Period
    from app.statistics.uploads import lines

    try:
        named = "custom" if first or last else None
        period = Period.named(named, first, last)
        wanted = Wanted.named(platform, event, period, goal, contacts=contacts)
    except CrmError as error:
        raise click.ClickException(_sentence(error)) from error
    with click.open_file(output or "-", "w", encoding="utf-8") as file:
        for block in read_in_blocks(db.engine, lambda one: lines(wanted, conversions(one, wanted))):
            file.write(block)


@crm.command("babel-extract")
def babel_extract() -> None:
    """Brings the code's texts into the catalogues and names those that wait for a translator."""
    from app.i18n import catalogues, update

    for catalogue in catalogues():
        waiting = update(catalogue)
        click.echo(f"{catalogue}: {len(waiting)} texts wait for a translator.")
        for text in waiting:
            click.echo(f"    {text}")


# -- how they are made -----------------------------------------------------------------------------


@contextmanager
def progress(label: str, length: int) -> Iterator[Tick]:
    """A bar on a terminal, nothing in a log."""
    if not sys.stdout.isatty():
        yield lambda _count: None
        return
    with click.progressbar(length=length, label=label) as bar:
        yield bar.update


def _render(planted: Planted) -> None:
    from app.documents.queue import render_waiting
    from app.extensions import db

    # The worker's line per document would drown what the command has to say.
    logging.getLogger("app.documents.queue").setLevel(logging.WARNING)
    rendered = 0
    with progress("Documents", planted.waiting) as tick:
        while taken := render_waiting(db.engine, 2, at_once=2):
            rendered += taken
            tick(taken)
    if rendered < planted.waiting:
        left = planted.waiting - rendered
        click.echo(f"{left} documents wait for the worker: see their contracts for the reason.")


def _sentence(error: Any) -> str:
    faults = [fault for faults in getattr(error, "faults", {}).values() for fault in faults]
    return " ".join(str(fault) for fault in faults) or str(error)


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined, no-any-return]


# FAB's own babel-extract, which knows neither our folders nor our marks, is replaced.
for _command in (
    setup,
    seed,
    unseed,
    create_token,
    worker,
    check,
    babel_extract,
    import_rows,
    undo_import,
    export_conversions,
):
    fab.add_command(_command)
