"""The page of an own form as its visitor sees it: empty, sent back, done or closed.

It needs no session, no cookie and no script, for it stands inside pages of other sites.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response, current_app
from flask_babel import force_locale, gettext

from app.models.form_question import Question
from app.models.own_form import OwnForm

LOOKS = ("light", "dark")  # else as the visitor's device
TRAP = "homepage"  # of robots: people do not see this field
CONSENT, STAMP = "consent", "stamp"
AUTOCOMPLETE = {"name": "name", "phone": "tel", "email": "email"}
INPUTS = {"phone": "tel", "email": "email"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " base-uri 'none'; form-action {to}; frame-ancestors {by}"
)


@dataclass(slots=True)
class Shown:
    """One state of the page. `typed` by the names of fields; `faults`: {name: [sentences]} in the
    order of the page; `said`: a sentence on top of it.
    """

    form: OwnForm
    language: str
    stamp: str = ""
    look: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, Sequence[str]] = field(default_factory=dict)
    said: str = ""
    is_preview: bool = False


def form_page(shown: Shown, status: int = 200) -> Response:
    form, language = shown.form, shown.language
    with force_locale(language):
        text = _render(
            shown,
            title=form.text("heading", language) or gettext("Request"),
            lines=[_line(one, shown) for one in form.asked],
            consent=form.text("consent", language),
            consent_faults=list(shown.faults.get(CONSENT, ())),
            faults=_summary(shown),
            button=form.text("button", language) or gettext("Send"),
            to_top=bool(form.thanks_url), template="inbound/form.html",
        )  # fmt: skip
    return answer(text, form, status, is_preview=shown.is_preview)


def said_page(
    form: OwnForm, language: str, look: str, title: str, sentence: str, status: int = 200
) -> Response:
    """A page without fields: thanks, or why there is no form, in words of that language."""
    shown = Shown(form, language, look=look)
    with force_locale(language):
        text = _render(shown, title=title, sentence=sentence, template="inbound/said.html")
    return answer(text, form, status)


def thanks_page(form: OwnForm, language: str, look: str) -> Response:
    with force_locale(language):
        title = gettext("Thank you")
        said = form.text("thanks", language) or gettext("We have received your request.")
    return said_page(form, language, look, title, said)


def answer(text: str, form: OwnForm, status: int, *, is_preview: bool = False) -> Response:
    """May be framed by the form's own sites alone; by ours when it is a preview."""
    response = Response(text, status, mimetype="text/html")
    framed_by = "'self'" if is_preview else " ".join(form.origins) or "'none'"
    policy = POLICY.format(to=" ".join(_goes_to(form)), by=framed_by)
    response.headers["Content-Security-Policy"] = policy
    return response


def _goes_to(form: OwnForm) -> list[str]:
    """Browsers ask this of where a sent form leads, too; a site may lead on to its https."""
    origin = form.thanks_origin
    secure = f"https://{origin.partition('://')[2]}" if origin else ""
    return ["'self'", *dict.fromkeys(one for one in (origin, secure) if one)]


def _render(shown: Shown, template: str, **more: Any) -> str:
    """Without the context processors: one of them would ask who is logged in."""
    found = current_app.jinja_env.get_template(template)
    look = shown.look if shown.look in LOOKS else ""
    return found.render(
        shown=shown, language=shown.language, look=look, trap=TRAP, consent_name=CONSENT,
        stamp_name=STAMP, **more,
    )  # fmt: skip


def _line(one: Question, shown: Shown) -> dict[str, Any]:
    return {
        "key": one.key,
        "kind": one.kind,
        "label": one.label(shown.language),
        "required": one.required,
        "options": one.options(shown.language),
        "value": shown.typed.get(one.key, ""),
        "faults": list(shown.faults.get(one.key, ())),
        "type": INPUTS.get(one.kind, "text"),
        "autocomplete": AUTOCOMPLETE.get(one.kind, "off"),
    }


def _summary(shown: Shown) -> list[tuple[str, str, str]]:
    """(id of the field or '', its label, sentence)."""
    labels = {one.key: one.label(shown.language) for one in shown.form.asked}
    labels[CONSENT] = gettext("Consent")
    return [
        (f"f-{name}" if name in labels else "", labels.get(name, ""), sentence)
        for name, said in shown.faults.items()
        for sentence in said
    ]
