"""Takes the pictures of docs/ui: ten main pages, light, dark, and light on a phone.

    python -m bench.screens [--language ru] [--folder docs/ui]

It serves fresh demo data of its own, so the pictures hold nobody's people.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests.browser.chromium import ARGUMENTS, PROGRAM, Walker
from tests.served import ROOT, served

DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}

LOCALES = {"en": "en-GB", "ru": "ru-RU"}
LOOKS: tuple[tuple[str, ViewportSize, Literal["light", "dark"]], ...] = (
    ("light", DESK, "light"),
    ("dark", DESK, "dark"),
    ("phone", PHONE, "light"),
)
# Name of the picture: who looks, the address, and the link there to follow (CSS), if any.
PAGES: dict[str, tuple[str, str, str | None]] = {
    "queue": ("operator", "/", None),
    "leads": ("operator", "/leadview/list/", None),
    "board": ("operator", "/leads/board/", None),
    "lead": ("operator", "/", "tbody tr:nth-child(2) a[href*='/leadview/show/']"),
    "home": ("manager", "/", None),
    "convert": ("manager", "/leadview/list/?_flt_0_status=qualified", "a[href*='/leadview/show/']"),
    "client": (
        "manager",
        "/clientview/list/?_flt_0_kind=organisation",
        "a[href*='/clientview/show/']",
    ),
    "contract": (
        "manager",
        "/contractview/list/?_flt_0_status=signed",
        "a[href*='/contractview/show/']",
    ),
    "campaign": ("marketer", "/campaignview/list/", "a[href*='/campaignview/show/']"),
    "statistics": ("marketer", "/statistics/?period=all", None),
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--language", default="en", choices=LOCALES)
    options.add_argument("--folder", type=Path, default=ROOT / "docs" / "ui")
    chosen = options.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder), COMPANY_LANGUAGE=chosen.language) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        for look, window, scheme in LOOKS:
            for user in dict.fromkeys(user for user, *_ in PAGES.values()):
                walker = Walker(browser, server, chosen.folder, LOCALES[chosen.language], window)
                page = walker.log_in(user, server.passwords[user]).page
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                for name, (whose, address, link) in PAGES.items():
                    if whose == user:
                        _open(page, name, address, link)
                        path = chosen.folder / f"{name}-{look}.png"
                        page.screenshot(path=path)
                        print(f"{path.name:24} {path.stat().st_size / 1024:6.0f} KB")
                page.context.close()
        browser.close()


def _open(page: Page, name: str, address: str, link: str | None) -> None:
    page.goto(address)
    if link is not None:
        to = page.locator(link).first.get_attribute("href")
        assert to is not None, f"{address} has no {link}"
        if name == "convert":
            to = re.sub(r".*/show/(\d+).*", r"/leadview/\1/convert", to)
        page.goto(to)
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main()
