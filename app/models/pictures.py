"""The size of a picture by its header alone, so that nothing has to be unfolded to judge it."""

from __future__ import annotations

_HEADER = 24  # signature, length and name of IHDR, width, height
# Start of frame in all its kinds; C4, C8 and CC are tables.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length


def png_size(content: bytes) -> tuple[int, int] | None:
    """(width, height) in points; None when it is no PNG."""
    if len(content) < _HEADER or content[12:16] != b"IHDR":
        return None
    size = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    return size if min(size) > 0 else None


def jpeg_size(content: bytes) -> tuple[int, int] | None:
    """(width, height) in points of the largest frame; None when it is no JPEG."""
    sizes: list[tuple[int, int]] = []
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        kind = content[at + 1]
        if kind == 0xFF:
            at += 1  # filling
            continue
        if kind in _ALONE:
            at += 2
            continue
        if kind in _FRAMES and at + 9 <= len(content):
            height, width = content[at + 5 : at + 7], content[at + 7 : at + 9]
            sizes.append((int.from_bytes(width), int.from_bytes(height)))
        if kind == 0xDA:  # the picture itself begins
            break
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    size = max(sizes, key=max, default=(0, 0))
    return size if min(size) > 0 else None
