"""A lead: somebody who asked. An operator works it; a manager turns it into a client."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    and_,
    inspect,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql import ColumnElement

from app.errors import (
    N_,
    AlreadyConverted,
    AlreadyMerged,
    ClaimedByAnother,
    Invalid,
    LeadIsClosed,
    NotAllowedNow,
    OpenLeadExists,
    Stale,
    UnseenMatch,
)
from app.models.actor import current_actor
from app.models.base import (
    TABLE_OPTIONS,
    Archive,
    Batched,
    Model,
    Noun,
    PutAway,
    Searchable,
    UtcDateTime,
    differences,
    machine,
    one_of,
    snapshot,
)  # fmt: skip
from app.models.checks import checked_text
from app.models.clock import utc_now
from app.models.contact_point import ContactPoint
from app.models.contacts import Email, Phone, search_text_of
from app.models.hook_facts import announce_conversion
from app.models.matching import CLIENTS, Keys, Match, clients_like, lock_keys, open_leads_like
from app.models.note import Note, NoteKind, written
from app.models.person import (
    Named,
    Reachable,
    checked_email,
    checked_names,
    checked_phones,
    company_region,
    need_a_contact,
    person_name,
)  # fmt: skip
from app.models.undo import ChangedSince, Undoable, mark_undone

if TYPE_CHECKING:
    from flask_appbuilder.security.sqla.models import User

    from app.models.campaign import Campaign
    from app.models.client import Client
    from app.models.submission import Submission


class LeadStatus(StrEnum):
    NEW = "new"
    IN_WORK = "in_work"
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    LOST = "lost"


class LostReason(StrEnum):
    TOO_EXPENSIVE = "too_expensive"
    NO_NEED = "no_need"
    WENT_ELSEWHERE = "went_elsewhere"
    NOT_REACHED = "not_reached"
    WRONG_CONTACT = "wrong_contact"
    OTHER = "other"


class CallOutcome(StrEnum):
    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    WRONG_NUMBER = "wrong_number"
    CALL_LATER = "call_later"


OPEN = (LeadStatus.NEW.value, LeadStatus.IN_WORK.value, LeadStatus.QUALIFIED.value)
_OPEN_SQL = (
    "status IN ('new', 'in_work', 'qualified') AND archived_at IS NULL"
    " AND NOT is_test AND phone_key IS NOT NULL AND campaign_id IS {}"
)
_OPEN_SQLITE = _OPEN_SQL.replace("NOT is_test", "is_test = 0")

# The notes and law 8 compare these; keys follow what was typed and are not told twice.
TOLD = (
    "first_name", "last_name", "middle_name", "company_name", "job_title", "phone",
    "phone_extension", "email", "campaign", "language",
)  # fmt: skip
WORKED = ("status", "assignee", "next_contact_at", "lost_reason")


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Convert into a new person, filled from the lead."""


@dataclass(frozen=True, slots=True)
class NewOrganisation:
    """Convert into a new organisation with the lead as its main contact person."""

    name: str


class Lead(Noun, PutAway, Batched, Searchable, Named, Reachable, Undoable, Model):
    """Times are UTC instants. `claimed_*` change without raising `lock_version`. `respond_by` is
    until when the first call is due; empty from then on. `qualified_at` is when it was qualified,
    or else converted, for the first time; it stays when the lead is lost later.

    Open = new, in work or qualified, not put away, not a test. One open lead for a person in a
    campaign (law 4); the two partial unique indexes are the net under the verbs.
    """

    # What its verbs change that can be undone.
    UNDOABLE: ClassVar[tuple[str, ...]] = (
        "status", "status_changed_at", "assignee_id", "next_contact_at", "lost_reason",
        "last_outcome", "calls", "first_contact_at", "last_contact_at", "respond_by",
        "archived_at", "archived_by_id", "archived_reason", "qualified_at",
    )  # fmt: skip

    __tablename__ = "lead"
    __table_args__ = (
        one_of("status", LeadStatus),
        CheckConstraint("status <> 'lost' OR lost_reason IS NOT NULL", name="lost_has_reason"),
        CheckConstraint("(status = 'converted') = (client_id IS NOT NULL)", name="converted"),
        Index(
            "uq_lead_open_campaign_id_phone_key",
            "campaign_id",
            "phone_key",
            unique=True,
            postgresql_where=text(_OPEN_SQL.format("NOT NULL")),
            sqlite_where=text(_OPEN_SQLITE.format("NOT NULL")),
        ),
        Index(
            "uq_lead_open_phone_key",
            "phone_key",
            unique=True,
            postgresql_where=text(_OPEN_SQL.format("NULL")),
            sqlite_where=text(_OPEN_SQLITE.format("NULL")),
        ),
        Index(None, "phone_key"),
        Index(None, "email_key"),
        Index(None, "status", "next_contact_at", "id"),
        Index(None, "assignee_id", "status", "next_contact_at"),
        Index(None, "received_at", "id"),
        Index(None, "campaign_id", "received_at"),
        # All that statistics read of a lead, so that a million are counted from the index alone.
        Index(
            "ix_lead_figures", "received_at", "campaign_id", "status", "is_test", "archived_reason"
        ),
        Index(None, "client_id"),
        Index(None, "last_name", "id"),
        Index(None, "name_key", "id"),
        Index(
            "ix_lead_merged_into_id",
            "merged_into_id",
            postgresql_where=text("merged_into_id IS NOT NULL"),
            sqlite_where=text("merged_into_id IS NOT NULL"),
        ),
        Index(None, "next_contact_at", "id"),
        Index(None, "status", "received_at", "id"),
        Index(None, "campaign_id", "status", "next_contact_at", "id"),
        # Those without a plan, by when they came: PostgreSQL takes no order from an index over
        # (status, next_contact_at, received_at) while next_contact_at is merely empty.
        Index(
            "ix_lead_unplanned",
            "status",
            "received_at",
            "id",
            postgresql_where=text("next_contact_at IS NULL"),
            sqlite_where=text("next_contact_at IS NULL"),
        ),
        Index(
            "ix_lead_unplanned_assignee",
            "assignee_id",
            "status",
            "received_at",
            "id",
            postgresql_where=text("next_contact_at IS NULL"),
            sqlite_where=text("next_contact_at IS NULL"),
        ),
        Index(
            "ix_lead_asked_again_at",
            "asked_again_at",
            postgresql_where=text("asked_again_at IS NOT NULL"),
            sqlite_where=text("asked_again_at IS NOT NULL"),
        ),
        # What the ad platforms are told: who was qualified, who became a client, and when.
        Index(
            "ix_lead_qualified_at",
            "qualified_at",
            "id",
            postgresql_where=text("qualified_at IS NOT NULL"),
            sqlite_where=text("qualified_at IS NOT NULL"),
        ),
        Index(
            "ix_lead_converted_at",
            "status_changed_at",
            "id",
            postgresql_where=text("status = 'converted'"),
            sqlite_where=text("status = 'converted'"),
        ),
        # Those who wait for the first answer, the longest waiting first.
        *(
            Index(
                name,
                *columns,
                "respond_by",
                "id",
                postgresql_where=text("respond_by IS NOT NULL"),
                sqlite_where=text("respond_by IS NOT NULL"),
            )
            for name, columns in (
                ("ix_lead_respond_by", ()),
                ("ix_lead_respond_by_assignee", ("assignee_id",)),
            )
        ),
        TABLE_OPTIONS,
    )

    company_name: Mapped[str] = mapped_column(String(200), default="")
    job_title: Mapped[str] = mapped_column(String(200), default="")
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    language: Mapped[str | None] = mapped_column(String(2))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    status: Mapped[str] = mapped_column(String(20), default=LeadStatus.NEW.value)
    next_contact_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    respond_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asked_again_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_contact_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_contact_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status_changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    qualified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_outcome: Mapped[str | None] = mapped_column(String(20))
    calls: Mapped[int] = mapped_column(default=0)
    lost_reason: Mapped[str | None] = mapped_column(String(20))
    is_test: Mapped[bool] = mapped_column(Boolean, default=False)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"))
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"))

    campaign: Mapped[Campaign | None] = relationship()
    assignee: Mapped[User | None] = relationship(foreign_keys=[assignee_id])
    claimed_by: Mapped[User | None] = relationship(foreign_keys=[claimed_by_id])
    client: Mapped[Client | None] = relationship(back_populates="leads")
    contact_points: Mapped[list[ContactPoint]] = relationship(
        back_populates="lead", cascade="all, delete-orphan", passive_deletes=True
    )
    notes: Mapped[list[Note]] = relationship(back_populates="lead")
    submissions: Mapped[list[Submission]] = relationship(back_populates="lead")

    # -- questions ---------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        return self.status in OPEN and not self.is_put_away and not self.is_test

    @property
    def is_converted(self) -> bool:
        return self.status == LeadStatus.CONVERTED

    @property
    def is_late(self) -> bool:
        """Whether the first answer is overdue."""
        return self.is_open and self.respond_by is not None and self.respond_by <= utc_now()

    @property
    def can_be_reopened(self) -> bool:
        return self.status == LeadStatus.LOST

    def name(self, language: str = "ru") -> str:
        """What lists show: the name, else the company, the phone or the e-mail."""
        return person_name(self, language) or self.company_name or self.phone or self.email

    def likely_clients(self) -> list[Client]:
        """Clients who share a phone or e-mail with this lead, for the conversion page."""
        return clients_like(self.session, Keys.of(self))

    # -- verbs -------------------------------------------------------------------------------

    def change(self, **values: Any) -> None:
        """Edits what is known of the person: names, company, job title, phone, e-mail, campaign,
        language. Raises Invalid by field, OpenLeadExists when it would make a second open lead.
        """
        phones, email = self._read(values)
        reached = {"phone", "email", "campaign"} & values.keys()
        known: set[tuple[int, Match | None]] = set()
        state: Any = inspect(self)
        if state.persistent:
            seen = snapshot(self, TOLD)
            campaigns = [one.id if one else None for one in (self.campaign, values.get("campaign"))]
            self._hold(*campaigns, keys=Keys.typed(phones, email))
            # A repeat fills a column without raising the version: it must not be typed over.
            if any(seen[field] != machine(getattr(self, field)) for field in values):
                raise Stale()
            known = self._twins() if reached else set()
        before = snapshot(self, TOLD) | {"contact_points": self.further_contacts()}
        with self.session.no_autoflush:
            self._take(values, phones, email)
        if reached:
            self._refuse_second_open_lead(but=known)
        after = snapshot(self, TOLD) | {"contact_points": self.further_contacts()}
        self._note(NoteKind.CHANGED, changes=differences(before, after))

    def _read(self, values: dict[str, Any]) -> tuple[list[Phone], Email | None]:
        checked_names(values)
        for field in ("company_name", "job_title"):
            if field in values:
                values[field] = checked_text(field, values[field], limit=200)
        unknown = set(values) - set(TOLD)
        if unknown:
            raise TypeError(f"not editable: {', '.join(sorted(unknown))}")
        phones: list[Phone] = []
        if "phone" in values:
            phones = checked_phones("phone", values["phone"], company_region(self.session))
        return phones, checked_email("email", values.get("email"))

    def _take(self, values: dict[str, Any], phones: list[Phone], email: Email | None) -> None:
        if "phone" in values:
            self.use_phones(phones)
        if "email" in values:
            self.use_email(email)
        for field in values.keys() - {"phone", "email"}:
            setattr(self, field, values[field])
        need_a_contact(self)
        self.refresh_search_text()

    def refresh_search_text(self) -> None:
        self.search_text = search_text_of_lead(self)
        self.refresh_name_key()

    def log_call(
        self,
        outcome: str,
        text: str = "",
        *,
        next_contact_at: datetime | None = None,
        status: str | None = None,
        lost_reason: str | None = None,
    ) -> Note:
        """One call in one save: the outcome, a note, the next contact and, if given, the status
        (in work, qualified or lost with its reason). Ends the claim.
        """
        self._guard_open()
        self._respect_claim()
        self._end_claim()
        before = snapshot(self, WORKED)
        self.last_outcome = CallOutcome(outcome).value
        self.calls += 1
        self.last_contact_at = utc_now()
        self.first_contact_at = self.first_contact_at or self.last_contact_at
        self.respond_by = None
        self.next_contact_at = next_contact_at
        if status == LeadStatus.LOST:
            self._become_lost(lost_reason)
        else:
            wanted = LeadStatus(status) if status else LeadStatus(self.status)
            if wanted not in (LeadStatus.NEW, LeadStatus.IN_WORK, LeadStatus.QUALIFIED):
                raise Invalid.of("status", N_("Choose in work, qualified or lost."))
            if wanted is LeadStatus.NEW:
                wanted = LeadStatus.IN_WORK
            self._become(wanted)
        self.assignee_id = self.assignee_id or current_actor().user_id
        return self._note(
            NoteKind.CALL,
            text=checked_text("text", text, limit=10_000, multiline=True),
            facts={"outcome": self.last_outcome},
            changes=differences(before, snapshot(self, WORKED)),
            always=True,
        )

    def plan_contact(self, at: datetime | None) -> None:
        """Sets or clears when to talk to them next."""
        self._work(NoteKind.CHANGED, next_contact_at=at)

    def assign_to(self, user: User | None) -> None:
        """Makes the user responsible; None takes the responsibility away."""
        self._work(NoteKind.ASSIGNED, assignee=user)

    def take(self) -> None:
        """new → in work."""
        self.lock()
        if self.status == LeadStatus.NEW:
            self._move(LeadStatus.IN_WORK, NoteKind.CHANGED)

    def qualify(self) -> None:
        """Hands the lead over to the managers."""
        self._move(LeadStatus.QUALIFIED, NoteKind.QUALIFIED)

    def move_to(self, status: str) -> None:
        """Sets one of the open statuses."""
        wanted = LeadStatus(status)
        if wanted.value not in OPEN:
            raise NotAllowedNow(N_("Choose new, in work or qualified."), field="status")
        self._move(wanted, NoteKind.CHANGED)

    def lose(self, reason: str | None, text: str = "") -> None:
        """Closes the lead with a reason; it can be reopened."""
        self._guard_open()
        self._respect_claim()
        self._end_claim()
        before = snapshot(self, WORKED)
        self._become_lost(reason)
        self._note(
            NoteKind.LOST,
            text=checked_text("text", text, limit=10_000, multiline=True),
            facts={"reason": self.lost_reason},
            changes=differences(before, snapshot(self, WORKED)),
            always=True,
        )

    def reopen(self) -> None:
        """lost → in work. Raises OpenLeadExists when the person has an open lead there by now."""
        self._hold(self.campaign_id)
        if not self.can_be_reopened:
            raise NotAllowedNow(N_("Only a lost lead can be reopened."))
        before = snapshot(self, WORKED)
        self._become(LeadStatus.IN_WORK)
        self.lost_reason = None
        self._refuse_second_open_lead()
        self._note(NoteKind.REOPENED, changes=differences(before, snapshot(self, WORKED)))

    def write_note(self, text: str) -> Note:
        """A person's words in the lead's story."""
        return self._note(NoteKind.PERSON, text=written(text), always=True)

    def put_away(self, reason: str) -> None:
        """Leaves queue, lists and search; as spam, duplicate or mistake the figures too (law 7)."""
        if self.client is not None:
            self.client.lock()  # before the lead's own row, as the client's bringing back does
        self.lock()
        if self.is_put_away:
            return
        if self.is_converted and self.client and not self.client.is_put_away:
            raise NotAllowedNow(N_("A converted lead stays while its client does."))
        self._end_claim()
        self._mark_put_away(reason)
        self._note(NoteKind.PUT_AWAY, facts={"reason": self.archived_reason}, always=True)

    def bring_back(self) -> None:
        """Raises OpenLeadExists when the person has an open lead there by now."""
        self._hold(self.campaign_id)
        if not self.is_put_away:
            return
        if self.merged_into_id is not None:
            raise AlreadyMerged(link=("lead", self.merged_into_id))
        self._mark_brought_back()
        self._refuse_second_open_lead()
        self._note(NoteKind.BROUGHT_BACK, always=True)

    def take_back(self, before: Mapping[str, Any], *, version: int, notes: Collection[int]) -> None:
        """Undoes a verb. Raises ChangedSince when somebody changed the lead meanwhile, and
        OpenLeadExists when it would be a second open lead of the person by now.
        """
        if "archived_at" in before and self.client is not None:
            self.client.lock()  # before the lead's own row, as putting away does
        self._hold(self.campaign_id)
        if self.lock_version != version:
            raise ChangedSince(link=("lead", self.id))
        self._respect_claim()
        was_open = self.is_open
        self._restore(before)
        if self.is_open and not was_open:
            self._refuse_second_open_lead()
        told = select(Note).where(Note.id.in_(notes), Note.lead_id == self.id)
        mark_undone(self.session, self.session.scalars(told))
        self.session.flush()
        self.session.expire(self, ["assignee"])

    def convert(
        self,
        into: Client | NewPerson | NewOrganisation,
        *,
        seen: Collection[int] = (),
        language: str | None = None,
    ) -> Client:
        """Law 1: makes or finds the client, once, whoever else tries at the same moment.

        `seen` are the ids of the matching clients that the manager was shown; raises UnseenMatch
        when another has appeared, AlreadyConverted when a colleague was quicker, LeadIsClosed for
        a lost or put-away lead. Empty fields of a chosen client are filled, nothing overwritten.
        """
        from app.models.client import Client

        self._hold(CLIENTS, self.campaign_id)
        if self.is_converted:
            raise AlreadyConverted(link=("client", self.client_id) if self.client_id else None)
        if not self.is_open:
            raise LeadIsClosed()
        chosen = None
        if isinstance(into, Client):
            into.lock()
            if into.is_put_away:
                raise NotAllowedNow(N_("The client is put away. Bring it back first."))
            chosen = into.id
        unseen = [c for c in self.likely_clients() if c.id not in seen and c.id != chosen]
        if unseen:
            raise UnseenMatch(unseen)
        self._end_claim()
        client = Client.from_lead(self, into, language=language)
        before = snapshot(self, WORKED)
        self.client = client
        self._become(LeadStatus.CONVERTED)
        self.next_contact_at = self.respond_by = None
        self.session.flush()
        note = self._note(
            NoteKind.CONVERTED,
            changes=differences(before, snapshot(self, WORKED)),
            facts={"client": client.id, "into": "client" if chosen else "new"},
            always=True,
        )
        note.client = client
        announce_conversion(self, client, is_new=chosen is None)
        return client

    # -- how verbs are made ------------------------------------------------------------------

    def _hold(self, *spaces: int | None, keys: Keys | None = None) -> None:
        """Locks the person's keys and then the row, in the order of `receive`, so that no two wait
        for each other; then the row is as others have left it.
        """
        self.session.flush()
        held = Keys.of(self) | (keys or Keys(frozenset(), frozenset()))
        lock_keys(self.session, spaces, held)
        self.lock()
        now = Keys.of(self)
        if set(now) - set(held):  # a repeat added a contact while we waited
            lock_keys(self.session, spaces, now)

    def _guard_open(self) -> None:
        self.lock()
        if self.is_converted:
            raise AlreadyConverted(link=("client", self.client_id) if self.client_id else None)
        if self.status not in OPEN or self.is_put_away:
            raise LeadIsClosed()

    def _end_claim(self) -> None:
        """Before the verb's own changes: the person's other leads are free again too."""
        from app.models.claim import release

        if self.claimed_by_id is not None:
            release(self.session, self, self.claimed_by_id)
            self.session.refresh(self, ["claimed_by_id", "claimed_until"])

    def _respect_claim(self) -> None:
        user_id = current_actor().user_id
        if (
            user_id is not None
            and self.claimed_by_id not in (None, user_id)
            and self.claimed_until is not None
            and self.claimed_until > utc_now()
        ):
            raise ClaimedByAnother(
                who=self.claimed_by.get_full_name() if self.claimed_by else "",
                until=self.claimed_until,
            )

    def _work(self, kind: NoteKind, **values: Any) -> None:
        self._guard_open()
        self._respect_claim()
        before = snapshot(self, WORKED)
        for field, value in values.items():
            setattr(self, field, value)
        self._note(kind, changes=differences(before, snapshot(self, WORKED)))

    def _move(self, status: LeadStatus, kind: NoteKind) -> None:
        self._guard_open()
        self._respect_claim()
        before = snapshot(self, WORKED)
        self._become(status)
        self._note(kind, changes=differences(before, snapshot(self, WORKED)))

    def _become(self, status: LeadStatus) -> None:
        if self.status != status:
            self.status = status.value
            self.status_changed_at = utc_now()
            if status in (LeadStatus.QUALIFIED, LeadStatus.CONVERTED):
                self.qualified_at = self.qualified_at or self.status_changed_at

    def _become_lost(self, reason: str | None) -> None:
        if reason not in {known.value for known in LostReason}:
            raise Invalid.of("lost_reason", N_("Choose why the lead is lost."))
        self._become(LeadStatus.LOST)
        self.lost_reason = str(reason)
        self.next_contact_at = self.respond_by = None

    def _twins(self) -> set[tuple[int, Match | None]]:
        """Other open leads of the person in the campaign, with how they match; nobody can add to
        them by now.
        """
        if not self.is_open:
            return set()
        keys = Keys.of(self)
        campaign_id = self.campaign.id if self.campaign else None
        with self.session.no_autoflush:
            lock_keys(self.session, (campaign_id,), keys)
            twins = open_leads_like(self.session, campaign_id, keys, but=self.id)
        return {(twin.id, Keys.of(twin).match(keys)) for twin in twins}

    def _refuse_second_open_lead(self, *, but: Collection[tuple[int, Match | None]] = ()) -> None:
        """Law 4 for every verb but `receive`, which answers a repeat instead. `but` are those whom
        a repeat had tied together before: they hinder no correction.
        """
        twins = sorted(self._twins().difference(but), key=lambda twin: (twin[1] or 0, twin[0]))
        if twins:
            raise OpenLeadExists(field="phone", link=("lead", twins[0][0]))

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
            note.client_id = self.client_id
            note.lead = self
            self.session.add(note)
        return note

    def __repr__(self) -> str:
        return self.name()


def search_text_of_lead(lead: Any) -> str:
    """Of a lead, and of intake's draft of one."""
    return search_text_of(
        lead.last_name,
        lead.first_name,
        lead.middle_name,
        lead.company_name,
        lead.email,
        *sorted(lead.email_keys()),
        phones=dict.fromkeys([lead.phone, *sorted(lead.phone_keys())]),
    )


def is_open_lead() -> ColumnElement[bool]:
    """Open leads in SQL, the same rule as `Lead.is_open`."""
    return and_(Lead.status.in_(OPEN), Lead.archived_at.is_(None), Lead.is_test.is_(False))


def asks_again() -> ColumnElement[bool]:
    """Has asked again and nobody has called since: such a lead rises in the queue (law 4)."""
    return and_(
        Lead.asked_again_at.is_not(None),
        or_(Lead.last_contact_at.is_(None), Lead.last_contact_at < Lead.asked_again_at),
    )


def answer_is_late(now: datetime) -> ColumnElement[bool]:
    """Nobody has called in time: such a lead rises in the queue. `respond_by` is empty from the
    first call on.
    """
    return and_(Lead.respond_by.is_not(None), Lead.respond_by <= now)


def counts_in_figures() -> ColumnElement[bool]:
    """Leads that statistics count: no tests, nor those put away as spam, duplicate or mistake."""
    left_out = (Archive.SPAM.value, Archive.DUPLICATE.value, Archive.MISTAKE.value)
    return and_(
        Lead.is_test.is_(False),
        Lead.archived_reason.is_(None) | Lead.archived_reason.not_in(left_out),
    )
