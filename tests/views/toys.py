"""A small application of toy screens over real nouns, to try the base classes apart from the CRM.

`Stock…` screens are Flask-AppBuilder's own over the same nouns: what ours cures must fail there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from flask import Flask
from flask_appbuilder import AppBuilder
from flask_appbuilder.actions import action
from flask_appbuilder.models.sqla.filters import FilterEqual
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.security.sqla.models import User
from flask_appbuilder.views import ModelView
from flask_babel import get_locale
from sqlalchemy import event
from wtforms.validators import InputRequired

from app import database, ui
from app.extensions import csrf, db
from app.models import Campaign, Channel, Company, Lead, Model, Note, Service, Spend, clock
from app.models.lead import LeadStatus
from app.ui.fields import MoneyField, TextField
from app.views.base import Equal, Guarded, Interface, NounForm, NounView, PickerApi, verb
from app.web import acting

ROLES = {
    "Boss": [[".*", ".*"]],
    "Clerk": [
        ["^(Campaign|Stock|Plain|Service|Channel)View$", "^can_(list|show|edit|add|delete)$"],
        ["^PickerApi$", "^can_get$"],
    ],
    "Outsider": [["^PickerApi$", "^can_get$"], ["^CampaignView$", "^can_(list|show|edit)$"]],
}
DONE: list[tuple[str, list[int]]] = []  # what actions were given


class SpendView(NounView):
    datamodel = Interface(Spend)
    list_columns = ["day", "amount", "campaign"]
    order_columns = ["day"]


class CampaignView(NounView):
    datamodel = Interface(Campaign)
    list_title = "Campaigns"
    list_columns = ["title", "service", "service.price", "channel", "budget", "starts_on"]
    show_columns = ["title", "service", "channel", "budget", "starts_on", "ends_on", "created_at"]
    add_columns = edit_columns = ["title", "service", "channel", "budget", "starts_on", "ends_on"]
    search_columns = ["title", "service", "channel", "budget", "starts_on", "created_at"]
    order_columns = ["title", "starts_on", "service.title"]
    base_filters = [["currency", Equal, "RUB"]]
    related_views = [SpendView]

    @action("mark", "Mark")
    def mark(self, rows: Any) -> Any:
        return _mark(self, rows)


class PriceForm(NounForm):
    price = MoneyField("Price", [InputRequired()])
    title = TextField("Title")


class ServiceView(NounView):
    datamodel = Interface(Service)
    list_title = "Services"
    list_columns = ["title", "price", "active"]
    show_columns = ["title", "description", "price", "active"]
    add_columns = edit_columns = ["title", "description", "price", "active"]
    search_columns = ["active", "price"]
    picker_filters: ClassVar[list[Any]] = [["active", Equal, True]]
    related_views = [CampaignView]

    @verb("Stop selling", permission="edit", when=lambda service: service.active)
    def stop(self, service: Service) -> Any:
        service.change(active=False)
        return "Stopped."

    @verb("New price", permission="edit", form=PriceForm, versioned=True)
    def reprice(self, service: Service, values: dict[str, Any]) -> Any:
        service.change(**values)
        return "Repriced."


class ChannelView(NounView):
    datamodel = Interface(Channel)
    list_columns = ["title"]
    add_columns = edit_columns = ["title"]


class LeadView(NounView):
    datamodel = Interface(Lead)
    enums: ClassVar[dict[str, Any]] = {"status": LeadStatus}
    list_columns = ["name", "status", "phone", "campaign", "received_at"]
    needs = ["first_name", "last_name", "middle_name", "company_name", "email", "phone_key",
             "phone_extension"]  # fmt: skip
    edit_columns = ["first_name", "last_name", "phone", "campaign"]
    search_columns = ["status", "received_at", "campaign"]


class NoteView(NounView):
    datamodel = Interface(Note)
    list_columns = ["at", "kind", "text"]


def _mark(view: Any, rows: Any) -> Any:
    listed = rows if isinstance(rows, list) else [rows]
    DONE.append((type(view).__name__, [row.id for row in listed]))
    return "marked"


class StockView(ModelView):
    """Flask-AppBuilder as it comes."""

    datamodel = SQLAInterface(Campaign)
    list_columns = ["title", "service", "budget"]
    add_columns = edit_columns = ["title", "service"]
    search_columns = ["title", "budget", "starts_on"]
    order_columns = ["title"]
    base_filters = [["currency", FilterEqual, "RUB"]]

    @action("mark", "Mark")
    def mark(self, rows: Any) -> Any:
        return _mark(self, rows)


class PlainView(Guarded, StockView):
    """The same screen, guarded as FAB's own users and roles are."""


SCREENS = [SpendView, CampaignView, ServiceView, ChannelView, LeadView, NoteView, StockView,
           PlainView, PickerApi]  # fmt: skip


def make_app(folder: Path, url: str | None = None, **settings: Any) -> Flask:
    app = Flask("app")
    app.config.update(
        SECRET_KEY="a secret of tests, which is long enough",
        SQLALCHEMY_DATABASE_URI=url or f"sqlite:///{folder / 'toys.sqlite3'}",
        SQLALCHEMY_ENGINE_OPTIONS={} if url else {"connect_args": {"timeout": 10}},
        WTF_CSRF_ENABLED=False,
        FAB_ROLES=ROLES,
        FAB_CREATE_DB=False,
        FAB_UPDATE_PERMS=False,
        FAB_ADD_SECURITY_API=False,
        FAB_PASSWORD_HASH_METHOD="pbkdf2:sha256:1",
        AUTH_RATE_LIMITED=False,
        RATELIMIT_ENABLED=False,
        LANGUAGES={
            "en": {"flag": "gb", "name": "English"},
            "ru": {"flag": "ru", "name": "Русский"},
        },
        UPLOAD_FOLDER=str(folder),
        TESTING=False,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.config.update(settings)
    clock.use_zone("Europe/Moscow")
    db.init_app(app)
    csrf.init_app(app)
    with app.app_context():
        database.watch(db.engine)
        acting.init(app)
        Model.metadata.create_all(db.engine)
        ui.init(app)
        builder = AppBuilder(base_template="crm/base.html", update_perms=False)
        builder.init_app(app, db.session)
        app.jinja_env.globals["get_locale"] = get_locale
        for screen in SCREENS:
            builder.add_view_no_menu(screen)
        _people(builder)
        db.session.remove()
    return app


def _people(builder: AppBuilder) -> None:
    security = builder.sm
    for role in (*ROLES, "Public"):
        security.add_role(role)
    for name in ("boss", "clerk", "outsider"):
        role = security.find_role(name.capitalize())
        security.add_user(name, name.capitalize(), "Test", f"{name}@example.com", role, "pw")
    db.session.add(Company(name="Toys"))
    db.session.commit()


def log_in(app: Flask, name: str) -> Any:
    """A client that is logged in as boss, clerk or outsider."""
    client = app.test_client()
    with app.app_context():
        number = db.session.query(User.id).filter_by(username=name).scalar()
    with client.session_transaction() as session:
        session["_user_id"] = str(number)
        session["_fresh"] = True
    return client


@contextmanager
def rows_of(app: Flask) -> Iterator[Any]:
    """A session of its own, so that nothing is shared with the requests."""
    with app.app_context():
        yield db.session
        db.session.commit()
        db.session.remove()


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements that the block sends."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's form: its key, the version and the opened values."""
    found = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and not name[1].endswith(("-was", "-text")):
            found[name[1]] = value[1]
    return found


def make_service(session: Any, title: str = "Ads", **changes: Any) -> Service:
    service = Service()
    session.add(service)
    with session.no_autoflush:
        service.change(**{"title": title, "price": 100, **changes})
    session.flush()
    return service


def make_campaign(session: Any, title: str, service: Service, **changes: Any) -> Campaign:
    currency = changes.pop("currency", "RUB")
    campaign = Campaign()
    session.add(campaign)
    with session.no_autoflush:
        campaign.change(**{"title": title, "service": service, **changes})
    campaign.currency = currency
    session.flush()
    return campaign
