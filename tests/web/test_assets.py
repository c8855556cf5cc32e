"""Static files: addresses by content, kept for a year, compressed once; nothing else is served."""

from __future__ import annotations

import gzip
import re
from http import HTTPStatus
from pathlib import Path

import pytest
from flask import url_for

from tests.site import logged_in, visitor

ZIP = {"Accept-Encoding": "gzip, deflate, br"}
SHEET = "vendor/tabler.css"


@pytest.fixture
def browser(sqlite_app):
    """Answers that no database is asked for are the same on both."""
    return visitor(sqlite_app)


def address(app, filename: str) -> str:
    with app.test_request_context():
        return url_for("static", filename=filename)


def test_an_address_with_the_digest_of_its_content_is_kept_for_a_year(sqlite_app):
    browser = logged_in(sqlite_app, "manager")
    where = address(sqlite_app, SHEET)
    assert re.fullmatch(r"/static/vendor/tabler\.css\?v=[0-9a-f]{12}", where)
    answer = browser.get(where)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("query", ["", "?v=", "?v=000000000000"])
def test_without_the_right_digest_the_browser_asks_again_and_gets_a_304(browser, query):
    answer = browser.get(f"/static/{SHEET}{query}")
    assert answer.headers["Cache-Control"] == "public, no-cache"
    again = browser.get(
        f"/static/{SHEET}{query}", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (HTTPStatus.NOT_MODIFIED, b"")


def test_another_content_has_another_address(sqlite_app, tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_app, "static_folder", str(tmp_path))
    file = tmp_path / "a.css"
    file.write_text("a{}")
    before = address(sqlite_app, "a.css")
    file.write_text("b{ }")
    assert address(sqlite_app, "a.css") != before
    assert address(sqlite_app, "missing.css") == "/static/missing.css"


@pytest.mark.parametrize("file", [SHEET, "vendor/htmx.min.js", "vendor/icons.svg"])
def test_texts_are_compressed_for_whoever_takes_it(sqlite_app, browser, file):
    content = Path(sqlite_app.static_folder, file).read_bytes()
    plain, small = browser.get(f"/static/{file}"), browser.get(f"/static/{file}", headers=ZIP)
    assert plain.data == content
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == content
    assert len(small.data) < len(content) / 3
    assert small.headers["ETag"] != plain.headers["ETag"]
    for answer in (plain, small):
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert "charset" in answer.content_type or "svg" in answer.content_type


def test_a_file_is_compressed_once(browser, monkeypatch):
    browser.get(f"/static/{SHEET}", headers=ZIP)

    def never(*_arguments, **_named):
        raise AssertionError("compressed again")

    monkeypatch.setattr("app.web.assets.gzip.compress", never)
    assert browser.get(f"/static/{SHEET}", headers=ZIP).headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("path", ["../__init__.py", "%2e%2e/i18n.py", "css", "no.css", "a%00.css"])
def test_nothing_else_is_served(browser, path):
    assert browser.get(f"/static/{path}").status_code == HTTPStatus.NOT_FOUND


def test_every_address_on_a_page_carries_its_digest(browser):
    page = browser.get("/login/").text
    ours = re.findall(r'(?:href|src)="(/static/(?!appbuilder)[^"#]+)', page)
    assert ours
    assert [one for one in ours if "?v=" not in one] == []
