"""Terms of contracts that do not exist: plain functions, changed by what a test cares about."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

Terms = dict[str, Any]

HOSTILE = '<meta name="pdfkit-allow" content="/"><iframe src="file:///etc/passwd">'


def picture(width: int = 300, height: int = 80) -> bytes:
    """A PNG of one blue."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    rows = (b"\0" + bytes((30, 90, 160)) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def russian_company(**changes: Any) -> Terms:
    return {
        "name": "Ромашка",
        "legal_name": "Общество с ограниченной ответственностью «Ромашка»",
        "tax_id": "7707083893",
        "tax_registration": "770701001",
        "address": "125009, Москва, ул. Тверская, д. 7, офис 12",
        "bank_details": "р/с 40702810900000000001 в ПАО «Банк»\nБИК 044525225",
        "phone": "+7 495 123-45-67",
        "email": "info@romashka.example",
        "signatory_name": "Алёшина Фёкла Семёновна",
        "signatory_position": "Генеральный директор",
        "signatory_basis": "Устав",
        "logo": None,
        "logo_type": None,
        **changes,
    }


def english_company(**changes: Any) -> Terms:
    return russian_company(
        **{
            "name": "Daisy",
            "legal_name": "Daisy Advertising Ltd",
            "tax_id": "GB123456789",
            "tax_registration": None,
            "address": "12 High Street, London W1",
            "bank_details": "IBAN GB29 NWBK 6016 1331 9268 19",
            "signatory_name": "Zoë Ångström",
            "signatory_position": "Managing Director",
            "signatory_basis": "the articles of association",
            "logo": base64.b64encode(picture()).decode("ascii"),
            "logo_type": "image/png",
            **changes,
        }
    )


def person(**changes: Any) -> Terms:
    return {
        "kind": "person",
        "name": "Ёлкин Пётр Артёмович",
        "legal_name": "",
        "tax_id": "",
        "branch_code": None,
        "address": "Казань, ул. Баумана, д. 1",
        "bank_details": None,
        "phone": "+7 992 328-83-41",
        "email": "petr@example.com",
        "signatory_name": None,
        "signatory_position": None,
        "signatory_basis": None,
        **changes,
    }


def organisation(**changes: Any) -> Terms:
    return person(
        **{
            "kind": "organisation",
            "name": "Вектор",
            "legal_name": "Акционерное общество «Вектор»",
            "tax_id": "1655000000",
            "branch_code": "165501001",
            "bank_details": "р/с 40702810000000000002\nБИК 049205603",
            "signatory_name": "Семёнов Игорь Львович",
            "signatory_position": "Директор по развитию",
            "signatory_basis": "доверенность № 5 от 01.02.2026",
            **changes,
        }
    )


def terms(language: str = "ru", **changes: Any) -> Terms:
    russian = language == "ru"
    title = "Настройка рекламы" if russian else "Search advertising setup"
    steps = "Аудит кабинетов.\nОтчёт." if russian else "Audit of the ad accounts.\nReport."
    return {
        "template": "contract",
        "template_version": 1,
        "language": language,
        "number": 12,
        "signed_on": "2026-11-05",
        "starts_on": "2026-11-10",
        "ends_on": "2026-12-31",
        "amount": "1234567.50",
        "currency": "RUB",
        "service": {"title": title, "description": steps},
        "version": 1,
        "amendment_reason": None,
        "company": russian_company() if russian else english_company(),
        "client": person(),
        **changes,
    }


def draft(language: str = "ru", **changes: Any) -> Terms:
    return terms(language, number=None, signed_on=None, **changes)
