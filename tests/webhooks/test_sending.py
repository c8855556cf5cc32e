"""One try at a real receiver: what is accepted, what is not, and where nothing may go at all."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.errors import Invalid
from app.models.webhook import allow_private, checked_address
from app.views.webhooks import CHECK, REASONS
from app.webhooks import sending
from app.webhooks.reaching import is_allowed
from app.webhooks.sending import ANSWER_KEPT, post
from app.webhooks.signing import headers_of
from tests.webhooks.receiver import Receiver, receiving

ROOT = Path(__file__).resolve().parents[2]
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits 15 seconds for a test."""
    monkeypatch.setattr(sending, "ENDS_WITHIN", 0.7)


def test_a_body_arrives_as_it_is_with_its_headers(receiver: Receiver) -> None:
    tried = post(receiver.address("/ok"), '{"имя":1}'.encode(), {"webhook-id": "evt_1"})
    assert (tried.status, tried.answer, tried.reason) == (200, "thanks", "")
    assert tried.is_accepted
    path, headers, body = receiver.got[0]
    assert (path, headers["webhook-id"], body.decode()) == ("/ok", "evt_1", '{"имя":1}')
    assert headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/fail", 500, "refused"),
        ("/gone", 410, "refused"),
        ("/redirect", 302, "redirect"),
        ("/hang", None, "timeout"),
        ("/drip", None, "timeout"),
        ("/break", None, "answer"),
    ],
)
@pytest.mark.usefixtures("hurried")
def test_what_is_not_accepted_is_told_by_a_reason(
    receiver: Receiver, path: str, status: int | None, reason: str
) -> None:
    tried = post(receiver.address(path), b"{}", {})
    assert (tried.status, tried.reason) == (status, reason)
    assert reason in REASONS
    assert len(receiver.got) == 1, "a redirect is followed"


def test_a_late_answer_is_an_answer(receiver: Receiver) -> None:
    tried = post(receiver.address("/late"), b"{}", {})
    assert (tried.status, tried.reason) == (204, "")
    assert tried.milliseconds >= receiver.late * 1000


def test_no_more_is_read_of_an_answer_than_is_wanted(receiver: Receiver) -> None:
    tried = post(receiver.address("/big"), b"{}", {})
    assert (tried.is_accepted, len(tried.answer)) == (True, ANSWER_KEPT)


def test_an_answer_is_kept_without_what_no_database_takes(receiver: Receiver) -> None:
    tried = post(receiver.address("/fail"), b"{}", {})
    assert "Ошибка" in tried.answer
    assert "\x00" not in tried.answer


def test_what_a_receiver_asks_to_be_put_off_is_heard(receiver: Receiver) -> None:
    assert post(receiver.address("/busy"), b"{}", {}).retry_after == 900


def test_nobody_listens(receiver: Receiver) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/", b"{}", {}).reason == "connection"


@pytest.mark.usefixtures("hurried")
def test_a_receiver_without_tls_is_no_https(receiver: Receiver) -> None:
    tried = post(receiver.address("/ok").replace("http:", "https:"), b"{}", {})
    assert (tried.status, tried.reason, receiver.got) == (None, "tls", [])


# -- over TLS, as receivers are in earnest ---------------------------------------------------------


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[Receiver, Path]]:
    """A receiver with a certificate of its own for hooks.example; and the file of the certificate,
    which nobody trusts yet.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = tmp_path / "certificate.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )  # fmt: skip
    (tmp_path / "key.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, tmp_path / "key.pem")
    allow_private(True)
    try:
        with receiving(context) as receiver:
            yield receiver, file
    finally:
        allow_private(False)


def trust(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    context = ssl.create_default_context(cafile=str(file))
    monkeypatch.setattr(ssl, "create_default_context", lambda: context)


def test_a_certificate_of_the_hosts_name_is_trusted(
    monkeypatch: pytest.MonkeyPatch, secured: tuple[Receiver, Path]
) -> None:
    receiver, file = secured
    trust(monkeypatch, file)
    resolve_to(monkeypatch, ["127.0.0.1"])
    tried = post(f"https://hooks.example:{receiver.port}/ok", b"{}", {})
    assert (tried.status, tried.reason) == (200, "")
    assert post(f"https://other.example:{receiver.port}/ok", b"{}", {}).reason == "certificate"
    assert len(receiver.got) == 1


def test_a_certificate_that_nobody_vouches_for_is_not(
    monkeypatch: pytest.MonkeyPatch, secured: tuple[Receiver, Path]
) -> None:
    receiver, _file = secured
    resolve_to(monkeypatch, ["127.0.0.1"])
    tried = post(f"https://hooks.example:{receiver.port}/ok", b"{}", {})
    assert (tried.status, tried.reason, receiver.got) == (None, "certificate", [])


@pytest.mark.usefixtures("hurried")
def test_a_receiver_that_hangs_over_tls_is_given_up_too(
    monkeypatch: pytest.MonkeyPatch, secured: tuple[Receiver, Path]
) -> None:
    receiver, file = secured
    trust(monkeypatch, file)
    resolve_to(monkeypatch, ["127.0.0.1"])
    for path in ("/hang", "/drip"):
        tried = post(f"https://hooks.example:{receiver.port}{path}", b"{}", {})
        assert (tried.status, tried.reason) == (None, "timeout")


# -- where nothing may go --------------------------------------------------------------------------


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Names lead to these addresses, at each look-up to the next ones."""
    asked: list[str] = []

    def look_up(host: str, port: int, **_more: Any) -> list[Any]:
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, 1, 6, "", (one, port))
            for one in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


PRIVATE = ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "::1", "fd12::1"]
NEVER = [
    "169.254.169.254", "fe80::1", "fd00:ec2::254", "100.100.100.200",
    "0.0.0.0", "::",  # noqa: S104 -- nobody binds to it
    "224.0.0.1", "ff02::1", "255.255.255.255", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
]  # fmt: skip
CARRIED = ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]
PUBLIC = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]


@pytest.mark.parametrize("address", [*PRIVATE, *NEVER, *CARRIED])
def test_our_own_network_is_not_reached(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert not is_allowed(ipaddress.ip_address(address))
    resolve_to(monkeypatch, [address])
    assert post("https://innocent.example/", b"{}", {}).reason == "forbidden"


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are(address: str) -> None:
    assert is_allowed(ipaddress.ip_address(address))


def test_one_bad_address_among_good_ones_is_no_accident(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, [*PUBLIC, "10.0.0.1"])
    assert post("https://innocent.example/", b"{}", {}).reason == "forbidden"


def test_the_setting_admits_private_networks_and_never_the_metadata_of_clouds() -> None:
    allow_private(True)
    try:
        for text in PRIVATE:
            assert is_allowed(ipaddress.ip_address(text)), text
        for text in NEVER:
            assert not is_allowed(ipaddress.ip_address(text)), text
    finally:
        allow_private(False)


def test_the_connection_goes_to_the_address_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    asked = resolve_to(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    address = receiver.address("/ok").replace("127.0.0.1", "rebound.example")
    assert post(address, b"{}", {}).is_accepted
    assert asked == ["rebound.example"]
    assert receiver.got[0][1]["host"] == f"rebound.example:{receiver.port}"


@pytest.mark.parametrize(
    "address",
    [
        "", "hooks.example.com", "ftp://example.com/", "http://example.com/", "https://",
        "https://user:word@example.com/", "https://example.com/#part", "https://exam ple.com/",
        "https://example.com:99999/", "https://example.com/путь", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_such_an_address_is_not_taken(address: str) -> None:
    with pytest.raises(Invalid):
        checked_address(address)


def test_http_is_taken_for_this_machine_and_by_the_setting() -> None:
    assert checked_address("http://127.0.0.1:9000/x") == "http://127.0.0.1:9000/x"
    assert checked_address(" https://пример.рф/x?y=1 ") == "https://пример.рф/x?y=1"
    allow_private(True)
    try:
        assert checked_address("http://intranet/x") == "http://intranet/x"
    finally:
        allow_private(False)


# -- signatures ------------------------------------------------------------------------------------


def test_the_signature_is_that_of_the_specification() -> None:
    body = b'{"test": 2432232314}'
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = headers_of("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, [secret])
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def check_of(source: str) -> Any:
    found: dict[str, Any] = {}
    exec(source, found)  # noqa: S102 -- our own example
    return found["is_ours"]


def example_of_the_docs() -> str:
    page = (ROOT / "docs/webhooks.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if "is_ours" in block)


def test_the_example_knows_ours_and_no_other() -> None:
    assert example_of_the_docs() == CHECK
    is_ours = check_of(CHECK)
    body = '{"a":"я"}'.encode()
    other = "whsec_" + base64.b64encode(b"o" * 32).decode()
    headers = headers_of("evt_1", int(time.time()), body, [other, SECRET])
    assert is_ours(SECRET, headers, body)
    assert is_ours(other, headers, body)
    assert not is_ours(SECRET, headers, body + b" ")
    assert not is_ours(SECRET, headers | {"webhook-id": "evt_2"}, body)
    old = headers_of("evt_1", int(time.time()) - 301, body, [SECRET])
    assert not is_ours(SECRET, old, body)
    mac = hmac.new(b"k" * 32, b"evt_1." + headers["webhook-timestamp"].encode() + b"." + body,
                   hashlib.sha256)  # fmt: skip
    assert f"v1,{base64.b64encode(mac.digest()).decode()}" in headers["webhook-signature"].split()
