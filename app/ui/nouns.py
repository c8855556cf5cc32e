"""What we say of a noun's rows in general: how many there are, and what a list without any says."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext


def counted(noun: str, count: Any) -> str:
    """`4 leads`, `1,000+ leads`: the number inside the phrase, in the language's own plural."""
    number, shown = int(count), str(count)
    words = {
        "lead": lambda: ngettext("%(count)s lead", "%(count)s leads", number, count=shown),
        "client": lambda: ngettext("%(count)s client", "%(count)s clients", number, count=shown),
        "contract": lambda: ngettext(
            "%(count)s contract", "%(count)s contracts", number, count=shown
        ),
        "campaign": lambda: ngettext(
            "%(count)s campaign", "%(count)s campaigns", number, count=shown
        ),
        "service": lambda: ngettext("%(count)s service", "%(count)s services", number, count=shown),
        "submission": lambda: ngettext(
            "%(count)s submission", "%(count)s submissions", number, count=shown
        ),
        "document": lambda: ngettext(
            "%(count)s document", "%(count)s documents", number, count=shown
        ),
        "own_form": lambda: ngettext("%(count)s form", "%(count)s forms", number, count=shown),
        "source": lambda: ngettext("%(count)s source", "%(count)s sources", number, count=shown),
    }.get(noun, lambda: ngettext("%(count)s record", "%(count)s records", number, count=shown))
    return str(words())


# (title, how the first one comes)
NOTHING: dict[str, tuple[Any, Any]] = {
    "lead": (
        _l("No leads yet"),
        _l("Whoever asks appears here: from a form on your site, or written down by hand."),
    ),
    "client": (
        _l("No clients yet"),
        _l("A lead becomes a client when a manager converts it."),
    ),
    "contract": (
        _l("No contracts yet"),
        _l("A contract is drawn up for a client, then signed; each version gets its PDF."),
    ),
    "campaign": (
        _l("No campaigns yet"),
        _l("A campaign brings leads for one service; what it costs and earns is counted."),
    ),
    "service": (_l("No services yet"), _l("What you sell: a title and a price.")),
    "channel": (_l("No channels yet"), _l("Where campaigns run, such as search ads.")),
    "source": (
        _l("No sources yet"),
        _l("A source is a form or a platform that sends leads, with a token of its own."),
    ),
    "own_form": (
        _l("No forms yet"),
        _l("A form of your own: send its link, or put it into your site."),
    ),
    "spend": (_l("No spend yet"), _l("What a campaign cost on a day, so that its ROI is known.")),
    "submission": (
        _l("Nothing has arrived yet"),
        _l("Everything that sources send is listed here, what was refused too."),
    ),
    "webhook": (
        _l("No webhooks yet"),
        _l(
            "A webhook tells another program at once what happened here, such as a signed contract."
        ),
    ),
    "document": (_l("No documents yet"), _l("Signing a contract orders its first PDF.")),
}


def nothing_yet(noun: str) -> tuple[str, str]:
    title, text = NOTHING.get(noun, (_l("Nothing here yet"), ""))
    return str(title), str(text)
