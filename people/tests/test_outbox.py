"""The outbox: at least once, never for ever, and nothing readable afterwards."""

from datetime import timedelta
from email import message_from_string

import pytest
import time_machine
from django.core import mail
from django.test import override_settings

from conftest import TUESDAY
from people.actions import DeliveryError, deliver_due_notices, queue_notice, retry_notice
from people.actions.delivery import LEASE
from people.models import Notice, User
from people.tasks import deliver_notices
from portal.kit.refused import Refused

pytestmark = pytest.mark.django_db

delivered: list[int] = []
failure: list[Exception] = []


def transport(notice: Notice) -> None:
    """Deliver, or fail as the test said."""
    if failure:
        raise failure[0]
    delivered.append(notice.pk)


@pytest.fixture(autouse=True)
def by_hand(settings):
    """Send through the transport above."""
    settings.NOTICE_TRANSPORTS = {"mail": "people.tests.test_outbox.transport"}
    delivered.clear()
    failure.clear()
    with time_machine.travel(TUESDAY, tick=False) as traveller:
        yield traveller


def queue(key: str = "a", **changes) -> Notice:
    """Write one notice."""
    values = {
        "kind": "test",
        "recipient": None,
        "address": "ada@analytical.example",
        "dedupe_key": key,
        "subject": "Hello",
        "body_text": "text",
        "body_html": "<p>text</p>",
        "now": TUESDAY,
        **changes,
    }
    queue_notice(**values)
    return Notice.objects.get(dedupe_key=key)


def test_the_same_occasion_twice_is_one_notice() -> None:
    queue("a", subject="first")
    queue("a", subject="second")
    assert Notice.objects.get().subject == "first"


def test_a_due_notice_goes_out_once() -> None:
    notice = queue()
    assert deliver_due_notices(now=TUESDAY) == 1
    assert deliver_due_notices(now=TUESDAY) == 0
    notice.refresh_from_db()
    assert (notice.sent_at, notice.lease_until, notice.attempts) == (TUESDAY, None, 0)
    assert delivered == [notice.pk]


def test_the_task_drains_more_than_a_batch_and_may_run_twice() -> None:
    for number in range(45):
        queue(str(number))
    assert deliver_notices() == 45
    assert deliver_notices() == 0
    assert len(delivered) == len(set(delivered)) == 45


def test_a_failure_is_kept_and_tried_again_later(by_hand) -> None:
    notice = queue()
    failure.append(DeliveryError("451 later"))
    assert deliver_due_notices(now=TUESDAY) == 0
    notice.refresh_from_db()
    assert (notice.attempts, notice.last_error, notice.dead_at) == (1, "451 later", None)
    failure.clear()
    assert deliver_due_notices(now=TUESDAY) == 0
    by_hand.shift(timedelta(minutes=2))
    assert deliver_due_notices(now=TUESDAY + timedelta(minutes=2)) == 1


def test_a_crash_of_our_own_is_a_failure_like_any_other() -> None:
    notice = queue()
    failure.append(ZeroDivisionError("oops"))
    deliver_due_notices(now=TUESDAY)
    notice.refresh_from_db()
    assert notice.last_error == "oops"
    assert notice.dead_at is None


def test_one_bad_row_does_not_hold_up_the_others() -> None:
    bad, good = queue("bad", transport="carrier pigeon"), queue("good")
    assert deliver_due_notices(now=TUESDAY) == 1
    bad.refresh_from_db()
    assert bad.dead_at == TUESDAY
    assert "carrier pigeon" in bad.last_error
    assert delivered == [good.pk]


def test_a_permanent_failure_is_given_up_at_once_and_seen() -> None:
    notice = queue()
    failure.append(DeliveryError("550 no such user", permanent=True))
    deliver_due_notices(now=TUESDAY)
    assert list(Notice.objects.dead()) == [notice]
    assert not Notice.objects.waiting().exists()


def test_a_day_of_failures_gives_a_notice_up(by_hand) -> None:
    notice = queue()
    failure.append(DeliveryError("451 later"))
    for hours in range(25):
        by_hand.move_to(TUESDAY + timedelta(hours=hours))
        deliver_due_notices(now=TUESDAY + timedelta(hours=hours))
    notice.refresh_from_db()
    assert notice.dead_at == TUESDAY + timedelta(hours=24)
    assert 8 <= notice.attempts <= 12


def test_what_was_given_up_can_be_tried_again_unless_it_was_secret(oscar: User) -> None:
    plain, secret = queue("plain"), queue("secret", is_secret=True)
    failure.append(DeliveryError("550", permanent=True))
    deliver_due_notices(now=TUESDAY)
    failure.clear()
    retry_notice(notice=plain, by=oscar, now=TUESDAY)
    with pytest.raises(Refused):
        retry_notice(notice=secret, by=oscar, now=TUESDAY)
    assert deliver_due_notices(now=TUESDAY) == 1


def test_an_outage_stops_the_batch_and_costs_the_others_nothing() -> None:
    notices = [queue(str(number)) for number in range(5)]
    failure.append(DeliveryError("connection refused", is_outage=True))
    deliver_due_notices(now=TUESDAY)
    attempts = [Notice.objects.get(pk=notice.pk).attempts for notice in notices]
    assert attempts == [1, 0, 0, 0, 0]
    failure.clear()
    assert deliver_due_notices(now=TUESDAY) == 4


def test_a_worker_that_died_leaves_the_notice_to_the_next_one(by_hand) -> None:
    queue()
    Notice.objects.update(lease_until=TUESDAY + LEASE)
    assert deliver_due_notices(now=TUESDAY + LEASE / 2) == 0
    assert deliver_due_notices(now=TUESDAY + LEASE) == 1


def test_a_worker_that_lost_its_lease_does_not_send() -> None:
    """Another worker took the second notice while the first was being sent."""
    first, second = queue("first"), queue("second")

    def slow(notice: Notice) -> None:
        delivered.append(notice.pk)
        Notice.objects.filter(pk=second.pk).update(lease_until=TUESDAY + timedelta(hours=1))

    global transport
    kept, transport = transport, slow
    try:
        deliver_due_notices(now=TUESDAY)
    finally:
        transport = kept
    assert delivered == [first.pk]
    second.refresh_from_db()
    assert (second.sent_at, second.attempts) == (None, 0)


@pytest.mark.parametrize("is_permanent", [True, False])
def test_secrets_are_wiped_once_nobody_needs_the_row(is_permanent: bool) -> None:
    notice = queue(is_secret=True)
    if is_permanent:
        failure.append(DeliveryError("550", permanent=True))
    deliver_due_notices(now=TUESDAY)
    notice.refresh_from_db()
    assert (notice.body_text, notice.body_html) == ("", "")


def test_a_secret_that_is_tried_again_is_still_there() -> None:
    notice = queue(is_secret=True)
    failure.append(DeliveryError("451"))
    deliver_due_notices(now=TUESDAY)
    notice.refresh_from_db()
    assert notice.body_text == "text"


def test_a_subject_is_one_line_without_what_databases_refuse() -> None:
    notice = queue(subject="Hello\r\nBcc: all@example.com\x00\u2028there", body_text="a\x00b")
    assert notice.subject == "Hello Bcc: all@example.com there"
    assert notice.body_text == "ab"


def test_a_notice_goes_to_somebody() -> None:
    with pytest.raises(ValueError, match="nobody"):
        queue(address="")


@override_settings(NOTICE_TRANSPORTS={"mail": "integrations.mail.transport.send_notice"})
def test_a_mail_keeps_its_message_id_over_attempts_and_says_what_asked_for_it(ada: User) -> None:
    notice = queue("grüße:1", subject="Grüße aus Łódź", in_reply_to="<ticket.1@localhost>")
    Notice.objects.update(request_id="abc12345")
    deliver_due_notices(now=TUESDAY)
    sent = message_from_string(mail.outbox[0].message().as_string())
    assert sent["Message-ID"] == notice.message_id
    assert sent["In-Reply-To"] == sent["References"] == "<ticket.1@localhost>"
    assert sent["X-Request-Id"] == "abc12345"
    assert sent["Auto-Submitted"] == "auto-generated"
    assert mail.outbox[0].subject == "Grüße aus Łódź"


@override_settings(NOTICE_TRANSPORTS={"mail": "integrations.mail.transport.send_notice"})
def test_an_address_with_a_line_break_never_becomes_a_header() -> None:
    notice = queue(address="ada@analytical.example\nBcc: all@example.com")
    deliver_due_notices(now=TUESDAY)
    notice.refresh_from_db()
    assert notice.dead_at is not None
    assert mail.outbox == []
