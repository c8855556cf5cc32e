"""Our base classes for screens. A whole noun, in `app/views/service.py`:

    class ServiceView(NounView):
        datamodel = Interface(Service)
        list_title, show_title = _("Services"), _("Service")
        add_title, edit_title = _("New service"), _("Change service")
        list_columns = ["title", "price", "active"]       # also relations, rel.column, methods
        show_columns = ["title", "description", "price", "active", "created_at"]
        add_columns = edit_columns = ["title", "description", "price"]
        order_columns = ["title", "price"]                # nothing else can be sorted by
        base_order = ("title", "asc")
        search_columns = ["active", "price"]              # the filters on the page
        picker_filters = [["active", Equal, True]]        # no longer sold: not offered
        related_views = [CampaignView]

        @verb(_("Stop selling"), permission="edit", when=lambda service: service.active)
        def stop(self, service):                          # a button; POST /serviceview/7/stop
            service.change(active=False)
            return _("It is no longer offered.")

        class PriceForm(NounForm):
            price = MoneyField(_("Price"), [InputRequired()])

        @verb(_("New price"), permission="edit", form=PriceForm, versioned=True)
        def reprice(self, service, values):               # GET shows the form, POST acts
            service.change(**values)

What a screen says otherwise:
- `noun`: "" for a second screen of a noun (the queue), so that links and pickers lead to the first.
- `needs`: the columns and relations that listed methods read, e.g. ["first_name", "client"];
  without it a method loads all own columns but long texts.
- `enums = {"status": LeadStatus}`: columns that hold states; shown, edited and filtered by label.
- `base_filters`: rows that exist for this screen at all; rows put away are left out by themselves
  and listed under `?put_away=1` for those with `can_restore`.
- `make(values) -> row`, `change(row, values)`, `remove(row, reason)`: the verbs behind the forms,
  by default `row.change(**values)` and `row.put_away(reason)`. They run in the page's transaction.
- `defaults()`: first values of the add form. `_flt_0_client=5` in the address chooses a row.
- `prefill_form(form, pk)`, `prefill_<verb>(form, row)`: first values of edit and verb forms.
- `context(row)`, `context_<verb>(row, form)`: more for the templates.
- `remove_form`, `remove_label`, `picker_label(row)`, `cell(row, column)`, `buttons(row)`.
A page exists only if it has something to show: no `add_columns`, no add page; likewise edit.

A door does six things in one order: may this caller? (`has_access`), read (base filters, 404),
check (the form), one verb, commit, answer. `CrmError` puts its message at the field and keeps the
form; `IntegrityError` is told in words; the same form sent twice acts once (`FormKey`); a form
older than the record comes back with both values (law 8).
"""

from app.ui.access import may
from app.views.base.filters import (
    AtLeast,
    AtMost,
    Contains,
    Equal,
    Filter,
    Filters,
    NotContains,
    NotEqual,
    NotPutAway,
    OnlyPutAway,
    RelationIs,
    RelationIsNot,
    SearchText,
    StartsWith,
)  # fmt: skip
from app.views.base.forms import NounConverter, NounForm
from app.views.base.guarded import FiltersPerRequest, Guarded
from app.views.base.inplace import InPlace, Line
from app.views.base.interface import Interface
from app.views.base.links import address_of, link_to
from app.views.base.noun import NounView, RemoveForm
from app.views.base.once import DoneBefore, begin_once
from app.views.base.pickers import PickerApi, ViewPicker
from app.views.base.verbs import Verb, verb

__all__ = [
    "AtLeast",
    "AtMost",
    "Contains",
    "DoneBefore",
    "Equal",
    "Filter",
    "Filters",
    "FiltersPerRequest",
    "Guarded",
    "InPlace",
    "Interface",
    "Line",
    "NotContains",
    "NotEqual",
    "NotPutAway",
    "NounConverter",
    "NounForm",
    "NounView",
    "OnlyPutAway",
    "PickerApi",
    "RelationIs",
    "RelationIsNot",
    "RemoveForm",
    "SearchText",
    "StartsWith",
    "Verb",
    "ViewPicker",
    "address_of",
    "begin_once",
    "link_to",
    "may",
    "verb",
]
