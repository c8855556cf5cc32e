"""An own form: a page that asks for a request, to be linked to or to stand inside other sites.

It owns a source (format own_form), by which all that sources have holds for it too: inbox, last
submissions, assignment, default campaign and region (ADR 0016).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Date, ForeignKey, Integer, String, Text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql import Executable

from app.errors import N_, Invalid
from app.models.base import (
    TABLE_OPTIONS,
    Batched,
    Editable,
    Json,
    Model,
    Noun,
    PutAway,
)
from app.models.checks import checked_text, required
from app.models.form_question import STANDARD, Question, checked_questions, in_language
from app.models.sites import checked_address, checked_sites, origin_of
from app.models.source import Source, SourceFormat, new_address

if TYPE_CHECKING:
    from app.models.campaign import Campaign

TEXTS = {"heading": 200, "button": 60, "consent": 5000, "thanks": 2000}
SEVERAL_LINES = {"consent", "thanks"}

# With what a new form begins, in both languages.
STANDARD_TEXTS = {
    "heading_en": "Send us a request",
    "heading_ru": "Оставьте заявку",
    "button_en": "Send",
    "button_ru": "Отправить",
    "consent_en": "I agree to the processing of my personal data so that I can be answered.",
    "consent_ru": "Я согласен на обработку моих персональных данных, чтобы мне ответили.",
    "thanks_en": "Thank you. We have received your request and will be in touch soon.",
    "thanks_ru": "Спасибо. Мы получили вашу заявку и скоро свяжемся с вами.",
}


class OwnForm(Noun, Editable, PutAway, Batched, Model):
    """`address` is its part of /f/…: not to be guessed, and no secret either. `questions` in the
    order in which they are asked; `last_key` numbers the newest of its own questions.
    `consent_version` rises with each change of the consent's words. `sites` are the origins whose
    pages may frame it, one a line; `thanks_url` is where the visitor goes instead of thanks.
    """

    __tablename__ = "own_form"
    __table_args__ = (TABLE_OPTIONS,)

    title: Mapped[str] = mapped_column(String(100))
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), unique=True)
    address: Mapped[str] = mapped_column(String(32), unique=True, default=new_address)
    is_on: Mapped[bool] = mapped_column(Boolean, default=True)
    questions: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    last_key: Mapped[int] = mapped_column(Integer, default=0)
    heading_en: Mapped[str] = mapped_column(String(200), default="")
    heading_ru: Mapped[str] = mapped_column(String(200), default="")
    button_en: Mapped[str] = mapped_column(String(60), default="")
    button_ru: Mapped[str] = mapped_column(String(60), default="")
    consent_en: Mapped[str] = mapped_column(Text, default="")
    consent_ru: Mapped[str] = mapped_column(Text, default="")
    consent_version: Mapped[int] = mapped_column(Integer, default=1)
    thanks_en: Mapped[str] = mapped_column(Text, default="")
    thanks_ru: Mapped[str] = mapped_column(Text, default="")
    thanks_url: Mapped[str] = mapped_column(String(500), default="")
    sites: Mapped[str] = mapped_column(Text, default="")

    source: Mapped[Source] = relationship(back_populates="own_form")

    EDITABLE = (
        "title", "is_on", "heading_en", "heading_ru", "button_en", "button_ru", "consent_en",
        "consent_ru", "thanks_en", "thanks_ru", "thanks_url", "sites",
    )  # fmt: skip

    def __init__(self, **values: Any) -> None:
        """With the questions that most forms ask, and a source of its own."""
        values.setdefault("questions", [one.stored() for one in STANDARD])
        values.setdefault("source", Source(format=SourceFormat.OWN_FORM.value))
        super().__init__(**values)

    # -- verbs -----------------------------------------------------------------------------------

    def change(self, **values: Any) -> None:
        """`campaign` is the source's default one. Raises Invalid."""
        gives_campaign, campaign = "campaign" in values, values.pop("campaign", None)
        if "title" in values:
            values["title"] = checked_text("title", values["title"], limit=100)
            required("title", values["title"])
        for name, limit in TEXTS.items():
            for field in (f"{name}_en", f"{name}_ru"):
                if field in values:
                    lines = name in SEVERAL_LINES
                    values[field] = checked_text(field, values[field], limit=limit, multiline=lines)
        self._check_consent(values)
        if "thanks_url" in values:
            values["thanks_url"] = checked_address("thanks_url", values["thanks_url"] or "")
        if "sites" in values:
            values["sites"] = checked_sites("sites", values["sites"] or "")
        renamed = values.get("title", self.title) != self.title
        self.assign(values)
        if renamed:
            self._name_source()
        if gives_campaign:
            self.source.change(default_campaign=campaign)

    def _check_consent(self, values: dict[str, Any]) -> None:
        now = {field: values.get(field, getattr(self, field)) for field in CONSENTS}
        if not any(now.values()):
            raise Invalid.of("consent_en", N_("Write what the visitor agrees to."))
        if self.id is not None and any(now[field] != getattr(self, field) for field in CONSENTS):
            self.consent_version += 1

    def _name_source(self) -> None:
        """The source is called as its form, so that the inbox speaks of what people know."""
        try:
            self.source.change(name=self.title)
        except Invalid as refused:
            raise Invalid({"title": refused.faults["name"]}) from None

    def ask(self, questions: list[Question]) -> None:
        """From the next visitor on. Raises Invalid: `question-3` names the fourth."""
        kept, self.last_key = checked_questions(questions, self.last_key)
        self.questions = [one.stored() for one in kept]

    def switch(self, is_on: bool) -> None:
        self.is_on = is_on

    def change_address(self) -> None:
        """The link and all that was built on it lead nowhere from the next request on."""
        self.address = new_address()

    def put_away(self, reason: str) -> None:
        """Its page is shut, and its source put away with it; what came stays."""
        if not self.source.is_put_away:
            self.source.put_away(reason)
        self._mark_put_away(reason)

    def bring_back(self) -> None:
        """It is switched off, so that nobody is surprised by requests."""
        if self.source.is_put_away:
            self.source.bring_back()
        self.is_on = False
        self._mark_brought_back()

    # -- questions -------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether it takes requests."""
        return self.is_on and not self.is_put_away and not self.source.is_put_away

    @property
    def asked(self) -> list[Question]:
        return [Question.of(one) for one in self.questions]

    @property
    def campaign(self) -> Campaign | None:
        return self.source.default_campaign

    @property
    def origins(self) -> list[str]:
        return self.sites.split()

    @property
    def thanks_origin(self) -> str:
        return origin_of("thanks_url", self.thanks_url) if self.thanks_url else ""

    def text(self, name: str, language: str) -> str:
        """heading, button, consent or thanks; the other language's where one is empty."""
        return in_language(getattr(self, f"{name}_en"), getattr(self, f"{name}_ru"), language)

    def __repr__(self) -> str:
        return self.title


CONSENTS = ("consent_en", "consent_ru")


class OwnFormDay(Model):
    """How often a form was shown and sent back for correction on a company day. What came of those
    that were taken stands in the submissions.
    """

    __tablename__ = "own_form_day"
    __table_args__ = ()

    form_id: Mapped[int] = mapped_column(
        ForeignKey("own_form.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    views: Mapped[int] = mapped_column(Integer, default=0)
    returned: Mapped[int] = mapped_column(Integer, default=0)

    @classmethod
    def counting(
        cls, dialect: str, form_id: int, day: date, *, views: int = 0, returned: int = 0
    ) -> Executable:
        """Adds to the day's numbers as one statement, so that no two visitors count as one."""
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        made = insert(cls).values(form_id=form_id, day=day, views=views, returned=returned)
        added: Executable = made.on_conflict_do_update(
            index_elements=["form_id", "day"],
            set_={
                "views": cls.views + made.excluded.views,
                "returned": cls.returned + made.excluded.returned,
            },
        )
        return added
