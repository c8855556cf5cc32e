"""Sources: the ad services that may push leads, with the tokens that open our doors to them."""

from __future__ import annotations

import json
import shlex
from datetime import date
from typing import Any

from flask import abort, make_response, request, url_for
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext, lazy_pgettext
from flask_babel import lazy_gettext as _
from sqlalchemy import and_, func, or_, select
from werkzeug.wrappers import Response
from wtforms import SelectMultipleField, widgets
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, ValidationError

from app.models.clock import day_bounds, today, utc_now
from app.models.source import Scope, Source, SourceToken
from app.models.submission import Outcome, Submission
from app.ui import labels
from app.ui.fields import DateField
from app.ui.formatters import moment
from app.views.base import Interface, NounForm, NounView, verb

LAST_SHOWN = 20
PLACEHOLDER = "YOUR-TOKEN"
USE = ("live_tokens", "last_used_at", "last_submission")


class ScopesField(SelectMultipleField):
    """Tick boxes, one for each thing that a token may do."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class TokenForm(NounForm):
    scopes = ScopesField(
        _("What it may do"),
        [DataRequired(_("Choose at least one."))],
        choices=[SelectChoice(value, text) for value, text in labels.choices(Scope)],
        default=[Scope.PUSH_LEADS.value],
        render_kw={"class": "list-unstyled"},
    )
    last_day = DateField(_("Valid until"), description=_("Leave it empty for no end."))

    def validate_last_day(self, field: DateField) -> None:
        if field.data is not None and field.data < today():
            raise ValidationError(gettext("The last day cannot be in the past."))


class SourceView(NounView):
    datamodel = Interface(Source)
    list_title, show_title = _("Sources"), _("Source")
    add_title, edit_title = _("New source"), _("Change source")
    list_columns = ["name", "default_campaign", "needs_campaign", *USE]
    show_columns = ["name", "default_campaign", "needs_campaign", "created_at", "changed_at"]
    add_columns = edit_columns = ["name", "default_campaign", "needs_campaign"]
    order_columns = ["name"]
    base_order = ("name", "asc")
    needs = ["name", "needs_campaign", "default_campaign"]
    label_columns = {
        "name": lazy_pgettext("of a thing", "Name"),
        "live_tokens": _("Live tokens"),
        "last_used_at": _("Last used at"),
        "last_submission": _("Last submission"),
    }
    description_columns = {
        "default_campaign": _("For leads that name no campaign, or one that we do not know."),
        "needs_campaign": _("Leads that name no known campaign are rejected."),
    }
    show_template = "crm/source_show.html"
    remove_template = "crm/source_remove.html"

    def _values(self, rows: list[Source]) -> Any:
        plain = [column for column in self.list_columns if column not in USE]
        use = self._use_of(rows)
        return [
            {column: self.cell(row, column) for column in plain}
            | use[row.id]
            | {"_away": row.is_put_away}
            for row in rows
        ]

    def _use_of(self, rows: list[Source]) -> dict[int, dict[str, Any]]:
        """How many tokens live, when one was used last and when a lead came, by one statement."""
        live = and_(
            SourceToken.revoked_at.is_(None),
            or_(SourceToken.expires_at.is_(None), SourceToken.expires_at > utc_now()),
        )
        of_source = SourceToken.source_id == Source.id
        last = (
            select(Submission.received_at)
            .where(Submission.source_id == Source.id)
            .order_by(Submission.received_at.desc())
            .limit(1)
        )
        found = select(
            Source.id,
            select(func.count()).where(of_source, live).correlate(Source).scalar_subquery(),
            select(func.max(SourceToken.last_used_at))
            .where(of_source).correlate(Source).scalar_subquery(),
            last.correlate(Source).scalar_subquery(),
        ).where(Source.id.in_([row.id for row in rows]))  # fmt: skip
        return {
            row_id: {
                "live_tokens": tokens,
                "last_used_at": moment(used_at),
                "last_submission": moment(came_at),
            }
            for row_id, tokens, used_at, came_at in self.session.execute(found)
        }

    # -- tokens ----------------------------------------------------------------------------------

    def context(self, row: Source) -> dict[str, Any]:
        newest = SourceToken.id.desc()
        tokens = select(SourceToken).where(SourceToken.source_id == row.id).order_by(newest)
        return {
            "tokens": self.session.scalars(tokens.limit(100)).all(),
            "submissions": self._last_submissions(row),
            "example": curl_example(PLACEHOLDER, row),
            "Scope": Scope,
            "Outcome": Outcome,
        }

    def _last_submissions(self, row: Source) -> list[Any]:
        """Time, outcome and reason codes; never a body, which is not for the marketer's eyes."""
        last = (
            select(
                Submission.received_at, Submission.outcome, Submission.reasons, Submission.warnings
            )
            .where(Submission.source_id == row.id)
            .order_by(Submission.received_at.desc(), Submission.id.desc())
            .limit(LAST_SHOWN)
        )
        return [
            (at, outcome, codes_of(reasons) + codes_of(warnings))
            for at, outcome, reasons, warnings in self.session.execute(last)
        ]

    @verb(_("Issue a token"), permission="token", form=TokenForm, style="primary")
    def issue_token(self, row: Source, values: dict[str, Any]) -> Response:
        last: date | None = values["last_day"]
        expires_at = day_bounds(last, last)[1] if last else None
        token = row.issue_token(tuple(values["scopes"]), expires_at)
        self.session.flush()
        page = self.render_template(
            "crm/source_token.html", title=_("New token"), view=self, row=row, token=token,
            example=curl_example(token, row),
        )  # fmt: skip
        answer = make_response(page)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @expose("/<int:pk>/revoke/<int:token_id>", methods=["POST"])
    @has_access
    @permission_name("token")
    def revoke(self, pk: int, token_id: int) -> Response:
        row, form = self.row_or_404(pk), NounForm()
        token = self.session.get(SourceToken, token_id)
        if token is None or token.source_id != row.id:
            abort(404)

        def act() -> str:
            token.revoke()
            return gettext("The token has been revoked: its next request is refused.")

        answer = self.perform(form, f"revoke {token_id}", act, row_id=row.id)
        return self._tell_faults(form, row) if isinstance(answer, int) else answer


def codes_of(remarks: dict[str, Any] | None) -> list[str]:
    return [
        f"{field}: {one.get('code', '')}" for field, said in (remarks or {}).items() for one in said
    ]


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
