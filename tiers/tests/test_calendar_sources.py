"""Where holidays come from: the library, .ics files and feeds, and what is refused of them."""

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from portal.kit.refused import InvalidInput
from tiers.holiday_sources import (
    countries,
    days_of_ical,
    feed,
    fetch_feed,
    public_holidays,
    subdivisions,
)

SINCE, UNTIL = date(2026, 1, 1), date(2028, 12, 31)


def ics(*events: str) -> bytes:
    """Return a calendar file of events, each given as its lines parted by semicolon-free bars."""
    bodies = ["BEGIN:VEVENT\n" + one.replace("|", "\n") + "\nEND:VEVENT" for one in events]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *bodies, "END:VCALENDAR", ""]
    return "\n".join(lines).replace("\n", "\r\n").encode()


def days(*events: str) -> dict[str, str]:
    """Return what the events close, by ISO date."""
    found = days_of_ical(ics(*events), SINCE, UNTIL).days
    return {day.isoformat(): name for day, name in found.items()}


def test_the_library_knows_countries_and_their_states() -> None:
    assert ("US", "United States") in countries()
    assert ("BY", "Bayern") in subdivisions("DE")
    assert subdivisions("XX") == ()
    bavaria = public_holidays("DE", "BY", [2027])
    assert bavaria[date(2027, 1, 6)] == "Epiphany"
    assert date(2027, 1, 6) not in public_holidays("DE", "BE", [2027])
    assert {day.year for day in public_holidays("US", "NY", [2027, 2028])} == {2027, 2028}


def test_an_unknown_country_or_state_is_refused_with_what_there_is() -> None:
    with pytest.raises(InvalidInput) as refused:
        public_holidays("XX", "", [2027])
    assert refused.value.fields == {"country": "Choose a country."}
    with pytest.raises(InvalidInput) as refused:
        public_holidays("DE", "ZZ", [2027])
    assert "Germany has these: BB, BE" in refused.value.fields["subdivision"]


def test_all_day_events_close_their_days_and_several_days_each_of_them() -> None:
    assert days(
        "SUMMARY:Company\\, summer|DTSTART;VALUE=DATE:20260803|DTEND;VALUE=DATE:20260806",
        "SUMMARY:One day|DTSTART;VALUE=DATE:20260901",
        "SUMMARY:Two days|DTSTART;VALUE=DATE:20261001|DURATION:P2D",
        "SUMMARY:Not any more|DTSTART;VALUE=DATE:20261101|STATUS:CANCELLED",
        "SUMMARY:Too early|DTSTART;VALUE=DATE:20251224",
    ) == {
        "2026-08-03": "Company, summer",
        "2026-08-04": "Company, summer",
        "2026-08-05": "Company, summer",
        "2026-09-01": "One day",
        "2026-10-01": "Two days",
        "2026-10-02": "Two days",
    }


def test_events_with_a_time_of_day_are_no_holidays_but_counted() -> None:
    found = days_of_ical(
        ics("SUMMARY:Lunch|DTSTART:20260803T120000Z", "SUMMARY:Off|DTSTART;VALUE=DATE:20260804"),
        SINCE,
        UNTIL,
    )
    assert (list(found.days), found.left_out) == ([date(2026, 8, 4)], 1)


def test_recurring_events_come_as_often_as_they_should() -> None:
    assert days("SUMMARY:Boxing Day|DTSTART;VALUE=DATE:19901226|RRULE:FREQ=YEARLY") == {
        f"{year}-12-26": "Boxing Day" for year in (2026, 2027, 2028)
    }
    assert list(
        days("SUMMARY:Thanks|DTSTART;VALUE=DATE:20201126|RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=+4TH")
    ) == ["2026-11-26", "2027-11-25", "2028-11-23"]
    assert list(
        days(
            "UID:a|DTSTART;VALUE=DATE:20260105|RRULE:FREQ=WEEKLY;UNTIL=20260126T000000Z|"
            "EXDATE;VALUE=DATE:20260112|RDATE;VALUE=DATE:20260315",
            "UID:a|RECURRENCE-ID;VALUE=DATE:20260119|DTSTART;VALUE=DATE:20260120|SUMMARY:Moved",
        )
    ) == ["2026-01-05", "2026-01-20", "2026-01-26", "2026-03-15"]
    assert len(days("DTSTART;VALUE=DATE:20260101|RRULE:FREQ=DAILY;COUNT=3")) == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>log in first</html>", "does not begin with BEGIN:VCALENDAR"),
        (b"x" * (512 * 1024 + 1), "larger than 512 KB"),
        (ics(*["DTSTART;VALUE=DATE:20260101"] * 5001), "more than 5000 events"),
        (ics("DTSTART;VALUE=DATE:20260101|RRULE:FREQ=SECONDLY"), "no holiday needs"),
        (
            ics("DTSTART;VALUE=DATE:20260101|RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
            "no holiday needs",
        ),
        (ics("DTSTART;VALUE=DATE:20260101|RRULE:FREQ=YEARLY;INTERVAL=0"), "makes no sense"),
        (ics("DTSTART;VALUE=DATE:20260101|RRULE:FREQ=DAILY"), "1096 days, which cannot be"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:2026\r\n", "ends in the middle"),
    ],
)
def test_a_file_that_is_no_calendar_of_holidays_is_refused_in_words(
    content: bytes, said: str
) -> None:
    with pytest.raises(InvalidInput, match="This calendar file cannot be used") as refused:
        days_of_ical(content, SINCE, UNTIL)
    assert said in refused.value.fields["file"]


def test_a_recurrence_that_never_happens_is_over_soon() -> None:
    never = "DTSTART;VALUE=DATE:20260101|RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
    with pytest.raises(InvalidInput, match="takes too long"):
        days(*[never] * 3000)


class Server(BaseHTTPRequestHandler):
    """A feed's server that behaves as its address says."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/holidays.ics")
            self.end_headers()
            return
        if self.path == "/circle":
            self.send_response(301)
            self.send_header("Location", "/circle")
            self.end_headers()
            return
        if self.path == "/slow":
            with suppress(OSError):
                for _second in range(600):
                    self.wfile.write(b"X")
                    self.wfile.flush()
                    threading.Event().wait(0.1)
            return
        self.send_response(404 if self.path == "/gone" else 200)
        self.end_headers()
        size = 600 * 1024 if self.path == "/large" else 0
        self.wfile.write(ics("DTSTART;VALUE=DATE:20260101") + b" " * size)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_feed_is_fetched_and_followed_where_it_moved(settings: Any) -> None:
    settings.PRIVATE_FEEDS_ALLOWED = True
    with serving() as base:
        assert fetch_feed(f"{base}/moved").startswith(b"BEGIN:VCALENDAR")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/gone", "answers 404"),
        ("/large", "larger than 512 KB"),
        ("/circle", "without end"),
        ("/slow", "takes longer than|cannot be reached"),
    ],
)
def test_a_feed_that_misbehaves_is_refused_in_words(
    path: str, said: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PRIVATE_FEEDS_ALLOWED = True
    monkeypatch.setattr(feed, "SECONDS", 1.0)
    with serving() as base, pytest.raises(InvalidInput, match=said):
        fetch_feed(base + path)


def test_a_server_in_a_private_network_is_never_asked(settings: Any) -> None:
    with serving() as base:
        for url in (base, "http://example.com/a.ics", "ftp://example.com/a", "file:///etc/passwd"):
            with pytest.raises(InvalidInput, match="begin with https"):
                fetch_feed(url)
        port = base.rpartition(":")[2]
        for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"):
            with pytest.raises(InvalidInput, match="private network"):
                fetch_feed(f"https://{host}:{port}/holidays.ics")
        with pytest.raises(InvalidInput, match="Write it like"):
            fetch_feed("https://user:secret@example.com/holidays.ics")
        with pytest.raises(InvalidInput, match="Write it like"):
            fetch_feed("https:///holidays.ics")


def test_a_redirect_into_a_private_network_is_not_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed, "_asked", lambda url, deadline: "http://169.254.169.254/latest")
    with pytest.raises(InvalidInput, match="begin with https"):
        fetch_feed("https://feeds.example.com/holidays.ics")


def test_one_private_address_behind_a_name_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(socket.AF_INET, 1, 6, "", (ip, 443)) for ip in ("93.184.215.14", "10.0.0.7")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answers)
    with pytest.raises(InvalidInput, match="private network"):
        fetch_feed("https://feeds.example.com/holidays.ics")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.1", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
    ],
)
def test_only_the_open_internet_is_public(address: str, public: bool) -> None:
    assert feed.is_public(ipaddress.ip_address(address)) is public
