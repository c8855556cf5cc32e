"""The printed page: frozen terms in, HTML out.

Terms hold what strangers typed, so the templates run in a sandbox, everything is escaped, and a
misspelt field is an error. Nothing is fetched: the logo is part of the page.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.documents.formats import date_text, money_text, phone_text, pieces
from app.documents.render import RenderError

FOLDER = Path(__file__).parent.parent / "pdf_templates"

# Every version that was ever printed stays here: an old document can be made again as it was.
TEMPLATES: dict[tuple[str, int], dict[str, str]] = {
    ("contract", 1): {"en": "contract_en.html", "ru": "contract_ru.html"},
}

PARTY = (
    "name", "legal_name", "tax_id", "address", "bank_details", "phone", "email",
    "signatory_name", "signatory_position", "signatory_basis",
)  # fmt: skip
FIELDS = {
    "": ("signed_on", "starts_on", "ends_on", "amount", "currency", "amendment_reason"),
    "service": ("title", "description"),
    "company": (*PARTY, "tax_registration"),
    "client": (*PARTY, "kind", "branch_code"),
}

LOGO_HEADS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


class UnknownTemplate(RenderError):
    """The terms ask for a template, a version or a language that this program does not have."""

    code = "unknown_template"


environment = ImmutableSandboxedEnvironment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
environment.filters["money"] = money_text
environment.filters["day"] = date_text
environment.filters["pieces"] = pieces


def document_mark(number: int | None, version: int) -> str:
    """What the renderer looks for on the last sheet: ASCII without blanks."""
    return f"C{number}-v{version}" if number is not None else f"DRAFT-v{version}"


def file_name(terms: Mapping[str, Any]) -> str:
    """The name under which the PDF is saved. Only our own words and numbers, so it is safe."""
    number, version = terms.get("number"), int(terms.get("version") or 1)
    russian = terms.get("language") == "ru"
    if number is None:
        return "Договор, черновик.pdf" if russian else "Contract draft.pdf"
    if russian:
        return f"Договор № {int(number)}, версия {version}.pdf"
    return f"Contract {int(number)} version {version}.pdf"


def page_html(terms: Mapping[str, Any]) -> str:
    """The page of the terms. What is missing or empty is left out, label and all.

    Raises UnknownTemplate.
    """
    name, version = terms.get("template"), terms.get("template_version")
    language = terms.get("language")
    try:
        file = TEMPLATES[str(name), int(version or 0)][str(language)]
    except KeyError:
        raise UnknownTemplate(f"there is no template {name} {version} in {language}") from None
    return environment.get_template(file).render(_complete(terms))


def _complete(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The terms with each field present, as trimmed text, so that a template can simply ask."""
    number, version = terms.get("number"), int(terms.get("version") or 1)
    page: dict[str, Any] = {
        "number": number,
        "version": version,
        "mark": document_mark(number, version),
        "logo": _logo_source(terms.get("company") or {}),
        **_texts(terms, FIELDS[""]),
    }
    for part in ("service", "company", "client"):
        page[part] = _texts(terms.get(part) or {}, FIELDS[part])
    for party in ("company", "client"):
        page[party]["phone"] = phone_text(page[party]["phone"])
    return page


def _texts(values: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, str]:
    return {f: "" if values.get(f) is None else str(values[f]).strip() for f in fields}


def _logo_source(company: Mapping[str, Any]) -> str:
    """The logo as a data: address; nothing when it is not the picture that it says it is."""
    kind = str(company.get("logo_type") or "")
    try:
        content = base64.b64decode(str(company.get("logo") or ""), validate=True)
    except (binascii.Error, ValueError):
        return ""
    if kind not in LOGO_HEADS or not content.startswith(LOGO_HEADS[kind]):
        return ""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
