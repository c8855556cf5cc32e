"""The board as people use it: a card moves by mouse, by its menu, by keys and by a finger; what is
refused says why; the focus stays; nothing stands there twice.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.browser.chromium import Walker
from tests.browser.test_axe import violations
from tests.browser.test_keys import latin, russian
from tests.browser.test_sizes import TOO_WIDE
from tests.served import Server

pytestmark = pytest.mark.browser

Enter = Callable[..., Walker]
BOARD = "/leads/board/"
PHONE: ViewportSize = {"width": 360, "height": 740}
PEOPLE = 45  # new leads, more than two pages of a column: Анна 001 stands first
COUNT = "all => Number(all[0].textContent)"
IDS = "all => all.map(card => card.id)"


@pytest.fixture(scope="module", autouse=True)
def many_new_leads(server: Server) -> Iterator[None]:
    own = {
        "last_name": "'Досочная'", "first_name": "printf('Анна %03d', n)", "middle_name": "''",
        "received_at": "strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || n || ' minutes')",
        "next_contact_at": "NULL", "assignee_id": "NULL", "is_test": "0", "lock_version": "1",
        "phone": "''", "phone_key": "NULL", "email": "''", "email_key": "NULL",
    }  # fmt: skip
    with closing(sqlite3.connect(server.folder / "crm.sqlite3", timeout=60)) as database:
        (last,) = database.execute("SELECT max(id) FROM lead").fetchone()
        columns = [row[1] for row in database.execute("PRAGMA table_info(lead)")]
        values = {name: name for name in columns} | own | {"id": f"{last} + n"}
        database.execute(
            f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers"  # noqa: S608 -- of our own names
            f" WHERE n < {PEOPLE}) INSERT INTO lead ({', '.join(values)})"
            f" SELECT {', '.join(values.values())} FROM numbers, (SELECT * FROM lead"
            f" WHERE status = 'new' AND archived_at IS NULL LIMIT 1)"
        )
        database.commit()
        yield
        database.execute(
            "UPDATE lead SET archived_at = received_at, archived_reason = 'mistake',"
            " lock_version = lock_version + 1 WHERE id > ? AND last_name = 'Досочная'", (last,)
        )  # fmt: skip
        database.commit()


@pytest.fixture
def operator(walker: Enter) -> Walker:
    """Has opened the board."""
    somebody = walker("operator")
    somebody.page.goto(BOARD)
    return somebody


@pytest.fixture
def page(operator: Walker) -> Page:
    return operator.page


def card(page: Page, number: int) -> Locator:
    return page.locator(".board-card").filter(has_text=f"Анна {number:03}")


def column(page: Page, status: str) -> Locator:
    return page.locator(f".board-column[data-to={status}]")


def count(page: Page, status: str) -> int:
    return int(page.locator(f"[data-count={status}]").evaluate_all(COUNT))


def drag(page: Page, number: int, status: str) -> None:
    """By the hand of a person: in steps, to the head of the column, where nothing has to scroll."""
    page.bring_to_front()
    card(page, number).hover(position={"x": 120, "y": 14})
    page.mouse.down()
    head = column(page, status).locator("h2").bounding_box()
    assert head is not None
    page.mouse.move(head["x"] + 60, head["y"] + 12, steps=6)
    page.mouse.up()


def stands_in(page: Page, number: int, status: str) -> None:
    """Once, in this column, and after the server has answered."""
    expect(page.locator(".board-card[aria-busy]")).to_have_count(0)
    expect(column(page, status).locator(card(page, number))).to_be_visible()
    expect(card(page, number)).to_have_count(1)


def told(page: Page) -> Locator:
    return page.locator("#status")


# -- the ways of moving ----------------------------------------------------------------------------


def test_a_card_is_dragged_by_mouse_and_its_move_undone(page: Page) -> None:
    new, qualified = count(page, "new"), count(page, "qualified")
    drag(page, 1, "qualified")
    stands_in(page, 1, "qualified")
    expect(told(page)).to_contain_text(f"Moved to “Qualified”, {qualified + 1} there.")
    expect(card(page, 1)).to_be_focused()
    assert (count(page, "new"), count(page, "qualified")) == (new - 1, qualified + 1)
    told(page).get_by_role("button", name="Undo").click()
    stands_in(page, 1, "new")
    expect(told(page)).to_contain_text("Undone")
    assert (count(page, "new"), count(page, "qualified")) == (new, qualified)
    page.reload()
    stands_in(page, 1, "new")


def test_a_card_is_moved_by_its_menu(page: Page) -> None:
    card(page, 2).get_by_role("button").click()
    menu = page.locator("#move-menu")
    expect(menu.get_by_role("menuitem")).to_have_text(["In work", "Qualified", "Lost…"])
    menu.get_by_role("menuitem", name="In work").click()
    expect(menu).to_be_hidden()
    stands_in(page, 2, "in_work")
    expect(card(page, 2)).to_be_focused()
    expect(card(page, 2).locator("abbr")).to_have_count(1)  # whoever takes it is responsible
    page.reload()
    stands_in(page, 2, "in_work")


@pytest.mark.parametrize(("press", "number"), [(latin, 3), (russian, 4)])
def test_a_card_is_moved_by_keys_alone(page: Page, press: Callable[..., None], number: int) -> None:
    press(page, "j")
    expect(page.locator(".board-card").first).to_be_focused()
    at = page.locator(".board-card").evaluate_all(
        "(all, name) => all.findIndex(card => card.textContent.includes(name))", f"Анна {number:03}"
    )
    for _ in range(at):
        page.keyboard.press("ArrowDown")
    expect(card(page, number)).to_be_focused()
    press(page, "s")
    expect(page.get_by_role("menuitem", name="In work")).to_be_focused()
    press(page, "q")  # goes to the item that begins so, if any, and is no key of the page
    page.keyboard.press("End")
    expect(page.get_by_role("menuitem", name="Lost…")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    stands_in(page, number, "qualified")
    expect(card(page, number)).to_be_focused()
    press(page, "z")
    expect(told(page)).to_contain_text("Undone")
    stands_in(page, number, "new")


def test_escape_leaves_the_menu_to_the_card(page: Page) -> None:
    card(page, 5).get_by_role("button").press("Enter")
    expect(page.locator("#move-menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#move-menu")).to_be_hidden()
    expect(card(page, 5)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(column(page, "in_work").locator(".board-card:focus")).to_have_count(1)
    stands_in(page, 5, "new")


def test_a_finger_carries_a_card_by_its_handle_alone(page: Page) -> None:
    finger(page, card(page, 6).locator("b"), column(page, "qualified"))
    page.wait_for_timeout(1500)  # the page scrolls on for a while after it is let go
    stands_in(page, 6, "new")
    page.evaluate("window.scrollTo(0, 0)")
    finger(page, card(page, 6).locator(".grip"), column(page, "qualified"))
    stands_in(page, 6, "qualified")
    expect(page.locator(".board-ghost")).to_have_count(0)


def test_on_a_phone_the_columns_are_targets_at_the_foot(walker: Enter) -> None:
    page = walker("operator", window=PHONE).page
    page.goto(BOARD)
    expect(page.locator(".strip-open").first).to_be_hidden()
    finger(page, card(page, 1).locator(".grip"), page.locator(".strip-in_work"))
    stands_in(page, 1, "in_work")
    told(page).get_by_role("button", name="Undo").click()
    stands_in(page, 1, "new")


def finger(page: Page, start: Locator, end: Locator) -> None:
    """Touches the middle of one and lets go near the top of the other."""
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x, "y": y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    box = start.bounding_box()
    assert box is not None
    here = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    send("touchStart", here)
    send("touchMove", (here[0] + 12, here[1] + 12))  # targets show themselves now
    target = end.bounding_box()
    assert target is not None
    across, down = target["x"] + target["width"] / 2 - here[0], target["y"] + 30 - here[1]
    down = max(down, 120 - here[1])  # of a column whose head is scrolled away
    for step in range(1, 6):
        send("touchMove", (here[0] + across * step / 5, here[1] + down * step / 5))
    send("touchEnd")


# -- what a move asks for --------------------------------------------------------------------------


def test_a_loss_asks_for_its_reason(page: Page) -> None:
    lost = count(page, "lost")
    dialog = page.locator("#lose")
    for _ in range(2):
        card(page, 7).drag_to(page.locator(".strip-lost"))
        expect(dialog).to_contain_text("Анна 007")
        dialog.get_by_role("button", name="Cancel").click()
        expect(card(page, 7)).to_be_focused()
    stands_in(page, 7, "new")
    card(page, 7).get_by_role("button").click()
    page.get_by_role("menuitem", name="Lost…").click()
    dialog.get_by_role("button", name="Close the lead").click()
    expect(dialog).to_be_visible()  # without a reason
    dialog.locator("select").select_option("no_need")
    dialog.locator("textarea").fill("Передумала")
    dialog.get_by_role("button", name="Close the lead").click()
    expect(card(page, 7)).to_have_count(0)
    expect(told(page)).to_contain_text("Moved to “Lost”")
    expect(card(page, 8)).to_be_focused()
    assert count(page, "lost") == lost + 1
    page.keyboard.press("z")
    stands_in(page, 7, "new")
    expect(card(page, 7)).to_be_focused()
    assert count(page, "lost") == lost


def test_converting_opens_its_page_for_managers_alone(page: Page, walker: Enter) -> None:
    assert page.locator("[data-to=converted], [data-move=converted]").count() == 0
    manager = walker("manager").page
    manager.goto(BOARD)
    card(manager, 8).drag_to(manager.locator(".strip-converted"))
    manager.wait_for_url("**/leadview/*/convert")
    manager.go_back()
    stands_in(manager, 8, "new")


def test_what_a_colleague_moved_meanwhile_is_not_moved_unseen(
    operator: Walker, page: Page, walker: Enter
) -> None:
    manager = walker("manager").page
    manager.goto(BOARD)
    drag(manager, 9, "qualified")
    stands_in(manager, 9, "qualified")
    operator.expected.add(409)
    drag(page, 9, "in_work")
    expect(told(page)).to_contain_text("Meanwhile a colleague moved it to “Qualified”.")
    stands_in(page, 9, "qualified")
    expect(card(page, 9)).to_be_focused()
    assert count(page, "qualified") == count(manager, "qualified")
    drag(page, 9, "in_work")  # they have seen it now
    stands_in(page, 9, "in_work")


def test_without_an_answer_the_card_comes_back(operator: Walker, page: Page) -> None:
    page.route("**/move*", lambda route: route.abort())
    before = column(page, "new").locator(".board-card").evaluate_all(IDS)
    drag(page, 10, "qualified")
    expect(told(page)).to_contain_text("The server does not answer.")
    stands_in(page, 10, "new")
    assert column(page, "new").locator(".board-card").evaluate_all(IDS) == before
    expect(card(page, 10)).to_be_focused()
    operator.faults = [one for one in operator.faults if "ERR_FAILED" not in one]


# -- many cards, filters ---------------------------------------------------------------------------


def test_a_column_loads_more_and_shows_nobody_twice(page: Page) -> None:
    new = column(page, "new").locator(".board-card")
    expect(new).to_have_count(20)
    # Back among the new ones it stands at the end of what is loaded, before those who asked later.
    drag(page, 11, "qualified")
    stands_in(page, 11, "qualified")
    more = column(page, "new").get_by_role("link", name="Load more")
    more.focus()
    page.keyboard.press("Enter")
    expect(card(page, 30)).to_be_visible()
    expect(page.locator(".board-card:focus")).to_have_count(1)
    first_that_came = new.nth(19)
    expect(first_that_came).to_be_focused()
    ids = Counter(page.locator(".board-card").evaluate_all(IDS))
    assert {one for one, times in ids.items() if times > 1} == set()


def test_a_card_moved_among_those_not_loaded_yet_comes_once(server: Server, page: Page) -> None:
    """It stands at the end of what is loaded, and comes again with the next page."""
    with closing(sqlite3.connect(server.folder / "crm.sqlite3", timeout=60)) as database:
        database.execute(
            "UPDATE lead SET received_at = '2020-01-01 00:00:00.000000' WHERE first_name = ?",
            ("Анна 012",),
        )
        database.commit()
    drag(page, 12, "qualified")
    stands_in(page, 12, "qualified")
    drag(page, 12, "new")
    stands_in(page, 12, "new")
    new = column(page, "new")
    expect(new.locator(".board-card").last).to_contain_text("Анна 012")
    while new.get_by_role("link", name="Load more").count():
        before = new.locator(".board-card").count()
        new.get_by_role("link", name="Load more").click()
        expect(new.locator(".board-card").nth(before)).to_be_visible()
    stands_in(page, 12, "new")
    assert new.locator(".board-card").count() == count(page, "new")


def test_filters_apply_in_place_and_go_to_the_list_and_back(page: Page) -> None:
    page.locator("#chip-status summary").click()
    page.locator("#chip-status").get_by_label("Qualified", exact=True).check()
    page.wait_for_url("**/leads/board/?*status=qualified*")
    expect(column(page, "new").locator(".board-card")).to_have_count(0)
    number = column(page, "qualified").locator(".board-card").first.get_attribute("id")
    page.locator(f"#{number}").drag_to(column(page, "in_work"))  # the fresh part has its behaviour
    expect(told(page)).to_contain_text("Moved to “In work”")
    told(page).get_by_role("button", name="Undo").click()
    expect(told(page)).to_contain_text("Undone")
    page.get_by_role("link", name="List", exact=True).click()
    page.wait_for_url("**/leadview/list/?*status=qualified*")
    expect(page.locator("#chip-status summary")).to_contain_text("Qualified")
    page.get_by_role("link", name="Board", exact=True).click()
    page.wait_for_url("**/leads/board/?*status=qualified*")
    expect(page.locator("#chip-status summary")).to_contain_text("Qualified")


# -- keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("press", [latin, russian])
def test_places_are_two_keys_away_from_a_card(walker: Enter, press: Callable[..., None]) -> None:
    """K and S alone are keys of the cards."""
    page = walker("manager").page
    for key, address in (("k", "contractview/list"), ("s", "statistics"), ("l", "leadview/list")):
        page.goto(BOARD)
        press(page, "j", "g", key)
        page.wait_for_url(f"**/{address}/**")


def test_the_list_of_keys_tells_those_of_the_board(page: Page) -> None:
    page.keyboard.press("?")
    here = page.locator("#keys-dialog [data-keys-here]")
    for key, words in (("A", "New lead"), ("S", "Menu of the card"), ("←", "From card to card")):
        line = here.locator("li").filter(has_text=words)
        expect(line).to_have_count(1)
        expect(line).to_contain_text(key)
    page.keyboard.press("Escape")
    russian(page, "a")
    page.wait_for_url("**/leadview/add*")


def test_letters_do_nothing_when_single_keys_are_off(page: Page) -> None:
    page.evaluate("document.documentElement.dataset.keys = 'off'")
    first = page.locator(".board-card").first
    first.evaluate("card => { card.tabIndex = -1; card.focus(); }")
    for press in (latin, russian):
        press(page, "j", "s")
    expect(first).to_be_focused()
    expect(page.locator("#move-menu")).to_be_hidden()
    page.keyboard.press("Space")  # of the card that has the focus, so it stays
    expect(page.locator("#move-menu")).to_be_visible()


# -- looks -----------------------------------------------------------------------------------------


def test_axe_finds_nothing_on_the_board_its_menu_and_its_dialog(walker: Enter) -> None:
    manager = walker("manager")
    page = manager.page
    page.goto(BOARD)
    faults = violations(manager)
    card(page, 13).get_by_role("button").click()
    faults += violations(manager)
    page.get_by_role("menuitem", name="Lost…").click()
    faults += violations(manager)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("width", [360, 390, 1280])
def test_the_board_fits_in_russian(walker: Enter, width: int) -> None:
    manager = walker("manager", window={"width": width, "height": 800})
    page = manager.page
    page.goto("/lang/ru")
    page.goto(BOARD)
    manager.shoot(f"board-ru-{width}")
    assert page.evaluate(TOO_WIDE) is None
    cut = page.locator(".strip, .board-head").evaluate_all(
        "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"
    )
    assert cut == []
    page.goto("/lang/en")
