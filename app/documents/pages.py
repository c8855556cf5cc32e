"""Pictures of a PDF's pages, so that a contract is read on its page without a download.

pdfium may be asked by one thread at a time: everything that touches it holds the lock. A page of
ours takes some 30 ms, and browsers ask for the pages that are in sight only.
"""

from __future__ import annotations

import struct
import threading
import zlib
from collections import OrderedDict

import pypdfium2

WIDTH = 900  # points; the pane is half as wide, so that letters stay sharp on dense screens
TALLEST = 3 * WIDTH
MOST_PAGES = 20
COUNTS_KEPT = 2000
FAST = 4  # zlib's level: a tenth larger than the best and three times as quick

_pdfium = threading.Lock()
_counts: OrderedDict[str, int] = OrderedDict()


class NoSuchPage(Exception):
    """The document has no page of this number, or cannot be read as a PDF."""


def page_count(content: bytes) -> int:
    """How many pages can be shown, at most MOST_PAGES; 0 for what is no PDF."""
    with _pdfium:
        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError:
            return 0
        try:
            return min(len(document), MOST_PAGES)
        finally:
            document.close()


def known_count(sha256: str) -> int | None:
    """The count of a document that was counted before, so that its bytes need not be read."""
    return _counts.get(sha256)


def count_once(sha256: str, content: bytes) -> int:
    count = page_count(content)
    _counts[sha256] = count
    while len(_counts) > COUNTS_KEPT:
        _counts.popitem(last=False)
    return count


def page_picture(content: bytes, number: int) -> bytes:
    """The page (1 is the first) as a PNG, WIDTH points wide. Raises NoSuchPage."""
    if not 1 <= number <= MOST_PAGES:
        raise NoSuchPage(number)
    with _pdfium:
        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError as error:
            raise NoSuchPage(number) from error
        try:
            if number > len(document):
                raise NoSuchPage(number)
            page = document[number - 1]
            width, height = page.get_size()
            scale = min(WIDTH / max(width, 1), TALLEST / max(height, 1))
            drawn = page.render(scale=scale, rev_byteorder=True)
            size, stride, channels = (drawn.width, drawn.height), drawn.stride, drawn.n_channels
            points = bytes(drawn.buffer)
            drawn.close()
        except pypdfium2.PdfiumError as error:
            raise NoSuchPage(number) from error
        finally:
            document.close()
    return _png(size, stride, channels, points)


def _png(size: tuple[int, int], stride: int, channels: int, points: bytes) -> bytes:
    """RGB rows, each a plain copy (filter 0): pages are flat paper, which zlib packs well."""
    width, height = size
    if channels != 3:
        raise NoSuchPage("the page is not drawn in RGB")
    row = width * channels
    raw = b"".join(b"\0" + points[at * stride : at * stride + row] for at in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", head),
            _chunk(b"IDAT", zlib.compress(raw, FAST)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
