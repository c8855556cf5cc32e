"""The sentence of an error in the reader's language, and where its link leads."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from app.errors import CrmError
from app.ui.formatters import text_of


def message_of(error: CrmError) -> str:
    """Translated and filled; a list among the parameters is a list of words to translate."""
    params = {name: _shown(value) for name, value in error.params.items()}
    message = gettext(error.message)
    return message % params if params else message


def _shown(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return ", ".join(gettext(str(word)) for word in value)
    return value if isinstance(value, (int, str)) else text_of(value)
