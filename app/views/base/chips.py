"""The filters of a list as chips: each tells what it is set to, opens below itself, goes by ×."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask import request
from flask_babel import gettext

from app.models import clock
from app.ui.formatters import day
from app.ui.labels import field_label
from app.ui.pickers import PickerField
from app.views.base.searching import ME, NAME, equal_index, few_values, narrowed
from app.views.base.widgets import address_with

MOST_SHOWN = 5  # chips on the line; the others open behind "More filters"
MOST_WORDS = 2  # values that a chip names; more are counted


@dataclass
class Chip:
    """`kind`: choices (any of them), one (yes or no), row, days, amounts, text or set (an address
    asks for what no field of the page says). `narrowing` is (name, its choices).
    """

    column: str
    label: str
    kind: str
    name: str = ""
    names: list[str] = field(default_factory=list)
    options: list[tuple[str, str, bool]] = field(default_factory=list)
    fields: list[Any] = field(default_factory=list)
    quick: list[tuple[str, str, bool]] = field(default_factory=list)
    narrowing: tuple[str, list[tuple[str, str, bool]]] | None = None
    value: str = ""
    is_faulty: bool = False

    @property
    def clear(self) -> str:
        """The address without this filter."""
        return address_without_page(**dict.fromkeys(self._arguments))

    @property
    def sent(self) -> list[str]:
        """The arguments that the chip's own fields send."""
        return [] if self.kind == "set" else self._arguments

    @property
    def _arguments(self) -> list[str]:
        return [f"{name}{end}" for name in self.names for end in ("", "-text", "-was")]


def address_without_page(**changes: Any) -> str:
    pages = {name: None for name in request.args if name.startswith("page_")}
    return address_with(**(pages | changes))


def chips_of(view: Any, form: Any) -> list[Chip]:
    """In the order of the screen's search columns; then what the address asks for besides."""
    made = [_chip(view, form, column) for column in view.search_columns]
    chips = [chip for chip in made if chip is not None]
    columns = {chip.column for chip in chips}
    for name, narrowing in view.narrowings.items():
        if narrowing.column not in columns:
            chips.append(_narrowing_chip(view, name))
    return [*chips, *_others(view, chips)]


def _chip(view: Any, form: Any, column: str) -> Chip | None:
    label = str(view.label_columns.get(column) or field_label(column))
    known = few_values(view.datamodel, view, column)
    if known is not None:
        return _choices(view, column, label, known)
    own = [one for key, one in form._fields.items() if key.partition("_")[2] == column]
    if not own or not getattr(own[0], "is_open", True):
        return None
    chip = Chip(column, label, "text", names=[one.name for one in own], fields=own)
    chip.is_faulty = any(one.process_errors for one in own)
    if isinstance(own[0], PickerField):
        chip.kind, chip.value = "row", own[0].chosen_label
        if own[0].noun == "ab_user":
            is_me = own[0].chosen_id == ME
            name = own[0].name
            address = address_without_page(**{name: ME, f"{name}-text": None, f"{name}-was": None})
            chip.quick = [(address, gettext("Me"), is_me)]
            chip.value = gettext("me") if is_me else chip.value
    elif view.datamodel.is_datetime(column) or view.datamodel.is_date(column):
        chip.kind, chip.value = "days", _range(*(day(one.data) for one in own))
        chip.quick = _periods(own[0].name, own[1].name)
    elif len(own) == 2:
        chip.kind = "amounts"
        chip.value = _range(*(str(request.args.get(one.name, "")).strip() for one in own))
    else:
        chip.value = str(request.args.get(own[0].name, "")).strip()
    _stand_beside(view, chip)
    return chip


def _choices(view: Any, column: str, label: str, known: dict[str, Any]) -> Chip:
    name = f"_flt_{equal_index(view, column)}_{column}"
    asked = set(request.args.getlist(name))
    options = [(value, str(word), value in asked) for value, word in known.items()]
    words = [word for _value, word, chosen in options if chosen]
    shown = ", ".join(words[:MOST_WORDS])
    if len(words) > MOST_WORDS:
        shown = f"{shown} +{len(words) - MOST_WORDS}"
    is_flag = view.datamodel.is_boolean(column)
    chip = Chip(column, label, "one" if is_flag else "choices", name=name, names=[name],
                options=options, value=shown)  # fmt: skip
    _stand_beside(view, chip)
    return chip


def _stand_beside(view: Any, chip: Chip) -> None:
    """A narrowing that belongs to this filter's column opens in the same chip."""
    for name, narrowing in view.narrowings.items():
        if narrowing.column == chip.column:
            chip.narrowing = (name, _options(name, narrowing))
            chip.names.append(name)
            if name in narrowed(view):
                word = str(narrowed(view)[name][0])
                chip.value = f"{word}, {chip.value}" if chip.value else word


def _narrowing_chip(view: Any, name: str) -> Chip:
    narrowing = view.narrowings[name]
    chosen = narrowed(view).get(name)
    return Chip(name, str(narrowing.label), "one", name=name, names=[name],
                options=_options(name, narrowing),
                value=str(chosen[0]) if chosen else "")  # fmt: skip


def _options(name: str, narrowing: Any) -> list[tuple[str, str, bool]]:
    asked = request.args.get(name, "")
    return [(value, str(word), value == asked) for value, (word, _) in narrowing.choices.items()]


def _others(view: Any, chips: list[Chip]) -> list[Chip]:
    """Filters that links from elsewhere have set: told, and taken away by ×."""
    told = {name for chip in chips for name in chip.names}
    found = []
    for key in dict.fromkeys(request.args):
        match = NAME.fullmatch(key)
        if match is None or key in told or not request.args.get(key, "").strip():
            continue
        possible = view._possible_filters.possible(match[2], int(match[1]))
        if possible is None:
            continue
        label = str(view.label_columns.get(match[2]) or field_label(match[2]))
        known = few_values(view.datamodel, view, match[2]) or {}
        words = [str(known.get(one, one)) for one in request.args.getlist(key)]
        if view.datamodel.is_relation(match[2]):
            words = [f"№ {one}" for one in request.args.getlist(key)]
        found.append(Chip(match[2], label, "set", names=[key],
                          value=f"{possible.name} {', '.join(words)}"))  # fmt: skip
    return found


def _range(since: str, until: str) -> str:
    if since and until:
        return since if since == until else f"{since} – {until}"
    if since:
        return gettext("from %(day)s", day=since)
    return gettext("to %(day)s", day=until) if until else ""


def _periods(since: str, until: str) -> list[tuple[str, str, bool]]:
    """Links to the periods that people ask for: (address, words, whether it is chosen)."""
    today = clock.today()
    first = today.replace(day=1)
    last_of_before = first - timedelta(days=1)
    listed: list[tuple[str, date, date]] = [
        (gettext("Today"), today, today),
        (gettext("Yesterday"), today - timedelta(days=1), today - timedelta(days=1)),
        (gettext("Last 7 days"), today - timedelta(days=6), today),
        (gettext("This month"), first, today),
        (gettext("Last month"), last_of_before.replace(day=1), last_of_before),
    ]
    asked = (request.args.get(since), request.args.get(until))
    return [
        (
            address_without_page(**{since: begin.isoformat(), until: end.isoformat()}),
            words,
            asked == (begin.isoformat(), end.isoformat()),
        )
        for words, begin, end in listed
    ]
