"""A client: a person or an organisation that we serve, with contact people and one story."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    inspect,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.errors import N_, AlreadyMerged, ClientHasLiveContracts, Invalid
from app.models.base import (
    TABLE_OPTIONS,
    Batched,
    Model,
    Noun,
    PutAway,
    Searchable,
    differences,
    one_of,
    snapshot,
)  # fmt: skip
from app.models.checks import checked_text, required
from app.models.company import LANGUAGES, Company
from app.models.contact_point import ContactPoint
from app.models.contacts import Email, Phone, search_text_of
from app.models.contacts.likeness import organisation_key
from app.models.matching import CLIENTS, Keys, lock_keys
from app.models.note import Note, NoteKind, written
from app.models.person import (
    Named,
    Reachable,
    checked_email,
    checked_names,
    checked_phones,
    company_region,
    person_name,
)  # fmt: skip

if TYPE_CHECKING:
    from flask_appbuilder.security.sqla.models import User

    from app.models.campaign import Campaign
    from app.models.contract import Contract
    from app.models.lead import Lead, NewOrganisation, NewPerson


class ClientKind(StrEnum):
    PERSON = "person"
    ORGANISATION = "organisation"


NAMES = ("first_name", "last_name", "middle_name")
TOLD = (
    "kind", *NAMES, "organisation_name", "legal_name", "tax_country", "tax_id", "branch_code",
    "address", "bank_details", "phone", "phone_extension", "email", "language", "manager",
    "campaign",
)  # fmt: skip
_ONE_TAXPAYER = "archived_at IS NULL AND tax_id <> ''"


class Client(Noun, PutAway, Batched, Searchable, Named, Reachable, Model):
    """`language` is that of the documents; `campaign` brought the client; `tax_id` (INN or VAT id)
    with its country and branch code (KPP) names one organisation among clients not put away.
    """

    __tablename__ = "client"
    __table_args__ = (
        one_of("kind", ClientKind),
        CheckConstraint("kind <> 'organisation' OR organisation_name <> ''", name="named"),
        Index(
            "uq_client_tax_country_tax_id_branch_code",
            "tax_country",
            "tax_id",
            "branch_code",
            unique=True,
            postgresql_where=text(_ONE_TAXPAYER),
            sqlite_where=text(_ONE_TAXPAYER),
        ),
        Index(None, "phone_key"),
        Index(None, "email_key"),
        Index(None, "campaign_id"),
        Index(None, "last_name", "id"),
        Index(None, "name_key", "id"),
        Index(
            "ix_client_merged_into_id",
            "merged_into_id",
            postgresql_where=text("merged_into_id IS NOT NULL"),
            sqlite_where=text("merged_into_id IS NOT NULL"),
        ),
        Index(None, "created_at", "id"),
        TABLE_OPTIONS,
    )

    kind: Mapped[str] = mapped_column(String(20), default=ClientKind.PERSON.value)
    organisation_name: Mapped[str] = mapped_column(String(300), default="")
    legal_name: Mapped[str] = mapped_column(String(300), default="")
    tax_country: Mapped[str] = mapped_column(String(2), default="")
    tax_id: Mapped[str] = mapped_column(String(40), default="")
    branch_code: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(Text, default="")
    bank_details: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(2), default="en")
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), index=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"))

    manager: Mapped[User | None] = relationship(foreign_keys=[manager_id])
    campaign: Mapped[Campaign | None] = relationship()
    people: Mapped[list[ContactPerson]] = relationship(
        back_populates="client", order_by="ContactPerson.id"
    )
    contact_points: Mapped[list[ContactPoint]] = relationship(
        back_populates="client", cascade="all, delete-orphan", passive_deletes=True
    )
    leads: Mapped[list[Lead]] = relationship(back_populates="client")
    contracts: Mapped[list[Contract]] = relationship(back_populates="client")
    notes: Mapped[list[Note]] = relationship(back_populates="client")

    # -- questions ---------------------------------------------------------------------------

    @property
    def is_organisation(self) -> bool:
        return self.kind == ClientKind.ORGANISATION

    def name(self, language: str = "ru") -> str:
        """What lists and contracts show."""
        own = self.organisation_name if self.is_organisation else person_name(self, language)
        return own or self.phone or self.email

    def was(self, client_id: int | None) -> bool:
        """Whether this is the client of that id, or the one into whom that one was merged."""
        seen: set[int] = set()
        while client_id is not None and client_id != self.id and client_id not in seen:
            seen.add(client_id)
            following = select(Client.merged_into_id).where(Client.id == client_id)
            client_id = self.session.scalar(following)
        return client_id == self.id

    @property
    def main_person(self) -> ContactPerson | None:
        return next((person for person in self.people if person.is_main), None)

    @property
    def signatory(self) -> ContactPerson | None:
        return next((person for person in self.people if person.is_signatory), None)

    # -- verbs -------------------------------------------------------------------------------

    @classmethod
    def from_lead(
        cls, lead: Lead, into: Client | NewPerson | NewOrganisation, *, language: str | None
    ) -> Client:
        """The client that `Lead.convert` needs: the chosen one filled, or a new one."""
        if isinstance(into, Client):
            into._fill_from(lead)
            return into
        client = cls(
            language=language or lead.language or Company.of(lead.session).language,
            campaign=lead.campaign,
            contact_points=[],
        )
        lead.session.add(client)
        organisation = getattr(into, "name", None)
        if organisation is None:
            client.kind = ClientKind.PERSON.value
        else:
            client.kind = ClientKind.ORGANISATION.value
            client.organisation_name = checked_text("organisation_name", organisation, limit=300)
            required("organisation_name", client.organisation_name)
        client._fill_from(lead, told=False)
        client.create()
        return client

    def create(self, **values: Any) -> None:
        """Called once on a new client, with its data unless it is there already: the first note of
        its story. Raises Invalid by field.
        """
        self._take(values) if values else self.refresh_search_text()
        self._note(NoteKind.CREATED, always=True)

    def change(self, **values: Any) -> None:
        """Edits the client's data. Raises Invalid by field; a later change changes no document."""
        before, name = self._told(), self.name()
        self._take(values)
        self._note(NoteKind.CHANGED, changes=differences(before, self._told()))
        if self.name() != name:
            from app.models.contract import find_by_new_name

            find_by_new_name(self)

    def _told(self) -> dict[str, Any]:
        return snapshot(self, TOLD) | {"contact_points": self.further_contacts()}

    def _take(self, values: dict[str, Any]) -> None:
        checked_names(values)
        for field, limit in (
            ("organisation_name", 300), ("legal_name", 300), ("tax_id", 40), ("branch_code", 40),
        ):  # fmt: skip
            if field in values:
                values[field] = checked_text(field, values[field], limit=limit)
        for field in ("address", "bank_details"):
            if field in values:
                values[field] = checked_text(field, values[field], limit=2000, multiline=True)
        if values.get("language", "en") not in LANGUAGES:
            raise Invalid.of("language", N_("Choose English or Russian."))
        if "tax_country" in values:
            values["tax_country"] = checked_country("tax_country", values["tax_country"])
        region = company_region(self.session)
        reach = _read_contacts(self.session, values)
        with self.session.no_autoflush:
            reach(self)
            for field, value in values.items():
                if field not in TOLD:
                    raise TypeError(f"not editable: {field}")
                setattr(self, field, value)
            if self.is_organisation:
                required("organisation_name", self.organisation_name)
            elif not self.name():
                raise Invalid.of("last_name", N_("Give a name, a phone or an e-mail."))
            if self.tax_id and not self.tax_country:
                self.tax_country = region
            self._refuse_second_taxpayer()
        self.refresh_search_text()

    def write_note(self, text: str) -> Note:
        """A person's words in the client's story."""
        return self._note(NoteKind.PERSON, text=written(text), always=True)

    def add_person(self, **values: Any) -> ContactPerson:
        """A contact person of an organisation; the first one is the main one."""
        person = ContactPerson(client=self, contact_points=[])
        self.session.add(person)
        person.is_main = not any(other.is_main for other in self.people if other is not person)
        person.change(**values)
        return person

    def put_away(self, reason: str) -> None:
        """Leaves lists, search and pickers. Raises ClientHasLiveContracts (draft or signed)."""
        self.lock()
        if self.is_put_away:
            return
        live = next((c for c in self.contracts if c.is_live), None)
        if live is not None:
            raise ClientHasLiveContracts(link=("contract", live.id))
        self._mark_put_away(reason)
        self._note(NoteKind.PUT_AWAY, facts={"reason": self.archived_reason}, always=True)

    def bring_back(self) -> None:
        """Its leads come back too, for they stay while it does (law 7). Raises Invalid when another
        client holds its tax id by now.
        """
        self.lock()
        if not self.is_put_away:
            return
        if self.merged_into_id is not None:
            raise AlreadyMerged(link=("client", self.merged_into_id))
        self._refuse_second_taxpayer()
        self._mark_brought_back()
        self._note(NoteKind.BROUGHT_BACK, always=True)
        for lead in self.leads:
            if lead.merged_into_id is None:
                lead.bring_back()

    # -- how verbs are made ------------------------------------------------------------------

    def _fill_from(self, lead: Lead, *, told: bool = True) -> None:
        """Law 1's filling: empty fields only; a differing phone or e-mail becomes a point."""
        before = self._told()
        met: list[dict[str, Any]] = []
        if self.is_organisation:
            met = self._meet(lead)
        elif not any(getattr(self, field) for field in NAMES):
            for field in NAMES:
                setattr(self, field, getattr(lead, field))
        if not self.is_organisation or not self.people:
            take_contacts(self, lead)
        self.campaign = self.campaign or lead.campaign
        self.refresh_search_text()
        if told:
            self._note(NoteKind.CHANGED, changes=differences(before, self._told()) + met)

    def _meet(self, lead: Lead) -> list[dict[str, Any]]:
        """The lead becomes a contact person, or fills the one who has their phone or e-mail."""
        keys = lead.phone_keys() | lead.email_keys()
        known = next(
            (p for p in self.people if keys & (p.phone_keys() | p.email_keys())),
            None,
        )
        if known is None:
            known = ContactPerson(client=self, contact_points=[], role=lead.job_title)
            known.is_main = not any(p.is_main for p in self.people if p is not known)
            self.session.add(known)
            before = dict.fromkeys(known.told(), "") | {"is_main": False}
        else:
            before = known.told()
        if not any(getattr(known, field) for field in NAMES):
            for field in NAMES:
                setattr(known, field, getattr(lead, field))
            known.refresh_name_key()
        take_contacts(known, lead)
        return known.changes_since(before)

    def _refuse_second_taxpayer(self) -> None:
        if not self.tax_id:
            return
        with self.session.no_autoflush:
            holder = (
                self.session.query(Client)
                .filter_by(
                    tax_country=self.tax_country,
                    tax_id=self.tax_id,
                    branch_code=self.branch_code or "",
                    archived_at=None,
                )
                .filter(Client.id != (self.id or 0))
                .first()
            )
        if holder is not None:
            error = Invalid.of("tax_id", N_("Another client has this tax id and branch code."))
            error.link = ("client", holder.id)
            raise error

    def refresh_name_key(self) -> None:
        if self.is_organisation:
            self.name_key = organisation_key(self.organisation_name)
        else:
            super().refresh_name_key()

    def refresh_search_text(self) -> None:
        self.refresh_name_key()
        people = self.people
        self.search_text = search_text_of(
            self.organisation_name,
            self.legal_name,
            self.last_name,
            self.first_name,
            self.middle_name,
            self.tax_id,
            self.email,
            *sorted(self.email_keys()),
            *(part for p in people for part in (p.last_name, p.first_name, p.email)),
            phones=[
                self.phone,
                *sorted(self.phone_keys()),
                *(key for p in people for key in sorted(p.phone_keys())),
            ],
        )

    def _note(
        self,
        kind: NoteKind,
        *,
        text: str = "",
        changes: list[dict[str, Any]] | None = None,
        facts: dict[str, Any] | None = None,
        always: bool = False,
    ) -> Note:
        note = Note(kind=kind.value, text=text, changes=changes or None, facts=facts)
        if changes or always:
            note.client = self
            self.session.add(note)
        return note

    def __repr__(self) -> str:
        return self.name()


class ContactPerson(Noun, Batched, Named, Reachable, Model):
    """Somebody at an organisation. One is main, one may be the signatory (position and basis)."""

    __tablename__ = "contact_person"
    __table_args__ = (
        Index(
            "uq_contact_person_client_id_main",
            "client_id",
            unique=True,
            postgresql_where=text("is_main"),
            sqlite_where=text("is_main = 1"),
        ),
        Index(
            "uq_contact_person_client_id_signatory",
            "client_id",
            unique=True,
            postgresql_where=text("is_signatory"),
            sqlite_where=text("is_signatory = 1"),
        ),
        Index(None, "client_id"),
        Index(None, "phone_key"),
        Index(None, "email_key"),
        Index(None, "name_key", "id"),
        TABLE_OPTIONS,
    )

    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"))
    role: Mapped[str] = mapped_column(String(200), default="")
    is_main: Mapped[bool] = mapped_column(Boolean, default=False)
    is_signatory: Mapped[bool] = mapped_column(Boolean, default=False)
    signatory_position: Mapped[str] = mapped_column(String(200), default="")
    signatory_basis: Mapped[str] = mapped_column(String(200), default="")

    client: Mapped[Client] = relationship(back_populates="people")
    contact_points: Mapped[list[ContactPoint]] = relationship(
        back_populates="person", cascade="all, delete-orphan", passive_deletes=True
    )

    EDITABLE = (
        *NAMES, "role", "phone", "email", "is_main", "is_signatory", "signatory_position",
        "signatory_basis",
    )  # fmt: skip

    def name(self, language: str = "ru") -> str:
        return person_name(self, language) or self.phone or self.email

    def change(self, **values: Any) -> None:
        """Edits the person; making them main or signatory takes that from the one who was it.

        Raises Invalid by field, also where an organisation would be left without a main person.
        """
        if self.is_main and values.get("is_main") is False:
            raise Invalid.of("is_main", N_("Make another person the main one instead."))
        reach = _read_contacts(self.session, values)
        client_state: Any = inspect(self.client)
        if client_state.persistent:
            self.client.lock()  # whose search text all of its people share
        before = self.told()
        checked_names(values)
        for field in ("role", "signatory_position", "signatory_basis"):
            if field in values:
                values[field] = checked_text(field, values[field], limit=200)
        reach(self)
        for role in ("is_main", "is_signatory"):
            if values.get(role):
                self._take_over(role)
        for field, value in values.items():
            if field not in self.EDITABLE:
                raise TypeError(f"not editable: {field}")
            setattr(self, field, value)
        if not self.name():
            raise Invalid.of("last_name", N_("Give a name, a phone or an e-mail."))
        self.refresh_name_key()
        self.client.refresh_search_text()
        self.client._note(NoteKind.CHANGED, changes=self.changes_since(before))

    def told(self) -> dict[str, Any]:
        return snapshot(self, self.EDITABLE) | {"contact_points": self.further_contacts()}

    def changes_since(self, before: dict[str, Any]) -> list[dict[str, Any]]:
        """For the client's story, each with the person's name."""
        return [{**change, "person": self.name()} for change in differences(before, self.told())]

    def _take_over(self, role: str) -> None:
        for other in self.client.people:
            if other is not self and getattr(other, role):
                setattr(other, role, False)
                self.session.flush()  # the partial unique index admits one at a time

    def __repr__(self) -> str:
        return self.name()


def _read_contacts(session: Session, values: dict[str, Any]) -> Callable[[Reachable], None]:
    """Takes phone and e-mail out of the values, locks their keys (a conversion may look for them at
    the same moment, law 1) and gives what puts them into a row.
    """
    has_phone, has_email = "phone" in values, "email" in values
    phones: list[Phone] = []
    if has_phone:
        phones = checked_phones("phone", values.pop("phone"), company_region(session))
    email = checked_email("email", values.pop("email", None))
    lock_keys(session, (CLIENTS,), Keys.typed(phones, email))

    def reach(row: Reachable) -> None:
        if has_phone:
            row.use_phones(phones)
        if has_email:
            row.use_email(email)

    return reach


def take_contacts(row: Reachable, lead: Any) -> None:
    """Adds the lead's phones and addresses: into empty columns, else as contact points."""
    if lead.phone:
        row.add_phone(Phone(lead.phone, lead.phone_key, lead.phone_extension))
    if lead.email:
        row.add_email(Email(lead.email, lead.email_key))
    for point in lead.contact_points:
        if point.kind == "phone":
            row.add_phone(Phone(point.typed, point.key, point.extension), point.label)
        else:
            row.add_email(Email(point.typed, point.key), point.label)


def checked_country(field: str, value: Any) -> str:
    code = checked_text(field, value, limit=2).upper()
    if code and not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise Invalid.of(field, N_("Write the country as two letters, such as RU or DE."))
    return code
