"""Clients: people and organisations that we serve, their contact people and their one story."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import has_request_context, request, url_for
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload
from wtforms import HiddenField

from app.extensions import db
from app.models.client import Client, ClientKind, ContactPerson
from app.models.company import Company
from app.models.contacts import read_email, read_phones
from app.models.contract import COUNTED, Contract, ContractStatus
from app.models.form_key import FormKey
from app.models.lead import Lead, LeadStatus
from app.models.matching import CLIENTS, Keys, clients_like, lock_keys
from app.models.person import company_region
from app.ui.access import may
from app.ui.pills import status_pill
from app.views.base import NounForm, NounView, link_to, verb
from app.views.base.inplace import InPlace
from app.views.base.links import screen_of
from app.views.base.widgets import NounList
from app.views.converting import ids_of
from app.views.lead_words import changed_only, phone_with_acts, reachable
from app.views.leads import NoteForm, PeopleInterface
from app.views.merging import Merging
from app.views.notes import TellsStory, asked_story
from app.views.similar import ClientsKnowSimilar, Likeness
from app.views.whats_next import open_leads_of, people_of, whats_next

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
# What the page says of each kind, a line each.
LINES = {
    ClientKind.PERSON.value: ("name", *REACHED, "address", *OURS),
    ClientKind.ORGANISATION.value: (
        "organisation_name", "legal_name", "taxpayer", *REACHED, "address", "bank_details", *OURS,
    ),
}  # fmt: skip
MOST_LEADS = 20
# Verbs that stand as forms where they belong.
ON_THE_PAGE = ("write_note", "not_same", "maybe_same", "unmerge")
MOST_CONTRACTS = 20
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


class ClientView(Merging, ClientsKnowSimilar, InPlace, TellsStory, NounView):
    datamodel = PeopleInterface(Client)
    list_title, show_title, edit_title = _("Clients"), _("Client"), _("Change client")
    list_columns = [
        "name", "kind", "phone", "email", "signed_contracts", "manager", "campaign", "created_at",
    ]  # fmt: skip
    needs = [
        *NAMES, "organisation_name", "kind", "phone", "phone_key", "phone_extension", "email",
        "created_at", "manager.first_name", "manager.last_name", "campaign.title",
    ]  # fmt: skip
    more_columns = ["address", "language", "tax_id", "legal_name"]
    card_columns = ["name", "kind", "phone"]
    built_in_views = {"mine": (_("Mine"), "_flt_0_manager=me")}
    exportable = True
    bulk_verbs: ClassVar = ["merge"]
    importable = "clients"
    order_columns = ["name", "created_at"]
    base_order = ("created_at", "desc")
    search_columns = ["kind", "manager", "campaign", "created_at"]
    enums = {"kind": ClientKind}
    label_columns = {
        "signed_contracts": _("Signed contracts"),
        "created_at": _("Client since"),
        "taxpayer": _("Tax id (INN, VAT)"),
    }
    picker_needs = [*NAMES, "organisation_name", "kind", "phone", "email"]
    list_widget = ClientList
    show_template = "crm/client.html"
    add_template = "crm/client_form.html"
    in_place: ClassVar = {
        "name": ("last_name", "first_name", "middle_name"),
        **{name: (name,) for name in (
            "organisation_name", "legal_name", *REACHED, "address", "bank_details", *OURS,
        )},
        "taxpayer": ("tax_country", "tax_id", "branch_code"),
    }  # fmt: skip
    in_place_parts = "#client-head #client-next #story"
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

    def hidden_columns(self) -> set[str]:
        if not has_request_context() or may("list", "ContractView"):
            return set()
        return {"signed_contracts"}

    def new_links(self) -> list[tuple[Any, str]]:
        if not self.offers("add"):
            return []
        return [(title, url_for("ClientView.add", kind=kind)) for kind, title in TITLES.items()]

    def _values(self, rows: Sequence[Client]) -> Any:
        counts = self.signed_contracts([row.id for row in rows])
        plain = [column for column in self.columns_now() if column != "signed_contracts"]
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
        if column == "kind":
            return status_pill(ClientKind, row.kind)
        return reachable(row, column, super().cell(row, column))

    def sections(self, row: Client) -> list[Any]:
        return []

    def related(self, row: Client) -> list[Any]:
        return []

    def buttons(self, row: Client) -> list[Any]:
        return [one for one in super().buttons(row) if one.name not in ON_THE_PAGE]

    def line_value(self, row: Client, name: str) -> Any:
        if name == "phone":
            return phone_with_acts(row, key="c")
        if name == "taxpayer":
            return " · ".join(filter(None, (row.tax_country, row.tax_id, row.branch_code)))
        return self.cell(row, name)

    def merge_value(self, row: Any, name: str) -> Any:
        if name == "taxpayer":
            return self.line_value(row, name)
        return super().merge_value(row, name)

    def _form_at(self, name: str) -> type[NounForm]:
        """A person's and an organisation's forms differ; a line is of the one that has it."""
        made = self.__dict__.setdefault("_line_forms", {})
        if name not in made:
            wanted = self.in_place[name]
            form = next(f for f in self._edit_forms.values() if hasattr(f, wanted[0]))
            own = {field: getattr(form, field) for field in wanted}
            made[name] = type("LineForm", (NounForm,), own)
        found: type[NounForm] = made[name]
        return found

    def may_edit_in_place(self, row: Client, name: str) -> bool:
        return name in LINES[row.kind] and super().may_edit_in_place(row, name)

    def context(self, row: Client) -> dict[str, Any]:
        people = people_of(self.session, row)
        open_leads = open_leads_of(self.session, row, people)
        may_note = not row.is_put_away and self.offers("write_note")
        return {
            "lines": [self.line(row, name) for name in LINES[row.kind]],
            "next": whats_next(self.session, row, open_leads),
            "people": people,
            "likeness": self.likeness(row) if not row.is_put_away else Likeness([], []),
            "merges": self.merges(row),
            "add_person": row.is_organisation and self._adds("contact_person", row),
            "phone_of": phone_with_acts,
            "leads": self._leads_of(row, open_leads),
            "contracts": self._contracts_of(row),
            "may_contract": self._adds("contract", row),
            "note_form": NoteForm(formdata=None) if may_note else None,
            "told": asked_story(row),
            "LeadStatus": LeadStatus,
            "ContractStatus": ContractStatus,
        }

    def _adds(self, noun: str, row: Client) -> bool:
        screen = screen_of(noun)
        return not row.is_put_away and screen is not None and screen.offers("add")

    def _leads_of(self, row: Client, also: list[Lead]) -> list[Lead]:
        """Those that became this client and the open ones of the same people, newest first."""
        if not may("list", "LeadView"):
            return []
        own = (
            select(Lead)
            .where(Lead.client_id == row.id, Lead.archived_at.is_(None))
            .options(joinedload(Lead.campaign))
            .order_by(Lead.received_at.desc(), Lead.id.desc())
            .limit(MOST_LEADS)
        )
        found = {lead.id: lead for lead in [*self.session.scalars(own), *also]}
        return sorted(found.values(), key=lambda lead: (lead.received_at, lead.id), reverse=True)

    def _contracts_of(self, row: Client) -> dict[str, Any] | None:
        """The newest contracts with the states of their PDFs; None for who may not see them."""
        screen = screen_of("contract")
        if screen is None or not screen.offers("list"):
            return None
        found = (
            select(Contract)
            .where(Contract.client_id == row.id, Contract.archived_at.is_(None))
            .options(joinedload(Contract.service))
            .order_by(Contract.id.desc())
            .limit(MOST_CONTRACTS + 1)
        )
        rows = list(self.session.scalars(found))
        return {
            "rows": rows[:MOST_CONTRACTS],
            "pdfs": screen.pdf_states(rows[:MOST_CONTRACTS]),
            "number_of": screen.number_of,
            "signed": self.signed_contracts([row.id]).get(row.id, 0),
            "all": url_for(f"{screen.endpoint}.list", _flt_0_client=row.id)
            if len(rows) > MOST_CONTRACTS
            else None,
        }


def asked_kind() -> str:
    """The kind of the new client, by the address: a person unless `?kind=organisation`."""
    kind = request.args.get("kind", "") if has_request_context() else ""
    return kind if kind in COLUMNS else ClientKind.PERSON.value
