"""The parts every page is built from, and the promises their markup makes."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.template import Context, Template
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils import timezone

from portal.kit import charts, devices, time_words, words
from portal.kit import clock as wall_clock

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)  # a Tuesday
TEMPLATES = settings.BASE_DIR / "templates"
STATIC = settings.BASE_DIR / "portal" / "static" / "portal"


@pytest.fixture(autouse=True)
def at_nine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wall_clock, "now", lambda: NOW)


def rendered(source: str, **context: object) -> str:
    return Template("{% load portal_ui %}" + source).render(Context(context))


# Words and moments --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0.5, "less than a minute"),
        (1, "1 min"),
        (59.9, "59 min"),
        (60, "1 h"),
        (190, "3 h 10 min"),
        (14 * 60 + 30, "14 h"),
        (3 * 24 * 60, "3 days"),
        (-42, "42 min"),
    ],
)
def test_a_length_of_time_is_said_as_one_would_say_it(minutes: float, said: str) -> None:
    assert time_words.duration_words(timedelta(minutes=minutes)) == said


@pytest.mark.parametrize(
    ("distance", "said"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=-5), "5 min ago"),
        (timedelta(hours=3), "in 3 h"),
        (timedelta(days=1, hours=1), "tomorrow 10:00"),
        (timedelta(days=-1, hours=-1), "yesterday 08:00"),
        (timedelta(days=3), "Fri 09:00"),
        (timedelta(days=-60), "9 Jan 09:00"),
        (timedelta(days=-400), "3 Feb 2025 09:00"),
    ],
)
def test_a_moment_is_relative_when_near_and_a_date_when_far(distance: timedelta, said: str) -> None:
    assert time_words.moment_words(NOW + distance, NOW) == said


def test_a_moment_is_written_in_the_zone_of_the_reader_and_says_which() -> None:
    with timezone.override("Asia/Tokyo"):
        markup = rendered("{{ then|moment }}", then=NOW - timedelta(days=2))
    assert ">yesterday" not in markup
    assert ">Sun 18:00<" in markup
    assert 'title="Sunday 8 March 2026, 18:00 JST"' in markup


def test_a_missing_moment_is_a_dash() -> None:
    assert rendered("{{ then|moment }}{{ then|exact }}", then=None) == "––"


# Clocks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "state", "text"),
    [
        ({"status": "running", "due_at": NOW + timedelta(hours=5)}, "fine", "in 5 h"),
        ({"status": "running", "due_at": NOW + timedelta(days=3)}, "fine", "Fri 09:00"),
        ({"status": "running", "due_at": NOW + timedelta(minutes=42)}, "soon", "in 42 min"),
        ({"status": "running", "due_at": NOW + timedelta(minutes=8)}, "now", "in 8 min"),
        ({"status": "running", "due_at": NOW}, "now", "due now"),
        ({"status": "breached", "due_at": NOW - timedelta(minutes=20)}, "broken", "20 min late"),
        ({"status": "paused", "paused_reason": "pending"}, "paused", "paused"),
        ({"status": "met"}, "kept", "kept"),
        ({"status": "met_late"}, "late", "kept late"),
        ({"status": "cancelled"}, "idle", "no longer needed"),
        ({"status": "not_started"}, "idle", "not started"),
    ],
)
def test_a_clock_says_its_state_in_words(clock: dict[str, object], state: str, text: str) -> None:
    face = time_words.clock_face({"metric": "first_reply", **clock}, NOW)
    assert (face.state, face.text) == (state, text)


def test_the_warning_ladder_of_a_clock_decides_when_it_is_soon_and_now() -> None:
    due = int((NOW + timedelta(hours=4)).timestamp())
    reading = SimpleNamespace(
        metric="resolution",
        status="running",
        due_at=due,
        breached_at=None,
        paused_reason=None,
        alarms=(
            SimpleNamespace(step=75, at=due - 5 * 3600),
            SimpleNamespace(step=90, at=due - 2 * 3600),
        ),
    )
    face = time_words.clock_face(reading, NOW)
    assert face.state == "soon"
    assert face.now_at == NOW + timedelta(hours=2)


@pytest.mark.parametrize(
    ("steps", "state"),
    [((50, 75, 90, 100), "fine"), ((75, 90, 100), "fine"), ((90, 100), "soon"), ((100,), "now")],
)
def test_steps_that_a_row_no_longer_holds_have_passed(steps: tuple[int, ...], state: str) -> None:
    due = NOW + timedelta(hours=4)
    row = {
        "metric": "resolution",
        "status": "running",
        "started_at": NOW - timedelta(hours=6),
        "due_at": due,
        "ladder": [[step, int(due.timestamp()) - (100 - step)] for step in steps],
    }
    face = time_words.clock_face(row, NOW)
    assert face.state == state
    assert face.used == pytest.approx(0.6)
    without_warnings = row | {"started_at": NOW, "ladder": [[100, int(due.timestamp())]]}
    assert time_words.clock_face(without_warnings, NOW).state == "fine"


def test_a_paused_clock_tells_the_customer_whose_turn_it_is() -> None:
    clock = {"metric": "next_reply", "status": "paused", "paused_reason": "pending"}
    assert time_words.clock_face(clock, NOW).reason == "waiting for your reply"
    assert (
        time_words.clock_face(clock, NOW, for_customer=False).reason == "waiting for the customer"
    )


def test_customers_and_staff_read_their_own_words_for_a_promise() -> None:
    clock = {"metric": "first_reply", "status": "running", "due_at": NOW + timedelta(hours=5)}
    assert "First answer" in rendered("{% clock_chip clock %}", clock=clock)
    staff = SimpleNamespace(is_staff=True)
    assert "First reply" in rendered("{% clock_chip clock %}", clock=clock, viewer=staff)


def test_a_running_clock_carries_what_the_countdown_needs() -> None:
    clock = {"metric": "first_reply", "status": "running", "due_at": NOW + timedelta(minutes=42)}
    for tag in ("clock_chip", "clock_card", "clock_line"):
        markup = rendered("{% " + tag + " clock %}", clock=clock)
        assert 'data-state="soon"' in markup
        assert 'data-due="2026-03-10T09:42:00+00:00"' in markup
        assert 'data-now="2026-03-10T09:27:00+00:00"' in markup


# Marks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", list(words.TIERS))
def test_a_tier_is_told_by_shape_initial_and_name(slug: str) -> None:
    markup = rendered("{% tier_badge tier %}", tier=SimpleNamespace(slug=slug))
    assert f"tier--{slug}" in markup
    assert str(words.TIERS[slug]) in markup
    assert str(words.TIERS[slug]) in rendered("{% tier_mark tier %}", tier=slug)


def test_no_tier_is_said_and_an_added_tier_is_named_by_its_slug() -> None:
    assert "No tier yet" in rendered("{% tier_badge tier %}", tier=None)
    assert "Gold Plus" in rendered("{% tier_badge 'gold_plus' %}")


@pytest.mark.parametrize("status", list(words.STATUSES))
def test_a_status_has_a_word_for_each_side(status: str) -> None:
    assert str(words.STATUSES[status]) in rendered("{% status_pill s %}", s=status)
    assert str(words.CUSTOMER_STATUSES[status]) in rendered(
        "{% status_pill s for_customer=True %}", s=status
    )


@pytest.mark.parametrize(("level", "filled"), [(1, 4), (2, 3), (3, 2), (4, 1)])
def test_a_worse_severity_fills_more_bars(level: int, filled: int) -> None:
    markup = rendered("{% severity_mark level %}", level=level)
    assert markup.count('class="on"') == filled
    assert str(words.SEVERITIES[level].label) in markup


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Byron", "AB"),
        ("Noor", "N"),
        ("jun.tanaka@example.com", "JT"),
        ("Maria del Carmen Ruiz", "MR"),
        ("--", "?"),
        ("", "?"),
    ],
)
def test_initials_come_from_first_and_last_name(name: str, letters: str) -> None:
    assert rendered("{{ name|initials }}", name=name) == letters


def test_a_person_keeps_their_colour_and_nobody_is_said() -> None:
    ada = SimpleNamespace(name="Ada Byron", email="ada@example.com")
    first = rendered("{% avatar person %}", person=ada)
    ada.name = "Ada King"
    again = rendered("{% avatar person %}", person=ada)
    colour = re.compile(r"avatar--\d")
    assert colour.findall(first) == colour.findall(again)
    assert 'aria-label="Nobody"' in rendered("{% avatar person %}", person=None)


def test_what_people_typed_is_escaped() -> None:
    evil = SimpleNamespace(name='"><script>alert(1)</script>', email="")
    for tag in ("{% avatar person %}", "{% status_pill person.name %}"):
        assert "<script>" not in rendered(tag, person=evil)


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/1 Safari/1 Edg/1", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU OS like Mac OS X) Safari/1", "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:1) Firefox/1", "Firefox on Linux"),
        ("", "Unknown browser"),
    ],
)
def test_a_device_is_named_as_people_name_it(agent: str, said: str) -> None:
    assert devices.device_words(agent) == said


# Charts -------------------------------------------------------------------------------------


def test_a_bar_never_leaves_its_frame() -> None:
    assert 'width="100.00"' in charts.bar(180, 100)
    assert 'width="0.00"' in charts.bar(-3, 100)
    assert 'width="0.00"' in charts.bar(5, 0)


def test_a_sparkline_leaves_a_gap_where_a_number_is_missing() -> None:
    markup = charts.sparkline([1, 2, None, 3, 4], target=2)
    assert markup.count("M") == 2
    assert "<line" in markup
    assert "too few" in charts.sparkline([None, 1])


# Forms and pages ----------------------------------------------------------------------------


class Example(forms.Form):
    name = forms.CharField(help_text="As on your badge")
    note = forms.CharField(required=False)
    agree = forms.BooleanField()


def test_help_and_errors_of_a_field_are_tied_to_its_control() -> None:
    markup = rendered("{% fields form %}", form=Example({"note": "x"}))
    ids = set(re.findall(r'\bid="([^"]+)"', markup))
    described = [
        part
        for found in re.findall(r'aria-describedby="([^"]+)"', markup)
        for part in found.split()
    ]
    assert "id_name_helptext" in described
    assert "id_name_error" in described
    assert set(described) <= ids
    assert "(optional)" in markup
    assert "field--check" in markup


def test_the_pager_keeps_the_other_parameters() -> None:
    request = RequestFactory().get("/", {"q": "a&b", "page": "2"})
    page = Paginator(range(50), 10).page(2)
    markup = rendered("{% pager page %}", page=page, request=request)
    assert 'href="?q=a%26b&amp;page=1"' in markup
    assert 'href="?q=a%26b&amp;page=3"' in markup


# Promises of the whole folder -----------------------------------------------------------------


def all_templates() -> list[str]:
    return sorted(
        path.relative_to(TEMPLATES).as_posix()
        for path in TEMPLATES.rglob("*")
        if path.suffix in {".html", ".txt"}
    )


def page_templates() -> list[str]:
    """All but the mails, which have no content policy and need their styles inside."""
    pages = (name for name in all_templates() if name.endswith(".html"))
    return [name for name in pages if not re.search(r"(^|/)emails?/", name)]


@pytest.mark.parametrize("name", page_templates())
def test_no_template_needs_a_looser_content_policy(name: str) -> None:
    source = re.sub(r"{% comment.*?endcomment %}", "", (TEMPLATES / name).read_text(), flags=re.S)
    assert not re.search(r"<[a-z][^>]*\sstyle\s*=", source), "inline style"
    assert not re.search(r"<style\b", source), "style element"
    assert not re.search(r"<[a-z][^>]*\son[a-z]+\s*=", source), "event attribute"
    for tag in re.findall(r"<script\b[^>]*>", source):
        assert "src=" in tag or "application/json" in tag, "inline script"


@pytest.mark.parametrize("name", all_templates())
def test_every_template_can_be_read(name: str) -> None:
    get_template(name)


def test_every_icon_that_is_drawn_is_in_the_sprite() -> None:
    sprite = (STATIC / "vendor" / "lucide" / "icons.svg").read_text()
    there = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    drawn: set[str] = set()
    for name in page_templates():
        drawn |= set(re.findall(r'{% icon "([^"]+)"', (TEMPLATES / name).read_text()))
    assert drawn <= there


def test_every_stylesheet_that_exists_is_linked() -> None:
    linked = "".join((TEMPLATES / name).read_text() for name in page_templates())
    # The ops pages live in Wagtail's frame, which takes stylesheets from a hook.
    linked += "".join(hooks.read_text() for hooks in TEMPLATES.parent.glob("*/wagtail_hooks.py"))
    for sheet in (STATIC / "css").glob("*.css"):
        assert f"portal/css/{sheet.name}" in linked
