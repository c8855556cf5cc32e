"""Pages go compressed to our own asking, and never when another site asks (BREACH)."""

from __future__ import annotations

import gzip
from http import HTTPStatus

import pytest

from tests.site import visitor

PAGE = "/login/"
TLS = "https://localhost"


@pytest.fixture
def browser(sqlite_app):
    """Answers that no database is asked for are the same on both."""
    return visitor(sqlite_app)


def encoding(browser, base=None, path=PAGE, **headers):
    asked = {"Accept-Encoding": "gzip, br"} | {k.replace("_", "-"): v for k, v in headers.items()}
    answer = browser.get(path, headers=asked, base_url=base or "http://localhost")
    return answer.headers.get("Content-Encoding"), answer


@pytest.mark.parametrize("site", ["same-origin", "none"])
@pytest.mark.parametrize("base", ["http://localhost", TLS])
def test_a_page_is_compressed_for_our_own_asking(browser, site, base):
    how, answer = encoding(browser, base, Sec_Fetch_Site=site)
    assert how == "gzip"
    assert b"</html>" in gzip.decompress(answer.data)
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert int(answer.headers["Content-Length"]) == len(answer.data)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "Same-Origin"])
@pytest.mark.parametrize("base", ["http://localhost", TLS])
def test_another_sites_asking_gets_the_page_as_it_is(browser, site, base):
    assert encoding(browser, base, Sec_Fetch_Site=site)[0] is None


def test_a_browser_that_does_not_say_who_asks_gets_it_compressed_without_tls_alone(browser):
    assert encoding(browser)[0] == "gzip"
    assert encoding(browser, TLS)[0] is None


def test_who_does_not_take_it_does_not_get_it(browser):
    for taken in ("", "identity", "br", "gzip;q=0"):
        assert encoding(browser, Accept_Encoding=taken)[0] is None


def test_error_pages_are_compressed_and_short_answers_are_not(browser):
    how, answer = encoding(browser, path="/nowhere")
    assert (how, answer.status_code) == ("gzip", HTTPStatus.NOT_FOUND)
    assert encoding(browser, path="/health/live")[0] is None
    assert encoding(browser, path="/")[1].status_code == HTTPStatus.FOUND


def test_the_same_page_has_many_lengths(browser):
    assert len({len(encoding(browser)[1].data) for _ in range(12)}) > 4
