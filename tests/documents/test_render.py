"""The renderer against a real wkhtmltopdf, and against programs that only pretend to be one."""

from __future__ import annotations

import base64
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from html import unescape
from io import BytesIO
from pathlib import Path

import pdfkit
import pytest
from pypdf import PdfReader

from app.documents import child, render
from app.documents.render import (
    HtmlTooLarge,
    PreviewBusy,
    RendererMissing,
    RenderRefused,
    RenderTimeout,
    render_pdf,
)
from app.documents.template import document_mark, page_html
from tests.documents.samples import (
    HOSTILE,
    Terms,
    draft,
    english_company,
    organisation,
    person,
    picture,
    terms,
)

AT = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
ROOT = Path(render.__file__).parents[2]
PAGE = "<html><meta charset='utf-8'><body><p>Hello</p><p>C1-v1</p></body></html>"
RIGHT_EDGE = 595.28 - 16 / 25.4 * 72  # points: A4 without its right margin

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become nobody")


def made(document: Terms) -> bytes:
    mark = document_mark(document["number"], document["version"])
    return render_pdf(page_html(document), mark=mark, at=AT)


def poppler(program: str, pdf: bytes, *options: str) -> str:
    done = subprocess.run([program, *options, "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


def plain(text: str) -> str:
    """As people read it: compatibility forms folded, marks of direction and layout gone."""
    folded = unicodedata.normalize("NFKC", text)
    kept = (sign for sign in folded if unicodedata.category(sign) not in ("Cf", "Cc"))
    return "".join("".join(kept).split())


def text_of(pdf: bytes) -> str:
    return plain(poppler("pdftotext", pdf))


Fake = Callable[[str], Path]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Puts a shell script called wkhtmltopdf before the real one on the PATH."""

    def install(script: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / "wkhtmltopdf"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        return program

    return install


def try_page(timeout: float = 10) -> bytes:
    return render_pdf(PAGE, mark="C1-v1", at=AT, timeout=timeout)


def wait_until(fact: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


# What comes out


def test_a_page_becomes_a_checked_pdf_on_a4() -> None:
    pdf = try_page()
    assert pdf.startswith(b"%PDF-")
    reader = PdfReader(BytesIO(pdf))
    assert len(reader.pages) == 1
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]
    assert reader.metadata is not None
    assert reader.metadata.creation_date == AT


def test_the_same_page_at_the_same_time_is_the_same_bytes() -> None:
    first = made(terms())
    time.sleep(1.1)  # wkhtmltopdf writes the second in which it ran
    assert made(terms()) == first
    page, mark = page_html(terms()), document_mark(12, 1)
    moscow = AT.astimezone(timezone(timedelta(hours=3)))
    assert render_pdf(page, mark=mark, at=moscow) == first
    assert render_pdf(page, mark=mark, at=AT + timedelta(seconds=1)) != first


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        render_pdf(PAGE, mark="C1-v1", at=AT.replace(tzinfo=None))


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("client", [person(), organisation()], ids=["person", "organisation"])
def test_an_ordinary_contract_fits_on_two_sheets(language: str, client: Terms) -> None:
    pdf = made(terms(language, client=client))
    assert len(PdfReader(BytesIO(pdf)).pages) <= 2
    assert "1234567,50₽" in text_of(pdf) or "₽1,234,567.50" in text_of(pdf)


NAMES = [
    "Ёлкин-Щёткин Пётр Артёмович",
    "Їжакевич Ґалаґан Єва",
    "José Ñúñez-Øverby Ångström Łukasz ß",
    "محمد بن عبد الله",
    "שלום עולם טוב",
    "北京广告有限公司",
    "株式会社アド 広告",
    'O\'Brien & Söhne <GmbH> "№ 1"',
    "Цена 100 ₽ € ₸ ₴",
    HOSTILE,
    "Щ" * 120,
    ("Объединённая рекламная ёмкостная " * 4)[:120].strip(),
]


def test_names_come_out_as_they_went_in() -> None:
    with ThreadPoolExecutor(2) as pool:
        for name, pdf in zip(
            NAMES,
            pool.map(lambda name: made(terms("en", client=person(name=name))), NAMES),
            strict=True,
        ):
            assert plain(name) in text_of(pdf), name
            fonts = poppler_fonts(pdf)
            assert fonts
            assert all(line.split()[-5] == "yes" for line in fonts), "a font is not embedded"


def poppler_fonts(pdf: bytes) -> list[str]:
    done = subprocess.run(["pdffonts", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode().splitlines()[2:]


ARABIC = organisation(
    name="شركة النور للإعلان",
    legal_name="北京广告有限公司 Ltd",
    signatory_name="محمد بن عبد الله",
    signatory_basis="Power of attorney 5",
    address="شارع الملك 5، الرياض",
)
LONG = organisation(
    name="Щ" * 120,
    legal_name="Ё" * 120,
    signatory_name="W" * 120,
    signatory_position="Исполняющий обязанности " * 5,
    address="x" * 500,
)


@pytest.mark.parametrize(
    "document",
    [
        terms(),
        terms("en", client=ARABIC),
        terms("ru", client=ARABIC),
        terms("en", client=LONG),
        draft("ru", client=ARABIC),
    ],
    ids=["ordinary", "arabic en", "arabic ru", "long", "draft"],
)
def test_no_line_runs_off_the_sheet_or_over_another_word(document: Terms) -> None:
    boxes = poppler("pdftotext", made(document), "-bbox")
    words: list[list[tuple[float, float, float, float, str]]] = []
    for page in boxes.split("<page ")[1:]:
        found = re.findall(
            r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>', page
        )
        sizes = [
            (float(left), float(top), float(right), float(bottom), unescape(text))
            for left, top, right, bottom, text in found
        ]
        # The watermark lies across the text on purpose.
        words.append([w for w in sizes if plain(w[4]) not in "ЧЕРНОВИКDRAFT"])
    for page_words in words:
        for left, top, right, bottom, text in page_words:
            assert right <= RIGHT_EDGE + 1, text
            for other in page_words:
                common = min(right, other[2]) - max(left, other[0])
                height = min(bottom, other[3]) - max(top, other[1])
                assert other[4] == text or common < 2 or height < 5, (text, other[4])


def test_no_sheet_is_blank_however_long_the_contract_is() -> None:
    def sheets(lines: int) -> list[str]:
        service = {"title": "X", "description": "\n".join(["line"] * lines)}
        pdf = made(terms("en", service=service))
        return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]

    with ThreadPoolExecutor(2) as pool:
        for pages in pool.map(sheets, range(0, 44, 3)):
            assert all(len(page) > 5 for page in pages)
            assert "C12-v1" in pages[-1]


def test_the_logo_is_printed() -> None:
    with_logo = PdfReader(BytesIO(made(terms("en"))))
    without = PdfReader(BytesIO(made(terms("en", company=english_company(logo=None)))))
    assert len(with_logo.pages[0].images) == 1
    assert len(without.pages[0].images) == 0


def test_a_logo_as_large_as_a_photograph_is_printed_within_the_memory() -> None:
    logo = base64.b64encode(picture(4000, 4000)).decode("ascii")
    pdf = made(terms("en", company=english_company(logo=logo)))
    assert len(PdfReader(BytesIO(pdf)).pages[0].images) == 1


def test_a_lone_surrogate_or_nul_is_no_reason_to_have_no_contract() -> None:
    assert "C12-v1" in text_of(made(terms(client=person(name="A\ud800B\x00C"))))


# What a page cannot do


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A web server on this machine and the first lines that it was sent."""
    hits: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    hits.append(connection.recv(200))
                    connection.sendall(
                        b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<p>STOLEN</p>"
                    )
                except OSError:
                    hits.append(b"")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1], hits
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(timeout=60)


FRAGMENTS = [
    '<iframe src="{url}"></iframe>',
    '<frameset><frame src="{url}"></frameset>',
    '<img src="{url}">',
    '<img srcset="{url} 1x">',
    '<link rel="stylesheet" href="{url}">',
    "<style>@import '{url}';</style>",
    '<div style="background:url({url});width:9px;height:9px">.</div>',
    "<style>@font-face{{font-family:f;src:url({url})}} p{{font-family:f}}</style>",
    '<svg xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="{url}"/></svg>',
    '<object data="{url}"></object>',
    '<embed src="{url}">',
    '<meta http-equiv="refresh" content="0;url={url}">',
    '<base href="{url}"><iframe src="secret.txt"></iframe><img src="secret.png">',
    '<input type="image" src="{url}">',
    '<video src="{url}" poster="{url}"></video>',
    '<body background="{url}">',
    "<script>var x=new XMLHttpRequest();x.open('GET','{url}',false);x.send();"
    "document.write(x.responseText)</script>",
    "<script>location='{url}'</script>",
    "<body onload=\"location='{url}'\">",
    '<a href="{url}" ping="{url}">x</a><link rel="prefetch" href="{url}">',
    '<meta name="pdfkit-allow" content="/"><iframe src="{url}"></iframe>',
    '<meta name="pdfkit-enable-local-file-access" content=""><iframe src="{url}"></iframe>',
    '<meta name="pdfkit-bypass-proxy-for" content="127.0.0.1"><img src="{url}">',
    '<meta name="pdfkit-run-script" content="location=\'{url}\'">',
]


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("STOLEN")
    (tmp_path / "secret.html").write_text("<p>STOLEN</p>")
    (tmp_path / "secret.css").write_text("body:before{content:'STOLEN'}")
    (tmp_path / "secret.png").write_bytes(picture(30, 30))
    tmp_path.chmod(0o755)
    return tmp_path


def attack(fragment: str) -> str:
    """What a page with this fragment printed; nothing when it was refused as a whole."""
    page = f"<html><head></head><body>{fragment}<p>C1-v1</p></body></html>"
    try:
        pdf = render_pdf(page, mark="C1-v1", at=AT, timeout=15)
    except RenderRefused:
        return ""
    images = sum(len(sheet.images) for sheet in PdfReader(BytesIO(pdf)).pages)
    return text_of(pdf) + "STOLEN" * images


@pytest.mark.parametrize("network", ["shared", "none"])
def test_no_page_reaches_the_network(
    network: str, listener: tuple[int, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the namespace too: there the dead proxy holds alone."""
    port, hits = listener
    monkeypatch.setattr(render, "NETWORK", network)
    attacks = FRAGMENTS if network == "shared" else FRAGMENTS[::4]
    pages = [fragment.format(url=f"http://127.0.0.1:{port}/x") for fragment in attacks]
    with ThreadPoolExecutor(2) as pool:
        assert not [page for page, text in zip(pages, pool.map(attack, pages), strict=True)
                    if "STOLEN" in text]  # fmt: skip
    assert hits == []


def test_no_page_reads_a_file(secrets: Path) -> None:
    pages = [
        fragment.format(url=f"file://{secrets}/{name}")
        for fragment in FRAGMENTS
        for name in ("secret.html", "secret.png", "secret.css")
        if (name == "secret.css") == ("stylesheet" in fragment or "@import" in fragment)
        and (name == "secret.png") == ("img" in fragment or "image" in fragment)
    ]
    assert len(pages) >= len(FRAGMENTS) - 1
    with ThreadPoolExecutor(2) as pool:
        assert not [page for page, text in zip(pages, pool.map(attack, pages), strict=True)
                    if "STOLEN" in text]  # fmt: skip


def test_the_attacks_work_on_an_unguarded_wkhtmltopdf(
    listener: tuple[int, list[bytes]], secrets: Path
) -> None:
    """Else the two tests above would prove nothing."""
    port, hits = listener
    page = (
        f'<iframe src="file://{secrets}/secret.html"></iframe><img src="http://127.0.0.1:{port}">'
    )
    done = subprocess.run(
        ["wkhtmltopdf", "--quiet", "--enable-local-file-access", "-", "-"],
        input=page.encode(), capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert "STOLEN" in text_of(done.stdout)
    assert len(hits) >= 1


def test_meta_tags_give_no_options() -> None:
    configuration = pdfkit.configuration(wkhtmltopdf=shutil.which("wkhtmltopdf"))
    theirs = pdfkit.PDFKit(HOSTILE, "string", configuration=configuration).command()
    ours = render._command(HOSTILE)
    assert "--allow" in theirs
    assert "--allow" not in ours
    assert {"--disable-local-file-access", "--disable-javascript", "--proxy"} <= set(ours)
    assert ours[-2:] == ["-", "-"]


def test_a_hostile_client_name_is_printed_and_does_nothing() -> None:
    text = text_of(made(terms("en", client=person(name=HOSTILE))))
    assert plain(HOSTILE) in text
    assert "root:" not in text


def test_an_endless_script_does_not_hang() -> None:
    page = PAGE.replace("<p>Hello", "<script>while(1);</script><p>Hello")
    assert render_pdf(page, mark="C1-v1", at=AT, timeout=10)


# What is not believed


def test_a_missing_program_is_its_own_fact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert render.renderer_available()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not render.renderer_available()
    with pytest.raises(RendererMissing) as raised:
        try_page()
    assert raised.value.code == "missing"


def test_a_program_that_cannot_start_is_missing(fake: Fake) -> None:
    fake("").write_text("#!/no/such/interpreter\n")
    with pytest.raises(RendererMissing):
        try_page()


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 1", "exit"),
        ("kill -SEGV $$", "signal"),
        ("cat >/dev/null; exit 0", "empty"),
        ("echo '<html>sorry</html>'", "not_pdf"),
        ('{real} "$@" | head -c 8192', "truncated"),
        ("printf '%%PDF-1.4\\nrubbish\\n%%%%EOF\\n'", "unreadable"),
        ("cat >/dev/null; echo '<p>other</p>' | {real} \"$@\"", "no_mark"),
        ('cat >/dev/null; : | {real} "$@"', "no_mark"),
        ('head -c 45 | {real} "$@"', "no_mark"),
        ("{real} \"$@\" | sed 's/CreationDate/CreationDale/'", "no_date"),
    ],
)
def test_a_result_is_refused_for_what_it_is(fake: Fake, script: str, reason: str) -> None:
    real = shutil.which("wkhtmltopdf")
    fake(script.replace("{real}", str(real)))
    page = PAGE if reason != "truncated" else page_html(terms())
    mark = "C1-v1" if reason != "truncated" else "C12-v1"
    with pytest.raises(RenderRefused) as raised:
        render_pdf(page, mark=mark, at=AT, timeout=10)
    assert raised.value.reason == reason
    assert raised.value.code == "refused"


def test_the_reason_of_an_exit_carries_its_words(fake: Fake) -> None:
    fake("echo 'no space left' >&2; exit 3")
    with pytest.raises(RenderRefused, match="exit: 3 no space left"):
        try_page()


def test_a_page_above_two_megabytes_is_not_tried(fake: Fake, tmp_path: Path) -> None:
    fake(f"touch {tmp_path}/started")
    with pytest.raises(HtmlTooLarge):
        render_pdf("я" * 1_000_001, mark="C1-v1", at=AT)
    assert not (tmp_path / "started").exists()


def test_a_page_of_almost_two_megabytes_is_made() -> None:
    rows = "<p>line of a very long description</p>" * 20_000
    assert len(rows) > 700_000
    assert render_pdf(PAGE.replace("<p>Hello", rows + "<p>Hello"), mark="C1-v1", at=AT)


def test_a_full_or_unwritable_temporary_directory_is_a_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    with pytest.raises(RenderRefused) as raised:
        try_page()
    assert raised.value.reason == "temp"


# Limits of time, memory and surroundings


@pytest.mark.parametrize(
    "script",
    [
        "exec sleep 120",
        "sleep 120 & echo $! >{pids}; wait",
        "trap '' TERM INT HUP; sleep 120 & echo $! >{pids}; while :; do sleep 1; done",
        "sleep 120 & echo $! >{pids}; cat >/dev/null",
    ],
    ids=["sleeps", "spawns", "ignores signals", "leaves a child with the pipe"],
)
def test_a_hanging_program_is_stopped_with_its_children(
    fake: Fake, tmp_path: Path, script: str
) -> None:
    pids = tmp_path / "pids"
    fake(f"echo $$ >{tmp_path}/own\n" + script.replace("{pids}", str(pids)))
    began = time.monotonic()
    with pytest.raises(RenderTimeout) as raised:
        try_page(timeout=1)
    assert time.monotonic() - began < 25, "it does not wait for the program"
    assert raised.value.code == "timeout"
    started = [int(path.read_text()) for path in (tmp_path / "own", pids) if path.exists()]
    assert started
    assert wait_until(lambda: not any(runs(pid) for pid in started))


def test_a_child_that_flees_the_group_does_not_hold_us(fake: Fake, tmp_path: Path) -> None:
    fake(f"setsid sleep 30 & echo $! >{tmp_path}/pid; exec sleep 30")
    began = time.monotonic()
    with pytest.raises(RenderTimeout):
        try_page(timeout=1)
    assert time.monotonic() - began < 25, "it does not wait for the program"
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_the_program_runs_poor_and_limited(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for the renderer")
    fake(
        f"exec >{tmp_path}/seen; env; echo v=$(ulimit -v) t=$(ulimit -t) c=$(ulimit -c);"
        ' stat -c "mode=%a" "$TMPDIR"; pwd; touch "$TMPDIR/x"'
    )
    with pytest.raises(RenderRefused):
        try_page(timeout=9)
    seen = (tmp_path / "seen").read_text()
    assert "SECRET_KEY" not in seen
    assert f"v={child.MEMORY_LIMIT // 1024} t=10 c=0" in seen
    assert "mode=700" in seen
    folders = set(re.findall(r"^(?:HOME|TMPDIR|XDG_RUNTIME_DIR)=(.*)$", seen, re.MULTILINE))
    assert len(folders) == 1
    assert not Path(folders.pop()).exists()


def test_a_page_that_needs_too_much_memory_is_refused(fake: Fake) -> None:
    fake(f"exec {sys.executable} -c 'bytearray(2048 * 1024 * 1024)'")
    with pytest.raises(RenderRefused, match="MemoryError"):
        try_page()


PARENT = """
from datetime import UTC, datetime
from app.documents.render import render_pdf
rows = "<tr><td>row</td></tr>" * 90_000
page = f"<html><body><table>{rows}</table><p>C1-v1</p></body></html>"
print("ready", flush=True)
render_pdf(page, mark="C1-v1", at=datetime(2026, 1, 1, tzinfo=UTC))
print("done", flush=True)
"""


def descendants(pid: int) -> list[int]:
    try:
        own = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [int(one) for one in own] + [far for one in own for far in descendants(int(one))]


def program_of(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


@pytest.mark.parametrize("program", ["wkhtmltopdf", "sleep"])
def test_kill_9_of_the_parent_leaves_no_wkhtmltopdf(
    program: str, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real one, and one that would outlive it by a minute."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    if program == "sleep":
        fake("exec sleep 60")
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE)
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        assert wait_until(
            lambda: any(program in program_of(pid) for pid in descendants(parent.pid))
        )
        started = descendants(parent.pid)
        parent.kill()
        parent.wait()
        assert parent.stdout.read() == b""
    assert wait_until(lambda: not any(runs(pid) for pid in started))


@needs_root
def test_nobody_can_render_too() -> None:
    """The same bytes, in a child started as the web server's user would start it."""

    def nobody(home: str, *command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command, input=PAGE.encode(), user="nobody", group="nogroup", extra_groups=[],
            cwd="/", env=render._environment(home), capture_output=True, check=False,
        )  # fmt: skip

    with tempfile.TemporaryDirectory() as home:
        script = Path(shutil.copy(child.__file__, home))
        for path in (Path(home), script):
            shutil.chown(path, "nobody")
        # The interpreter of a root's virtual environment may be closed to others.
        for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
            if nobody(home, "test", "-x", python).returncode == 0:
                break
        else:
            pytest.skip("there is no Python that nobody may run")
        # Pipes of the shell's own: wkhtmltopdf opens its output anew, which root's pipe forbids.
        line = '"$0" -I -S "$1" $$ none 30 "${@:2}" | cat'
        command = ("bash", "-o", "pipefail", "-c", line, python, str(script))
        done = nobody(home, *command, *render._command(PAGE))
    assert done.returncode == 0, done.stderr.decode()[-500:]
    assert render._dated(done.stdout, AT) == try_page()


# Previews and leftovers


def test_only_two_previews_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    release, started = threading.Event(), threading.Semaphore(0)

    def slow(*_: object, **__: object) -> bytes:
        started.release()
        release.wait(10)
        return b"%PDF-"

    def preview() -> bytes:
        return render.render_preview(PAGE, mark="C1-v1", at=AT, patience=0)

    monkeypatch.setattr(render, "render_pdf", slow)
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(preview) for _ in range(2)]
        for _ in running:
            assert started.acquire(timeout=60)
        with pytest.raises(PreviewBusy) as raised:
            preview()
        assert raised.value.code == "busy"
        release.set()
        assert [one.result() for one in running] == [b"%PDF-", b"%PDF-"]
    assert preview() == b"%PDF-"


def test_a_failed_preview_gives_its_slot_back(fake: Fake) -> None:
    fake("exit 1")
    for _ in range(render.PREVIEWS_AT_ONCE + 1):
        with pytest.raises(RenderRefused):
            render.render_preview(PAGE, mark="C1-v1", at=AT, patience=0)


def test_old_leftovers_are_cleared_and_fresh_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("crm-render-old", "crm-render-new", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "page.html").touch()
    long_ago = time.time() - 2 * render.LEFT_OVER_AFTER
    for name in ("crm-render-old", "other"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    assert render.clear_leftovers() == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["crm-render-new", "other"]


def test_rendering_leaves_nothing_in_the_temporary_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    try_page()
    assert list(tmp_path.iterdir()) == []
