"""Clients: people and organisations that we serve, their contact people and their one story."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import has_request_context, request
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from sqlalchemy import func, select
from wtforms import HiddenField

from app.extensions import db
from app.models.client import Client, ClientKind, ContactPerson
from app.models.company import Company
from app.models.contacts import read_email, read_phones
from app.models.contract import COUNTED, Contract
from app.models.form_key import FormKey
from app.models.matching import CLIENTS, Keys, clients_like, lock_keys
from app.models.person import company_region
from app.ui.access import may
from app.views.base import NounForm, NounView, link_to, verb
from app.views.base.links import screen_of
from app.views.base.widgets import NounList
from app.views.contracts import ContractView
from app.views.converting import ids_of
from app.views.leads import LeadView, NoteForm, PeopleInterface, changed_only, reachable
from app.views.notes import TellsStory, asked_story

NAMES = ["last_name", "first_name", "middle_name"]
REACHED = ["phone", "email"]
OURS = ["language", "manager", "campaign"]
COLUMNS = {
    ClientKind.PERSON.value: [*NAMES, *REACHED, "address", *OURS],
    ClientKind.ORGANISATION.value: [
        "organisation_name", "legal_name", "tax_country", "tax_id", "branch_code", *REACHED,
        "address", "bank_details", *OURS,
    ],
}  # fmt: skip
TITLES = {
    ClientKind.PERSON.value: _("New person"),
    ClientKind.ORGANISATION.value: _("New organisation"),
}


class WarnsOfKnown(NounForm):
    """A new client's form: whoever has the phone or e-mail already is shown before it is saved.

    `seen` are the ids of the clients that were shown; saving again says that it is somebody else.
    """

    seen = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.similar: list[Client] = []

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        known, seen = self._known(), ids_of(self.seen.data)
        if all(client.id in seen for client in known) or self._was_saved():
            return True
        self.similar = known
        self.seen.data = ",".join(str(client.id) for client in known)
        self.faults.append(
            (gettext("These clients have this phone or e-mail already. If it is somebody else,"
                     " save again."), None)
        )  # fmt: skip
        return False

    def _was_saved(self) -> bool:
        """A second click finds the client that the first one made."""
        return db.session.get(FormKey, self.form_key.data) is not None

    def _known(self) -> list[Client]:
        session = db.session()
        phones = read_phones(self.phone.data or "", company_region(session))
        email = read_email(self.email.data) if self.email.data else None
        keys = Keys(
            frozenset(phone.key for phone in phones if phone.key),
            frozenset({email.key} if email and email.key else ()),
        )
        lock_keys(session, (CLIENTS,), keys)  # two managers with one new person: one is warned
        return clients_like(session, keys)


class ClientList(NounList):
    template = "crm/client_list.html"


class ContactPersonView(NounView):
    datamodel = PeopleInterface(ContactPerson)
    list_title, show_title = _("Contact people"), _("Contact person")
    add_title, edit_title = _("New contact person"), _("Change contact person")
    list_columns = ["name", "role", "phone", "email", "is_main", "is_signatory", "client"]
    needs = [
        *NAMES, "role", "phone", "phone_key", "phone_extension", "email", "is_main",
        "is_signatory", "client",
    ]  # fmt: skip
    show_columns = [
        "client", "role", "phone", "email", "contact_points", "is_main", "is_signatory",
        "signatory_position", "signatory_basis",
    ]  # fmt: skip
    edit_columns = [
        *NAMES, "role", *REACHED, "is_main", "is_signatory", "signatory_position",
        "signatory_basis",
    ]  # fmt: skip
    add_columns = ["client", *edit_columns]
    order_columns = ["name"]
    search_columns = ["client"]

    def make(self, values: dict[str, Any]) -> ContactPerson:
        client: Client = values.pop("client")
        if not values["is_main"]:
            del values["is_main"]  # the first one is the main one, ticked or not
        return client.add_person(**values)

    def change(self, row: ContactPerson, values: dict[str, Any]) -> None:
        row.change(**changed_only(row, values))

    def cell(self, row: ContactPerson, column: str) -> Any:
        return reachable(row, column, super().cell(row, column))


class ClientView(TellsStory, NounView):
    datamodel = PeopleInterface(Client)
    list_title, show_title, edit_title = _("Clients"), _("Client"), _("Change client")
    list_columns = [
        "name", "kind", "phone", "email", "signed_contracts", "manager", "campaign", "created_at",
    ]  # fmt: skip
    needs = [
        *NAMES, "organisation_name", "kind", "phone", "phone_key", "phone_extension", "email",
        "created_at", "manager.first_name", "manager.last_name", "campaign.title",
    ]  # fmt: skip
    order_columns = ["name", "created_at"]
    base_order = ("created_at", "desc")
    search_columns = ["kind", "manager", "campaign"]
    enums = {"kind": ClientKind}
    label_columns = {"signed_contracts": _("Signed contracts"), "created_at": _("Client since")}
    picker_needs = [*NAMES, "organisation_name", "kind", "phone", "email"]
    list_widget = ClientList
    show_template = "crm/client.html"
    add_template = "crm/client_form.html"
    related_views = [ContractView, ContactPersonView, LeadView]
    link = staticmethod(link_to)

    def _init_forms(self) -> None:
        edits = {kind: self._form_of(columns, {}) for kind, columns in COLUMNS.items()}
        self._edit_forms = edits
        self._add_forms = {
            kind: type("NewClientForm", (WarnsOfKnown, form), {}) for kind, form in edits.items()
        }
        super()._init_forms()

    # -- one form for people, one for organisations ------------------------------------------------

    @property
    def add_form(self) -> type[NounForm]:
        return self._add_forms[asked_kind()] if "_add_forms" in self.__dict__ else NounForm

    @property
    def add_title(self) -> Any:
        return TITLES[asked_kind()]

    def edit_form(self, *, obj: Client, **kwargs: Any) -> NounForm:
        return self._edit_forms[obj.kind](obj=obj, **kwargs)

    def defaults(self) -> dict[str, Any]:
        return {
            "language": Company.of(self.session).language,
            "manager": self.session.get(User, current_user.id),
        }

    def make(self, values: dict[str, Any]) -> Client:
        values.pop("seen", None)
        client = Client(kind=asked_kind(), contact_points=[])
        self.session.add(client)
        with self.session.no_autoflush:
            client.create(**values)
        return client

    def change(self, row: Client, values: dict[str, Any]) -> None:
        row.change(**changed_only(row, values))

    @verb(_("Write a note"), permission="note", form=NoteForm)
    def write_note(self, client: Client, values: dict[str, Any]) -> str:
        client.write_note(values["text"])
        return gettext("The note has been saved.")

    # -- reading ---------------------------------------------------------------------------------

    def _get_list_widget(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        widgets: dict[str, Any] = super()._get_list_widget(*args, **kwargs)
        if not may("list", "ContractView"):
            shown = [column for column in self.list_columns if column != "signed_contracts"]
            widgets["list"].template_args["include_columns"] = shown
        return widgets

    def _values(self, rows: Sequence[Client]) -> Any:
        counts = self.signed_contracts([row.id for row in rows])
        plain = [column for column in self.list_columns if column != "signed_contracts"]
        return [
            {column: self.cell(row, column) for column in plain}
            | {"signed_contracts": counts.get(row.id, 0), "_away": row.is_put_away}
            for row in rows
        ]

    def signed_contracts(self, ids: Sequence[int]) -> dict[int, int]:
        """How many contracts of each client were signed, by one statement; {} if one may not see
        contracts.
        """
        if not ids or not may("list", "ContractView"):
            return {}
        counted = (
            select(Contract.client_id, func.count())
            .where(Contract.client_id.in_(ids), Contract.status.in_(COUNTED))
            .where(Contract.archived_at.is_(None))
            .group_by(Contract.client_id)
        )
        return {row[0]: row[1] for row in self.session.execute(counted)}

    def cell(self, row: Client, column: str) -> Any:
        return reachable(row, column, super().cell(row, column))

    def sections(self, row: Client) -> list[tuple[Any, list[tuple[Any, Any]]]]:
        columns = [column for column in COLUMNS[row.kind] if column not in NAMES]
        listed = ["kind", *columns, "contact_points", "created_at"]
        filled = [(self.label_columns[name], self.cell(row, name)) for name in listed]
        return [(None, [(label, value) for label, value in filled if value])]

    def buttons(self, row: Client) -> list[Any]:
        return [one for one in super().buttons(row) if one.name != "write_note"]

    def related(self, row: Client) -> list[tuple[Any, Any]]:
        return [
            (view, listed) for view, listed in super().related(row)
            if row.is_organisation or view.noun != ContactPerson.__tablename__ or row.people
        ]  # fmt: skip

    def context(self, row: Client) -> dict[str, Any]:
        contracts = screen_of("contract")
        may_note = not row.is_put_away and self.offers("write_note")
        return {
            "signed": self.signed_contracts([row.id]).get(row.id, 0)
            if may("list", "ContractView")
            else None,
            "may_contract": not row.is_put_away and bool(contracts and contracts.offers("add")),
            "note_form": NoteForm(formdata=None) if may_note else None,
            "told": asked_story(row),
        }


def asked_kind() -> str:
    """The kind of the new client, by the address: a person unless `?kind=organisation`."""
    kind = request.args.get("kind", "") if has_request_context() else ""
    return kind if kind in COLUMNS else ClientKind.PERSON.value
