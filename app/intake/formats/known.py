"""All formats by the name that a source carries; how the body of any door is read once more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.intake.arrival import Arrival
from app.intake.formats import generic, lead, seed
from app.intake.formats.form import WebForm
from app.intake.formats.format import Format
from app.intake.formats.google import Google
from app.intake.formats.meta import Meta
from app.intake.formats.own_form import OwnForm
from app.intake.formats.tiktok import TikTok
from app.intake.formats.tilda import Tilda
from app.intake.formats.typeform import Typeform
from app.intake.formats.vk import Vk
from app.intake.formats.yandex import Yandex
from app.models.source import SourceFormat

Reader = Callable[[Any, Arrival], None]

FORMATS: dict[str, Format] = {
    str(one.name): one
    for one in (
        generic.Generic(), WebForm(), Tilda(), Google(), Meta(), Vk(), TikTok(), Typeform(),
        Yandex(), OwnForm(), generic.Files(),
    )
}  # fmt: skip

# By `Submission.door`; the doors of a source's own address are named as its format.
READERS: Mapping[str, Reader] = {
    "seed": seed.read,
    "leads": lead.read,
    "batch": lead.read,
    "submissions": generic.read,
    **{name: one.read for name, one in FORMATS.items()},
}


def format_of(name: str) -> Format:
    """A format of a later version reads as the generic one."""
    return FORMATS.get(name) or FORMATS[SourceFormat.GENERIC.value]
