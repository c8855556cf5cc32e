"""Webhooks: which programs are told of what, with the secret shown once and what came of each
telling.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import abort, make_response
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired

from app.models.webhook import (
    TOLD,
    DeliveryState,
    HookEvent,
    Webhook,
    WebhookDelivery,
    WhyOff,
)  # fmt: skip
from app.ui import labels
from app.ui.fields import ChoiceField
from app.ui.pills import pill
from app.views.base import Interface, NounForm, NounView, verb
from app.views.sources import OVERLAPS, ScopesField
from app.webhooks.queue import MOST_TRIES

LAST_SHOWN = 50
CHECK = """\
import base64, hashlib, hmac, time


def is_ours(secret: str, headers, raw_body: bytes) -> bool:
    event_id, at = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(at)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{event_id}.{at}.".encode() + raw_body
    right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(
        hmac.compare_digest(f"v1,{right}", given) for given in headers["webhook-signature"].split()
    )
"""
REASONS = {
    "refused": _("The receiver refused it."),
    "redirect": _("The receiver sent us elsewhere; redirects are not followed."),
    "timeout": _("The receiver did not answer in time."),
    "connection": _("No connection to the receiver."),
    "answer": _("The receiver broke the connection off."),
    "name": _("The name in the address leads nowhere."),
    "forbidden": _("The address leads into a private network, which is not allowed."),
    "certificate": _("The receiver's certificate does not hold."),
    "tls": _("No secure connection to the receiver."),
    "secret": _("The secret cannot be opened: SECRETS_KEY is another one. Draw a new secret."),
    "lost": _("The worker was stopped in the middle of each try."),
}


class SecretForm(NounForm):
    overlap = ChoiceField(_("The present one ends"), choices=OVERLAPS, default="86400")


class WebhookView(NounView):
    datamodel = Interface(Webhook)
    list_title, show_title = _("Webhooks"), _("Webhook")
    add_title, edit_title = _("New webhook"), _("Change webhook")
    list_columns = ["name", "address", "events", "off_because"]
    card_columns = ["name", "off_because"]
    show_columns = [
        "address", "events", "with_contacts", "off_because", "failing_since",
        "created_at", "changed_at",
    ]  # fmt: skip
    add_columns = edit_columns = ["name", "address", "events", "with_contacts"]
    add_form_extra_fields = edit_form_extra_fields = {
        "events": ScopesField(
            _("Events"),
            [DataRequired(_("Choose at least one."))],
            choices=[SelectChoice(event.value, labels.STATES[HookEvent][event]) for event in TOLD],
            default=[event.value for event in TOLD],
            render_kw={"class": "list-unstyled"},
        ),
    }
    order_columns = ["name"]
    base_order = ("name", "asc")
    needs = ["name", "address", "events", "off_because", "failing_since", "archived_at"]
    enums = {"off_because": WhyOff}
    label_columns = {
        "off_because": _("State"),
        "address": _("Address (URL)"),
        "failing_since": _("Nothing accepted since"),
    }
    description_columns = {
        "address": _("Begins with https://. Each event is posted there, signed."),
        "with_contacts": _(
            "Without it the receiver gets ids, states, sums and click ids, and no personal data."
        ),
    }
    show_template = "crm/webhook_show.html"

    def cell(self, row: Webhook, column: str) -> Any:
        if column == "events":
            return ", ".join(labels.label(HookEvent, event) for event in row.events)
        if column == "off_because":
            return state_of(row)
        return super().cell(row, column)

    def sections(self, row: Webhook) -> list[Any]:
        """Only what is set."""
        return [
            (title, [(label, value) for label, value in lines if value not in ("", None)])
            for title, lines in super().sections(row)
        ]

    def context(self, row: Webhook) -> dict[str, Any]:
        last = (
            select(WebhookDelivery)
            .where(WebhookDelivery.webhook_id == row.id)
            .order_by(WebhookDelivery.id.desc())
            .limit(LAST_SHOWN)
        )
        return {
            "deliveries": self.session.scalars(last).all(),
            "reason_of": reason_of,
            "HookEvent": HookEvent,
            "DeliveryState": DeliveryState,
            "WhyOff": WhyOff,
            "most_tries": MOST_TRIES,
            "check": CHECK,
        }

    # -- the secret ------------------------------------------------------------------------------

    def make(self, values: dict[str, Any]) -> Any:
        row = Webhook()
        self.session.add(row)
        with self.session.no_autoflush:
            row.change(**values)
            secret = row.draw_secret()
        self.session.flush()
        return self._once_page(row, secret)

    @verb(_("New secret"), permission="secret", form=SecretForm)
    def draw_secret(self, row: Webhook, values: dict[str, Any]) -> Response:
        row.lock()
        secret = row.draw_secret(timedelta(seconds=int(values["overlap"] or 0)))
        self.session.flush()
        return self._once_page(row, secret)

    def _once_page(self, row: Webhook, secret: str) -> Response:
        """What is shown once and never again."""
        page = self.render_template(
            "crm/webhook_secret.html", title=gettext("Secret of the webhook"), view=self, row=row,
            secret=secret, check=CHECK,
        )  # fmt: skip
        answer = make_response(page)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    # -- on, off, tests --------------------------------------------------------------------------

    @verb(
        _("Switch on"), permission="edit", style="primary",
        when=lambda row: row.off_because is not None,
    )  # fmt: skip
    def switch_on(self, row: Webhook) -> str:
        row.switch_on()
        return gettext("The webhook is on. What has waited is sent now.")

    @verb(_("Switch off"), permission="edit", when=lambda row: row.off_because is None)
    def switch_off(self, row: Webhook) -> str:
        row.lock()
        row.switch_off()
        return gettext("The webhook is off. What happens meanwhile is not told to it.")

    @verb(_("Send a test"), permission="send", when=lambda row: not row.is_put_away)
    def send_test(self, row: Webhook) -> str:
        row.tell_test()
        return gettext("A test is on its way. Load the page again to see what came of it.")

    @expose("/<int:pk>/send_again/<int:delivery_id>", methods=["POST"])
    @has_access
    @permission_name("send")
    def send_again(self, pk: int, delivery_id: int) -> Response:
        """The same event with the same id and body."""
        row, form = self.row_or_404(pk, away=False), NounForm()
        delivery = self.session.get(WebhookDelivery, delivery_id)
        if delivery is None or delivery.webhook_id != row.id:
            abort(404)

        def act() -> str:
            delivery.send_again()
            return gettext("It is on its way again, with the same id.")

        answer = self.perform(form, f"send again {delivery_id}", act, row_id=row.id)
        return self._tell_faults(form, row) if isinstance(answer, int) else answer


def state_of(row: Webhook) -> Any:
    """A pill; with the reason beside it where nobody switched it off."""
    if row.off_because == WhyOff.BY_HAND:
        return pill("grey", gettext("Off"))
    if row.off_because is not None:
        return Markup("{} {}").format(
            pill("bad", gettext("Off")), labels.label(WhyOff, row.off_because)
        )
    if row.failing_since is not None:
        return pill("work", gettext("On, failing"))
    return pill("good", gettext("On"))


def reason_of(delivery: WebhookDelivery) -> str:
    """Why the last try was not accepted, in words; with the status if there was one."""
    if not delivery.reason:
        return ""
    words = str(REASONS.get(delivery.reason, delivery.reason))
    return f"{words} (HTTP {delivery.status})" if delivery.status else words
