"""The company's logo: judged by its header, never unfolded."""

from __future__ import annotations

import struct

import pytest
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import Company


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + b"\x08\x06\0\0\0"


def jpeg(width: int, height: int, marker: int = 0xC2) -> bytes:
    app = b"\xff\xe1" + struct.pack(">H", 2 + 9) + b"\xff\xc0 EXIF.."
    frame = struct.pack(">BBHBHHB", 0xFF, marker, 17, 8, height, width, 3) + bytes(9)
    return b"\xff\xd8" + app + b"\xff" + frame + b"\xff\xda\0\x02"


@pytest.mark.parametrize("picture", [png(4000, 4000), jpeg(4000, 1), jpeg(10, 10, 0xC0)])
def test_a_logo_of_a_moderate_size_is_taken(session: Session, picture: bytes) -> None:
    company = Company.of(session)
    company.use_logo(picture)
    session.flush()
    assert company.logo == picture
    company.use_logo(None)
    assert company.logo_type is None


@pytest.mark.parametrize(
    "picture",
    [
        png(4001, 10),
        png(10, 60_000),
        png(0, 10),
        png(10, 10)[:20],
        jpeg(10, 4001),
        jpeg(65_535, 65_535, 0xC1),
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff",
        b"GIF89a",
        png(10, 10) + bytes(512 * 1024),
    ],
)
def test_a_bomb_or_no_picture_is_refused_at_its_field(session: Session, picture: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        Company.of(session).use_logo(picture)
    assert list(refused.value.faults) == ["logo"]
