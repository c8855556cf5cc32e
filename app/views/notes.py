"""Notes: the story of all leads and clients. What a role may not see of contracts is not told."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_appbuilder.baseviews import expose
from flask_appbuilder.models.filters import BaseFilter
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from sqlalchemy import Text, and_, cast, not_, or_, true
from sqlalchemy.sql import ColumnElement

from app.errors import N_, Forbidden
from app.models.note import Note, NoteKind
from app.ui.access import may
from app.ui.fields import TextAreaField
from app.ui.notes import describe_notes
from app.views.base import Interface, NounForm, NounView

CONTRACT_KINDS = (
    NoteKind.SIGNED, NoteKind.AMENDED, NoteKind.COMPLETED, NoteKind.TERMINATED, NoteKind.VOIDED,
    NoteKind.DELETED,
)  # fmt: skip
# What only a contract's notes name; those of a deleted draft have lost their contract.
CONTRACT_WORDS = ('"amount"', '"service"', '"starts_on"', '"ends_on"', '"number"', '"signed_on"')


def notes_one_may_see() -> ColumnElement[bool]:
    """Not the contracts' notes for those who may not see contracts."""
    if may("list", "ContractView"):
        return true()
    silent = [
        or_(column.is_(None), not_(cast(column, Text).contains(word)))
        for column in (Note.facts, Note.changes)
        for word in CONTRACT_WORDS
    ]
    return and_(Note.contract_id.is_(None), Note.kind.not_in(CONTRACT_KINDS), *silent)


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
    show_columns = ["at", "kind", "sentence", "text", "author", "lead", "client"]
    order_columns = ["at"]
    base_order = ("at", "desc")
    base_filters = [["kind", OnesOwnNotes, None]]
    search_columns = ["kind", "at"]
    enums = {"kind": NoteKind}
    label_columns = {"sentence": _("What happened")}
    edit_form = WordsForm

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


def _words(line: Any) -> str:
    return f"{line.sentence} {line.text}".strip()
