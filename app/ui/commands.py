"""What can be done from the search dialog without the mouse: each command of the reader's role,
with the key that does the same, so that the list teaches the keys.

A command asks for nothing that its own page or button does not ask for; those who may not use
that do not see it here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l

from app.models.contacts import search_terms, search_text_of
from app.ui.access import may
from app.ui.frame import MENU_KEYS
from app.ui.labels import LANGUAGE_NAMES
from app.ui.preferences import my_settings

# Places without an entry of their own in the menu: endpoint, permission, label, icon, key after G.
PLACES = (
    ("BoardView.list", ("list", "BoardView"), _l("Board"), "layout-kanban", "b"),
    ("SettingsView.settings", None, _l("My settings"), "adjustments", ""),
    ("UserView.userinfo", None, _l("My account"), "user-circle", ""),
)
# screen, arguments, label, icon, other words by which people look for it
NEW: tuple[tuple[str, dict[str, Any], Any, str, str], ...] = (
    ("LeadView", {}, _l("New lead"), "user-plus", "add create"),
    ("ClientView", {"kind": "person"}, _l("New client: a person"), "user", "add create"),
    (
        "ClientView", {"kind": "organisation"}, _l("New client: an organisation"), "building",
        "add create company",
    ),
    ("ContractView", {}, _l("New contract"), "file-text", "add create draft"),
    ("CampaignView", {}, _l("New campaign"), "speakerphone", "add create"),
    ("SpendView", {}, _l("New spend"), "credit-card", "add create cost budget"),
    ("ServiceView", {}, _l("New service"), "briefcase", "add create"),
    ("SourceView", {}, _l("New source"), "plug", "add create token"),
    ("OwnFormView", {}, _l("New form"), "list-details", "add create embed website"),
    ("UserView", {}, _l("New user"), "user", "add create colleague"),
)  # fmt: skip
THEMES = (
    ("light", _l("Appearance: light"), "sun"),
    ("dark", _l("Appearance: dark"), "moon"),
    ("auto", _l("Appearance: as the device"), "sun-moon"),
)
# As those call them who cannot read the present one.
LANGUAGES_OWN = {"en": "English", "ru": "Русский"}
HEIGHTS = (
    ("compact", _l("Rows: compact"), "list"),
    ("comfortable", _l("Rows: comfortable"), "layout-list"),
)


@dataclass(frozen=True, slots=True)
class Command:
    """`address` is opened, or posted to when there are `fields`; `opens` names a dialog instead.

    `keys` are pressed one after another.
    """

    label: str
    icon: str
    address: str = ""
    keys: tuple[str, ...] = ()
    words: str = ""
    fields: dict[str, str] | None = None
    opens: str = ""


def commands() -> list[Command]:
    """All that the reader may do, in the order in which an empty search lists them."""
    return [
        *_work(), *_places(_menu()), *_own_places(), *_new(), *_settings(), *_languages(), *_last()
    ]  # fmt: skip


def commands_like(text: str) -> list[Command]:
    """Those whose name or other words hold every word of the text."""
    terms = search_terms(text)
    if not terms:
        return []
    return [
        one for one in commands()
        if all(term in search_text_of(one.label, one.words) for term in terms)
    ]  # fmt: skip


def go_places() -> list[tuple[str, str, str]]:
    """(key after G, address, label) of the places that have no entry in the menu to press."""
    return [(one.keys[1].lower(), one.address, one.label) for one in _own_places() if one.keys]


# -- the kinds of commands -------------------------------------------------------------------------


def _knows(endpoint: str) -> bool:
    return endpoint in current_app.view_functions


def _work() -> Iterator[Command]:
    if may("work", "QueueView"):
        label, words = gettext("Next lead"), "call take claim"
        address = url_for("QueueView.next_lead")
        yield Command(label, "player-skip-forward", address, ("N",), words, fields={})


def _menu() -> Iterator[tuple[Any, str]]:
    """(entry, its category's label) of the entries that the reader's menu shows."""
    appbuilder: Any = current_app.appbuilder  # type: ignore[attr-defined]
    shown = appbuilder.sm.get_user_menu_access(appbuilder.menu.get_flat_name_list())
    for item in appbuilder.menu.get_list():
        if item.name not in shown or not item.should_render():
            continue
        if not item.childs:
            yield item, ""
        for child in item.childs:
            if child.name in shown and child.should_render():
                yield child, str(item.label)


def _places(entries: Iterator[tuple[Any, str]]) -> Iterator[Command]:
    for item, category in entries:
        key = MENU_KEYS.get(item.name, "").upper()
        label = f"{category}: {item.label}" if category else str(item.label)
        keys = ("G", key) if key else ()
        yield Command(label, item.icon or "point", item.get_url(), keys, "go open")


def _own_places() -> Iterator[Command]:
    for endpoint, permission, label, icon, key in PLACES:
        if _knows(endpoint) and (permission is None or may(*permission)):
            keys = ("G", key.upper()) if key else ()
            yield Command(str(label), icon, url_for(endpoint), keys, "go open")


def _new() -> Iterator[Command]:
    for screen, arguments, label, icon, words in NEW:
        if _knows(f"{screen}.add") and may("add", screen):
            yield Command(str(label), icon, url_for(f"{screen}.add", **arguments), (), words)


def _settings() -> Iterator[Command]:
    if not _knows("SettingsView.set"):
        return
    mine, address = my_settings(), url_for("SettingsView.set")

    def switch(name: str, value: str, label: Any, icon: str, words: str) -> Command:
        return Command(str(label), icon, address, (), words, fields={name: value})

    for value, label, icon in THEMES:
        if value != mine.theme:
            yield switch("theme", value, label, icon, "theme mode colour")
    for value, label, icon in HEIGHTS:
        if value != mine.row_height:
            yield switch("row_height", value, label, icon, "height table")
    if mine.single_keys:
        yield switch(
            "single_keys", "off", _l("Switch single keys off"), "keyboard", "shortcuts hotkeys"
        )
    else:
        yield switch(
            "single_keys", "on", _l("Switch single keys on"), "keyboard", "shortcuts hotkeys"
        )


def _languages() -> Iterator[Command]:
    for code, name in LANGUAGE_NAMES.items():
        if code != str(get_locale())[:2]:
            label = gettext("Language: %(name)s", name=name)
            words = f"язык language {LANGUAGES_OWN[code]}"
            yield Command(label, "language", url_for("LocaleView.index", locale=code), (), words)


def _last() -> Iterator[Command]:
    label = gettext("Keys of this page")
    yield Command(label, "keyboard", "", ("?",), "help shortcuts hotkeys", opens="#keys-dialog")
    yield Command(gettext("Log out"), "logout", url_for("LoginView.logout"), (), "exit quit leave")
