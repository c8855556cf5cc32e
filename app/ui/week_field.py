"""A week of hours in a form: from and until for each day, both empty where one does not work."""

from __future__ import annotations

from typing import Any, Literal

from babel.dates import get_day_names
from flask_babel import gettext
from markupsafe import Markup
from wtforms import Field

from app.models.worktime import DAYS, week_of
from app.ui.formatters import locale


def day_names(width: Literal["wide", "abbreviated"] = "wide") -> list[str]:
    """Monday to Sunday in the reader's language."""
    names = get_day_names(width, context="stand-alone", locale=locale())
    return [names[number][:1].upper() + names[number][1:] for number in range(DAYS)]


def week_in_words(text: str) -> str:
    """`Mon–Fri 09:00–18:00, Sat 10:00–14:00`: neighbours with equal hours stand together."""
    names, parts = day_names("abbreviated"), text.split(";")
    told: list[str] = []
    start = 0
    while start < DAYS and start < len(parts):
        end = start
        while end + 1 < min(DAYS, len(parts)) and parts[end + 1] == parts[start]:
            end += 1
        if parts[start]:
            days = names[start] if end == start else f"{names[start]}–{names[end]}"
            told.append(f"{days} {parts[start].replace('-', '–')}")
        start = end + 1
    return ", ".join(told)


class WeekWidget:
    def __call__(self, field: Any, **_attributes: Any) -> Markup:
        rows = []
        for number, (name, hours) in enumerate(zip(day_names(), field.shown(), strict=True)):
            inputs = [
                Markup('<input type="time" class="form-control" name="{}" id="{}" value="{}"'
                       ' aria-label="{}, {}">').format(
                    field.name, field.id if (number, place) == (0, 0) else
                    f"{field.id}-{number}-{place}", hours[place], name, word,
                )
                for place, word in enumerate((gettext("from"), gettext("until")))
            ]  # fmt: skip
            rows.append(
                Markup('<div class="week-day"><span>{}</span>{}–{}</div>').format(name, *inputs)
            )
        return Markup('<div class="week">{}</div>').format(Markup("").join(rows))


class WeekField(Field):
    """`data` is a week's text (worktime.py). The inputs share the field's name, in the order of the
    days.
    """

    widget = WeekWidget()

    def process_formdata(self, valuelist: list[str]) -> None:
        if len(valuelist) == 1:
            self.data = valuelist[0]
        elif valuelist:
            pairs = zip(valuelist[::2], valuelist[1::2], strict=False)
            self.data = ";".join(
                f"{start}-{end}" if start or end else "" for start, end in list(pairs)[:DAYS]
            )

    def shown(self) -> list[tuple[str, str]]:
        """From and until of each day, as the inputs take them."""
        parts = ((self.data or "").split(";") + [""] * DAYS)[:DAYS]
        found = []
        for part, hours in zip(parts, week_of(self.data or "").hours, strict=True):
            start, _dash, end = part.partition("-")
            found.append((f"{hours[0]:%H:%M}", f"{hours[1]:%H:%M}") if hours else (start, end))
        return found


__all__ = ["WeekField", "day_names", "week_in_words"]
