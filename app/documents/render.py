"""HTML in, a checked PDF out: wkhtmltopdf in a child that has no files, no network and 30 seconds.

Nothing that wkhtmltopdf says about its own success is believed (a full disk gives exit code 0 and
half a file), so the result is opened and looked at before anybody may keep it.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pdfkit
from pypdf import PdfReader

from app.documents import child

PROGRAM = "wkhtmltopdf"
HTML_LIMIT = 2_000_000
TIME_LIMIT = 30.0
PREVIEWS_AT_ONCE = 2
NETWORK = "none"  # "shared" leaves the dead proxy alone on guard; the tests try it that way too

OPTIONS = {
    "encoding": "UTF-8",
    "page-size": "A4",
    "margin-top": "16mm",
    "margin-bottom": "16mm",
    "margin-left": "20mm",
    "margin-right": "16mm",
    "disable-javascript": "",
    "disable-local-file-access": "",
    # Without it frames, styles, fonts and pictures are fetched from the server's own network.
    "proxy": "http://127.0.0.1:1",
}

TEMP_PREFIX = "crm-render-"
LEFT_OVER_AFTER = 3600.0
CREATION_DATE = re.compile(rb"(?<=/CreationDate \(D:)\d{14}")


class RenderError(Exception):
    """There is no PDF. `code` is the fact for programs, the text is for the document's reason."""

    code = "failed"


class RendererMissing(RenderError):
    """wkhtmltopdf is not installed: no fault of the document, so it costs no try."""

    code = "missing"

    def __init__(self) -> None:
        super().__init__(f"{PROGRAM} is not installed or cannot be started")


class RenderTimeout(RenderError):
    code = "timeout"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{PROGRAM} was stopped after {seconds:g} s")


class HtmlTooLarge(RenderError):
    code = "too_large"

    def __init__(self, size: int) -> None:
        super().__init__(f"the page has {size} bytes, more than {HTML_LIMIT}")


class PreviewBusy(RenderError):
    code = "busy"

    def __init__(self) -> None:
        super().__init__("other previews are being made, try again in a moment")


class RenderRefused(RenderError):
    """wkhtmltopdf ended, but what it made is no whole document.

    `reason`: exit, signal, empty, not_pdf, truncated, unreadable, no_pages, no_mark, no_date or
    temp (the temporary directory cannot be used).
    """

    code = "refused"

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


class Ended(NamedTuple):
    code: int
    output: bytes
    errors: str


class _PDFKit(pdfkit.PDFKit):
    """pdfkit, deaf to the page: its `pdfkit-…` meta tags would overrule our options."""

    def _find_options_in_meta(self, content: str) -> dict[str, str]:
        return {}


def renderer_available() -> bool:
    return shutil.which(PROGRAM) is not None


def render_pdf(html: str, *, mark: str, at: datetime, timeout: float = TIME_LIMIT) -> bytes:
    """The PDF of a page that prints `mark` (ASCII, no blanks), best as its last words.

    `at` becomes the file's creation date, so the same page at the same time is the same bytes.
    Raises a child of RenderError: RendererMissing, RenderTimeout, RenderRefused, HtmlTooLarge.
    """
    if at.tzinfo is None:
        raise ValueError("the time of a document is aware")
    page = html.encode("utf-8", "replace")  # a lone surrogate is no reason to have no contract
    if len(page) > HTML_LIMIT:
        raise HtmlTooLarge(len(page))
    ended = _run(_command(html), page, timeout)
    if ended.code == child.CANNOT_START:
        raise RendererMissing
    _verify(ended, mark)
    return _dated(ended.output, at)


_preview_slots = threading.BoundedSemaphore(PREVIEWS_AT_ONCE)


def render_preview(
    html: str, *, mark: str, at: datetime, timeout: float = TIME_LIMIT, patience: float = 2.0
) -> bytes:
    """`render_pdf` while a person waits, two at a time in one process.

    Who finds no free slot within `patience` seconds gets PreviewBusy.
    """
    if not _preview_slots.acquire(timeout=patience):
        raise PreviewBusy
    try:
        return render_pdf(html, mark=mark, at=at, timeout=timeout)
    finally:
        _preview_slots.release()


def clear_leftovers() -> int:
    """Removes the temporary directories of renders whose process was killed; returns how many.

    An hour's age tells them from those in use, in whichever container that is.
    """
    removed = 0
    for path in Path(tempfile.gettempdir()).glob(f"{TEMP_PREFIX}*"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - LEFT_OVER_AFTER:
                shutil.rmtree(path)
                removed += 1
    return removed


def _command(html: str) -> list[str]:
    program = shutil.which(PROGRAM)
    if program is None:
        raise RendererMissing
    try:
        configuration = pdfkit.configuration(wkhtmltopdf=program)
    except OSError as error:  # on the PATH, but not to be read
        raise RendererMissing from error
    kit = _PDFKit(html, "string", options=dict(OPTIONS), configuration=configuration)
    return [str(part) for part in kit.command()]


def _run(command: list[str], page: bytes, timeout: float) -> Ended:
    """Runs wkhtmltopdf in a process group and a private directory of its own."""
    try:
        private = tempfile.mkdtemp(prefix=TEMP_PREFIX)  # mode 0700
    except OSError as error:
        raise RenderRefused("temp", str(error.strerror)) from error
    limits = [str(os.getpid()), NETWORK, str(int(timeout) + 1)]
    try:
        process = subprocess.Popen(  # noqa: S603 - a fixed program, the page goes to its stdin
            [sys.executable, "-I", "-S", str(child.__file__), *limits, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=private,
            env=_environment(private),
            start_new_session=True,
        )
        return _outcome(process, page, timeout)
    finally:
        shutil.rmtree(private, ignore_errors=True)


def _environment(private: str) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "HOME": private,
        "TMPDIR": private,
        "XDG_RUNTIME_DIR": private,
        # Qt orders the fonts of a page by a random hash otherwise, and the bytes would differ.
        "QT_HASH_SEED": "0",
        # On a machine of many cores the threads' reserves alone would eat up the memory limit.
        "MALLOC_ARENA_MAX": "2",
    }


def _outcome(process: subprocess.Popen[bytes], page: bytes, timeout: float) -> Ended:
    try:
        output, errors = process.communicate(page, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise RenderTimeout(timeout) from error
    finally:
        # Before the child is reaped, so that its number cannot belong to somebody else yet.
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        # Closed rather than read to the end: a process that left the group may hold them open.
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
    return Ended(process.returncode, output, errors.decode("utf-8", "replace"))


def _verify(ended: Ended, mark: str) -> None:
    if ended.code != 0:
        reason = "signal" if ended.code < 0 else "exit"
        raise RenderRefused(reason, f"{abs(ended.code)} {ended.errors.strip()[-300:]}".strip())
    if not ended.output:
        raise RenderRefused("empty")
    if not ended.output.startswith(b"%PDF-"):
        raise RenderRefused("not_pdf")
    if not ended.output.rstrip().endswith(b"%%EOF"):
        raise RenderRefused("truncated")
    try:
        pages = PdfReader(BytesIO(ended.output)).pages
        count, marked = len(pages), any(mark in page.extract_text() for page in reversed(pages))
    except Exception as error:  # pypdf fails in many ways on broken files, and all mean the same
        raise RenderRefused("unreadable", type(error).__name__) from error
    if not count:
        raise RenderRefused("no_pages")
    if not marked:
        raise RenderRefused("no_mark", mark)


def _dated(pdf: bytes, at: datetime) -> bytes:
    """Puts `at` in place of the moment of rendering; the length and so the offsets stay."""
    digits = at.astimezone(UTC).strftime("%Y%m%d%H%M%S").encode("ascii")
    dated, found = CREATION_DATE.subn(digits, pdf, count=1)
    if not found:
        raise RenderRefused("no_date")
    return dated
