"""One server with demo data, one Chromium, and a window of their own for everybody of a test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, expect, sync_playwright

from tests.browser.chromium import ARGUMENTS, PATIENCE, PROGRAM, WINDOW, Walker
from tests.served import Server, served


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Its demo data speaks Russian: what is English on a Russian page is then a fault."""
    with served(tmp_path_factory.mktemp("product"), COMPANY_LANGUAGE="ru") as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of the pages go: CRM_SHOTS keeps them."""
    kept = os.environ.get("CRM_SHOTS")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def walker(browser: Browser, server: Server, shots: Path) -> Iterator[Callable[..., Walker]]:
    """`walker("manager")` is logged in; no page that anybody has opened may be faulty."""
    there: list[Walker] = []

    def enter(
        name: str | None = None,
        password: str | None = None,
        locale: str = "en-GB",
        window: ViewportSize = WINDOW,
        scripts: bool = True,
    ) -> Walker:
        somebody = Walker(browser, server, shots, locale, window, scripts)
        there.append(somebody)
        if name is not None:
            somebody.log_in(name, password or server.passwords[name])
        return somebody

    yield enter
    for one in there:
        one.page.context.close()
    for one in there:
        one.look_back()
