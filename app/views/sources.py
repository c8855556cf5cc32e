"""Sources: the ad services that may push leads, with the tokens that open our doors to them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import abort, make_response, request
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext, lazy_pgettext
from flask_babel import lazy_gettext as _
from sqlalchemy import and_, func, or_, select
from werkzeug.wrappers import Response
from wtforms import SelectMultipleField, widgets
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, ValidationError

from app.intake.formats.known import format_of
from app.intake.remarks import as_stored
from app.intake.trial import send_test
from app.models.campaign import CampaignExternalId
from app.models.clock import day_bounds, today, utc_now
from app.models.source import (
    MOST_A_MINUTE,
    Assignment,
    Scope,
    SecretName,
    Source,
    SourceFormat,
    SourceSecret,
    SourceToken,
)  # fmt: skip
from app.models.submission import Outcome, Submission
from app.ui import labels
from app.ui.access import may
from app.ui.fields import ChoiceField, DateField, IntegerField, TextField
from app.ui.formatters import moment
from app.ui.pickers import Chosen, PickerField
from app.views.base import Interface, NounForm, NounView, verb
from app.views.source_mapping import MapsFields
from app.views.source_setup import SetUp, set_up_of
from app.views.source_use import LAST_SHOWN, codes_of, counts_of, last_submissions_of

LAST_LOOKED_AT = 1000
USE = ("live_tokens", "last_used_at", "last_submission")


class ScopesField(SelectMultipleField):
    """Tick boxes, one for each thing that a token may do."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


OVERLAPS = [
    ("0", _("At once")),
    ("3600", _("In an hour")),
    ("86400", _("In a day")),
    ("604800", _("In a week")),
    ("2592000", _("In thirty days")),
]


class SecretForm(NounForm):
    """`name` offers what the source's format can hold."""

    name = ChoiceField(_("What it is"), [DataRequired(_("Choose one of the list."))])
    secret = TextField(
        _("Secret"),
        [Length(max=500)],
        description=_("As the platform shows it. Leave it empty to have one drawn here."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    overlap = ChoiceField(_("Earlier ones end"), choices=OVERLAPS, default="0")


class CampaignIdForm(NounForm):
    external_id = TextField(_("The platform's id"), [DataRequired(), Length(max=100)])
    campaign = PickerField(_("Campaign"), [Chosen()], noun="campaign")


class TokenForm(NounForm):
    scopes = ScopesField(
        _("What it may do"),
        [DataRequired(_("Choose at least one."))],
        choices=[SelectChoice(value, text) for value, text in labels.choices(Scope)],
        default=[Scope.PUSH_LEADS.value],
        render_kw={"class": "list-unstyled"},
    )
    last_day = DateField(_("Valid until"), description=_("Leave it empty for no end."))
    per_minute = IntegerField(
        _("Requests a minute"),
        description=_("Whoever sends more is asked to wait. Leave it empty for the usual limit."),
        render_kw={"min": 1, "max": MOST_A_MINUTE},
    )

    def validate_last_day(self, field: DateField) -> None:
        if field.data is not None and field.data < today():
            raise ValidationError(gettext("The last day cannot be in the past."))


class SourceView(MapsFields, NounView):
    datamodel = Interface(Source)
    list_title, show_title = _("Sources"), _("Source")
    add_title, edit_title = _("New source"), _("Change source")
    list_columns = ["name", "format", "default_campaign", "needs_campaign", *USE]
    show_columns = [
        "name", "format", "default_campaign", "needs_campaign", "assignment", "assignee",
        "phone_region", "group_id",
        "honeypot", "thanks_url", "created_at", "changed_at",
    ]  # fmt: skip
    add_columns = edit_columns = [
        "name", "format", "default_campaign", "needs_campaign", "assignment", "assignee",
        "phone_region", "group_id",
        "honeypot", "thanks_url",
    ]  # fmt: skip
    enums = {"format": SourceFormat, "assignment": Assignment}
    edit_form_extra_fields = {
        "assignee": PickerField(
            _("Responsible"),
            noun="lead_worker",
            description=_("For the leads that go to a person."),
        ),
    }
    add_form_extra_fields = edit_form_extra_fields | {
        # That of an own form is made with it.
        "format": ChoiceField(
            labels.field_label("format"),
            choices=[
                one for one in labels.choices(SourceFormat) if one[0] != SourceFormat.OWN_FORM
            ],
            default=SourceFormat.GENERIC.value,
        ),
    }
    order_columns = ["name"]
    base_order = ("name", "asc")
    needs = ["name", "format", "needs_campaign", "default_campaign"]
    search_columns = ["format"]
    label_columns = {
        "name": lazy_pgettext("of a thing", "Name"),
        "group_id": _("Community (VK)"),
        "honeypot": _("Trap for robots"),
        "thanks_url": _("Address for thanks"),
        "live_tokens": _("Live tokens"),
        "last_used_at": _("Last used at"),
        "last_submission": _("Last submission"),
    }
    description_columns = {
        "default_campaign": _("For leads that name no campaign, or one that we do not know."),
        "needs_campaign": _("Leads that name no known campaign are rejected."),
        "phone_region": _(
            "Two letters, such as KZ, for numbers without a country; empty: the company's."
        ),
        "group_id": _("Only this community may send; its number."),
        "honeypot": _(
            "The name of a field of the form that people do not see: whoever fills it in"
            " is a robot."
        ),
        "thanks_url": _("Where the visitor goes after a form of a web page."),
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

    def sections(self, row: Source) -> list[Any]:
        """Only what is set."""
        return [
            (title, [(label, value) for label, value in lines if value not in ("", None)])
            for title, lines in super().sections(row)
        ]

    # -- tokens ----------------------------------------------------------------------------------

    def context(self, row: Source) -> dict[str, Any]:
        newest = SourceToken.id.desc()
        tokens = select(SourceToken).where(SourceToken.source_id == row.id).order_by(newest)
        return {
            "tokens": self.session.scalars(tokens.limit(100)).all(),
            "submissions": last_submissions_of(self.session, row.id),
            "secrets": self._secrets(row),
            "SecretName": SecretName,
            "overlaps": OVERLAPS,
            "set_up": set_up_of(row),
            "counted": counts_of(self.session, row.id),
            "unknown_campaigns": self._unknown_campaigns(row),
            "sees_submissions": may("show", "SubmissionView"),
            "Scope": Scope,
            "Outcome": Outcome,
        }

    def _secrets(self, row: Source) -> list[SourceSecret]:
        newest = SourceSecret.id.desc()
        secrets = select(SourceSecret).where(SourceSecret.source_id == row.id).order_by(newest)
        return list(self.session.scalars(secrets.limit(50)))

    @verb(
        _("Issue a token"), permission="token", form=TokenForm, style="primary",
        when=lambda row: row.takes_tokens,
    )  # fmt: skip
    def issue_token(self, row: Source, values: dict[str, Any]) -> Response:
        last: date | None = values["last_day"]
        expires_at = day_bounds(last, last)[1] if last else None
        token = row.issue_token(tuple(values["scopes"]), expires_at, values["per_minute"])
        self.session.flush()
        return self._once_page(gettext("New token"), row, set_up_of(row, token), token=token)

    @expose("/<int:pk>/replace/<int:token_id>", methods=["POST"])
    @has_access
    @permission_name("token")
    def replace(self, pk: int, token_id: int) -> Response:
        """A new token for an old one, which goes on opening the doors for a while."""
        row, form = self.row_or_404(pk), NounForm()
        old = self._token_of(row, token_id)

        def act() -> Response:
            token = row.replace_token(old, _overlap())
            self.session.flush()
            return self._once_page(gettext("New token"), row, set_up_of(row, token), token=token)

        answer = self.perform(form, f"replace {token_id}", act, row_id=row.id)
        return self._tell_faults(form, row) if isinstance(answer, int) else answer

    @expose("/<int:pk>/revoke/<int:token_id>", methods=["POST"])
    @has_access
    @permission_name("token")
    def revoke(self, pk: int, token_id: int) -> Response:
        row, form = self.row_or_404(pk), NounForm()
        token = self._token_of(row, token_id)

        def act() -> str:
            token.revoke()
            return gettext("The token has been revoked: its next request is refused.")

        answer = self.perform(form, f"revoke {token_id}", act, row_id=row.id)
        return self._tell_faults(form, row) if isinstance(answer, int) else answer

    def _token_of(self, row: Source, token_id: int) -> SourceToken:
        token = self.session.get(SourceToken, token_id)
        if token is None or token.source_id != row.id:
            abort(404)
        return token

    # -- secrets and the address -------------------------------------------------------------------

    def secret_form(self, row: Source) -> type[SecretForm]:
        offered = [(name.value, labels.label(SecretName, name)) for name in row.secret_names]
        return type("SecretForm", (SecretForm,), {"name": _choice_of(offered)})

    @verb(
        _("Keep a secret"), permission="token", form="secret_form",
        when=lambda row: bool(row.secret_names),
    )  # fmt: skip
    def keep_secret(self, row: Source, values: dict[str, Any]) -> Response:
        overlap = timedelta(seconds=int(values["overlap"] or 0))
        name = SecretName(values["name"])
        text = row.keep_secret(name, values["secret"], overlap)
        self.session.flush()
        word = labels.label(SecretName, name)
        said = text if name is SecretName.SIGNING else ""
        return self._once_page(word, row, set_up_of(row, secret=said), secret=text, word=word)

    @expose("/<int:pk>/revoke_secret/<int:secret_id>", methods=["POST"])
    @has_access
    @permission_name("token")
    def revoke_secret(self, pk: int, secret_id: int) -> Response:
        row, form = self.row_or_404(pk), NounForm()
        secret = self.session.get(SourceSecret, secret_id)
        if secret is None or secret.source_id != row.id:
            abort(404)

        def act() -> str:
            secret.revoke()
            return gettext("The secret has been revoked: the next request with it is refused.")

        answer = self.perform(form, f"revoke secret {secret_id}", act, row_id=row.id)
        return self._tell_faults(form, row) if isinstance(answer, int) else answer

    @expose("/<int:pk>/change_address", methods=["POST"])
    @has_access
    @permission_name("token")
    def change_address(self, pk: int) -> Response:
        row, form = self.row_or_404(pk, away=False), NounForm()

        def act() -> str:
            row.change_address()
            return gettext("The address is new: put it in at the platform.")

        answer = self.perform(form, "change address", act, row_id=row.id)
        return self._tell_faults(form, row) if isinstance(answer, int) else answer

    def _once_page(self, title: str, row: Source, set_up: SetUp, **known: str) -> Response:
        """What is shown once and never again."""
        page = self.render_template(
            "crm/source_token.html", title=title, view=self, row=row, set_up=set_up, **known
        )
        answer = make_response(page)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    # -- ids of campaigns ------------------------------------------------------------------------

    def _unknown_campaigns(self, row: Source) -> list[tuple[str, int]]:
        """The ids that the last submissions named and that lead to no campaign."""
        last = (
            select(Submission.campaign_sent, Submission.campaign_id)
            .where(Submission.source_id == row.id, Submission.campaign_sent.is_not(None))
            .order_by(Submission.received_at.desc())
            .limit(LAST_LOOKED_AT)
            .subquery()
        )
        unknown = or_(last.c.campaign_id.is_(None), last.c.campaign_id == row.default_campaign_id)
        count = func.count()
        found = self.session.execute(
            select(last.c.campaign_sent, count)
            .where(unknown)
            .group_by(last.c.campaign_sent)
            .order_by(count.desc(), last.c.campaign_sent)
            .limit(LAST_SHOWN)
        )
        sent = [(text, number) for text, number in found]
        known = select(CampaignExternalId.external_id).where(
            CampaignExternalId.external_id.in_([text for text, _ in sent])
        )
        taken = set(self.session.scalars(known)) if sent else set()
        return [(text, number) for text, number in sent if text not in taken]

    @verb(
        _("Link a campaign id"), permission="mapping", form=CampaignIdForm,
        when=lambda row: not row.is_put_away,
    )  # fmt: skip
    def link_campaign(self, row: Source, values: dict[str, Any]) -> str:
        """The platform's id leads to the campaign from the next request on."""
        campaign = values["campaign"]
        campaign.add_external_id(platform_of(row), values["external_id"])
        return gettext("The id leads to “%(campaign)s” from now on.", campaign=campaign.title)

    def prefill_link_campaign(self, form: CampaignIdForm, row: Source) -> None:
        form.external_id.data = request.args.get("id", "")[:100]

    # -- a test --------------------------------------------------------------------------------

    @verb(_("Send a test"), permission="test", when=lambda row: not row.is_put_away)
    def send_test(self, row: Source) -> str:
        """The format's sample as a test lead: it stays out of the queue and of all figures."""
        receipt = send_test(self.session, row)
        if receipt.is_refused:
            codes = ", ".join(codes_of(as_stored(receipt.reasons)))
            return gettext("The test was rejected: %(codes)s.", codes=codes)
        return gettext("The test arrived as submission %(number)s.", number=receipt.submission_id)


def _choice_of(offered: list[tuple[str, Any]]) -> ChoiceField:
    return ChoiceField(
        _("What it is"), [DataRequired(_("Choose one of the list."))], choices=offered,
        default=offered[0][0] if offered else "",
    )  # fmt: skip


def platform_of(row: Source) -> str:
    """Under which platform a campaign of this source keeps its id."""
    return format_of(row.format).platform or row.name.lower()[:40]


def _overlap() -> timedelta:
    given = request.form.get("overlap", "0")
    return timedelta(seconds=int(given) if given in {value for value, _word in OVERLAPS} else 0)
