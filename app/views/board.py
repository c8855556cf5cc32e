"""Leads as cards by status: what is due stands first, and a card moves by the lead's own verbs.

Each column is read along an index in two walks (leads with a planned contact, then the others) that
end after a page, and every count ends at a limit: a million leads take as long as a thousand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from babel.dates import format_date
from babel.units import format_unit
from flask import flash, make_response, request, url_for
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import and_, case, func, literal, or_, select, union_all
from sqlalchemy.sql import ColumnElement
from werkzeug.wrappers import Response
from wtforms import HiddenField
from wtforms.validators import InputRequired

from app.errors import N_, NotAllowedNow
from app.models import clock
from app.models.base import UtcDateTime
from app.models.contacts import clean_text
from app.models.lead import OPEN, Lead, LeadStatus, LostReason
from app.ui import formatters, labels
from app.ui.access import may
from app.ui.fields import ChoiceField, TextAreaField
from app.ui.formatters import COUNT_LIMIT, Count
from app.ui.labels import label
from app.ui.pickers import matching
from app.views.base import Contains, Equal, NounForm, NounView, StartsWith, verb
from app.views.base.filters import Meets
from app.views.base.searching import read_filters, search_form
from app.views.base.widgets import new_form_key
from app.views.leads import LeadView, PeopleInterface

PAGE = 20
STRIPS = (LeadStatus.CONVERTED.value, LeadStatus.LOST.value)
IN_PLACE = "X-Board"  # the script asks for the moved card alone, not for the whole page
# Of the list, kept for the way back to it.
OF_THE_LIST = ("_oc_LeadView", "_od_LeadView", "psize_LeadView")
STATUS = re.compile(r"_flt_\d+_status")  # a filter by it
# + a status: the column begins behind this card. As a page of a list it ends with other filters.
FROM = "page_"
TARGETS = [(status, labels.STATES[LeadStatus][status]) for status in (*OPEN, LeadStatus.LOST.value)]
MOST_HITS = 20_000  # of a search: what is looked at to sort and count it
SECONDS = 10**10  # more than any instant of ours has since 1970


class MovedMeanwhile(NotAllowedNow):
    message = N_("Meanwhile a colleague moved it to “%(status)s”. Look at it and move it again.")


class MoveForm(NounForm):
    """`was` is the column in which the card stood for the one who moves it (law 8)."""

    was = HiddenField()
    to = ChoiceField(_("Move to"), [InputRequired()], choices=TARGETS)
    lost_reason = ChoiceField(_("If lost: why?"), enum=LostReason, blank=True)
    text = TextAreaField(_("Note"))


class BoardView(NounView):
    """The second screen of leads: the same filters, read from the same arguments as the list's."""

    datamodel = PeopleInterface(Lead)
    noun = ""
    route_base = "/leads/board"
    include_route_methods = {"list", "column", "card", "move"}  # noqa: RUF012 -- as FAB wants it
    list_title = _("Board")
    list_columns = ["name"]  # noqa: RUF012
    narrowings = LeadView.narrowings
    search_columns = LeadView.search_columns
    enums = LeadView.enums
    label_columns = LeadView.label_columns

    def _clamped(self, name: str, value: str, views: dict[str, Any]) -> str | None:
        if name in {FROM + status for status in OPEN}:
            return str(Place.read(value) or "") or None
        return clean_text(value) if name in OF_THE_LIST else super()._clamped(name, value, views)

    # -- reading ---------------------------------------------------------------------------------

    @expose("/")
    @has_access
    def list(self) -> Any:
        form, text, board = self._read()
        starts = {status: Place.read(request.args.get(FROM + status)) for status in OPEN}
        counts = board.counts()
        self.update_redirect()
        search = self.search_widget(
            view=self, form=form, filters=self._filters, search=text, put_away=False,
            searchable=True,
        )  # fmt: skip
        return self.render_template(
            "crm/board.html", title=self.list_title, view=self, search=search,
            columns=board.columns(starts), counts=counts, strips=strips(), starts=starts,
            kept=kept_arguments(), lose=MoveForm(formdata=None, prefix="lose-"),
            **self._words(),
        )  # fmt: skip

    @expose("/column")
    @has_access
    @permission_name("list")
    def column(self) -> Any:
        """The next cards of one column, for "Load more"."""
        _form, _text, board = self._read()
        status = request.args.get("status", "")
        status = status if status in OPEN else OPEN[0]
        columns = board.columns({status: Place.read(request.args.get("after"))})
        return self.render_template(
            "crm/board/cards.html", column=columns[0], kept=kept_arguments(), view=self,
            **self._words(),
        )  # fmt: skip

    @expose("/<int:pk>/card")
    @has_access
    @permission_name("list")
    def card(self, pk: int) -> Any:
        """One card as it is now with the columns' counts: what the script shows after a move."""
        return self._card_page(self.row_or_404(pk))

    def _card_page(self, row: Lead) -> Any:
        _form, _text, board = self._read()
        return self.render_template(
            "crm/board/moved.html", row=row, card=board.card(row.id) if row.is_open else None,
            counts=board.counts(), kept=kept_arguments(), view=self, **self._words(),
        )  # fmt: skip

    def _read(self) -> tuple[Any, str, Board]:
        form = search_form(self._search_fields)
        read_filters(self, form)
        text = request.args.get("search", "").strip()
        joined = self._filters.get_joined_filters(self._base_filters)
        return form, text, Board(self.datamodel, joined, text)

    def _words(self) -> dict[str, Any]:
        return {
            "status_of": lambda status: label(LeadStatus, status),
            "may_move": self.offers("move"),
            "may_convert": may("convert", "LeadView"),
            "new_form_key": new_form_key,
        }

    # -- moving ----------------------------------------------------------------------------------

    @verb(
        _("Move to…"), permission="work", form=MoveForm, when=lambda lead: lead.is_open,
        template="crm/board/move.html", undoable=True,
    )  # fmt: skip
    def move(self, lead: Lead, values: dict[str, Any]) -> str:
        """Each target is the lead's own verb, so a card can do what its page can and no more."""
        lead.lock()
        to, now = values["to"], lead.status
        if lead.is_open and (values["was"] or now) != now:
            raise MovedMeanwhile(status=label(LeadStatus, now))
        if to == LeadStatus.LOST:
            lead.lose(values["lost_reason"], values["text"])
        elif to == LeadStatus.IN_WORK and now == LeadStatus.NEW:
            LeadView.take._verb.act(self, lead)  # who takes a lead of nobody is responsible for it
        elif to == LeadStatus.QUALIFIED:
            lead.qualify()
        else:
            lead.move_to(to)
        self.session.flush()
        _form, _text, board = self._read()
        return gettext(
            "Moved to “%(status)s”, %(count)s there.",
            status=label(LeadStatus, to),
            count=board.counts([to])[to],
        )

    def prefill_move(self, form: Any, row: Lead) -> None:
        form.to.offer([one for one in TARGETS if one[0] != row.status])
        form.was.data = row.status

    def _address(self, row: Any, number: int | None) -> str:
        """Back to the board as it was filtered."""
        if number is not None and self._in_place():
            return url_for("BoardView.card", pk=number, **kept_arguments())
        return url_for("BoardView.list", **kept_arguments())

    def _form_page(
        self, template: str, title: Any, form: NounForm, row: Any = None, *, status: int = 200,
        **more: Any,
    ) -> Response:  # fmt: skip
        """A refusal goes to the status line when the script has sent the form."""
        if status >= 400 and isinstance(form, MoveForm):
            form.was.data = row.status  # whoever sends the form again has seen it
        if status < 400 or not self._in_place() or row is None:
            return super()._form_page(
                template, title, form, row, status=status, kept=kept_arguments(), **more
            )
        for told in [text for text, _link in form.faults] or [
            error for field in form for error in field.errors
        ]:
            flash(told, "danger")
        return make_response(self._card_page(row), status)

    @staticmethod
    def _in_place() -> bool:
        return request.headers.get(IN_PLACE) is not None


# -- what stands on the board ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card stands in its column: planned contacts by time, then the others, newest first.

    In the address `1764050000250000-17`: microseconds since 1970 and the id; `~` marks the others.
    """

    planned: bool
    at: datetime
    id: int

    @classmethod
    def of(cls, row: Any) -> Place:
        planned = row.next_contact_at is not None
        return cls(planned, row.next_contact_at if planned else row.received_at, row.id)

    @classmethod
    def read(cls, text: str | None) -> Place | None:
        """None for what no board has written."""
        seconds, _dash, number = (text or "").removeprefix("~").partition("-")
        try:
            micro = int(seconds)
            at = datetime.fromtimestamp(micro // 10**6, UTC).replace(microsecond=micro % 10**6)
            return cls(not (text or "").startswith("~"), at, int(number))
        except (ValueError, OverflowError, OSError):
            return None

    def __str__(self) -> str:
        micro = int(self.at.timestamp()) * 10**6 + self.at.microsecond
        return f"{'' if self.planned else '~'}{micro}-{self.id}"

    @property
    def order(self) -> str:
        """For the script to put a moved card where the next page load would show it."""
        seconds = int(self.at.timestamp())
        return f"0{seconds:010}" if self.planned else f"1{SECONDS - seconds:010}"


@dataclass(frozen=True, slots=True)
class Card:
    lead: Lead

    @property
    def order(self) -> str:
        return Place.of(self.lead).order

    @property
    def due(self) -> tuple[str, str, str] | None:
        """The kind of the mark, its word, and the time beside it; None where nothing is due yet."""
        at = self.lead.next_contact_at
        if at is None:
            if self.lead.status == LeadStatus.NEW:
                return None
            return "nothing", gettext("Nothing planned"), ""
        now = clock.utc_now()
        is_today = clock.company_day(at) == clock.today()
        when = clock.local(at).strftime("%H:%M") if is_today else short_day(at)
        if at < now:
            return "overdue", gettext("Overdue"), when
        return ("today", gettext("Today"), when) if is_today else ("later", gettext("Later"), when)

    @property
    def age(self) -> str:
        """How long ago they asked, in one unit."""
        minutes = max(0, int((clock.utc_now() - self.lead.received_at).total_seconds() // 60))
        unit, length = next(
            (one for one in (("day", 1440), ("hour", 60)) if minutes >= one[1]), ("minute", 1)
        )
        return format_unit(minutes // length, unit, "short", locale=formatters.locale())

    @property
    def initials(self) -> str:
        user = self.lead.assignee
        names = (user.first_name, user.last_name) if user else ()
        return "".join(name[:1].upper() for name in names if name)


def short_day(at: datetime) -> str:
    """`5 Nov`, with the year only when it is another one."""
    here = clock.local(at)
    if here.year != clock.today().year:
        return formatters.day(at)
    return str(format_date(here.date(), "d MMM", locale=formatters.locale()))


@dataclass(frozen=True, slots=True)
class Column:
    status: str
    cards: list[Card]
    after: Place | None  # behind which there are more


class Board:
    """The open leads that the filters admit, by status; those of the strips are only counted.

    What the filters rule out by themselves is not looked for: a database would walk through a whole
    column to find that a lead without a plan has no plan before noon. And each walk names the whole
    index in its order, for PostgreSQL takes filters to be independent of each other: whom nobody
    works with, it would look for among all leads in work.
    """

    def __init__(self, datamodel: Any, filters: Any, text: str = "") -> None:
        self.datamodel = datamodel
        self.session = datamodel.session
        self.asked = Asked.of(filters)
        self.holds = matching(Lead, text)  # None without a search
        query = self.session.query(Lead).filter(Lead.is_test.is_(False))
        self.matching = datamodel.apply_filters(query, self.asked.filters)

    # -- counts and columns ------------------------------------------------------------------------

    def counts(self, statuses: Iterable[str] = tuple(LeadStatus)) -> dict[str, Count]:
        """How many there are, each up to a limit, by one statement."""
        wanted = [LeadStatus(status).value for status in statuses]
        if self.holds is not None:
            return {status: self.found.counts.get(status, Count(0)) for status in wanted}
        counted = [status for status in wanted if status in self.asked.statuses]
        columns = []
        for status in counted:
            rows = self.asked.along_an_index(self._of(status)).with_entities(Lead.id)
            first = rows.limit(COUNT_LIMIT + 1).subquery()
            count = select(func.count()).select_from(first).scalar_subquery()
            columns.append(count.label(f"in_{status}"))
        row = self.session.execute(select(*columns)).one() if columns else ()
        known = dict(zip(counted, row, strict=True))
        return {status: _count(known.get(status, 0)) for status in wanted}

    def columns(self, starts: dict[str, Place | None]) -> list[Column]:
        """A page of cards for each of these statuses: two statements for any number of them."""
        found: dict[str, list[Any]] = {status: [] for status in starts}
        for row in self._found(starts) if self.holds is not None else self._walked(starts):
            if row.status in found:
                found[row.status].append(row)
        for rows in found.values():
            rows.sort(key=_place_in_column)
        cards = self._cards(row.id for rows in found.values() for row in rows[:PAGE])
        return [
            Column(
                status,
                [cards[row.id] for row in rows[:PAGE] if row.id in cards],
                Place.of(rows[PAGE - 1]) if len(rows) > PAGE else None,
            )
            for status, rows in found.items()
        ]

    def card(self, lead_id: int) -> Card | None:
        return self._cards([lead_id]).get(lead_id)

    def _cards(self, ids: Iterable[int]) -> dict[int, Card]:
        """With what a card shows, loaded by one statement."""
        shown = ["campaign.title", "assignee.first_name", "assignee.last_name"]
        rows = self.datamodel.get_many(ids, None, shown, NEEDS)
        return {row.id: Card(row) for row in rows}

    # -- without a search: along the indexes -------------------------------------------------------

    def _of(self, status: str) -> Any:
        return self.matching.filter(Lead.status == status)

    def _walked(self, starts: dict[str, Place | None]) -> Iterable[Any]:
        walks = [
            walk.with_entities(*STANDING).limit(PAGE + 1).subquery()
            for status, after in starts.items()
            if status in self.asked.statuses
            for walk in (self._planned(status, after), self._others(status, after))
            if walk is not None
        ]
        if not walks:
            return ()
        rows: Iterable[Any] = self.session.execute(union_all(*(select(walk.c) for walk in walks)))
        return rows

    def _planned(self, status: str, after: Place | None) -> Any:
        at = Lead.next_contact_at
        if not self.asked.planned or (after is not None and not after.planned):
            return None
        rows = self._of(status).filter(at.is_not(None))
        if after is not None:
            rows = rows.filter(at >= _instant(after), _behind(Lead, after))
        whose = (Lead.assignee_id, Lead.status) if self.asked.nobodys else ()
        return rows.order_by(*whose, at, Lead.id)

    def _others(self, status: str, after: Place | None) -> Any:
        at = Lead.received_at
        if not self.asked.others:
            return None
        rows = self._of(status).filter(Lead.next_contact_at.is_(None))
        if after is not None and not after.planned:
            rows = rows.filter(at <= _instant(after), _behind(Lead, after))
        whose = (Lead.assignee_id.desc(), Lead.status.desc()) if self.asked.nobodys else ()
        return rows.order_by(*whose, at.desc(), Lead.id.desc())

    # -- a search: what holds the text, looked for once --------------------------------------------

    @cached_property
    def found(self) -> Found:
        """Without the starts of columns."""
        return self._search({})

    def _found(self, starts: dict[str, Place | None]) -> Iterable[Any]:
        return (self._search(starts) if any(starts.values()) else self.found).rows

    def _search(self, starts: dict[str, Place | None]) -> Found:
        """The first of each status. Of a text that very many leads hold (`7` of a phone) only so
        many are looked at, and the page says that there are more.
        """
        matching_text = self.matching.filter(self.holds)
        if len(self.asked.statuses) < len(LeadStatus):
            matching_text = matching_text.filter(Lead.status.in_(self.asked.statuses))
        hits = matching_text.with_entities(*STANDING).limit(MOST_HITS).subquery()
        by_status: Any = {"partition_by": hits.c.status}
        counted = select(hits, func.count().over(**by_status).label("hits")).subquery()
        order = (
            counted.c.next_contact_at.is_(None),
            counted.c.next_contact_at,
            case((counted.c.next_contact_at.is_(None), counted.c.received_at)).desc(),
            case((counted.c.next_contact_at.is_(None), -counted.c.id), else_=counted.c.id),
        )
        place = func.row_number().over(partition_by=counted.c.status, order_by=order)
        behind = [
            or_(counted.c.status != status, _behind(counted.c, after))
            for status, after in starts.items()
            if after is not None
        ]
        placed = select(counted, place.label("place")).where(*behind).subquery()
        rows = self.session.execute(select(placed).where(placed.c.place <= PAGE + 1)).all()
        hits_of = {row.status: row.hits for row in rows}
        cut_short = sum(hits_of.values()) >= MOST_HITS
        counts = {status: _count(hits, cut_short) for status, hits in hits_of.items()}
        return Found(rows, counts)


@dataclass(frozen=True, slots=True)
class Found:
    rows: Sequence[Any]
    counts: dict[str, Count]


def _count(counted: int, more: bool = False) -> Count:
    return Count(min(counted, COUNT_LIMIT), more=more or counted > COUNT_LIMIT)


# The filters of a text as they bear upon the few statuses.
SAYS: dict[Any, Callable[[str, str], bool]] = {
    Equal: lambda status, text: status == text,
    Contains: lambda status, text: text.lower() in status,
    StartsWith: lambda status, text: status.startswith(text.lower()),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the filters say of the columns themselves; `filters` are the rest."""

    filters: Any
    statuses: frozenset[str]
    planned: bool
    others: bool
    nobodys: bool
    received: bool

    @classmethod
    def of(cls, filters: Any) -> Asked:
        statuses = frozenset(status.value for status in LeadStatus)
        planned = others = True
        nobodys = received = False
        rest = filters.fresh()
        for one, value in zip(filters.filters, filters.values, strict=True):
            if one.column_name == "status" and type(one) in SAYS:
                named = value if isinstance(value, tuple) else (value,)
                says = SAYS[type(one)]
                statuses = frozenset(
                    status for status in statuses if any(says(status, text) for text in named)
                )
                continue
            rest._add_filter(one, value)
            received = received or one.column_name == "received_at"
            if one.column_name == "next_contact_at":
                others = False
            elif isinstance(one, Meets):  # all of the narrowings speak of open leads
                statuses &= frozenset(OPEN)
                if one.column_name == "due":
                    has_plan = request.args.get("due") != "nothing"
                    planned, others = planned and has_plan, others and not has_plan
                nobodys = nobodys or one.column_name == "whose"
        return cls(rest, statuses, planned, others, nobodys, received)

    def along_an_index(self, rows: Any) -> Any:
        """Ordered as the index that fits the filters, so that a count ends where they do."""
        if self.received:
            return rows.order_by(Lead.received_at, Lead.id)
        if self.nobodys:
            return rows.order_by(Lead.assignee_id, Lead.status, Lead.next_contact_at)
        return rows.order_by(Lead.next_contact_at, Lead.id)


STANDING = (Lead.id, Lead.status, Lead.next_contact_at, Lead.received_at)
NEEDS = [
    "first_name", "last_name", "middle_name", "company_name", "phone", "phone_key",
    "phone_extension", "email", "status", "next_contact_at", "received_at", "asked_again_at",
]  # fmt: skip


def _instant(place: Place) -> Any:
    return literal(place.at, UtcDateTime)


def _behind(row: Any, place: Place) -> ColumnElement[bool]:
    """Whether the row stands further down in its column."""
    at = _instant(place)
    if not place.planned:
        beyond = or_(row.received_at < at, and_(row.received_at == at, row.id < place.id))
        return and_(row.next_contact_at.is_(None), beyond)
    planned = row.next_contact_at
    beyond = or_(planned > at, and_(planned == at, row.id > place.id))
    return or_(planned.is_(None), beyond)


def _place_in_column(row: Any) -> tuple[int, float, int]:
    if row.next_contact_at is not None:
        return 0, row.next_contact_at.timestamp(), row.id
    return 1, -row.received_at.timestamp(), -row.id


def strips() -> list[tuple[str, str]]:
    """(status, the list of its leads under the same filters) of what is closed."""
    kept = {name: text for name, text in kept_arguments().items() if not STATUS.fullmatch(name)}
    return [(status, url_for("LeadView.list", **kept, _flt_2_status=status)) for status in STRIPS]


def kept_arguments() -> dict[str, Any]:
    """The filters and the search of the address, for every link that stays on the board."""
    own = ("status", "after", "to")
    return {
        name: values
        for name, values in request.args.to_dict(flat=False).items()
        if name not in own and not name.startswith(FROM)
    }
