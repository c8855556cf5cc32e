"""The company's own page: the details that every contract prints, and the logo."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask import abort, send_file
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext, lazy_pgettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response
from wtforms import BooleanField, FileField

from app.models.company import LOGO_LIMIT, ONLY_ROW, Company
from app.ui.fields import IntegerField, TextAreaField
from app.ui.week_field import WeekField, week_in_words
from app.views.base import Interface, NounView


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent; its name is somebody's word and used for nothing but showing."""

    name: str
    content: bytes

    def __str__(self) -> str:
        return self.name


class LogoField(FileField):
    """Reads one byte more than is allowed, so that the noun can say that it is too much."""

    data: Upload | None

    def process_data(self, value: Any) -> None:
        self.data = None  # the picture that is there is shown beside the form

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        for sent in valuelist:
            if getattr(sent, "filename", ""):
                self.data = Upload(sent.filename, sent.read(LOGO_LIMIT + 1))
                sent.close()


class CompanyView(NounView):
    datamodel = Interface(Company)
    default_view = "show"
    exclude_route_methods = {"list", "add", "delete"}
    list_title = show_title = edit_title = _("Company")
    show_fieldsets = [
        (_("On every contract"), {"fields": [
            "name", "legal_name", "tax_id", "tax_registration", "address", "bank_details", "phone",
            "email", "signatory_name", "signatory_position", "signatory_basis",
        ]}),
        (_("How we work"), {"fields": [
            "language", "currency", "phone_region", "response_minutes", "working_week", "days_off",
            "changed_at",
        ]}),
    ]  # fmt: skip
    edit_fieldsets = [
        (_("On every contract"), {"fields": [
            *show_fieldsets[0][1]["fields"], "logo", "take_logo_away",
        ]}),
        (_("How we work"), {"fields": [
            "language", "phone_region", "response_minutes", "days_off", "working_week",
        ]}),
    ]  # fmt: skip
    label_columns = {
        "name": lazy_pgettext("of a thing", "Name"),
        "tax_registration": _("Tax registration (KPP)"),
    }
    description_columns = {
        "signatory_basis": _("Such as: the charter, a power of attorney with number and date."),
        "phone_region": _("Two letters of the country, such as RU: phones without +7 are read so."),
        "language": _("Of the documents of clients for whom none is chosen."),
    }
    edit_form_extra_fields = {
        "working_week": WeekField(
            _("Working hours"), description=_("Leave a day empty when nobody works.")
        ),
        "days_off": TextAreaField(
            _("Days off and moved days"),
            description=_(
                "A line for each: 2026-12-31 New Year, or with hours of its own:"
                " 2026-12-26 09:00-15:00 Moved."
            ),
        ),
        "response_minutes": IntegerField(
            _("First answer within, minutes"),
            description=_(
                "Of working time. A lead that waits longer rises in the queue. 0 for no such rule."
            ),
        ),
        "logo": LogoField(_("Logo"), description=_("PNG or JPEG, at most 512 KB.")),
        "take_logo_away": BooleanField(_("Take the logo away")),
    }
    show_template = "crm/company_show.html"
    edit_template = "crm/company_form.html"

    def _init_forms(self) -> None:
        super()._init_forms()
        self.edit_form.enctype = "multipart/form-data"

    @expose("/")
    @has_access
    def show(self, pk: Any = ONLY_ROW) -> Any:
        return super().show(str(ONLY_ROW))

    @expose("/edit", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: Any = ONLY_ROW) -> Any:
        return super().edit(str(ONLY_ROW))

    @expose("/logo")
    @has_access
    @permission_name("show")
    def logo(self) -> Response:
        company = self.row_or_404(ONLY_ROW)
        if not company.logo:
            abort(404)
        response = send_file(BytesIO(company.logo), mimetype=company.logo_type)
        response.headers["Cache-Control"] = "private, no-store"
        return response

    def cell(self, row: Company, column: str) -> Any:
        if column == "working_week":
            return week_in_words(row.working_week)
        return super().cell(row, column)

    def change(self, row: Company, values: dict[str, Any]) -> None:
        upload, goes = values.pop("logo"), values.pop("take_logo_away")
        row.change(**values)
        if upload is not None:
            row.use_logo(upload.content)
        elif goes:
            row.use_logo(None)

    def context(self, row: Company) -> dict[str, Any]:
        return {"missing": [gettext(label) for label in row.missing_to_sign()]}
