"""What every screen shares: fields, widgets, formatters, labels, pickers and the story of notes."""

from __future__ import annotations

from flask import Flask

from app.ui import access, formatters, frame, labels, notes, nouns, pickers, pills, preferences

__all__ = ["init"]


def init(app: Flask) -> None:
    """Makes the formatters known to every template, those of FAB's widgets included."""
    env = app.jinja_env
    env.filters.update(
        money=formatters.money,
        money_short=formatters.money_short,
        day=formatters.day,
        moment=formatters.moment,
        ago=formatters.ago,
        phone=formatters.phone,
        percent=formatters.percent,
        label_of=formatters.label_of,
        shown=formatters.shown,
    )
    env.globals.update(
        my_settings=preferences.my_settings,
        status_pill=pills.status_pill,
        counted=nouns.counted,
        nothing_yet=nouns.nothing_yet,
        may=access.may,
        status_label=labels.label,
        field_label=labels.field_label,
        story=notes.story,
    )
    frame.init(app)
    pickers.register(app, pickers.UserPicker())
