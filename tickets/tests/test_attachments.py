"""Files: what is accepted, who may open them, and how they are handed out."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from conftest import TUESDAY
from people.models import User
from portal.kit.refused import InvalidInput
from tickets.actions import remove_orphans, reply_as_agent, reply_as_customer
from tickets.actions.attaching import check_files, problem_with, shown_name
from tickets.models import Attachment, Ticket
from tickets.models.conversation import attachments_storage

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
MEGABYTE = 2**20


def file(name: str, content: bytes = b"text") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.fixture
def attached(stella: User, open_for: Any) -> Any:
    """Return a way to have a file on Stella's ticket."""

    def attach(name: str, content: bytes = b"text", **more: Any) -> Attachment:
        ticket = more.pop("ticket", None) or open_for(stella)
        author = more.pop("author", stella)
        act = reply_as_agent if author.works_here else reply_as_customer
        act(
            ticket=ticket, author=author, body="See file", files=[file(name, content)],
            now=TUESDAY, **more,
        )  # fmt: skip
        return Attachment.objects.latest("pk")

    return attach


@pytest.fixture(autouse=True)
def own_storage(monkeypatch: pytest.MonkeyPatch, own_files: None) -> None:
    """Have the field write where the test's settings say; it asked for its storage at start."""
    monkeypatch.setattr(Attachment._meta.get_field("file"), "storage", attachments_storage())


def address(attachment: Attachment) -> str:
    return f"/files/{attachment.public_id}/"


@dataclass
class Fetched:
    """An answer that was read to its end."""

    status: int
    headers: Any
    body: bytes
    streamed: bool


def fetch(browser: Client, place: str) -> Fetched:
    answer: Any = browser.get(place)
    streamed = answer.streaming
    body = b"".join(answer.streaming_content) if streamed else answer.content
    return Fetched(answer.status_code, answer.headers, body, streamed)


def test_a_file_is_handed_out_so_that_it_can_do_no_harm(
    stella: User, at_door: Any, attached: Any
) -> None:
    found = attached("report.xml", b"<html><script>alert(1)</script></html>")
    got = fetch(at_door(stella), address(found))
    assert (got.status, got.streamed) == (200, True)
    assert got.body == b"<html><script>alert(1)</script></html>"
    assert got.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert got.headers["Content-Disposition"] == 'attachment; filename="report.xml"'
    assert got.headers["Content-Length"] == "38"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert got.headers["Cache-Control"] == "private, no-store"
    assert got.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_picture_opens_in_the_browser_unless_it_is_to_be_saved(
    stella: User, at_door: Any, attached: Any
) -> None:
    found = attached("screen.png", PNG)
    shown = fetch(at_door(stella), address(found))
    assert shown.headers["Content-Disposition"] == 'inline; filename="screen.png"'
    assert shown.headers["Content-Type"] == "image/png"
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    saved = fetch(at_door(stella), f"{address(found)}?download")
    assert saved.headers["Content-Disposition"].startswith("attachment")


def test_a_pdf_is_never_opened_inside_the_portal(stella: User, at_door: Any, attached: Any) -> None:
    got = fetch(at_door(stella), address(attached("manual.pdf", b"%PDF-1.7")))
    assert got.headers["Content-Disposition"].startswith("attachment")


def test_a_name_in_any_script_survives_the_header(
    stella: User, at_door: Any, attached: Any
) -> None:
    got = fetch(at_door(stella), address(attached("Prüfbericht 倉庫.txt")))
    assert got.headers["Content-Disposition"] == (
        "attachment; filename*=utf-8''Pr%C3%BCfbericht_%E5%80%89%E5%BA%AB.txt"
    )


def test_a_name_cannot_write_a_header(stella: User, at_door: Any, attached: Any) -> None:
    found = attached("a.txt")
    Attachment.objects.filter(pk=found.pk).update(name='x"; evil="\r\nSet-Cookie: a=b.txt')
    got = fetch(at_door(stella), address(found))
    assert got.status == 200
    assert "Set-Cookie" not in got.headers
    assert "\n" not in got.headers["Content-Disposition"]


def test_who_may_read_the_message_may_open_its_file(
    ada: User, colin: User, olga: User, agnes: User, lena: User, at_door: Any, attached: Any,
    open_for: Any, client: Client,
) -> None:  # fmt: skip
    found = attached("a.txt", ticket=open_for(ada), author=ada)
    for reader in (ada, lena):
        assert fetch(at_door(reader), address(found)).status == 200
    missing = fetch(at_door(olga), "/files/nothing-here/")
    for stranger in (olga, colin, agnes):  # another company, a member, another queue
        got = fetch(at_door(stranger), address(found))
        assert (got.status, got.body) == (404, missing.body)
    assert client.get(address(found)).status_code == 302


def test_the_files_of_notes_are_for_staff_alone(
    stella: User, agnes: User, at_door: Any, attached: Any, open_for: Any
) -> None:
    found = attached("contract.txt", ticket=open_for(stella), author=agnes, is_public=False)
    assert fetch(at_door(agnes), address(found)).status == 200
    assert fetch(at_door(stella), address(found)).status == 404


def test_one_who_left_opens_nothing_more(stella: User, at_door: Any, attached: Any) -> None:
    found = attached("a.txt")
    stella.memberships.update(status="ended")
    assert fetch(at_door(stella), address(found)).status == 404


def test_a_lost_file_is_said_plainly_and_breaks_nothing(
    stella: User, at_door: Any, attached: Any
) -> None:
    found = attached("a.txt")
    Path(found.file.path).unlink()
    got = fetch(at_door(stella), address(found))
    assert got.status == 410
    assert "The file “a.txt” is no longer there" in got.body.decode()


def test_files_have_no_address_of_their_own(attached: Any, client: Client, tmp_path: Path) -> None:
    found = attached("a.txt")
    assert "a.txt" not in found.file.name
    assert Path(found.file.path).is_relative_to(tmp_path / "attachments")
    for place in ("/media/", "/static/", "/attachments/"):
        assert client.get(f"{place}{found.file.name}").status_code == 404
    assert client.get(f"/{found.file.url.lstrip('/')}").status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("empty.txt", b"", "empty"),
        ("run.exe", b"MZ", "not accepted"),
        ("page.html", b"<html>", "not accepted"),
        ("drawing.svg", b"<svg>", "not accepted"),
        ("noextension", b"x", "not accepted"),
        ("photo.png", b"GIF89a", "not what the name says"),
        ("photo.jpg", PNG, "not what the name says"),
        ("sound.webp", b"RIFF\x00\x00\x00\x00WAVE", "not what the name says"),
        ("fake.pdf", b"<html>", "not what the name says"),
        ("binary.log", b"a\x00b", "not a text file"),
        ("run.exe\u200b", b"MZ", "not accepted"),
        ("run.png\u200b.exe", b"MZ", "not accepted"),
        ("gpj.exe\u202e.html", b"<html>", "not accepted"),
        ("page.html ", b"<html>", "not accepted"),
        ("page.html.", b"<html>", "not accepted"),
        ("page.txt/../x.html", b"<html>", "not accepted"),
        ("page。html", b"<html>", "not accepted"),
    ],
)
def test_what_is_not_what_it_says_is_refused(name: str, content: bytes, problem: str) -> None:
    # The bare object: a browser's file goes through Django's own cleaning of names too.
    upload: Any = file("x", content)
    upload._name = name
    assert problem in problem_with(upload)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", PNG),
        ("a.PNG", PNG),
        ("a.jpeg", b"\xff\xd8\xff\xe0"),
        ("a.gif", b"GIF89a"),
        ("a.webp", b"RIFF\x10\x00\x00\x00WEBPVP8 "),
        ("a.pdf", b"%PDF-1.4"),
        ("a.zip", b"PK\x03\x04"),
        ("a.docx", b"PK\x03\x04"),
        ("a.log", "Ümläute".encode()),
        ("a.har", b"{}"),
        ("a.b.c.txt", b"x"),
    ],
)
def test_the_usual_files_are_welcome(name: str, content: bytes) -> None:
    assert problem_with(file(name, content)) == ""


def test_size_and_number_have_limits(settings: Any) -> None:
    settings.ATTACHMENT_MAX_BYTES = MEGABYTE
    settings.ATTACHMENT_MAX_COUNT = 2
    assert problem_with(file("a.txt", b"x" * MEGABYTE)) == ""
    assert "larger than 1 MB" in problem_with(file("a.txt", b"x" * (MEGABYTE + 1)))
    with pytest.raises(InvalidInput, match="At most 2 files"):
        check_files([file("a.txt"), file("b.txt"), file("c.txt")])


def test_every_refused_file_is_named() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_files([file("a.exe"), file("b.txt"), file("c.bat")])
    assert "a.exe" in refused.value.message
    assert "c.bat" in refused.value.message
    assert "b.txt" not in refused.value.message


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\temp\\log.txt", "log.txt"),
        ("a b.txt", "a_b.txt"),
        ("\u202egpj.txt", "gpj.txt"),
        ("x" * 300 + ".txt", "x" * 100 + ".txt"),
        ("...", "file"),
        ("", "file"),
    ],
)
def test_names_are_made_safe_to_show(given: str, shown: str) -> None:
    upload: Any = file("x")
    upload._name = given
    assert shown_name(upload) == shown


def test_a_refusal_after_storing_leaves_no_file_behind(
    stella: User, open_for: Any, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    from tickets.actions import opening

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the database went away")

    monkeypatch.setattr(opening, "tell_opened", fail)
    with pytest.raises(RuntimeError):
        open_for(stella, files=[file("a.txt")])
    assert not Ticket.objects.exists()
    assert not [path for path in (tmp_path / "attachments").rglob("*") if path.is_file()]


def test_files_without_a_row_are_removed_and_young_ones_left(attached: Any, tmp_path: Path) -> None:
    found = attached("a.txt")
    folder = Path(found.file.path).parent
    (folder / "left-by-a-crash").write_bytes(b"x")
    now = TUESDAY + timedelta(days=36500)
    assert remove_orphans(now=now) == 1
    assert Path(found.file.path).exists()
    (folder / "in-flight").write_bytes(b"x")
    assert remove_orphans(now=TUESDAY) == 0


def test_only_looking_is_possible(stella: User, at_door: Any, attached: Any) -> None:
    found = attached("a.txt")
    browser = at_door(stella)
    head = browser.head(address(found))
    assert (head.status_code, b"".join(head.streaming_content)) == (200, b"")
    for method in (browser.post, browser.put, browser.patch, browser.delete):
        assert method(address(found)).status_code == 405
    assert Attachment.objects.filter(pk=found.pk).exists()
