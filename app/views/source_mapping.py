"""The page on which a source's fields are mapped: what is typed is tried before it is kept.

Against a sample for everybody who may map; against what really came only for those who may replay.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from flask import make_response, request, url_for
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext, lazy_pgettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from app.intake.again import OPEN
from app.intake.bodies import Broken, read_form, read_json
from app.intake.formats.known import format_of
from app.intake.formats.names import bare
from app.intake.trial import Trial, try_submissions, try_values
from app.models.source import ANSWER, IGNORE, MOST_MAPPED, TARGETS, Source
from app.models.submission import Outcome, Submission
from app.ui.access import may
from app.ui.formatters import moment
from app.ui.labels import field_label
from app.views.base import NounForm
from app.views.submissions import remarks_of

EMPTY_ROWS = 3
SAMPLE_LIMIT = 64 * 1024
REPLAYED_AT_MOST = 1000
WORDS = {
    "name": _l("Whole name (first, last)"),
    "fio": _l("Whole name (last, first, middle)"),
    "click_id": _l("Click id"),
    "consent": _l("Consent (ticked)"),
    "company_name": _l("Company"),
    ANSWER: _l("Keep as an answer"),
    IGNORE: lazy_pgettext("act", "Leave out"),
}


class MapsFields:
    """The half of the screen of sources that maps."""

    endpoint: Any
    session: Any
    row_or_404: Callable[..., Any]
    perform: Callable[..., Any]
    render_template: Callable[..., str]
    refuse: Callable[[], None]
    mapping_template: ClassVar[str] = "crm/source_mapping.html"

    @expose("/<int:pk>/map_fields", methods=["GET", "POST"])
    @has_access
    @permission_name("mapping")
    def map_fields(self, pk: int) -> Any:
        row: Source = self.row_or_404(pk, away=False)
        form = NounForm(formdata=request.form if request.method == "POST" else None)
        mapping, status = row.mapping or {}, 200
        if request.method == "POST":
            mapping = typed_mapping()
            if not request.form.get("try"):
                answer = self.perform(
                    form, f"map {row.id}", lambda: self._keep(row, mapping),
                    row_id=row.id, go_to=url_for(f"{self.endpoint}.map_fields", pk=pk),
                )  # fmt: skip
                if not isinstance(answer, int):
                    return answer
                status, row = answer, self.row_or_404(pk, away=False)
        return self._mapping_page(row, form, mapping, status)

    def _keep(self, row: Source, mapping: dict[str, str]) -> str:
        row.use_mapping(mapping)
        return gettext("The mapping is used from the next request on.")

    def _mapping_page(
        self, row: Source, form: NounForm, mapping: dict[str, str], status: int
    ) -> Response:
        own = json.dumps(format_of(row.format).sample, ensure_ascii=False, indent=2)
        sample = request.form.get("sample", own)[:SAMPLE_LIMIT]
        sees_real = may("replay", "SubmissionView")
        trial = try_text(self.session, row, sample, mapping)
        page = self.render_template(
            self.mapping_template, title=gettext("Field mapping"), view=self, row=row, form=form,
            faults=form.faults, rows=[*mapping.items(), *[("", "")] * EMPTY_ROWS],
            targets=[(one, target_word(one)) for one in TARGETS], sample=sample,
            trial=shown(trial) if trial else None,
            past=[shown(one) for one in try_submissions(self.session, row, mapping)]
            if sees_real else None,
            waiting=self._waiting(row) if sees_real else 0, most=REPLAYED_AT_MOST,
            Outcome=Outcome,
            inbox=url_for("SubmissionView.list", _flt_0_source=row.id,
                          _flt_2_outcome=Outcome.REJECTED.value),
        )  # fmt: skip
        return make_response(page, status)

    def _waiting(self, row: Source) -> int:
        """How many could be replayed, up to a thousand."""
        some = (
            select(Submission.id)
            .where(Submission.source_id == row.id, Submission.outcome.in_(OPEN))
            .limit(REPLAYED_AT_MOST)
            .subquery()
        )
        return self.session.scalar(select(func.count()).select_from(some)) or 0


def typed_mapping() -> dict[str, str]:
    """The rows of the form whose both halves are filled in; the last of a name counts."""
    names, targets = request.form.getlist("sent"), request.form.getlist("target")
    pairs = list(zip(names, targets, strict=False))[: MOST_MAPPED + EMPTY_ROWS]
    return {name.strip(): target for name, target in pairs if bare(name) and target}


def try_text(session: Any, row: Source, text: str, mapping: dict[str, str]) -> Trial | None:
    """The sample is JSON or name=value&name=value; None when it is neither."""
    raw = text.strip().encode("utf-8", "replace")
    try:
        values = read_json(raw) if raw[:1] == b"{" else read_form(raw)
        known = {name: target for name, target in mapping.items() if target in TARGETS}
        return try_values(session, row, values, known)
    except Broken:
        return None


def shown(trial: Trial) -> dict[str, Any]:
    """A trial in words."""
    return {
        "fields": [(target_word(name), _text(value)) for name, value in trial.fields.items()],
        "answers": [(name, _text(value)) for name, value in trial.answers.items()],
        "errors": remarks_of(trial.stored_errors),
        "warnings": remarks_of(trial.stored_warnings),
        "makes_a_lead": trial.makes_a_lead,
        "submission": trial.submission,
    }


def target_word(name: str) -> Any:
    return WORDS.get(name) or field_label(name)


def _text(value: Any) -> str:
    return moment(value) if isinstance(value, datetime) else str(value)
