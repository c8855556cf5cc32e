"""Who reaches which door: every route and method stands in the table, and is tried as every role.

A new route fails this file until it has a line. O, M, G, A are operator, marketer, manager and
administrator, V a visitor; `act` marks FAB's doors for actions, which ask for each action's own
permission (the second table).
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import inspect, select

from app.extensions import db
from app.models import Document
from app.models.actor import Actor, acting_as
from app.roles import NOT_IN_MENU, OPEN_TO_VISITORS, OWN, ROLES, TABLE
from tests.factories import (
    make_campaign,
    make_channel,
    make_client,
    make_lead,
    make_own_form,
    make_signed_contract,
    make_source,
    make_spend,
    make_webhook,
)
from tests.site import logged_in, visitor

LETTERS = dict(zip("OMGA", ROLES, strict=True)) | {"V": "visitor"}
ACTIONS = "act"
NOT_WALKED = {"LoginView.logout", "compat.login"}  # they lead everybody to the log-in page

DOORS = """
BoardView.card                        GET     OGA
BoardView.column                      GET     OGA
BoardView.list                        GET     OGA
BoardView.move                        GET     OGA
BoardView.move                        POST    OGA
CampaignView.action                POST    act
CampaignView.action_post           POST    act
CampaignView.add                   GET     MA
CampaignView.add                   POST    MA
CampaignView.add_external_id       GET     MA
CampaignView.add_external_id       POST    MA
CampaignView.add_spend             GET     MA
CampaignView.add_spend             POST    MA
CampaignView.delete                GET     MA
CampaignView.delete                POST    MA
CampaignView.edit                  GET     MA
CampaignView.edit                  POST    MA
CampaignView.list                  GET     OMGA
CampaignView.remove_external_id    POST    MA
CampaignView.restore               POST    MA
CampaignView.show                  GET     OMGA
ChannelView.action                 POST    act
ChannelView.action_post            POST    act
ChannelView.add                    GET     MA
ChannelView.add                    POST    MA
ChannelView.edit                   GET     MA
ChannelView.edit                   POST    MA
ChannelView.list                   GET     OMGA
ChannelView.show                   GET     OMGA
ClientView.action                  POST    act
ClientView.action_post             POST    act
ClientView.add                     GET     GA
ClientView.add                     POST    GA
ClientView.bulk                    POST    OGA
ClientView.delete                  GET     GA
ClientView.delete                  POST    GA
ClientView.edit                    GET     GA
ClientView.edit                    POST    GA
ClientView.export                  GET     GA
ClientView.export_workbook         GET     GA
ClientView.field                   GET     GA
ClientView.field                   POST    GA
ClientView.list                    GET     OGA
ClientView.maybe_same              POST    GA
ClientView.merge                   GET     GA
ClientView.merge                   POST    GA
ClientView.not_same                POST    GA
ClientView.restore                 POST    GA
ClientView.show                    GET     OGA
ClientView.story                   GET     OGA
ClientView.unmerge                 POST    GA
ClientView.write_note              GET     OGA
ClientView.write_note              POST    OGA
CompanyView.action                 POST    act
CompanyView.action_post            POST    act
CompanyView.edit                   GET     A
CompanyView.edit                   POST    A
CompanyView.logo                   GET     A
CompanyView.show                   GET     A
ContactPersonView.action           POST    act
ContactPersonView.action_post      POST    act
ContactPersonView.add              GET     GA
ContactPersonView.add              POST    GA
ContactPersonView.edit             GET     GA
ContactPersonView.edit             POST    GA
ContactPersonView.list             GET     OGA
ContactPersonView.show             GET     OGA
ContractView.action                POST    act
ContractView.action_post           POST    act
ContractView.add                   GET     GA
ContractView.add                   POST    GA
ContractView.amend                 GET     GA
ContractView.amend                 POST    GA
ContractView.complete              GET     GA
ContractView.complete              POST    GA
ContractView.credit                GET     GA
ContractView.credit                POST    GA
ContractView.delete                GET     GA
ContractView.delete                POST    GA
ContractView.document              GET     GA
ContractView.edit                  GET     GA
ContractView.edit                  POST    GA
ContractView.field                 GET     GA
ContractView.field                 POST    GA
ContractView.export                GET     GA
ContractView.export_workbook       GET     GA
ContractView.list                  GET     GA
ContractView.pane                  GET     GA
ContractView.preview               GET     GA
ContractView.restore               POST    GA
ContractView.show                  GET     GA
ContractView.sign                  GET     GA
ContractView.sign                  POST    GA
ContractView.story                 GET     GA
ContractView.terminate             GET     GA
ContractView.terminate             POST    GA
DecisionView.list                  GET     MGA
DecisionView.rows                  GET     MGA
DocumentView.action                POST    act
DocumentView.action_post           POST    act
DocumentView.download              GET     GA
DocumentView.list                  GET     GA
DocumentView.page                  GET     GA
DocumentView.retry                 POST    GA
DocumentView.show                  GET     GA
HomeView.index                     GET     OMGA
ImportView.cancel                  POST    MGA
ImportView.clients                 GET     GA
ImportView.clients                 POST    GA
ImportView.columns                 GET     MGA
ImportView.columns                 POST    MGA
ImportView.drop                    POST    MGA
ImportView.leads                   GET     GA
ImportView.leads                   POST    GA
ImportView.list                    GET     MGA
ImportView.progress                GET     MGA
ImportView.run                     POST    MGA
ImportView.show                    GET     MGA
ImportView.spend                   GET     MA
ImportView.spend                   POST    MA
ImportView.undo                    POST    MGA
ImportView.wrong                   GET     MGA
JobView.cancel                     POST    OGA
JobView.list                       GET     OGA
JobView.progress                   GET     OGA
JobView.show                       GET     OGA
JobView.undo                       POST    OGA
LeadStatusChartView.chart          GET     OMGA
LeadView.action                    POST    act
LeadView.action_post               POST    act
LeadView.add                       GET     OGA
LeadView.add                       POST    OGA
LeadView.assign                    GET     OGA
LeadView.assign                    POST    OGA
LeadView.bulk                      POST    OGA
LeadView.claim                     POST    OGA
LeadView.convert                   GET     GA
LeadView.convert                   POST    GA
LeadView.delete                    GET     OA
LeadView.delete                    POST    OA
LeadView.edit                      GET     OGA
LeadView.edit                      POST    OGA
LeadView.field                     GET     OGA
LeadView.field                     POST    OGA
LeadView.export                    GET     GA
LeadView.export_workbook           GET     GA
LeadView.let_go                    POST    OGA
LeadView.list                      GET     OGA
LeadView.log_call                  GET     OGA
LeadView.log_call                  POST    OGA
LeadView.lose                      GET     OGA
LeadView.lose                      POST    OGA
LeadView.maybe_same                POST    OGA
LeadView.merge                     GET     GA
LeadView.merge                     POST    GA
LeadView.not_same                  POST    OGA
LeadView.plan                      GET     OGA
LeadView.plan                      POST    OGA
LeadView.qualify                   POST    OGA
LeadView.reopen                    POST    OGA
LeadView.restore                   POST    GA
LeadView.show                      GET     OGA
LeadView.story                     GET     OGA
LeadView.take                      POST    OGA
LeadView.take_over                 POST    GA
LeadView.unmerge                   POST    GA
LeadView.write_note                GET     OGA
LeadView.write_note                POST    OGA
LocaleView.index                   GET     VOMGA
LoginView.login                    GET     VOMGA
LoginView.login                    POST    VOMGA
LoginView.logout                   GET     VOMGA
LoginView.logout                   POST    VOMGA
MonthlyChartView.chart             GET     OMGA
NoteView.action                    POST    act
NoteView.action_post               POST    act
NoteView.edit                      GET     OGA
NoteView.edit                      POST    OGA
NoteView.list                      GET     OGA
NoteView.pin                       POST    OGA
NoteView.show                      GET     OGA
NoteView.unpin                     POST    OGA
OwnNameView.this_form_get          GET     OMGA
OwnNameView.this_form_post         POST    OMGA
OwnFormView.action                 POST    act
OwnFormView.action_post            POST    act
OwnFormView.add                    GET     MA
OwnFormView.add                    POST    MA
OwnFormView.change_address         POST    MA
OwnFormView.delete                 GET     MA
OwnFormView.delete                 POST    MA
OwnFormView.edit                   GET     MA
OwnFormView.edit                   POST    MA
OwnFormView.list                   GET     MA
OwnFormView.preview                GET     MA
OwnFormView.questions              GET     MA
OwnFormView.questions              POST    MA
OwnFormView.restore                POST    MA
OwnFormView.show                   GET     MA
OwnFormView.switch_off             POST    MA
OwnFormView.switch_on              POST    MA
OwnPasswordView.this_form_get      GET     OMGA
OwnPasswordView.this_form_post     POST    OMGA
PasswordView.this_form_get         GET     A
PasswordView.this_form_post        POST    A
PickerApi.get                      GET     OMGA
QueueView.counts                   GET     OGA
QueueView.list                     GET     OGA
QueueView.next_lead                POST    OGA
RoiChartView.chart                 GET     OMGA
RoleView.action                    POST    act
RoleView.action_post               POST    act
RoleView.add                       GET     A
RoleView.add                       POST    A
RoleView.delete                    GET     A
RoleView.delete                    POST    A
RoleView.edit                      GET     A
RoleView.edit                      POST    A
RoleView.list                      GET     A
RoleView.show                      GET     A
SearchView.found                   GET     OMGA
SearchView.page                    GET     OMGA
ServiceView.action                 POST    act
ServiceView.action_post            POST    act
ServiceView.add                    GET     MA
ServiceView.add                    POST    MA
ServiceView.delete                 GET     MA
ServiceView.delete                 POST    MA
ServiceView.edit                   GET     MA
ServiceView.edit                   POST    MA
ServiceView.list                   GET     OMGA
ServiceView.restore                POST    MA
ServiceView.show                   GET     OMGA
SavedViewsView.add                 POST    OMGA
SavedViewsView.delete              POST    OMGA
SavedViewsView.first               POST    OMGA
SavedViewsView.rename              POST    OMGA
SavedViewsView.save                POST    OMGA
SettingsView.settings              GET     OMGA
SettingsView.settings              POST    OMGA
SettingsView.set                   POST    OMGA
SourceView.action                  POST    act
SourceView.action_post             POST    act
SourceView.add                     GET     MA
SourceView.add                     POST    MA
SourceView.change_address          POST    MA
SourceView.delete                  GET     MA
SourceView.delete                  POST    MA
SourceView.edit                    GET     MA
SourceView.edit                    POST    MA
SourceView.issue_token             GET     MA
SourceView.issue_token             POST    MA
SourceView.keep_secret             GET     MA
SourceView.keep_secret             POST    MA
SourceView.link_campaign           GET     MA
SourceView.link_campaign           POST    MA
SourceView.list                    GET     MA
SourceView.map_fields              GET     MA
SourceView.map_fields              POST    MA
SourceView.replace                 POST    MA
SourceView.restore                 POST    MA
SourceView.revoke                  POST    MA
SourceView.revoke_secret           POST    MA
SourceView.send_test               POST    MA
SourceView.show                    GET     MA
SpendView.action                   POST    act
SpendView.action_post              POST    act
SpendView.add                      GET     MA
SpendView.add                      POST    MA
SpendView.delete                   GET     MA
SpendView.delete                   POST    MA
SpendView.edit                     GET     MA
SpendView.edit                     POST    MA
SpendView.export                   GET     MA
SpendView.export_workbook          GET     MA
SpendView.list                     GET     MA
SpendView.show                     GET     MA
StatisticsView.conversions         GET     MA
StatisticsView.conversions_file    GET     MA
StatisticsView.export              GET     MA
StatisticsView.read                GET     OMGA
StatisticsView.rows                GET     OMGA
SubmissionView.accept              POST    OGA
SubmissionView.action              POST    act
SubmissionView.action_post         POST    act
SubmissionView.bulk                POST    OGA
SubmissionView.correct             GET     OGA
SubmissionView.correct             POST    OGA
SubmissionView.fetch_now           POST    OGA
SubmissionView.list                GET     OGA
SubmissionView.replay              POST    A
SubmissionView.show                GET     OGA
UndoView.undo                      POST    OMGA
UserView.action                    POST    act
UserView.action_post               POST    act
UserView.add                       GET     A
UserView.add                       POST    A
UserView.delete                    GET     A
UserView.delete                    POST    A
UserView.edit                      GET     A
UserView.edit                      POST    A
UserView.list                      GET     A
UserView.show                      GET     A
UserView.userinfo                  GET     OMGA
UtilView.back                      GET     OMGA
WebhookView.action                 POST    act
WebhookView.action_post            POST    act
WebhookView.add                    GET     A
WebhookView.add                    POST    A
WebhookView.delete                 GET     A
WebhookView.delete                 POST    A
WebhookView.draw_secret            GET     A
WebhookView.draw_secret            POST    A
WebhookView.edit                   GET     A
WebhookView.edit                   POST    A
WebhookView.list                   GET     A
WebhookView.restore                POST    A
WebhookView.send_again             POST    A
WebhookView.send_test              POST    A
WebhookView.show                   GET     A
WebhookView.switch_off             POST    A
WebhookView.switch_on              POST    A
api.campaignstatistics             GET     VOMGA
api.form                           GET     VOMGA
api.form                           POST    VOMGA
api.form_sent                      GET     VOMGA
api.conversions                    GET     VOMGA
api.in                             GET     VOMGA
api.in                             POST    VOMGA
api.leadbatch                      POST    VOMGA
api.leads                          POST    VOMGA
api.seedleads                      POST    VOMGA
api.submissions                    POST    VOMGA
appbuilder.static                  GET     VOMGA
compat.campaign_record             GET     OMGA
compat.campaign_records            GET     OMGA
compat.client_record               GET     OMGA
compat.client_records              GET     OMGA
compat.contract_record             GET     OMGA
compat.contract_records            GET     OMGA
compat.lead_record                 GET     OMGA
compat.lead_records                GET     OMGA
compat.login                       GET     VOMGA
compat.logout                      GET     OMGA
compat.profile                     GET     OMGA
compat.service_record              GET     OMGA
compat.service_records             GET     OMGA
compat.statistics                  GET     OMGA
counts.show                        GET     OMGA
docs.openapi                       GET     VOMGA
docs.page                          GET     VOMGA
health.live                        GET     VOMGA
health.ready                       GET     VOMGA
static                             GET     VOMGA
"""

# screen.action: who may run it
ACTS = """
LeadView.convert                   GA
RoleView.copyrole                  A
UserView.resetmypassword           OMGA
UserView.resetpasswords            A
UserView.userinfoedit              OMGA
"""


def table(lines: str) -> dict[tuple[str, ...], str]:
    rows = [line.split() for line in lines.strip().splitlines() if not line.startswith("#")]
    return {tuple(row[:-1]): row[-1] for row in rows}


def doors_of(app) -> set[tuple[str, str]]:
    return {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def views_of(app) -> list[Any]:
    return list(app.extensions["appbuilder"].baseviews)


@pytest.fixture
def rows(sqlite_app, request) -> dict[str, int]:
    """A row of each noun, so that no door answers 404 before it has looked at the role; the note
    is the words of whoever tries, since only one's own can be changed.
    """
    role = LETTERS.get(request.node.callspec.params.get("letter", ""), "admin").lower()
    with sqlite_app.app_context():
        session = db.session()
        make_signed_contract(session)
        campaign = make_campaign(session, channel=make_channel(session))
        make_lead(session, campaign=campaign)
        make_spend(session, campaign=campaign)
        source = make_source(session)
        source.issue_token()
        make_own_form(session)
        make_webhook(session).tell_test()
        organisation = make_client(session, kind="organisation", organisation_name="Romashka")
        organisation.add_person(first_name="Olga", last_name="Person", phone="+79990001122")
        writer = session.scalars(select(User).where(User.username == role)).first()
        with acting_as(Actor("user", role, writer.id if writer else None)):
            note = organisation.write_note("words")
            session.flush()
        session.commit()
        assert session.scalars(select(Document.id)).first()
        found = {}
        for view in views_of(sqlite_app):
            model = getattr(getattr(view, "datamodel", None), "obj", None)
            if model is not None:
                key = session.scalars(select(inspect(model).primary_key[0])).first()
                found[type(view).__name__] = key if isinstance(key, int) else 1
        return found | {"NoteView": note.id}


def address(app, endpoint: str, method: str, rows: dict[str, int]) -> str:
    rule = next(
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint == endpoint and method in rule.methods
    )
    key = str(rows.get(endpoint.split(".")[0], 1))
    values = {"pk": key, "noun": "campaign", "name": "x", "locale": "en", "filename": "none.js"}
    return re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda found: values.get(found[1], "1"), rule.rule)


def is_refused(answer: Any) -> bool:
    led_away = answer.status_code == 302 and answer.location.startswith("/login/")
    return answer.status_code in (401, 403) or led_away


def test_the_table_mentions_every_door(sqlite_app):
    assert doors_of(sqlite_app) == set(table(DOORS))


def test_every_permission_stands_in_the_roles_table(sqlite_app):
    """What a screen offers and no role may use is a mistake, and so is the reverse."""
    offered = {
        (view.class_permission_name, permission.removeprefix("can_"))
        for view in views_of(sqlite_app)
        for permission in view.base_permissions or ()
    }
    granted = {
        (screen, act)
        for screen, columns in TABLE.items()
        for column in columns
        for act in column.split()
        if act != "menu_access"
    }
    assert granted == offered


def test_visitors_reach_only_the_doors_that_the_roles_file_lists(sqlite_app):
    open_doors = {endpoint for (endpoint, _), who in table(DOORS).items() if "V" in who}
    assert open_doors == OPEN_TO_VISITORS


@pytest.mark.parametrize("letter", "VOMGA")
def test_each_role_reaches_its_doors_and_no_other(sqlite_app, rows, letter):
    browsers = {
        who: visitor(sqlite_app) if who == "visitor" else logged_in(sqlite_app, who.lower())
        for who in [LETTERS[letter]]
    }
    wrong = []
    doors = [
        (endpoint, method, who) for (endpoint, method), who in table(DOORS).items()
        if who != ACTIONS and endpoint not in NOT_WALKED
    ]  # fmt: skip
    # The refused ones first: the others may change the rows.
    for endpoint, method, who in sorted(doors, key=lambda door: letter in door[2]):
        path = address(sqlite_app, endpoint, method, rows)
        with browsers[LETTERS[letter]].open(path, method=method) as answer:
            token_door = endpoint.startswith("api.")
            expected = letter not in who
            if answer.status_code >= 500 or (not token_door and is_refused(answer) != expected):
                wrong.append(f"{method} {path} ({endpoint}): {answer.status_code}")
    assert wrong == []


@pytest.mark.parametrize("letter", "VOMGA")
def test_each_role_runs_its_actions_and_no_other(sqlite_app, rows, letter):
    role = LETTERS[letter]
    browser = visitor(sqlite_app) if role == "visitor" else logged_in(sqlite_app, role.lower())
    wrong = []
    listed = table(ACTS)
    for view in views_of(sqlite_app):
        screen = type(view).__name__
        for name, action in getattr(view, "actions", {}).items():
            may = letter in listed[f"{screen}.{name}",]
            key = str(rows[screen])
            answers = []
            if action.single:
                answers.append(browser.post(f"{view.route_base}/action/{name}/{key}"))
            if action.multiple:
                form = {"action": name, "rowid": [key]}
                answers.append(browser.post(f"{view.route_base}/action_post", data=form))
            wrong += [
                f"{screen}.{name}: {answer.status_code}"
                for answer in answers
                if answer.status_code >= 500 or is_refused(answer) == may
            ]
    assert wrong == []


def test_the_table_mentions_every_action(sqlite_app):
    present = {
        (f"{type(view).__name__}.{name}",)
        for view in views_of(sqlite_app)
        for name in getattr(view, "actions", {})
    }
    assert present == set(table(ACTS))


@pytest.mark.parametrize("role", ROLES)
def test_the_menu_shows_what_the_role_may_open_and_each_entry_opens(sqlite_app, rows, role):
    browser = logged_in(sqlite_app, role.lower())
    page = browser.get("/", follow_redirects=True)
    assert page.status_code == 200
    appbuilder = sqlite_app.extensions["appbuilder"]
    column = ROLES.index(role)
    for item in appbuilder.menu.menu:
        for entry in item.childs or [item]:
            with sqlite_app.test_request_context():
                path = entry.get_url()
            # Everybody has a page of their own in UserView, which is no reason for a list.
            allowed = bool(set(TABLE[entry.name][column].split()) - set(OWN.split()))
            hidden = role in NOT_IN_MENU.get(entry.name, ())
            shown = allowed and not hidden and bool(TABLE[item.name][column])
            assert (browser.get(path).status_code == 200) == allowed, (role, entry.name)
            menu = page.text.partition('class="rail-menu"')[2].partition("</nav>")[0]
            assert (f'href="{path}"' in menu) == shown, (role, entry.name)


ENTRY = re.compile(r'class="rail-entry"[^>]*title="([^"]+)"')


@pytest.mark.parametrize(
    ("role", "entries"),
    [
        ("Operator", "My queue, Leads, Inbox, Clients, Services, Campaigns, Statistics"),
        ("Marketer", "Home, Services, Campaigns, Spend, Sources, Forms, Statistics"),
        ("Manager", "Home, Leads, Inbox, Clients, Contracts, Services, Campaigns, Statistics"),
        ("Admin", "Home, My queue, Leads, Inbox, Clients, Contracts, Services, Campaigns, Spend,"
        " Sources, Forms, Statistics, Administration, Company, Channels, Documents,"
        " Webhooks, Users, Roles"),
    ],
)  # fmt: skip
def test_the_menu_holds_what_the_main_path_of_the_role_uses(sqlite_app, role, entries):
    page = logged_in(sqlite_app, role.lower()).get("/", follow_redirects=True).text
    menu = page.partition('class="rail-menu"')[2].partition("</nav>")[0]
    assert ", ".join(ENTRY.findall(menu)) == entries


def test_ones_long_acts_are_found_from_ones_own_menu(sqlite_app):
    for role, has_some in (("operator", True), ("manager", True), ("marketer", False)):
        page = logged_in(sqlite_app, role).get("/", follow_redirects=True).text
        own = page.partition("rail-user")[2].partition("</details>")[0]
        assert ('href="/jobview/list/"' in own) == has_some, role


@pytest.mark.parametrize(
    ("role", "start"),
    [
        ("Operator", "QueueView"),
        ("Marketer", "DecisionView"),
        ("Manager", "DecisionView"),
        ("Admin", "DecisionView"),
    ],
)
def test_everybody_starts_where_their_day_begins(sqlite_app, role, start):
    answer = logged_in(sqlite_app, role.lower()).get("/")
    assert answer.status_code == 302
    assert answer.location.startswith(f"/{start.lower()}/")
