"""Own forms: what they ask, what they say, where they may stand, and what came of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import make_response, request
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import get_locale, gettext, lazy_pgettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup, escape
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from app.errors import N_, Invalid, Stale
from app.models.clock import today
from app.models.company import LANGUAGES
from app.models.form_question import MOST_QUESTIONS, Question, QuestionKind
from app.models.own_form import STANDARD_TEXTS, TEXTS, OwnForm, OwnFormDay
from app.models.submission import Outcome, Submission
from app.ui import labels
from app.ui.access import may
from app.ui.fields import TextAreaField
from app.ui.form_page import Shown, form_page
from app.ui.formatters import moment
from app.ui.labels import LANGUAGE_NAMES
from app.ui.messages import message_of
from app.ui.pickers import PickerField
from app.ui.pills import yes_no_pill
from app.views.base import Interface, NounForm, NounView, verb
from app.views.source_setup import address_of_form
from app.views.source_use import COUNTED, counts_of, last_submissions_of, period_starts

USE = ("views", "requests", "last_submission")
DAYS = {"today": 0, "week": 6, "month": 29}
EMPTY_ROWS = 2
HEIGHT = 640  # of the frame, where no script says how high the form is
CAME = (Outcome.ACCEPTED.value, Outcome.FAILED.value)


class OwnFormView(NounView):
    datamodel = Interface(OwnForm)
    list_title, show_title = _("Forms"), _("Form")
    add_title, edit_title = _("New form"), _("Change form")
    list_columns = ["title", "is_on", "campaign", *USE]
    card_columns = ["title", "is_on", "requests"]
    needs = ["title", "is_on", "source.default_campaign"]
    show_fieldsets = [
        (None, {"fields": ["campaign", "source", "sites", "thanks_url"]}),
        (
            _("Texts"),
            {"fields": ["heading_en", "heading_ru", "button_en", "button_ru", "consent_en",
                        "consent_ru", "consent_version", "thanks_en", "thanks_ru"]},
        ),
    ]  # fmt: skip
    show_columns = ["source"]
    add_columns = edit_columns = [
        "title", "campaign", "heading_en", "heading_ru", "button_en", "button_ru", "consent_en",
        "consent_ru", "thanks_en", "thanks_ru", "thanks_url", "sites",
    ]  # fmt: skip
    add_form_extra_fields = edit_form_extra_fields = {
        "campaign": PickerField(
            _("Campaign"),
            noun="campaign",
            description=_("To which its leads belong, unless the address names another one."),
        ),
        "sites": TextAreaField(
            _("Sites that may show it"),
            description=_(
                "One a line, such as https://example.com or *.example.com. Others, and all when"
                " this is empty, can only link to it."
            ),
            render_kw={"spellcheck": "false"},
        ),
    }
    order_columns = ["title"]
    base_order = ("title", "asc")
    label_columns = {
        "title": lazy_pgettext("of a thing", "Name"),
        "is_on": _("State"),
        "heading_en": _("Heading, English"),
        "heading_ru": _("Heading, Russian"),
        "button_en": _("Button, English"),
        "button_ru": _("Button, Russian"),
        "consent_en": _("Consent, English"),
        "consent_ru": _("Consent, Russian"),
        "consent_version": _("Version of the consent"),
        "thanks_en": _("Thanks, English"),
        "thanks_ru": _("Thanks, Russian"),
        "thanks_url": _("Address for thanks"),
        "sites": _("Sites that may show it"),
        "views": _("Shown, 30 days"),
        "requests": _("Requests, 30 days"),
        "last_submission": _("Last request"),
    }
    description_columns = {
        "title": _("For you; visitors see the heading. The source is called so, too."),
        "heading_en": _("A text that is empty is shown in the other language."),
        "consent_en": _("What the visitor must tick. Each lead keeps the words that it saw."),
        "thanks_url": _("Where the visitor goes instead of thanks: the final address, with https."),
    }
    show_template = "crm/own_form_show.html"

    def defaults(self) -> dict[str, Any]:
        return dict(STANDARD_TEXTS)

    def cell(self, row: OwnForm, column: str) -> Any:
        if column == "is_on":
            return yes_no_pill(row.is_open, gettext("On"), gettext("Off"))
        shown = super().cell(row, column)
        name, _line, code = column.rpartition("_")
        if name in TEXTS and code in LANGUAGES and shown:
            return Markup('<span lang="{}">{}</span>').format(code, shown)
        return shown

    def sections(self, row: OwnForm) -> list[Any]:
        """Only what is set."""
        return [
            (title, [(label, value) for label, value in lines if value not in ("", None)])
            for title, lines in super().sections(row)
        ]

    def _values(self, rows: list[OwnForm]) -> Any:
        plain = [column for column in self.list_columns if column not in USE]
        use = self._use_of(rows)
        return [
            {column: self.cell(row, column) for column in plain}
            | use[row.id]
            | {"_away": row.is_put_away}
            for row in rows
        ]

    def _use_of(self, rows: list[OwnForm]) -> dict[int, dict[str, Any]]:
        """Shown and filled in of thirty days, and when last, by one statement."""
        since = period_starts()["month"]
        came = (Submission.source_id == OwnForm.source_id, Submission.outcome.in_(CAME))
        views = select(func.sum(OwnFormDay.views)).where(
            OwnFormDay.form_id == OwnForm.id, OwnFormDay.day >= today() - timedelta(days=29)
        )
        number = select(func.count()).where(*came, Submission.received_at >= since)
        last = (
            select(Submission.received_at)
            .where(*came)
            .order_by(Submission.received_at.desc())
            .limit(1)
        )
        found = select(
            OwnForm.id,
            views.correlate(OwnForm).scalar_subquery(),
            number.correlate(OwnForm).scalar_subquery(),
            last.correlate(OwnForm).scalar_subquery(),
        ).where(OwnForm.id.in_([row.id for row in rows]))
        return {
            row_id: {
                "views": int(shown or 0), "requests": requests, "last_submission": moment(at),
            }
            for row_id, shown, requests, at in self.session.execute(found)
        }  # fmt: skip

    # -- the page ----------------------------------------------------------------------------------

    def context(self, row: OwnForm) -> dict[str, Any]:
        return {
            "address": address_of_form(row),
            "snippets": snippets(row),
            "questions": row.asked,
            "kinds": QuestionKind,
            "language": str(get_locale() or "en"),
            "languages": LANGUAGE_NAMES,
            "shown": self._shown_counts(row),
            "counted": counts_of(self.session, row.source_id),
            "submissions": last_submissions_of(self.session, row.source_id),
            "sees_submissions": may("show", "SubmissionView"),
            "Outcome": Outcome,
        }

    def _shown_counts(self, row: OwnForm) -> list[tuple[Any, int, int]]:
        """(period, shown, sent back for correction)."""
        days = self.session.execute(
            select(OwnFormDay.day, OwnFormDay.views, OwnFormDay.returned).where(
                OwnFormDay.form_id == row.id, OwnFormDay.day >= today() - timedelta(days=29)
            )
        ).all()
        found = []
        for name, word in COUNTED:
            first = today() - timedelta(days=DAYS[name])
            within = [one for one in days if one.day >= first]
            found.append((word, sum(d.views for d in within), sum(d.returned for d in within)))
        return found

    @expose("/<int:pk>/preview")
    @has_access
    @permission_name("show")
    def preview(self, pk: int) -> Response:
        """As a visitor sees it; nothing can be sent from there, and no view is counted."""
        row = self.row_or_404(pk)
        language = request.args.get("lang", "")
        if language not in LANGUAGES:
            language = str(get_locale() or "en")
        return form_page(Shown(row, language, is_preview=True))

    # -- verbs -------------------------------------------------------------------------------------

    @verb(
        _("Switch on"), permission="edit", style="primary",
        when=lambda row: not row.is_on and not row.is_put_away,
    )  # fmt: skip
    def switch_on(self, row: OwnForm) -> str:
        row.switch(True)
        return gettext("The form takes requests.")

    @verb(_("Switch off"), permission="edit", when=lambda row: row.is_on and not row.is_put_away)
    def switch_off(self, row: OwnForm) -> str:
        row.switch(False)
        return gettext("The form is closed; visitors are told so.")

    @expose("/<int:pk>/change_address", methods=["POST"])
    @has_access
    @permission_name("edit")
    def change_address(self, pk: int) -> Response:
        row, form = self.row_or_404(pk, away=False), NounForm()

        def act() -> str:
            row.change_address()
            return gettext("The address is new: change the link and the snippet.")

        answer = self.perform(form, "change address", act, row_id=row.id)
        return self._tell_faults(form, row) if isinstance(answer, int) else answer

    # -- questions ---------------------------------------------------------------------------------

    @expose("/<int:pk>/questions", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def questions(self, pk: int) -> Response:
        row: OwnForm = self.row_or_404(pk, away=False)
        if request.method != "POST":
            form = NounForm(formdata=None)
            form.remember(row)
            return self._questions_page(row, form, [(one, "") for one in row.asked])
        form = NounForm()
        typed = typed_questions()
        faults: dict[int, str] = {}

        def act() -> str:
            if form.is_stale(row):
                raise Stale
            try:
                row.ask(typed)
            except Invalid as refused:
                raise _marked(refused, faults) from None
            return gettext("The form asks this from the next visitor on.")

        try:
            answer = self.perform(form, f"questions {row.id}", act, row_id=row.id)
        except Stale as stale:
            form.faults.append((message_of(stale), None))
            answer = stale.status
        if not isinstance(answer, int):
            return answer
        row = self.row_or_404(pk, away=False)
        now = row.asked if form.is_stale(row) else None
        form.remember(row)
        lines = [(one, faults.get(place, "")) for place, one in enumerate(typed)]
        return self._questions_page(row, form, lines, now, answer)

    def _questions_page(
        self, row: OwnForm, form: NounForm, lines: list[tuple[Question, str]],
        now: list[Question] | None = None, status: int = 200,
    ) -> Response:  # fmt: skip
        empty = (Question("", "", required=False), "")
        room = max(0, min(EMPTY_ROWS, MOST_QUESTIONS - len(lines)))
        page = self.render_template(
            "crm/own_form_questions.html", title=gettext("Questions"), view=self, row=row,
            language=str(get_locale() or "en"),
            form=form, faults=[(text, None) for text, _link in form.faults],
            lines=[*lines, *[empty] * room], now=now, kinds=labels.choices(QuestionKind),
        )  # fmt: skip
        return make_response(page, status)


def _marked(refused: Invalid, faults: dict[int, str]) -> Invalid:
    """Notes which line is meant; what concerns the whole form stands above it."""
    field, errors = next(iter(refused.faults.items()))
    place = field.removeprefix("question-")
    if not place.isdigit():
        return refused
    faults[int(place)] = message_of(errors[0])
    told = N_("Correct question %(number)s: %(told)s")
    return Invalid.of("", told, number=int(place) + 1, told=faults[int(place)])


def typed_questions() -> list[Question]:
    """The lines of the page in the order of their numbers; those without a kind are left out."""
    found = []
    for place in range(MOST_QUESTIONS + EMPTY_ROWS):

        def given(name: str, place: int = place) -> str:
            return request.form.get(f"{name}-{place}", "")

        if not given("kind") or given("out"):
            continue
        order = given("order")
        number = int(order) if order.isascii() and order.isdigit() and len(order) < 6 else place + 1
        question = Question(
            given("key")[:20], given("kind"), given("label_en"), given("label_ru"),
            bool(given("required")), tuple(given("options_en").splitlines()),
            tuple(given("options_ru").splitlines()),
        )  # fmt: skip
        found.append((number, place, question))
    return [question for _number, _place, question in sorted(found, key=lambda one: one[:2])]


def snippets(row: OwnForm) -> list[tuple[Any, str, Any]]:
    """(what it is, the text to copy, what is to be known of it)."""
    address = address_of_form(row)
    language = str(get_locale() or "en")
    title = escape(row.text("heading", language) or row.title)
    script = f"{request.host_url.rstrip('/')}/static/js/embed.js"
    return [
        (
            gettext("Link"), address,
            gettext("For mails, messengers and QR codes. Add ?lang=ru or ?lang=en to fix the"
                    " language, and utm_source=… or other marks to know where it was opened."),
        ),
        (
            gettext("Script for your site"),
            f'<script src="{script}" data-form="{row.address}" data-title="{title}" async>'
            "</script>",
            gettext("The form is as high as it needs to be, and learns the page, its utm marks and"
                    " click ids. data-lang fixes the language, data-look is light or dark."),
        ),
        (
            gettext("Frame without a script"),
            f'<iframe src="{address}" title="{title}" width="100%" height="{HEIGHT}"'
            ' frameborder="0"></iframe>',
            gettext("For sites that admit no scripts."),
        ),
    ]  # fmt: skip
