"""The operator's queue: who to call now, in which order, and the next of them by one click.

Each group is read through an index: one limited look-up for each status (and for one's own and
nobody's leads), so that a page takes as long with a million leads as with a thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import flash, redirect, request, session, url_for
from flask_appbuilder.baseviews import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext, lazy_pgettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from sqlalchemy import and_, func, not_, or_, select, true, union_all
from sqlalchemy.orm import joinedload
from sqlalchemy.sql import ColumnElement
from werkzeug.wrappers import Response

from app.extensions import db
from app.models import clock
from app.models.campaign import Campaign
from app.models.claim import claim_next
from app.models.duty import Duty
from app.models.lead import OPEN, Lead, LeadStatus, answer_is_late, asks_again
from app.models.matching import clients_of_leads
from app.models.note import PEOPLES_KINDS, Note
from app.ui.access import may
from app.ui.fields import read_id
from app.ui.formatters import COUNT_LIMIT, Count
from app.ui.labels import label
from app.ui.pills import status_pill
from app.views.base.links import link_to
from app.views.lead_words import (
    answer_due,
    due,
    holder_of,
    initials,
    phone_with_acts,
    short_moment,
    tries,
)  # fmt: skip
from app.views.walking import remember

PAGE = 25
FEW = 3
WORKED = (LeadStatus.IN_WORK.value, LeadStatus.QUALIFIED.value)
# What the page opens with, in the order in which one calls.
NOW = ("again", "late", "overdue", "new", "today")
TO_CALL = ("again", "late", "overdue", "new")
LABELS = {
    "again": _("Asked again"),
    "late": _("Answer is late"),
    "overdue": _("Overdue"),
    "today": _("Due today"),
    "new": lazy_pgettext("several", "New"),
    "later": _("Later"),
    "nothing": _("Nothing planned"),
}
KEPT = "queue"  # the group and whose leads, in the session
MOST_ARRIVED = 200
SNIPPET = 90


@dataclass
class Group:
    name: str
    title: Any
    count: Count
    leads: list[Lead] = field(default_factory=list)


class QueueView(BaseView):
    route_base = "/queueview"
    default_view = "list"

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        group, everyone = self._asked()
        page = min(read_id(request.args.get("page", "")) or 0, 1000)
        queue = Queue(None if everyone else current_user.id)
        counts = queue.counts()
        if group and not counts[group] and "group" not in request.args:
            group = ""  # what was remembered has been worked off
        session[KEPT] = [group, everyone]
        shares = {group: PAGE} if group else _shares({name: counts[name] for name in NOW})
        names = list(shares)
        ids = {name: queue.ids(name, page if group else 0)[: shares[name]] for name in names}
        leads = queue.leads([one for listed in ids.values() for one in listed])
        groups = [
            Group(name, LABELS[name], counts[name], [leads[i] for i in ids[name] if i in leads])
            for name in names
        ]
        shown = [lead.id for one in groups for lead in one.leads]
        remember("lead", shown)
        return self.render_template(
            "crm/queue.html", title=_("My queue"), view=self, groups=groups, page=page,
            more=bool(group) and len(ids[group]) == PAGE, notes=queue.notes(shown),
            next_at=None if any(counts[name] for name in NOW) else queue.next_at(),
            may_see_everyone=_may_see_everyone(), me=current_user.id, due=due, tries=tries,
            answer_due=answer_due, on_duty=_is_on_duty(),
            holder_of=holder_of, initials=initials, phone_with_acts=phone_with_acts,
            short_moment=short_moment, status_pill=_status_pill,
            new=label(LeadStatus, LeadStatus.NEW), link=link_to,
            clients=_clients_of(list(leads.values())),
            **_chips(counts, group, everyone),
        )  # fmt: skip

    @expose("/counts")
    @has_access
    @permission_name("list")
    def counts(self) -> Any:
        """What the page asks for every half minute: the counters, and how many leads have become
        due since it was opened. The rows stay as they are.
        """
        group, everyone = self._asked()
        queue = Queue(None if everyone else current_user.id)
        since = _since(request.args.get("since", ""))
        return self.render_template(
            "crm/queue/counts.html", arrived=queue.arrived(since),
            **_chips(queue.counts(), group, everyone, since),
        )  # fmt: skip

    @expose("/next", methods=["POST"])
    @has_access
    @permission_name("work")
    def next_lead(self) -> Response:
        """Claims the first due lead that nobody holds, and opens it."""
        lead = claim_next(db.session(), current_user.id)
        if lead is None:
            db.session.rollback()
            upcoming = Queue(current_user.id).next_at()
            told = gettext("All calls that were due have been made.")
            if upcoming is not None:
                told += " " + gettext("The next one: %(at)s.", at=short_moment(upcoming))
            flash(told, "info")
            return redirect(url_for("QueueView.list", group="now"))
        number = lead.id
        db.session.commit()
        return redirect(url_for("LeadView.show", pk=number))

    @staticmethod
    def _asked() -> tuple[str, bool]:
        """The group ("" for all that is due now) and whether everyone's leads are meant: as the
        address says, else as last time.
        """
        kept = session.get(KEPT) or ["", False]
        asked = request.args.get("group", kept[0])
        whose = request.args.get("whose")
        everyone = kept[1] if whose is None else whose == "everyone"
        return asked if asked in LABELS else "", bool(everyone) and _may_see_everyone()


def _shares(counts: dict[str, Count]) -> dict[str, int]:
    """How many rows of each group stand on a page of all: the most urgent ones take what they need,
    but a few are left to each group that follows.
    """
    filled = {name: int(count) for name, count in counts.items() if count}
    shares, left = {}, PAGE
    for place, (name, count) in enumerate(filled.items()):
        following = sum(min(FEW, n) for n in list(filled.values())[place + 1 :])
        shares[name] = min(count, left - following)
        left -= shares[name]
    return shares


def _clients_of(leads: list[Lead]) -> dict[int, Any]:
    """Those of the people who are clients already."""
    return clients_of_leads(db.session(), leads) if may("list", "ClientView") else {}


def _is_on_duty() -> bool:
    duty = db.session.get(Duty, current_user.id)
    return duty is not None and duty.is_on


def _may_see_everyone() -> bool:
    """Managers and administrators, who may take a lead over."""
    return may("convert", "LeadView")


def _chips(
    counts: dict[str, Count], group: str, everyone: bool, since: datetime | None = None
) -> dict[str, Any]:
    since = since or clock.utc_now()
    return {
        "labels": LABELS,
        "counts": counts,
        "group": group,
        "everyone": everyone,
        "since": int(since.timestamp()),
        "due_now": sum(counts[name] for name in NOW),
    }


def _since(text: str) -> datetime:
    """When the page was opened; at most a day ago, whatever is asked."""
    now = clock.utc_now()
    number = read_id(text)
    at = datetime.fromtimestamp(number, UTC) if number else now
    return max(min(at, now), now - timedelta(days=1))


def _status_pill(lead: Lead) -> Any:
    return status_pill(LeadStatus, lead.status)


class Queue:
    """The open leads of one user and of nobody; of everybody when `user_id` is None."""

    def __init__(self, user_id: int | None) -> None:
        self.user_id = user_id
        self.session = db.session()
        now = clock.utc_now()
        tomorrow = clock.start_of_day(clock.today() + timedelta(days=1))
        at = Lead.next_contact_at
        self.conditions: dict[str, tuple[tuple[str, ...], ColumnElement[bool]]] = {
            "again": (OPEN, asks_again()),
            "late": (OPEN, answer_is_late(now)),
            "overdue": (OPEN, at < now),
            "today": (OPEN, at.between(now, tomorrow - timedelta(microseconds=1))),
            "new": ((LeadStatus.NEW.value,), at.is_(None)),
            "later": (OPEN, at >= tomorrow),
            "nothing": (WORKED, at.is_(None)),
        }
        in_time = or_(Lead.respond_by.is_(None), Lead.respond_by > now)
        for name in set(self.conditions) - {"again"}:  # each lead stands in one group
            statuses, condition = self.conditions[name]
            others = not_(asks_again()) if name == "late" else and_(not_(asks_again()), in_time)
            self.conditions[name] = (statuses, and_(condition, others))

    def counts(self, names: Iterable[str] = ()) -> dict[str, Count]:
        """Each group's size up to a limit, all by one statement."""
        asked = tuple(names) or tuple(self.conditions)
        columns = [
            self._count(name, COUNT_LIMIT + 1).label(f"in_{name}")  # "nothing" is SQLite's own word
            for name in asked
        ]
        found = self.session.execute(select(*columns)).one()
        return {
            name: Count(min(count, COUNT_LIMIT), more=count > COUNT_LIMIT)
            for name, count in zip(asked, found, strict=True)
        }

    def arrived(self, since: datetime) -> int:
        """How many have come to be called since then, up to a limit. Only the latest are looked at,
        by the index of their time: among all open leads they would have to be searched for.
        """
        now = clock.utc_now()
        at, asked = Lead.next_contact_at, Lead.asked_again_at
        latest = [
            (Lead.received_at, Lead.received_at > since, (LeadStatus.NEW.value,), at.is_(None)),
            (at, and_(at > since, at < now), OPEN, at.is_not(None)),
            (asked, asked > since, OPEN, asks_again()),
        ]
        columns = []
        for time, came, statuses, waits in latest:
            few = select(Lead.id).where(came).order_by(time.desc()).limit(MOST_ARRIVED).subquery()
            counts = select(func.count()).select_from(Lead).where(Lead.id.in_(select(few.c.id)))
            open_ = counts.where(Lead.status.in_(statuses), waits, self._whose())
            kept = open_.where(Lead.archived_at.is_(None), Lead.is_test.is_(False))
            columns.append(kept.scalar_subquery())
        return min(sum(self.session.execute(select(*columns)).one()), MOST_ARRIVED)

    def _count(self, name: str, limit: int) -> Any:
        rows = self._union(name, limit).subquery()
        first = select(rows.c.id).limit(limit).subquery()
        return select(func.count()).select_from(first).scalar_subquery()

    def notes(self, ids: list[int]) -> dict[int, str]:
        """The last words that people wrote of each of these leads, by one query."""
        if not ids:
            return {}
        last = (
            select(func.max(Note.id))
            .where(Note.lead_id.in_(ids), Note.kind.in_(PEOPLES_KINDS), Note.text != "")
            .group_by(Note.lead_id)
        )
        words = func.substr(Note.text, 1, SNIPPET + 1)
        found = self.session.execute(select(Note.lead_id, words).where(Note.id.in_(last)))
        return {
            row[0]: row[1] if len(row[1]) <= SNIPPET else f"{row[1][:SNIPPET].rstrip()}…"
            for row in found
        }

    def ids(self, name: str, page: int = 0) -> list[int]:
        """One page of the group's leads, the most urgent first."""
        rows = self._union(name, (page + 1) * PAGE).subquery()
        found = select(rows.c.id).offset(page * PAGE).limit(PAGE)
        if name in ("again", "late"):
            found = found.order_by(rows.c.again if name == "again" else rows.c.by)
        found = found.order_by(rows.c.at, rows.c.received_at, rows.c.id)
        return list(self.session.scalars(found))

    def leads(self, ids: list[int]) -> dict[int, Lead]:
        """The rows with what the page shows of them."""
        names = (User.first_name, User.last_name)
        query = (
            select(Lead)
            .where(Lead.id.in_(ids))
            .options(
                joinedload(Lead.campaign).load_only(Campaign.title),
                joinedload(Lead.assignee).load_only(*names),
                joinedload(Lead.claimed_by).load_only(*names),
            )
        )
        return {lead.id: lead for lead in self.session.scalars(query).unique()}

    def next_at(self) -> datetime | None:
        """When the next planned contact is due."""
        rows = self._union("later", 1).subquery()
        soon = self._union("today", 1).subquery()
        first = self.session.scalar(select(func.min(soon.c.at)))
        return first or self.session.scalar(select(func.min(rows.c.at)))

    def _whose(self) -> ColumnElement[bool]:
        if self.user_id is None:
            return true()
        return or_(Lead.assignee_id.is_(None), Lead.assignee_id == self.user_id)

    def _union(self, name: str, limit: int) -> Any:
        return union_all(*(select(part.c) for part in self._parts(name, limit)))

    def _parts(self, name: str, limit: int) -> Iterator[Any]:
        statuses, condition = self.conditions[name]
        if name == "late":
            yield from self._late(limit, condition)
            return
        for status in statuses:
            found: Any = (
                select(
                    Lead.id,
                    Lead.next_contact_at.label("at"),
                    Lead.received_at,
                    Lead.asked_again_at.label("again"),
                    Lead.respond_by.label("by"),
                )
                .where(Lead.status == status, condition)
                .where(Lead.archived_at.is_(None), Lead.is_test.is_(False))
                .limit(limit)
            )
            if name == "again":
                yield found.where(self._whose()).order_by(Lead.asked_again_at).subquery()
                continue
            if self.user_id is None:
                yield found.order_by(Lead.status, Lead.next_contact_at, Lead.id).subquery()
                continue
            # The columns of the index stand in the order too, for PostgreSQL to walk along it.
            mine = found.order_by(Lead.assignee_id, Lead.status, Lead.next_contact_at)
            yield mine.where(Lead.assignee_id.is_(None)).subquery()
            yield mine.where(Lead.assignee_id == self.user_id).subquery()

    def _late(self, limit: int, condition: ColumnElement[bool]) -> Iterator[Any]:
        """Of any status, along the index of those who wait for the first answer."""
        found: Any = (
            select(
                Lead.id,
                Lead.next_contact_at.label("at"),
                Lead.received_at,
                Lead.asked_again_at.label("again"),
                Lead.respond_by.label("by"),
            )
            .where(condition, Lead.status.in_(OPEN))
            .where(Lead.archived_at.is_(None), Lead.is_test.is_(False))
            .limit(limit)
        )
        if self.user_id is None:
            yield found.order_by(Lead.respond_by, Lead.id).subquery()
            return
        mine = found.order_by(Lead.assignee_id, Lead.respond_by, Lead.id)
        yield mine.where(Lead.assignee_id.is_(None)).subquery()
        yield mine.where(Lead.assignee_id == self.user_id).subquery()
