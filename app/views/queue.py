"""The operator's queue: who to call now, in which order, and the next of them by one click.

Each group is read through an index: one limited look-up for each status (and for one's own and
nobody's leads), so that a page takes as long with a million leads as with a thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import flash, redirect, request, url_for
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
from app.models.lead import OPEN, Lead, LeadStatus, asks_again
from app.ui.fields import read_id
from app.ui.formatters import COUNT_LIMIT, Count, moment
from app.ui.labels import label
from app.views.leads import due, holder_of, tries

PAGE = 25
WORKED = (LeadStatus.IN_WORK.value, LeadStatus.QUALIFIED.value)
# What the page opens with, in the order in which one calls.
NOW = ("again", "overdue", "new", "today")
LABELS = {
    "again": _("Asked again"),
    "overdue": _("Overdue"),
    "today": _("Due today"),
    "new": lazy_pgettext("several", "New"),
    "later": _("Later"),
    "nothing": _("Nothing planned"),
}


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
        everyone = request.args.get("whose") == "everyone"
        asked = request.args.get("group", "")
        page = min(read_id(request.args.get("page", "")) or 0, 1000)
        queue = Queue(None if everyone else current_user.id)
        counts = queue.counts()
        names = [asked] if asked in LABELS else [name for name in NOW if counts[name]]
        ids = {name: queue.ids(name, page if asked in LABELS else 0) for name in names}
        leads = queue.leads([one for listed in ids.values() for one in listed])
        groups = [
            Group(name, LABELS[name], counts[name], [leads[i] for i in ids[name] if i in leads])
            for name in names
        ]
        return self.render_template(
            "crm/queue.html", title=_("My queue"), view=self, labels=LABELS, counts=counts,
            groups=groups, group=asked if asked in LABELS else None, page=page,
            more=asked in LABELS and len(ids[asked]) == PAGE, everyone=everyone,
            next_at=None if any(counts[name] for name in NOW) else queue.next_at(),
            due=due, tries=tries, holder_of=holder_of, me=current_user.id, status_of=_status_of,
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
                told += " " + gettext("The next one: %(at)s.", at=moment(upcoming))
            flash(told, "info")
            return redirect(url_for("QueueView.list"))
        number = lead.id
        db.session.commit()
        return redirect(url_for("LeadView.show", pk=number))


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
            "overdue": (OPEN, at < now),
            "today": (OPEN, at.between(now, tomorrow - timedelta(microseconds=1))),
            "new": ((LeadStatus.NEW.value,), at.is_(None)),
            "later": (OPEN, at >= tomorrow),
            "nothing": (WORKED, at.is_(None)),
        }
        for name in set(self.conditions) - {"again"}:  # each lead stands in one group
            statuses, condition = self.conditions[name]
            self.conditions[name] = (statuses, and_(condition, not_(asks_again())))

    def counts(self) -> dict[str, Count]:
        """Each group's size up to a limit, all by one statement."""
        limit = COUNT_LIMIT + 1
        columns = []
        for name in self.conditions:
            rows = self._union(name, limit).subquery()
            first = select(rows.c.id).limit(limit).subquery()
            count = select(func.count()).select_from(first).scalar_subquery()
            columns.append(count.label(f"in_{name}"))  # "nothing" is a word of SQLite's own
        found = self.session.execute(select(*columns)).one()
        return {
            name: Count(min(count, COUNT_LIMIT), more=count > COUNT_LIMIT)
            for name, count in zip(self.conditions, found, strict=True)
        }

    def ids(self, name: str, page: int = 0) -> list[int]:
        """One page of the group's leads, the most urgent first."""
        rows = self._union(name, (page + 1) * PAGE).subquery()
        found = select(rows.c.id).offset(page * PAGE).limit(PAGE)
        if name == "again":
            found = found.order_by(rows.c.again)
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
        for status in statuses:
            found: Any = (
                select(
                    Lead.id,
                    Lead.next_contact_at.label("at"),
                    Lead.received_at,
                    Lead.asked_again_at.label("again"),
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


def _status_of(lead: Lead) -> str:
    return label(LeadStatus, lead.status)
