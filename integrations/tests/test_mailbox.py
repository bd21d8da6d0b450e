"""The mailbox made of files, and its viewer."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives, send_mail
from django.test import Client, override_settings

from conftest import TUESDAY
from integrations.mail.reading import mail_names
from people.actions import deliver_due_notices, queue_notice

pytestmark = [pytest.mark.django_db, pytest.mark.urls("integrations.tests.mailbox_urls")]

PAGE = "<html><head><title>t</title></head><body><a href='/x'>go</a><script>evil()</script></body>"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    """A mailbox of this test's own."""
    settings.EMAIL_BACKEND = "integrations.mail.mailbox.MailboxBackend"
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    return tmp_path / "mailbox"


def write(subject: str, to: str = "ada@analytical.example", html: str = PAGE) -> None:
    """Send one mail into the folder."""
    mail = EmailMultiAlternatives(subject, "the text http://localhost:8000/go", "a@b.example", [to])
    if html:
        mail.attach_alternative(html, "text/html")
    mail.send()


def test_each_mail_is_one_whole_file_and_names_sort_by_time(folder: Path) -> None:
    for number in range(3):
        with time_machine.travel(TUESDAY + timedelta(seconds=number), tick=False):
            write(str(number))
    names = mail_names(folder)
    assert len(names) == 3
    assert names == sorted(names, reverse=True)
    assert not list(folder.glob("*.part"))


def test_notices_of_the_outbox_arrive_there(folder: Path) -> None:
    queue_notice(
        kind="test", recipient=None, address="ada@analytical.example", dedupe_key="a",
        subject="Grüße", body_text="t", now=TUESDAY,
    )  # fmt: skip
    assert deliver_due_notices(now=TUESDAY) == 1
    assert "Grüße" in Client().get("/mailbox/").content.decode()


def test_the_list_shows_the_newest_first_page_by_page() -> None:
    for number in range(35):
        with time_machine.travel(TUESDAY + timedelta(seconds=number), tick=False):
            write(f"Mail number {number:02}")
    first, second = (Client().get(f"/mailbox/?page={page}").content.decode() for page in (1, 2))
    assert first.index("number 34") < first.index("number 33")
    assert "number 04" not in first
    assert "number 04" in second


def test_the_list_can_show_one_recipients_mails() -> None:
    write("For Ada")
    write("For Paul", to="paul@pallets.example")
    text = Client().get("/mailbox/", {"to": "PAUL@"}).content.decode()
    assert "For Paul" in text
    assert "For Ada" not in text


def test_an_empty_mailbox_says_so() -> None:
    assert "No mail yet" in Client().get("/mailbox/").content.decode()


def test_a_mail_is_shown_with_its_text_and_headers(folder: Path) -> None:
    write("Grüße <b>")
    name = mail_names(folder)[0]
    text = Client().get(f"/mailbox/{name}/").content.decode()
    assert "Grüße &lt;b&gt;" in text
    assert f'src="/mailbox/{name}/html/"' in text
    assert "evil()" not in text
    plain = Client().get(f"/mailbox/{name}/?as=text").content.decode()
    assert '<a href="http://localhost:8000/go" rel="nofollow">' in plain


def test_the_html_of_a_mail_can_do_nothing_but_follow_a_link(folder: Path) -> None:
    write("x")
    name = mail_names(folder)[0]
    page, html = Client().get(f"/mailbox/{name}/"), Client().get(f"/mailbox/{name}/html/")
    policy = html.headers["Content-Security-Policy"]
    assert "sandbox allow-top-navigation-by-user-activation allow-popups" in policy
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "frame-ancestors 'self'" in policy
    assert html.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert '<head><base target="_top">' in html.content.decode()
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"


def test_a_mail_without_html_has_no_frame(folder: Path) -> None:
    write("x", html="")
    name = mail_names(folder)[0]
    assert "<iframe" not in Client().get(f"/mailbox/{name}/").content.decode()
    assert Client().get(f"/mailbox/{name}/html/").status_code == 404


@pytest.mark.parametrize(
    "name", ["passwd", "..", "%2e%2e%2fsecret", "20260310T090000000000-0000000g", "x" * 300]
)
def test_no_other_file_is_opened(name: str, folder: Path) -> None:
    folder.mkdir()
    (folder.parent / "secret.eml").write_text("Subject: secret\n\nsecret")
    (folder / "passwd.eml").write_text("Subject: secret\n\nsecret")
    for path in (f"/mailbox/{name}/", f"/mailbox/{name}/html/"):
        assert Client().get(path).status_code == 404


def test_a_broken_file_breaks_nothing(folder: Path) -> None:
    folder.mkdir()
    for number, content in enumerate((b"", b"\xff\xfe\x00", b"Subject: =?utf-8?b?////?=\n\n\xff")):
        (folder / f"2026031{number}T090000000000-0000000{number}.eml").write_bytes(content)
    assert Client().get("/mailbox/").status_code == 200
    for name in mail_names(folder):
        assert Client().get(f"/mailbox/{name}/").status_code == 200


def test_a_file_that_goes_while_the_list_is_read_is_left_out(folder: Path) -> None:
    write("stays")
    stamp = f"{datetime.now(UTC) + timedelta(days=1):%Y%m%dT%H%M%S%f}"
    (folder / f"{stamp}-00000000.eml").symlink_to(folder / "gone")
    assert "stays" in Client().get("/mailbox/").content.decode()


def test_without_a_folder_there_is_no_viewer_and_no_mail() -> None:
    with override_settings(MAILBOX_DIR=None):
        assert Client().get("/mailbox/").status_code == 404
        assert Client().get("/mailbox/20260310T090000000000-00000000/").status_code == 404
        with pytest.raises(ImproperlyConfigured, match="MAILBOX_DIR"):
            send_mail("x", "y", "a@b.example", ["c@d.example"])
