"""Languages: which one a page speaks, and how its texts come into the catalogues and out of them.

English is the language of the code; app/translations/ru holds the Russian words of our texts and of
those that Flask-AppBuilder's screens show (they stand in ours, because its own catalogue has gaps).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, abort, current_app, has_request_context, redirect, request, session
from flask_babel import get_locale, refresh
from werkzeug.wrappers import Response

from app.ui.addresses import inside
from app.views.language import keep_language

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

log = logging.getLogger(__name__)

CATALOGUES = Path(__file__).parent / "translations"
SOURCE_LANGUAGE = "en"
# What marks a text, and which of its arguments are the text.
KEYWORDS: dict[str, Any] = {
    "_": None,
    "_l": None,
    "N_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
# The files of Flask-AppBuilder that speak on our screens. Its charts, registration and other ways
# to log in are switched off.
FAB_SOURCES = [
    ("*.py", "python"),
    ("models/**.py", "python"),
    ("security/forms.py", "python"),
    ("security/views.py", "python"),
    ("security/manager.py", "python"),
    ("templates/appbuilder/*.html", "jinja2"),
    ("templates/appbuilder/general/*.html", "jinja2"),
    ("templates/appbuilder/general/model/*.html", "jinja2"),
    ("templates/appbuilder/general/widgets/**.html", "jinja2"),
    ("templates/appbuilder/general/security/login_db.html", "jinja2"),
]
LINE_WIDTH = 100


# -- at run time -----------------------------------------------------------------------------------


def init(app: Flask) -> None:
    """After AppBuilder, which brings Babel. Its own choice would set a cookie at every door."""
    app.extensions["babel"].locale_selector = chosen
    app.view_functions["LocaleView.index"] = speak
    app.jinja_env.globals["get_locale"] = get_locale


def chosen() -> str | None:
    """What the reader chose, else what their browser asks for, else the company's language."""
    languages = list(current_app.config["LANGUAGES"])
    default: str = current_app.config["BABEL_DEFAULT_LOCALE"]
    if not has_request_context():
        return default
    picked = session.get("locale")
    if picked in languages:
        return str(picked)
    return request.accept_languages.best_match(languages, default)


def speak(locale: str) -> Response:
    """`/lang/ru`: keeps the choice and goes back to the page on which it was made."""
    if locale not in current_app.config["LANGUAGES"]:
        abort(404)
    session["locale"] = locale
    keep_language(locale)
    refresh()
    return redirect(inside(request.referrer or ""))


# -- compiling -------------------------------------------------------------------------------------


def compile_catalogues(folder: Path = CATALOGUES) -> int:
    """Compiles the catalogues that are newer than their compiled form; returns how many.

    A folder that cannot be written to keeps what was compiled when it was installed.
    """
    from babel.messages.mofile import write_mo

    compiled = 0
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        draft = target.with_suffix(".tmp")
        try:
            with draft.open("wb") as mo:
                write_mo(mo, read_catalogue(source))
            draft.replace(target)
        except OSError as error:
            log.warning("%s was not compiled: %s", source, error.strerror)
            continue
        compiled += 1
    return compiled


# -- extracting ------------------------------------------------------------------------------------


def catalogues(folder: Path = CATALOGUES) -> Iterator[Path]:
    yield from sorted(folder.glob("*/LC_MESSAGES/messages.po"))


def read_catalogue(source: Path) -> Catalog:
    from babel.messages.pofile import read_po

    with source.open("rb") as po:
        return read_po(po, locale=source.parts[-3])


def extract() -> Catalog:
    """Every text of ours and of Flask-AppBuilder's files, by babel.cfg and FAB_SOURCES."""
    from babel.messages.catalog import Catalog
    from babel.messages.extract import extract_from_dir
    from babel.messages.frontend import parse_mapping_cfg

    root = CATALOGUES.parents[1]
    with (root / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    found = Catalog(project="CRM", charset="utf-8")
    for folder, prefix, sources in (
        (root / "app", "app/", [(p.removeprefix("app/"), how) for p, how in methods]),
        (Path(str(files("flask_appbuilder"))), "flask_appbuilder/", FAB_SOURCES),
    ):
        for file, line, message, comments, context in extract_from_dir(
            str(folder), sources, options, KEYWORDS, ("Translators:",)
        ):
            found.add(
                message, None, [(prefix + file, line)], auto_comments=comments, context=context
            )
    return found


def update(source: Path) -> list[str]:
    """Brings a catalogue to what the code says now; returns the texts that wait for a translator.

    Nothing is guessed: a text that has changed is a new text.
    """
    from babel.messages.pofile import write_po

    catalogue = read_catalogue(source)
    created = catalogue.creation_date
    catalogue.update(extract(), no_fuzzy_matching=True)
    catalogue.creation_date, catalogue.msgid_bugs_address = created, ""
    draft = source.with_suffix(".tmp")
    with draft.open("wb") as po:
        # By alphabet, so that a text that moves within the code does not move here.
        write_po(
            po,
            catalogue,
            width=LINE_WIDTH,
            sort_output=True,
            ignore_obsolete=True,
            include_lineno=False,
        )
    draft.replace(source)
    return [str(message.id) for message in catalogue if message.id and not is_translated(message)]


def is_translated(message: Any) -> bool:
    words = message.string if isinstance(message.string, (list, tuple)) else [message.string]
    return all(words) and not message.fuzzy
