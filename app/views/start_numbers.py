"""The numbers of the start pages: each said once, with its rows and the permission that it needs.

A page shows the first six of those whose screens the reader may work on, so that a composed role
gets a page of its own. A number without rows of its own is explained on the page of its address.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from flask import url_for
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext, lazy_pgettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import joinedload
from sqlalchemy.sql import Select

from app.extensions import db
from app.imports.leads import FILES
from app.models import clock
from app.models.campaign import Campaign, Phase
from app.models.company import Company
from app.models.contract import Contract, ContractStatus
from app.models.document import Document, DocumentState
from app.models.lead import Lead, LeadStatus, is_open_lead
from app.models.login_failure import LoginFailure
from app.models.note import Note, NoteKind
from app.models.source import Source, SourceToken
from app.models.submission import Outcome, Submission
from app.models.webhook import Webhook, WhyOff
from app.statistics import Pace, month_before_so_far, month_so_far, paces
from app.ui.access import may
from app.ui.formatters import COUNT_LIMIT, Count, ago, day, label_of, money, money_short
from app.ui.formatters import number as number_text
from app.ui.labels import label
from app.views.base.links import address_of, screen_of
from app.views.base.searching import equal_index, few_values
from app.views.campaigns import has_no_spend_this_month, runs
from app.views.documents import reason_text

MOST = 6  # numbers on a page
DRAFT_WAITS = timedelta(days=3)
A_DAY = timedelta(days=1)
TOKEN_ENDS_WITHIN = timedelta(days=14)
REFUSED = (Outcome.REJECTED.value, Outcome.FAILED.value)

Values = dict[str, Any]
Rows = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    detail: str
    address: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """What the page says: the number, what it is compared with, and whether there is no work."""

    value: str
    beside: str = ""
    calm: bool = False


@dataclass(frozen=True)
class Number:
    """`rows` are what it counts, most urgent first, all of them read along an index; `beside` are
    further scalars for its words; `address` lists the rows, on their own page unless given.
    """

    name: str
    title: Any
    needs: Sequence[tuple[str, str]]
    tell: Callable[[Values], Told]
    rows: Callable[[], Rows] | None = None
    line: Callable[[Any], Line] | None = None
    loads: Sequence[Any] = ()
    beside: Callable[[], dict[str, Rows]] = dict
    address: Callable[[], str | None] | None = None
    on_page: bool = True  # whether the first rows stand on the start page too
    scalars: bool = True  # whether a row is one thing rather than columns
    only_if_any: bool = False  # stands there only when there is something to mend

    def is_for_reader(self) -> bool:
        return all(may(permission, view) for permission, view in self.needs)

    def is_needed(self) -> bool:
        if not self.only_if_any or self.rows is None:
            return True
        return db.session.scalars(self.rows().limit(1)).first() is not None

    def where(self) -> str | None:
        if self.address is not None:
            return self.address()
        return url_for("DecisionView.rows", name=self.name)

    def lines(self, offset: int, limit: int) -> list[Line]:
        if self.rows is None or self.line is None:
            return []
        found = self.rows().options(*self.loads).offset(offset).limit(limit)
        if self.scalars:
            return [self.line(row) for row in db.session.scalars(found).unique()]
        return [self.line(row) for row in db.session.execute(found)]


@dataclass(frozen=True)
class Shown:
    """A number as it stands on the page."""

    number: Number
    told: Told
    address: str | None
    count: int = 0
    lines: list[Line] = field(default_factory=list)


def for_reader() -> list[Number]:
    return [one for one in NUMBERS if one.is_for_reader() and one.is_needed()][:MOST]


def named(name: str) -> Number | None:
    """A number with rows that the reader may see."""
    for one in NUMBERS:
        if one.name == name and one.rows is not None and one.is_for_reader():
            return one
    return None


def read(numbers: Sequence[Number]) -> dict[str, Values]:
    """The values of all of them by one statement, and by another what is spent and asked."""
    columns: dict[str, Any] = {"currency": select(Company.currency).limit(1).scalar_subquery()}
    for one in numbers:
        asked = dict(one.beside())
        if one.rows is not None:
            asked["count"] = counted(one.rows())
        columns |= {f"{one.name}__{key}": ask.scalar_subquery() for key, ask in asked.items()}
    found = db.session.execute(select(*(ask.label(key) for key, ask in columns.items()))).one()
    values: dict[str, Values] = {one.name: {"currency": found.currency or ""} for one in numbers}
    for key, value in found._mapping.items():
        name, joint, which = key.partition("__")
        if joint:
            values[name][which] = Count.upto(value) if which in COUNTS else value
    if any(one.name in PACED for one in numbers):
        now, before = paces(db.session(), month_so_far(), month_before_so_far())
        for name in PACED & values.keys():
            values[name] |= {"now": now, "before": before}
    return values


def counted(rows: Rows) -> Rows:
    """How many rows there are, up to the limit and one more."""
    some = rows.order_by(None).limit(COUNT_LIMIT + 1)
    return select(func.count()).select_from(some.subquery())


COUNTS = {
    "count", "made", "tries", "silent", "refusing", "running", "yesterday", "waiting",
}  # fmt: skip
PACED = {"spend", "cpl"}


# -- what is compared with what --------------------------------------------------------------------


def difference(now: int, before: int, same: str, than: str) -> str:
    """`3 more than yesterday by now (9)`; words, because a colour or an arrow says less."""
    if now == before:
        return same
    count = number_text(abs(now - before))
    if now > before:
        return gettext("%(count)s more than %(then)s", count=count, then=than)
    return gettext("%(count)s fewer than %(then)s", count=count, then=than)


def money_difference(now: Any, before: Any, then: str, currency: str) -> str:
    if now == before:
        return gettext("as much as %(then)s", then=then)
    amount = money_short(abs(now - before), currency)
    if now > before:
        return gettext("%(amount)s more than %(then)s", amount=amount, then=then)
    return gettext("%(amount)s less than %(then)s", amount=amount, then=then)


def _waits(values: Values) -> Told:
    count: Count = values["count"]
    oldest: datetime | None = values.get("oldest")
    if oldest is None:
        return Told(str(count), gettext("nothing waits"), calm=True)
    return Told(str(count), gettext("the oldest: %(when)s", when=ago(oldest)))


def _unsigned(values: Values) -> Told:
    count: Count = values["count"]
    drafts = ngettext("%(count)s draft", "%(count)s drafts", int(count), count=count)
    amount = money_short(values["amount"] or 0, values["currency"])
    if count.more:
        amount += "+"
    return Told(amount, gettext("in %(drafts)s", drafts=drafts), calm=not count)


def _calls(values: Values) -> Told:
    before = values["yesterday"]
    return Told(
        str(values["made"]),
        difference(
            int(values["made"]), int(before),
            gettext("as many as yesterday by now"),
            gettext("yesterday by now (%(count)s)", count=before),
        ),
    )  # fmt: skip


def _so_far_before(before: Pace) -> str:
    return f"{day(before.period.first)} – {day(before.period.last)}"


def _spend(values: Values) -> Told:
    now, before, currency = values["now"], values["before"], values["currency"]
    words = money_difference(now.spend, before.spend, _so_far_before(before), currency)
    plan = ", " + gettext("partly plan") if now.planned else ""
    return Told(money_short(now.spend, currency), words + plan)


def _cpl(values: Values) -> Told:
    now: Pace = values["now"]
    before: Pace = values["before"]
    price, price_before = now.cpl.value, before.cpl.value
    if price is None:
        return Told("—", gettext("no leads") if not now.leads else gettext("no spend"))
    shown = money(price, values["currency"])
    if price_before is None:
        return Told(shown, gettext("nothing to compare with"))
    words = money_difference(price, price_before, _so_far_before(before), values["currency"])
    return Told(shown, words)


def _unspent(values: Values) -> Told:
    count: Count = values["count"]
    words = gettext("of %(count)s that run", count=values["running"])
    return Told(str(count), words, calm=not count)


def _troubled_sources(values: Values) -> Told:
    words = gettext(
        "%(silent)s silent for 24 hours, %(refusing)s with refused leads",
        silent=values["silent"],
        refusing=values["refusing"],
    )
    return Told(str(values["count"]), words, calm=not values["count"])


def _tokens(values: Values) -> Told:
    first: datetime | None = values["first"]
    if first is None:
        return Told(str(values["count"]), gettext("none within 14 days"), calm=True)
    words = gettext("the first: %(when)s", when=ago(clock.company_day(first)))
    return Told(str(values["count"]), words)


def _age(values: Values) -> Told:
    oldest: datetime | None = values["oldest"]
    if oldest is None:
        return Told("0", gettext("nothing waits"), calm=True)
    waiting: Count = values["waiting"]
    words = ngettext(
        "%(count)s document waits", "%(count)s documents wait", int(waiting), count=waiting
    )
    return Told(ago(oldest), words)


def _failures(values: Values) -> Told:
    before = values["yesterday"]
    return Told(
        str(values["tries"]),
        difference(
            int(values["tries"]), int(before),
            gettext("as many as in the 24 hours before"),
            gettext("in the 24 hours before (%(count)s)", count=before),
        ),
        calm=not values["tries"],
    )  # fmt: skip


def _plain(values: Values) -> Told:
    return Told(str(values["count"]), calm=not values["count"])


# -- their rows ------------------------------------------------------------------------------------


def _qualified() -> Rows:
    return select(Lead).where(is_open_lead(), Lead.status == LeadStatus.QUALIFIED)


def qualified_without_owner() -> Rows:
    return _qualified().where(Lead.assignee_id.is_(None)).order_by(Lead.status_changed_at, Lead.id)


def waiting_to_convert() -> Rows:
    return _qualified().order_by(Lead.status_changed_at, Lead.id)


def _oldest(rows: Rows, column: Any) -> Rows:
    """Of as many as are counted, which is all of them on any usual day."""
    some = rows.with_only_columns(column.label("at")).order_by(None).limit(COUNT_LIMIT + 1)
    return select(func.min(some.subquery().c.at))


def _contracts(status: ContractStatus) -> Rows:
    return select(Contract).where(Contract.archived_at.is_(None), Contract.status == status)


def old_drafts() -> Rows:
    old = Contract.created_at < clock.utc_now() - DRAFT_WAITS
    return _contracts(ContractStatus.DRAFT).where(old).order_by(Contract.id)


def unsigned() -> Rows:
    return _contracts(ContractStatus.DRAFT).order_by(Contract.id.desc())


def _sum_of_unsigned() -> dict[str, Rows]:
    drafts = unsigned().with_only_columns(Contract.amount).limit(COUNT_LIMIT).subquery()
    return {"amount": select(func.sum(drafts.c.amount))}


def failed_documents() -> Rows:
    failed = select(Document).where(Document.state == DocumentState.FAILED)
    return failed.order_by(Document.state, Document.next_try_at, Document.id)


def _waiting_documents() -> Rows:
    return select(Document).where(Document.state == DocumentState.WAITING)


def _calls_since(first: datetime, last: datetime) -> Rows:
    return select(Note.id).where(Note.at >= first, Note.at < last, Note.kind == NoteKind.CALL)


def _midnight() -> datetime:
    return clock.start_of_day(clock.today())


def calls_by_operator() -> Rows:
    """Who made how many calls today, and yesterday until this time."""
    midnight, now = _midnight(), clock.utc_now()
    before = clock.start_of_day(clock.today() - A_DAY)
    today = func.count(case((Note.at >= midnight, 1)))
    yesterday = func.count(case((Note.at < now - A_DAY, 1)))
    made: Rows = select(
        func.max(Note.author).label("author"),
        today.label("today"),
        yesterday.label("yesterday"),
    ).where(Note.at >= before, Note.at <= now, Note.kind == NoteKind.CALL)
    return made.group_by(Note.author_user_id).having(today > 0).order_by(today.desc(), "author")


def calls_today() -> Rows:
    return _calls_since(_midnight(), clock.utc_now() + A_DAY)


def running_campaigns() -> Rows:
    return select(Campaign).where(Campaign.archived_at.is_(None), runs())


def campaigns_without_spend() -> Rows:
    """Those that run and have no spend of this month."""
    return running_campaigns().where(has_no_spend_this_month()).order_by(Campaign.id.desc())


def _came_since(since: datetime, *conditions: Any) -> Any:
    return exists(
        select(Submission.id).where(
            Submission.source_id == Source.id, Submission.received_at >= since, *conditions
        )
    )


def silent_sources() -> Rows:
    """Those that have sent something before, and nothing for 24 hours."""
    before = exists(select(Submission.id).where(Submission.source_id == Source.id))
    return _sources().where(before, ~_came_since(clock.utc_now() - A_DAY))


def refusing_sources() -> Rows:
    since = clock.utc_now() - A_DAY
    return _sources().where(_came_since(since, Submission.outcome.in_(REFUSED)))


def _sources() -> Rows:
    """Not that of imported files: nobody expects it to send anything."""
    mine = select(Source).where(Source.archived_at.is_(None), Source.format != FILES)
    return mine.order_by(Source.name)


def troubled_sources() -> Rows:
    """A source with its name, when it sent last, and how much of a day's arrivals was refused."""
    since = clock.utc_now() - A_DAY
    last = (
        select(Submission.received_at)
        .where(Submission.source_id == Source.id)
        .order_by(Submission.received_at.desc())
        .limit(1)
        .correlate(Source)
        .scalar_subquery()
    )
    refused = (
        select(Submission.id)
        .where(
            Submission.source_id == Source.id,
            Submission.received_at >= since,
            Submission.outcome.in_(REFUSED),
        )
        .limit(COUNT_LIMIT + 1)
        .correlate(Source)
    )
    troubled = or_(
        and_(
            exists(select(Submission.id).where(Submission.source_id == Source.id)),
            ~_came_since(since),
        ),
        _came_since(since, Submission.outcome.in_(REFUSED)),
    )
    number = select(func.count()).select_from(refused.subquery()).scalar_subquery()
    return (
        select(Source.id, Source.name, last.label("last"), number.label("refused"))
        .where(Source.archived_at.is_(None), troubled)
        .order_by(Source.name)
    )


def ending_tokens() -> Rows:
    now = clock.utc_now()
    return (
        select(SourceToken)
        .join(SourceToken.source)
        .where(
            SourceToken.revoked_at.is_(None),
            SourceToken.expires_at > now,
            SourceToken.expires_at <= now + TOKEN_ENDS_WITHIN,
            Source.archived_at.is_(None),
        )
        .order_by(SourceToken.expires_at)
    )


def webhooks_off_by_themselves() -> Rows:
    """Those that people did not switch off."""
    off = Webhook.off_because.in_((WhyOff.FAILING.value, WhyOff.GONE.value))
    return select(Webhook).where(off, Webhook.archived_at.is_(None)).order_by(Webhook.name)


def users_without_role() -> Rows:
    return select(User).where(User.active, ~User.roles.any()).order_by(User.last_name, User.id)


def failed_log_ins() -> Rows:
    """By name as typed and address, the most tried first."""
    tries = func.count().label("tries")
    last = func.max(LoginFailure.at).label("last")
    found: Rows = (
        select(LoginFailure.username, LoginFailure.address, tries, last)
        .where(LoginFailure.at >= clock.utc_now() - A_DAY)
        .group_by(LoginFailure.username, LoginFailure.address)
        .order_by(tries.desc(), last.desc())
    )
    return found


def _failures_between(first: timedelta, last: timedelta) -> Rows:
    now = clock.utc_now()
    return select(LoginFailure.id).where(
        LoginFailure.at > now - first, LoginFailure.at <= now - last
    )


def ending_contracts() -> Rows:
    first, last = clock.today(), clock.today() + timedelta(days=30)
    ending = Contract.ends_on.between(first, last)
    return _contracts(ContractStatus.SIGNED).where(ending).order_by(Contract.ends_on, Contract.id)


# -- a row in one line -----------------------------------------------------------------------------


def _lead(lead: Lead) -> Line:
    since = gettext("qualified %(when)s", when=ago(lead.status_changed_at))
    owner = label_of(lead.assignee) if lead.assignee_id else gettext("nobody is responsible")
    return Line(label_of(lead), f"{since} · {owner}", address_of("lead", lead.id))


def _draft(contract: Contract) -> Line:
    amount = money_short(contract.amount, contract.currency)
    since = gettext("since %(day)s", day=day(contract.created_at))
    text = f"{label_of(contract.client)}: {contract.service}"
    return Line(text, f"{amount} · {since}", address_of("contract", contract.id))


def ending(contract: Contract) -> Line:
    text = f"№ {contract.number} {label_of(contract.client)}"
    return Line(text, ago(contract.ends_on), address_of("contract", contract.id))


def _document(document: Document) -> Line:
    text = f"№ {document.contract.number} {label_of(document.contract.client)}"
    return Line(text, reason_text(document.reason), address_of("contract", document.contract_id))


def _operator(row: Any) -> Line:
    calls = ngettext("%(count)s call", "%(count)s calls", row.today, count=number_text(row.today))
    then = gettext("yesterday by now %(count)s", count=number_text(row.yesterday))
    return Line(row.author, f"{calls} · {then}", None)


def _campaign(campaign: Campaign) -> Line:
    start = campaign.starts_on
    detail = gettext("runs since %(day)s", day=day(start)) if start else gettext("runs")
    return Line(campaign.title, detail, address_of("campaign", campaign.id))


def _source(row: Any) -> Line:
    detail = gettext("the last submission: %(when)s", when=ago(row.last))
    if row.refused:
        told = Count.upto(row.refused)
        detail += " · " + ngettext(
            "%(count)s refused in 24 hours", "%(count)s refused in 24 hours", int(told), count=told
        )
    return Line(row.name, detail, address_of("source", row.id))


def _token(token: SourceToken) -> Line:
    ends: date = clock.company_day(token.expires_at or clock.utc_now())
    detail = gettext("ends %(when)s", when=ago(ends))
    return Line(f"{token.source.name}: {token}", detail, address_of("source", token.source_id))


def _webhook(hook: Webhook) -> Line:
    text = label(WhyOff, hook.off_because)
    return Line(hook.name, text, address_of("webhook", hook.id))


def _user(user: Any) -> Line:
    return Line(label_of(user), user.username, url_for("UserView.show", pk=user.id))


def _log_in(row: Any) -> Line:
    tries = ngettext("%(count)s try", "%(count)s tries", row.tries, count=number_text(row.tries))
    last = gettext("the last %(when)s", when=ago(row.last))
    return Line(row.username, f"{row.address} · {tries} · {last}", None)


# -- where all rows are listed ---------------------------------------------------------------------


def _list(noun: str, **filters: Any) -> str | None:
    """The noun's list with these filters, each as the page itself names it."""
    view = screen_of(noun)
    if view is None:
        return None
    arguments: dict[str, Any] = {}
    for column, wanted in filters.items():
        if column not in view.search_columns:  # a narrowing
            arguments[column] = wanted
        elif few_values(view.datamodel, view, column) is not None:
            arguments[f"_flt_{equal_index(view, column)}_{column}"] = wanted
        else:
            arguments[f"_flt_0_{column}"] = wanted
    return url_for(f"{view.endpoint}.list", **arguments)


def _figure(name: str) -> str:
    period: dict[str, Any] = dict(month_so_far().as_args())
    return url_for("StatisticsView.rows", figure=name, **period)


CONVERTS = (("convert", "LeadView"),)
CONTRACTS = (("list", "ContractView"),)
PEOPLE = (("list", "UserView"),)
SPENDS = (("list", "SpendView"),)
WITH_LEAD = (joinedload(Lead.assignee).load_only(User.first_name, User.last_name),)
WITH_PARTIES = (joinedload(Contract.client), joinedload(Contract.service))

# In the order of importance.
NUMBERS = (
    Number(
        "ownerless", _("Qualified, nobody responsible"), CONVERTS, _waits,
        qualified_without_owner, _lead, WITH_LEAD,
        lambda: {"oldest": _oldest(qualified_without_owner(), Lead.status_changed_at)},
        lambda: _list("lead", status=LeadStatus.QUALIFIED.value, whose="nobody"),
        on_page=False,  # they stand among the next ones
    ),
    Number(
        "convert", _("Waiting to be converted"), CONVERTS, _waits,
        waiting_to_convert, _lead, WITH_LEAD,
        lambda: {"oldest": _oldest(waiting_to_convert(), Lead.status_changed_at)},
        lambda: _list("lead", status=LeadStatus.QUALIFIED.value),
    ),
    Number(
        "documents", _("Documents that failed"), (("list", "DocumentView"),), _waits,
        failed_documents, _document,
        (joinedload(Document.contract).joinedload(Contract.client),),
        lambda: {"oldest": _oldest(failed_documents(), Document.ordered_at)},
        lambda: _list("document", state=DocumentState.FAILED.value),
    ),
    Number(
        "webhooks", _("Webhooks that went off"), (("list", "WebhookView"),), _plain,
        webhooks_off_by_themselves, _webhook, only_if_any=True,
    ),
    Number(
        "roleless", _("Users without a role"), PEOPLE, _plain, users_without_role, _user,
    ),
    Number(
        "log_ins", _("Failed log-ins in 24 hours"), PEOPLE, _failures, failed_log_ins, _log_in,
        (),
        lambda: {
            "tries": counted(_failures_between(A_DAY, timedelta())),
            "yesterday": counted(_failures_between(2 * A_DAY, A_DAY)),
        },
        scalars=False,
    ),
    Number(
        "queue_age", _("The oldest document that waits"), (*PEOPLE, ("list", "DocumentView")), _age,
        beside=lambda: {
            "oldest": _oldest(_waiting_documents(), Document.ordered_at),
            "waiting": counted(_waiting_documents()),
        },
        address=lambda: _list("document", state=DocumentState.WAITING.value),
    ),
    Number(
        "drafts", _("Drafts older than 3 days"), CONTRACTS, _waits, old_drafts, _draft,
        WITH_PARTIES, lambda: {"oldest": _oldest(old_drafts(), Contract.created_at)},
    ),
    Number(
        "unsigned", _("Not signed yet"), CONTRACTS, _unsigned, unsigned, _draft, WITH_PARTIES,
        _sum_of_unsigned,
        lambda: _list("contract", status=ContractStatus.DRAFT.value),
        on_page=False,
    ),
    Number(
        "calls", _("Calls today"), (("list", "NoteView"), *CONVERTS), _calls,
        calls_by_operator, _operator, (),
        lambda: {
            "made": counted(calls_today()),
            "yesterday": counted(
                _calls_since(clock.start_of_day(clock.today() - A_DAY), clock.utc_now() - A_DAY)
            ),
        },
        lambda: _list("note", kind=NoteKind.CALL.value, at=clock.today().isoformat()),
        scalars=False,
    ),
    Number(
        "spend", lazy_pgettext("start page", "Spend this month"), SPENDS, _spend,
        address=lambda: _figure("spend"),
    ),
    Number(
        "cpl", _("Cost of a lead this month"), SPENDS, _cpl, address=lambda: _figure("cpl"),
    ),
    Number(
        "unspent", _("Campaigns without spend this month"), (("add", "SpendView"),), _unspent,
        campaigns_without_spend, _campaign, (), lambda: {"running": counted(running_campaigns())},
        lambda: _list("campaign", phase=Phase.RUNS.value, spend="none"),
    ),
    Number(
        "sources", _("Sources in trouble"), (("list", "SourceView"),), _troubled_sources,
        troubled_sources, _source, (),
        lambda: {"silent": counted(silent_sources()), "refusing": counted(refusing_sources())},
        scalars=False,
    ),
    Number(
        "tokens", _("Tokens that end within 14 days"), (("token", "SourceView"),), _tokens,
        ending_tokens, _token, (joinedload(SourceToken.source),),
        lambda: {"first": _oldest(ending_tokens(), SourceToken.expires_at)},
    ),
)  # fmt: skip
