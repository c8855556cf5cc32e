"""Who may do what: one line per screen, one column per role; a test walks every route by it.

The roles are code (Flask-AppBuilder decides by these patterns). `flask fab setup` also writes the
permission rows, so that an administrator can compose further roles of them.
"""

from __future__ import annotations

ADMIN = "Admin"
ROLES = ("Operator", "Marketer", "Manager", ADMIN)
PUBLIC = "Public"  # FAB expects it to exist; it opens nothing (app/security.py)

SEE = "list show"
CHANGE = "list show add edit"
EDIT = f"{CHANGE} delete"
OWN = "userinfo userinfoedit resetmypassword"  # one's own account
FORM = "this_form_get this_form_post"

# screen: what Operator, Marketer, Manager and Admin may do there; '' hides it from the menu too.
TABLE: dict[str, tuple[str, str, str, str]] = {
    # the main path
    "DecisionView": ("", "list", "list", "list"),
    "BoardView": ("list work", "", "list work", "list work"),
    "QueueView": ("list work", "", "list work", "list work"),
    "LeadView": (
        f"{EDIT} work note",
        "",
        f"{CHANGE} work note convert merge restore export",
        f"{EDIT} work note convert merge restore export",
    ),
    "SubmissionView": (f"{SEE} accept", "", f"{SEE} accept", f"{SEE} accept replay"),
    "ClientView": (
        f"{SEE} note",
        "",
        f"{EDIT} note merge restore export",
        f"{EDIT} note merge restore export",
    ),
    "ContactPersonView": (SEE, "", CHANGE, CHANGE),
    "ContractView": ("", "", f"{EDIT} sign restore export", f"{EDIT} sign restore export"),
    "DocumentView": ("", "", f"{SEE} download retry", f"{SEE} download retry"),
    "NoteView": (f"{SEE} edit pin", "", f"{SEE} edit pin", f"{SEE} edit pin"),
    # what is sold and how it is advertised
    "ServiceView": (SEE, f"{EDIT} restore", SEE, f"{EDIT} restore"),
    "CampaignView": (SEE, f"{EDIT} restore", SEE, f"{EDIT} restore"),
    "ChannelView": (SEE, CHANGE, SEE, CHANGE),
    "SpendView": ("", f"{EDIT} export", "", f"{EDIT} export"),
    "SourceView": (
        "",
        f"{EDIT} restore token mapping test",
        "",
        f"{EDIT} restore token mapping test",
    ),
    "OwnFormView": ("", f"{EDIT} restore", "", f"{EDIT} restore"),
    # what it earned
    "StatisticsView": ("read", "read export", "read", "read export"),
    "RoiChartView": ("chart", "chart", "chart", "chart"),
    "LeadStatusChartView": ("chart", "chart", "chart", "chart"),
    "MonthlyChartView": ("chart", "chart", "chart", "chart"),
    # the company and its people
    "Settings": ("", "", "", "menu_access"),
    "CompanyView": ("", "", "", "show edit"),
    "WebhookView": ("", "", "", f"{EDIT} restore secret send"),
    "UserView": (OWN, OWN, OWN, f"{EDIT} {OWN} resetpasswords"),
    "RoleView": ("", "", "", f"{EDIT} copyrole"),
    "PasswordView": ("", "", "", FORM),
    "OwnPasswordView": (FORM, FORM, FORM, FORM),
    "OwnNameView": (FORM, FORM, FORM, FORM),
    # what forms and filters ask for
    "PickerApi": ("get", "get", "get", "get"),
    # what one has done oneself: long acts, and the way back
    "JobView": ("list", "", "list", "list"),
    "ImportView": ("", "list spend", "list leads clients", "list leads clients spend"),
    "UndoView": ("undo", "undo", "undo", "undo"),
}

# What a role may open but no main path of it uses: reached by links, search and keys alone.
NOT_IN_MENU: dict[str, tuple[str, ...]] = {
    "QueueView": ("Manager",),
    "ChannelView": ("Operator", "Marketer", "Manager"),
    "DocumentView": ("Manager",),
    "ContactPersonView": ROLES,
    "NoteView": ROLES,
    "JobView": ROLES,
    "ImportView": ROLES,
    "UndoView": ROLES,
    "RoiChartView": ROLES,
    "LeadStatusChartView": ROLES,
    "MonthlyChartView": ROLES,
}

# Doors that are open without a log-in (endpoints); every other one asks for it.
OPEN_TO_VISITORS = frozenset(
    {
        "LoginView.login",
        "LoginView.logout",
        "LocaleView.index",
        "static",
        "appbuilder.static",
        "health.live",
        "health.ready",
        "compat.login",
        # the token doors ask for their token
        "api.seedleads",
        "api.leads",
        "api.leadbatch",
        "api.submissions",
        "api.in",
        "api.campaignstatistics",
        # visitors of our own forms
        "api.form",
        "api.form_sent",
        # what they take and answer
        "docs.openapi",
        "docs.page",
        "api.conversions",
    }
)


def as_fab_roles() -> dict[str, list[list[str]]]:
    """The table in FAB's form: {role: [[screen pattern, permission pattern], …]}, all anchored.

    FAB calls the permission of a method can_…, that of an action by its bare name, and that of a
    menu entry menu_access; the entries of our menu are named as their screens.
    """
    return {
        role: [
            [f"^{screen}$", _pattern(columns[number].split(), role in NOT_IN_MENU.get(screen, ()))]
            for screen, columns in TABLE.items()
            if columns[number]
        ]
        for number, role in enumerate(ROLES)
    }


def _pattern(acts: list[str], hidden: bool) -> str:
    """One's own account is no reason for a menu entry."""
    in_menu = "|menu_access" if set(acts) - set(OWN.split()) and not hidden else ""
    return f"^((can_)?({'|'.join(acts)}){in_menu})$"
