"""The company's page: the administrator's alone; what contracts print, and the logo."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from app.models import Company
from app.models.company import LOGO_LIMIT
from tests.factories import COMPANY_DETAILS
from tests.views.browsing import form_of, page, send, stored

HOME, EDIT, LOGO = "/companyview/", "/companyview/edit", "/companyview/logo"
# One point each, as far as their headers say.
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01 picture"
JPEG = b"\xff\xd8\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0 picture"


def upload(client: Any, content: bytes, name: str) -> Any:
    values = form_of(client, EDIT) | {"logo": FileStorage(BytesIO(content), name)}
    boundary, body = encode_multipart(values)
    kind = f"multipart/form-data; boundary={boundary}"
    return client.post(EDIT, data=body, content_type=kind)


@pytest.mark.parametrize("role", ["Operator", "Marketer", "Manager"])
def test_the_page_is_the_administrators_alone(client_as: Any, role: str) -> None:
    client = client_as(role)
    for address in (HOME, EDIT, LOGO):
        assert client.get(address).status_code == 403
    assert client.post(EDIT, data={"name": "Mine"}).status_code == 403


def test_the_page_names_what_contracts_still_need(client_as: Any) -> None:
    client = client_as("Admin")
    text = page(client, HOME)
    assert "Before a contract can be signed, fill in: legal name, tax id" in text
    assert send(client, EDIT, **COMPANY_DETAILS).status_code == 302
    text = page(client, HOME)
    assert "Before a contract can be signed" not in text
    assert "OOO Romashka" in text


def test_there_is_one_company_and_no_other_page(client_as: Any) -> None:
    client = client_as("Admin")
    for address in ("list/", "add", "delete/1", "show/2", "edit/2"):
        assert client.get(f"{HOME}{address}").status_code == 404


@pytest.mark.parametrize(
    "name", ["logo.png", "../../etc/passwd", "логотип 徽标.exe", 'a"b;c.png', "%00", " "]
)
def test_a_logo_may_be_named_anything(app: Flask, client_as: Any, name: str) -> None:
    client = client_as("Admin")
    assert client.get(LOGO).status_code == 404
    assert upload(client, PNG, name).status_code == 302
    answer = client.get(LOGO)
    assert (answer.data, answer.mimetype) == (PNG, "image/png")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert LOGO in page(client, HOME)


def test_a_logo_is_replaced_kept_and_taken_away(app: Flask, client_as: Any) -> None:
    client = client_as("Admin")
    upload(client, PNG, "one.png")
    upload(client, JPEG, "two.jpg")
    assert client.get(LOGO).mimetype == "image/jpeg"
    send(client, EDIT, name="Romashka")
    assert client.get(LOGO).data == JPEG
    send(client, EDIT, take_logo_away="y")
    assert client.get(LOGO).status_code == 404


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"GIF89a", "Choose a PNG or JPEG picture."),
        (b"<svg onload=alert(1)>", "Choose a PNG or JPEG picture."),
        (PNG + bytes(LOGO_LIMIT), "The picture is larger than 512 KB. Choose a smaller one."),
    ],
)
def test_what_is_no_small_picture_is_refused_at_its_field(
    app: Flask, client_as: Any, content: bytes, message: str
) -> None:
    client = client_as("Admin")
    answer = upload(client, content, "logo.png")
    assert answer.status_code == 400
    text = answer.get_data(as_text=True)
    assert message in text.split('type="file"')[1].split('type="checkbox"')[0]
    assert client.get(LOGO).status_code == 404


def test_a_picture_of_exactly_the_limit_is_taken(client_as: Any) -> None:
    content = PNG.ljust(LOGO_LIMIT, b"x")
    client = client_as("Admin")
    assert upload(client, content, "logo.png").status_code == 302
    assert client.get(LOGO).data == content


def test_a_name_must_be_there(client_as: Any) -> None:
    answer = send(client_as("Admin"), EDIT, name=" ")
    assert answer.status_code == 400
    assert "Fill in this field." in answer.get_data(as_text=True)


def test_a_form_that_is_older_than_the_record_comes_back(app: Flask, client_as: Any) -> None:
    client = client_as("Admin")
    opened = form_of(client, EDIT)
    with stored(app) as session:
        Company.of(session).change(address="Elsewhere")
    answer = client.post(EDIT, data=opened | {"address": "Here"})
    assert answer.status_code == 409
    text = answer.get_data(as_text=True)
    assert "Elsewhere" in text
    assert "Here" in text
