"""Pictures of a PDF's pages: the right ones, of a bounded size, and none of what is no PDF."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from pypdf import PdfWriter

from app.documents import pages
from app.models.pictures import png_size


def pdf(*sizes: tuple[float, float]) -> bytes:
    """Blank pages of these sizes."""
    writer, kept = PdfWriter(), BytesIO()
    for width, height in sizes:
        writer.add_blank_page(width, height)
    writer.write(kept)
    return kept.getvalue()


A4 = (595, 842)


def test_a_page_becomes_a_png_of_the_panes_width() -> None:
    content = pdf(A4, A4)
    assert pages.page_count(content) == 2
    size = png_size(pages.page_picture(content, 2))
    assert size is not None
    assert abs(size[0] - pages.WIDTH) <= 1
    assert 1270 <= size[1] <= 1276


@pytest.mark.parametrize("size", [(10, 20000), (20000, 10), (14000, 14000), (1, 1)])
def test_no_page_is_drawn_larger_than_the_bounds(size: tuple[float, float]) -> None:
    drawn = png_size(pages.page_picture(pdf(size), 1))
    assert drawn is not None
    assert drawn[0] <= pages.WIDTH + 1
    assert drawn[1] <= pages.TALLEST + 1


@pytest.mark.parametrize("number", [0, -1, 3, 10**9])
def test_a_page_that_is_not_there_is_refused(number: int) -> None:
    with pytest.raises(pages.NoSuchPage):
        pages.page_picture(pdf(A4, A4), number)


@pytest.mark.parametrize("content", [b"", b"junk", b"%PDF-1.4\n", pdf(A4)[:200]])
def test_what_is_no_pdf_has_no_pages(content: bytes) -> None:
    assert pages.page_count(content) == 0
    with pytest.raises(pages.NoSuchPage):
        pages.page_picture(content, 1)


def test_a_long_document_shows_its_first_pages_only() -> None:
    content = pdf(*[(100, 100)] * (pages.MOST_PAGES + 5))
    assert pages.page_count(content) == pages.MOST_PAGES
    with pytest.raises(pages.NoSuchPage):
        pages.page_picture(content, pages.MOST_PAGES + 1)


def test_many_may_ask_at_once() -> None:
    content = pdf(A4, A4, A4)
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda n: pages.page_picture(content, n % 3 + 1), range(24)))
    assert len({bytes(one) for one in drawn}) == 1
