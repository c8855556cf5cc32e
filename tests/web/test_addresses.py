"""A number in an address that no row can have is no fault of ours, on any screen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.site import logged_in

TOO_LARGE = (2**31, 2**63, 10**21)


@pytest.mark.parametrize("number", TOO_LARGE)
def test_an_id_that_no_row_can_have_is_not_found(app: Any, number: int) -> None:
    admin, asked = logged_in(app, "admin"), 0
    for rule in app.url_map.iter_rules():
        if not any(type(one).__name__ == "IdConverter" for one in rule._converters.values()):
            continue
        asked += 1
        given: dict[str, Any] = {
            name: number if type(one).__name__ == "IdConverter" else "x"
            for name, one in rule._converters.items()
        }
        address = rule.rule
        for name, value in given.items():
            start = address.index("<")
            assert name in address[start : address.index(">")]
            address = address[:start] + str(value) + address[address.index(">") + 1 :]
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        answer = admin.open(address, method=method)
        assert answer.status_code == 404, (method, address, answer.status_code)
    assert asked > 15
