"""What to put where at a platform, so that its leads arrive here: ready to be copied."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from typing import Any

from flask import request, url_for
from flask_babel import gettext

from app.intake.formats.known import format_of
from app.models.own_form import OwnForm
from app.models.source import SecretName, Source, SourceFormat

PLACEHOLDER = "YOUR-TOKEN"


@dataclass(slots=True)
class SetUp:
    """`lines`: (where it goes, what goes there); `sayings`: which of them are words about a secret
    that is not shown; `notes`: what else is to be known; `example`: a text to be copied whole.
    """

    lines: list[tuple[str, str]] = field(default_factory=list)
    sayings: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    example: str = ""


def set_up_of(source: Source, token: str = PLACEHOLDER, secret: str = "") -> SetUp:
    """`token` and `secret` are known only on the page that shows them once."""
    made = SetUp()
    _WAYS[SourceFormat(source.format)](made, source, token, secret)
    return made


def address_of_source(source: Source, token: str = PLACEHOLDER) -> str:
    """Its own address where requests are signed, else one that carries a token."""
    key = source.address if source.is_signed else token
    return f"{request.host_url.rstrip('/')}{url_for('api.in', key=key)}"


def own_address(source: Source) -> str:
    return f"{request.host_url.rstrip('/')}{url_for('api.in', key=source.address)}"


def curl_example(token: str, source: Source) -> str:
    """A request that works when pasted into a shell; a test, so that nobody calls Ivan Petrov."""
    lead: dict[str, Any] = {
        "first_name": "Ivan", "last_name": "Petrov", "phone": "+79911234567",
        "email": "ivan.petrov@example.com", "is_test": True,
    }  # fmt: skip
    if source.default_campaign_id is not None:
        lead["campaign"] = source.default_campaign_id
    address = f"{request.host_url.rstrip('/')}{url_for('api.leads')}"
    return " \\\n  ".join(
        [
            f"curl -X POST {shlex.quote(address)}",
            f"-H {shlex.quote('Token: ' + token)}",
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(json.dumps(lead))}",
        ]
    )


def _key(made: SetUp, source: Source, name: SecretName, secret: str) -> str:
    if secret:
        return secret
    kept = any(one.name == name and one.is_live for one in source.secrets)
    said = gettext("none yet: keep one first")
    if kept:
        said = gettext("the one that was shown when it was kept")
    made.sayings.add(said)
    return said


def _again() -> str:
    return gettext(
        "Whatever is sent again makes no second lead. If we answer 503, let it be sent again."
    )


def _generic(made: SetUp, source: Source, token: str, secret: str) -> None:
    made.lines = [
        (gettext("Address"), f"{request.host_url.rstrip('/')}{url_for('api.leads')}"),
        (gettext("Header"), f"Token: {token}"),
        (gettext("Address of a webhook without headers"), address_of_source(source, token)),
    ]
    made.notes = [
        gettext("Put a token in the place of the capital letters. The example is marked as a test:"
                " take is_test out to make a real lead."),
        gettext("A header Idempotency-Key, new for each lead, lets you send it again without harm."
                " After 503 wait for the seconds that Retry-After says."),
    ]  # fmt: skip
    made.example = curl_example(token, source)


def _form(made: SetUp, source: Source, token: str, secret: str) -> None:
    address = address_of_source(source, token)
    made.lines = [(gettext("Address (action) of the form"), address)]
    made.notes = [
        gettext("Whoever reads the page's source sees this token: use one that serves this form"
                " alone."),
        gettext("Fields are recognised by their names in English and Russian; for others, map them"
                " below."),
        gettext("The visitor is led to the address for thanks, if the source has one. A faulty"
                " form is answered by 400 with the names of its fields."),
    ]  # fmt: skip
    trap, send = source.honeypot or "website", gettext("Send")
    made.example = "\n".join(
        [
            f'<form method="post" action="{address}">',
            '  <input name="name" autocomplete="name">',
            '  <input name="phone" type="tel" autocomplete="tel" required>',
            '  <input name="email" type="email" autocomplete="email">',
            f'  <input name="{trap}" tabindex="-1" autocomplete="off" aria-hidden="true" hidden>',
            f"  <button>{send}</button>",
            "</form>",
        ]
    )


def _tilda(made: SetUp, source: Source, token: str, secret: str) -> None:
    made.lines = [(gettext("Webhook URL"), address_of_source(source, token))]
    made.notes = [
        gettext("Site settings → Forms → Webhook. Tilda tries the address at once and saves it only"
                " when we answer."),
        gettext("Tick “Send cookies” to have the marks of the advertisement (UTM)."),
        gettext("Tilda waits 5 seconds and tries twice more, a minute apart.") + " " + _again(),
    ]  # fmt: skip


def _google(made: SetUp, source: Source, token: str, secret: str) -> None:
    made.lines = [
        (gettext("Webhook URL"), own_address(source)),
        (gettext("Key"), _key(made, source, SecretName.SIGNING, secret)),
    ]
    made.notes = [
        gettext("Lead form asset → Export leads → Webhook. “Send test data” must turn green; its"
                " lead is kept as a test."),
        gettext("Add Google's campaign id to the campaign here, platform “google”."),
        _again(),
    ]  # fmt: skip


def _meta(made: SetUp, source: Source, token: str, secret: str) -> None:
    made.lines = [
        (gettext("Callback URL"), own_address(source)),
        (gettext("Verify token"), _key(made, source, SecretName.VERIFY_TOKEN, "")),
    ]
    made.notes = [
        gettext("App → Webhooks → Page → leadgen. Keep here the app secret as the signing secret,"
                " and a verify token, before you press “Verify and save”."),
        gettext("Meta sends only the id of a lead: it waits in the inbox as “to be fetched”. An"
                " access token and the setting META_FETCH=true fetch the answers by themselves."),
        _again(),
    ]  # fmt: skip


def _vk(made: SetUp, source: Source, token: str, secret: str) -> None:
    made.lines = [
        (gettext("Address"), own_address(source)),
        (gettext("Secret key"), _key(made, source, SecretName.SIGNING, secret)),
    ]
    made.notes = [
        gettext("Community → Manage → API usage → Callback API. Keep here the string that the"
                " server must return, and the community's number, before you press “Confirm”."),
        gettext("Event types: new lead form entry. Whatever is not answered by “ok” is sent"
                " again.") + " " + _again(),
    ]  # fmt: skip


def _tiktok(made: SetUp, source: Source, token: str, secret: str) -> None:
    made.lines = [(gettext("Callback URL"), address_of_source(source, token))]
    made.notes = [
        gettext(
            "Keep the app secret here as the signing secret, if your subscription signs its"
            " requests; else the token in the address is the key."
        ),
        gettext("TikTok tries for up to 72 hours.") + " " + _again(),
    ]


def _typeform(made: SetUp, source: Source, token: str, secret: str) -> None:
    made.lines = [
        (gettext("Endpoint"), address_of_source(source, token)),
        (gettext("Secret"), _key(made, source, SecretName.SIGNING, secret)),
    ]
    made.notes = [
        gettext("Form → Connect → Webhooks. With a secret kept here each request must be signed by"
                " it; without one the token in the address is the key."),
        gettext("Hidden fields named utm_source, utm_campaign and gclid are kept as marks.")
        + " " + _again(),
    ]  # fmt: skip


def _yandex(made: SetUp, source: Source, token: str, secret: str) -> None:
    made.lines = [
        (gettext("URL"), own_address(source)),
        (gettext("Header"), f"Token: {token}"),
        (gettext("Method"), "POST"),
    ]
    made.notes = [
        gettext("Integration → Request with a set method (or JSON-RPC). Put the form's variables in"
                " the place of the values of the body."),
        gettext("Yandex sends only over IPv6, from 2a02:6b8:c00::/40: this server must be reachable"
                " by IPv6."),
        _again(),
    ]  # fmt: skip
    body = format_of(source.format).sample | {"answer_id": "{answer_id}"}
    made.example = json.dumps(body, ensure_ascii=False, indent=2)


def address_of_form(form: OwnForm) -> str:
    return f"{request.host_url.rstrip('/')}{url_for('api.form', address=form.address)}"


def _own_form(made: SetUp, source: Source, token: str, secret: str) -> None:
    if source.own_form is not None:
        made.lines = [(gettext("Address of the form"), address_of_form(source.own_form))]
    made.notes = [gettext("What it asks, its texts and where it may stand are set with the form.")]


_WAYS = {
    SourceFormat.GENERIC: _generic,
    SourceFormat.FORM: _form,
    SourceFormat.TILDA: _tilda,
    SourceFormat.GOOGLE: _google,
    SourceFormat.META: _meta,
    SourceFormat.VK: _vk,
    SourceFormat.TIKTOK: _tiktok,
    SourceFormat.TYPEFORM: _typeform,
    SourceFormat.YANDEX: _yandex,
    SourceFormat.OWN_FORM: _own_form,
    SourceFormat.FILE: _generic,
}
