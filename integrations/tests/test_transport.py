"""Mails go out over real SMTP, whatever the server does."""

import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from conftest import TUESDAY
from integrations.tests.smtp_kit import Sink, listening
from people.actions import deliver_due_notices, queue_notice
from people.models import Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def sink(settings) -> Iterator[Sink]:
    """A server that takes everything, unless the test says otherwise."""
    with listening(Sink()) as controller:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
        settings.EMAIL_TIMEOUT = 1
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        with time_machine.travel(TUESDAY, tick=True):
            yield controller.handler


def queue(key: str = "a", **changes) -> Notice:
    """Write one notice."""
    values = {
        "kind": "test",
        "recipient": None,
        "address": "ada@analytical.example",
        "dedupe_key": key,
        "subject": "Hello",
        "body_text": "the text",
        "body_html": "<p>the page</p>",
        "now": TUESDAY,
        **changes,
    }
    queue_notice(**values)
    return Notice.objects.get(dedupe_key=key)


def deliver(hours: float = 0) -> int:
    """Deliver what is due some hours later."""
    return deliver_due_notices(now=TUESDAY + timedelta(hours=hours, seconds=5))


def test_a_mail_arrives_whole(sink: Sink) -> None:
    notice = queue(
        subject="Grüße aus Łódź: „Ticket T-1“ 🎉",
        body_text="Schöne Grüße\n" + "sehr " * 400 + "lang\n.\n..punkt",
        in_reply_to="<ticket.1@localhost>",
    )
    assert deliver() == 1
    mail = sink.received[0]
    assert mail["Subject"] == notice.subject
    assert mail["To"] == "ada@analytical.example"
    assert mail["From"] == "Tidewater Support <support@tidewater.example>"
    assert mail["Message-ID"] == notice.message_id
    assert mail["In-Reply-To"] == "<ticket.1@localhost>"
    assert mail["Date"].datetime.date() == TUESDAY.date()
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert page is not None
    assert text.get_content().splitlines() == notice.body_text.splitlines()
    assert page.get_content().strip() == "<p>the page</p>"


def test_the_longest_message_id_survives_the_way(sink: Sink) -> None:
    notice = queue("ticket_replied:" + "x" * 180)
    deliver()
    assert sink.message_ids == [notice.message_id]


def test_an_address_with_letters_of_its_own_country_arrives(sink: Sink) -> None:
    queue(address="ada@müller.example")
    assert deliver() == 1
    assert sink.received[0]["To"] == "ada@xn--mller-kva.example"


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
@pytest.mark.parametrize(
    ("answer", "is_dead"),
    [
        ("450 4.2.1 greylisted, come back", False),
        ("451 4.7.1 try later", False),
        ("452 4.2.2 mailbox full", False),
        ("550 5.1.1 no such user", True),
        ("551 5.1.6 moved away", True),
        ("552 5.2.2 mailbox full", False),
        ("554 5.7.1 not now", False),
    ],
)
def test_what_the_server_says_decides_on_another_try(
    sink: Sink, step: str, answer: str, is_dead: bool
) -> None:
    sink.answers[step] = answer
    notice = queue()
    assert deliver() == 0
    notice.refresh_from_db()
    assert (notice.dead_at is not None) is is_dead
    assert answer[4:] in notice.last_error
    assert notice.attempts == 1
    sink.answers.clear()
    with time_machine.travel(TUESDAY + timedelta(hours=1), tick=True):
        assert deliver(hours=1) == (0 if is_dead else 1)


def test_one_refused_recipient_does_not_stop_the_others(sink: Sink) -> None:
    queue("a", address="nobody@analytical.example")
    original = sink.handle_RCPT

    async def refuse_nobody(server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "450 4.2.1 later"
        return await original(server, session, envelope, address, options)

    sink.handle_RCPT = refuse_nobody  # type: ignore[method-assign]
    queue("b")
    assert deliver() == 1


def test_a_line_lost_after_the_mail_was_taken_sends_the_same_message_id_again(sink: Sink) -> None:
    """The one window for a second copy; receivers drop it by its Message-ID."""
    sink.drops_after_data = True
    notice = queue()
    assert deliver() == 0
    sink.drops_after_data = False
    with time_machine.travel(TUESDAY + timedelta(hours=1), tick=True):
        assert deliver(hours=1) == 1
    assert sink.message_ids == [notice.message_id] * 2


def test_a_slow_server_is_left_alone_for_the_rest_of_the_batch(sink: Sink) -> None:
    sink.seconds = 3
    for number in range(5):
        queue(str(number))
    assert deliver() == 0
    assert sorted(Notice.objects.values_list("attempts", flat=True)) == [0, 0, 0, 0, 1]
    assert not Notice.objects.exclude(lease_until=None).exists()


def test_no_server_at_all_loses_nothing(settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.EMAIL_HOST, settings.EMAIL_PORT = free.getsockname()
    for number in range(3):
        queue(str(number))
    assert deliver() == 0
    assert Notice.objects.waiting().count() == 3
    assert sorted(Notice.objects.values_list("attempts", flat=True)) == [0, 0, 1]


def test_our_own_wrong_password_kills_no_mail(sink: Sink, settings) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "somebody", "wrong"
    for number in range(3):
        queue(str(number))
    assert deliver() == 0
    assert not Notice.objects.dead().exists()
    assert sorted(Notice.objects.values_list("attempts", flat=True)) == [0, 0, 1]


def test_every_mail_comes_once_over_a_whole_batch(sink: Sink) -> None:
    for number in range(20):
        queue(str(number), address=f"p{number}@x.example")
    assert deliver() == 20
    assert deliver() == 0
    assert len(sink.message_ids) == len(set(sink.message_ids)) == 20
