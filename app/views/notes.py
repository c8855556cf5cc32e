"""Notes: the story of all leads and clients. What a role may not see of contracts is not told."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_appbuilder.baseviews import expose
from flask_appbuilder.models.filters import BaseFilter
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user

from app.errors import N_, Forbidden
from app.models.client import Client
from app.models.lead import Lead
from app.models.note import Note, NoteKind
from app.ui import notes as stories
from app.ui.fields import TextAreaField
from app.ui.notes import describe_notes, notes_one_may_see
from app.views.base import Interface, NounForm, NounView, verb


class TellsStory:
    """The story on a noun's page, and the part of it that a filter or “Load older” asks for."""

    row_or_404: Any
    render_template: Any

    @expose("/<int:pk>/story")
    @has_access
    @permission_name("show")
    def story(self, pk: int) -> Any:
        """The whole story of a kind; with `before`, the next entries alone."""
        row = self.row_or_404(pk)
        return self.render_template(
            "crm/story_part.html", view=self, row=row, told=asked_story(row),
            more=bool(request.args.get("before")),
        )  # fmt: skip


def asked_story(row: Any) -> stories.Story:
    """As the address asks: `?story=calls&before=…`."""
    asked = request.args
    return stories.story(row, kind=asked.get("story", "all"), before=asked.get("before", ""))


class OnesOwnNotes(BaseFilter):
    def apply(self, query: Any, value: Any) -> Any:
        return query.filter(notes_one_may_see())


class WordsForm(NounForm):
    text = TextAreaField(_("Text"))


class NoteView(NounView):
    datamodel = Interface(Note)
    list_title, show_title, edit_title = _("Notes"), _("Note"), _("Change the words")
    list_columns = ["at", "kind", "sentence", "author", "lead", "client"]
    needs = [
        "at", "kind", "text", "changes", "facts", "author", "author_kind", "author_user_id",
        "contract_id", "lead", "client",
    ]  # fmt: skip
    show_columns = ["at", "sentence", "text", "author", "lead", "client"]
    order_columns = ["at"]
    base_order = ("at", "desc")
    base_filters = [["kind", OnesOwnNotes, None]]
    search_columns = ["kind", "at"]
    enums = {"kind": NoteKind}
    label_columns = {"sentence": _("What happened")}
    edit_form = WordsForm
    show_template = "crm/note.html"

    def _values(self, rows: Any) -> Any:
        told = describe_notes(self.session, rows)
        plain = [column for column in self.list_columns if column not in ("sentence", "author")]
        return [
            {column: self.cell(row, column) for column in plain}
            | {"sentence": _words(line), "author": line.author, "_away": False}
            | ({} if self.offers_edit(row) else {"_fixed": True})
            for row, line in zip(rows, told, strict=True)
        ]

    def cell(self, row: Note, column: str) -> Any:
        if column in ("sentence", "author"):
            line = describe_notes(self.session, [row])[0]
            return line.sentence if column == "sentence" else line.author
        return super().cell(row, column)

    @verb(_("Pin"), when=lambda note: note.can_be_pinned and not note.pinned)
    def pin(self, note: Note) -> tuple[Any, str]:
        note.pin()
        return _whose(note), gettext("The note stands above the story now.")

    @verb(_("Unpin"), permission="pin", when=lambda note: note.pinned)
    def unpin(self, note: Note) -> tuple[Any, str]:
        note.unpin()
        return _whose(note), gettext("The note is back at its place in the story.")

    def offers_edit(self, row: Note) -> bool:
        return self.offers("edit") and row.is_of_people and row.author_user_id == current_user.id

    # A note has no version (law 8): only its author edits it.
    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: str) -> Any:
        row = self.row_or_404(pk)
        if not self.offers_edit(row):
            raise Forbidden(N_("Only those who wrote a note can change its words."))
        if request.method != "POST":
            form = WordsForm(formdata=None, obj=row)
            return self._form_page(self.edit_template, self.edit_title, form, row)
        form, number = WordsForm(), row.id
        answer: Any = 400
        if form.validate():
            answer = self.perform(
                form, f"edit {number}", lambda: row.rewrite(form.text.data),
                gettext("The note has been changed."), row_id=number,
            )  # fmt: skip
        if isinstance(answer, int):
            row = self.row_or_404(pk)
            return self._form_page(self.edit_template, self.edit_title, form, row, status=answer)
        return answer


def _whose(note: Note) -> Lead | Client | None:
    """Back to where the button stood: a lead's note is pinned on its client's page too."""
    lead, client = note.lead, note.client
    if lead is not None and request.form.get("at") == "client":
        client = client or lead.client
        return client or lead
    return lead or client


def _words(line: Any) -> str:
    return f"{line.sentence} {line.text}".strip()
