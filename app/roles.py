"""Who may do what: one line per screen, one column per role; a test walks every route by it.

The four roles are code (FAB decides by these patterns); `flask fab setup` also writes the
permission rows, so that an administrator can compose further roles from them.
"""

from __future__ import annotations

ROLES = ("Operator", "Marketer", "Manager", "Admin")

SEE = "list show"
EDIT = "list show add edit delete"

# screen: Operator, Marketer, Manager, Admin: the permissions (can_…) each of them has there.
TABLE: dict[str, tuple[str, str, str, str]] = {
    # the main path
    "HomeView": ("get", "get", "get", "get"),
    "QueueView": ("list work", "", "list work", "list work"),
    "LeadView": (
        "list show add edit delete work note",
        "",
        "list show add edit work note convert restore",
        "list show add edit delete work note convert restore",
    ),
    "SubmissionView": (SEE, "", SEE, SEE),
    "ClientView": (
        "list show note",
        "",
        "list show add edit delete note restore",
        "list show add edit delete note restore",
    ),
    "ContactPersonView": ("list show", "", EDIT, EDIT),
    "ContractView": (
        "",
        "",
        "list show add edit delete sign restore",
        "list show add edit delete sign restore",
    ),
    "DocumentView": ("", "", "list show download retry", "list show download retry"),
    "NoteView": ("list show edit", "", "list show edit", "list show edit"),
    # what is sold and how it is advertised
    "ServiceView": (SEE, f"{EDIT} restore", SEE, f"{EDIT} restore"),
    "CampaignView": (SEE, f"{EDIT} restore", SEE, f"{EDIT} restore"),
    "ChannelView": (SEE, EDIT, SEE, EDIT),
    "SpendView": ("", EDIT, "", EDIT),
    "SourceView": ("", f"{EDIT} restore token", "", f"{EDIT} restore token"),
    # what it earned
    "StatisticsView": ("read", "read", "read", "read"),
    "RoiChartView": ("chart", "chart", "chart", "chart"),
    "LeadStatusChartView": ("chart", "chart", "chart", "chart"),
    "MonthlyChartView": ("chart", "chart", "chart", "chart"),
    # the company and its people
    "CompanyView": ("", "", "", "show edit"),
    "PickerApi": ("get", "get", "get", "get"),
    "UserDBModelView": ("", "", "", f"{EDIT} userinfo resetpasswords userinfoedit"),
    "RoleModelView": ("", "", "", f"{EDIT} copy_role"),
    "UserInfoEditView": ("this_form_get this_form_post",) * 4,  # type: ignore[dict-item]
    "ResetMyPasswordView": ("this_form_get this_form_post",) * 4,  # type: ignore[dict-item]
    "ResetPasswordView": ("", "", "", "this_form_get this_form_post"),
}

# What a logged-in person may do with their own account, beside the table.
OWN_ACCOUNT = ("^UserDBModelView$", "^(can_userinfo|resetmypassword|userinfoedit)$")

# Doors that are open without a log-in (endpoint names); every other one asks for it.
# Doors that are open without a log-in; every other one asks for it.
OPEN_TO_VISITORS = frozenset(
    {
        "AuthDBView.login",
        "AuthDBView.logout",
        "LocaleView.index",
        "static",
        "appbuilder.static",
        "health.live",
        "health.ready",
        "compat.login",
        "api.seedleads",  # the seed's door; the token doors ask for their token
        "api.leads",
        "api.leadbatch",
        "api.submissions",
        "api.campaignstatistics",
    }
)


def as_fab_roles() -> dict[str, list[list[str]]]:
    """The table in FAB's form: {role: [[view pattern, permission pattern], …]}, all anchored."""
    granted: dict[str, list[list[str]]] = {}
    for column, role in enumerate(ROLES):
        lines = granted[role] = []
        screens = []
        for screen, columns in TABLE.items():
            methods = columns[column].split()
            if methods:
                lines.append([f"^{screen}$", f"^(can_)?({'|'.join(methods)})$"])
                screens.append(screen)
        lines.append([f"^({'|'.join(menu_entries(screens))})$", "^menu_access$"])
        lines.append(list(OWN_ACCOUNT))
    return granted


def menu_entries(screens: list[str]) -> list[str]:
    """Menu names that lead to the screens; a menu entry carries the name of its view."""
    from app.views.menu import ENTRIES  # the menu's order stands beside the views

    return [name for name, screen in ENTRIES.items() if screen in screens]
