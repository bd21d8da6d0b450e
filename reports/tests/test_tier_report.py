"""The report as page and as file: the same numbers, said in sentences, safe to open."""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from conftest import TUESDAY
from people.models import User
from portal.kit.spreadsheets import safe_cell
from reports.metrics import metrics_for
from tickets.actions import rate, reply_as_agent, set_status, sweep_clocks
from tickets.models import SatisfactionRating, Ticket
from tiers.tests.ops_kit import main_of

Door = Callable[..., Client]
Opened = Callable[..., Ticket]
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def today(time_machine: Any) -> Any:
    """The afternoon of the Tuesday on which everything happens."""
    time_machine.move_to(TUESDAY + 5 * HOUR, tick=False)
    return time_machine


@pytest.fixture
def ops(oscar: User, at_door: Door) -> Client:
    """Oscar's browser."""
    return at_door(oscar)


@pytest.fixture
def worked(ada: User, stella: User, lena: User, open_for: Opened) -> None:
    """Enterprise: one kept, one broken. Starter: one kept, solved in 10 minutes and rated."""
    kept, _broken = (open_for(ada, severity=1, now=TUESDAY) for _ in range(2))
    reply_as_agent(ticket=kept, author=lena, body="Hello", now=TUESDAY + HOUR / 2)
    sweep_clocks(now=TUESDAY + 4 * HOUR)
    ticket = open_for(stella, now=TUESDAY)
    reply_as_agent(
        ticket=ticket, author=lena, body="Here", now=TUESDAY + 2 * HOUR, handle_seconds=600
    )
    set_status(ticket=ticket, status="solved", by=lena, now=TUESDAY + 3 * HOUR)
    SatisfactionRating.objects.create(
        ticket=ticket, tier="starter", requested_at=TUESDAY + 3 * HOUR
    )
    rate(ticket=ticket, by=stella, score=5, comment="", now=TUESDAY + 4 * HOUR)


def lines(client: Client, **query: str) -> list[dict[str, str]]:
    """Return the file as rows."""
    response = client.get(reverse("ops_tier_report_csv"), query)
    return list(csv.DictReader(StringIO(response.content.decode("utf-8-sig"))))


@pytest.mark.parametrize("name", ["ops_tier_report", "ops_tier_report_csv"])
@pytest.mark.parametrize("actor", ["ada", "agnes", "lena"])
def test_the_report_is_for_operations_alone(
    name: str, actor: str, db: None, at_door: Door, request: pytest.FixtureRequest
) -> None:
    response = at_door(request.getfixturevalue(actor)).get(reverse(name))
    assert response.status_code == 302


def test_each_chart_says_in_a_sentence_what_it_shows(worked: None, ops: Client) -> None:
    shown = main_of(ops.get(reverse("ops_tier_report")))
    assert (
        "Enterprise is below the goal of 95 % promises kept: 50 % (Enterprise) and 100 % (Starter)."
        in shown
    )
    assert (
        "Half of the first replies came within 30 min (Enterprise) and 2 h (Starter) of promised "
        "hours." in shown
    )
    assert "Satisfied were 100 % (Starter)." in shown
    assert "3 tickets came in and 1 was solved. Enterprise brought the most: 67 %." in shown
    assert (
        "The solved ticket in the middle took 10 min (Starter) of work; known for 1 of 1 ticket."
        in shown
    )


def test_an_empty_period_says_so_everywhere_and_draws_no_axis(ops: Client, db: None) -> None:
    response = ops.get(reverse("ops_tier_report"))
    shown = main_of(response)
    assert "No promise was decided in this period." in shown
    assert "Nobody got a first reply in this period." in shown
    assert "Nobody rated in this period." in shown
    assert "No ticket came in and none was solved in this period." in shown
    assert "No working time was recorded" in shown
    assert shown.count("Nothing to show in this period.") == 15
    assert '<svg class="ops-svg"' not in response.content.decode()


def test_the_page_and_the_file_tell_the_same_numbers(worked: None, ops: Client) -> None:
    rows = ops.get(reverse("ops_tier_report")).context["rows"]
    tiers = ["enterprise", "professional", "starter"]
    page = {
        (tier, row.metric.key): cell.value.number
        for row in rows
        for tier, cell in zip(tiers, row.cells, strict=True)
    }
    file = {(line["tier"], line["metric"]): line["value"] for line in lines(ops)}
    assert set(page) == set(file)
    for key, number in page.items():
        assert file[key] == ("" if number is None else str(round(number, 6))), key


def test_the_file_carries_unit_bounds_cases_days_and_definition(worked: None, ops: Client) -> None:
    found = {(line["tier"], line["metric"]): line for line in lines(ops, days="7")}
    satisfied = found["starter", "satisfaction"]
    assert satisfied["unit"] == "share"
    assert (satisfied["value"], satisfied["high_95"], satisfied["cases"]) == ("1.0", "1.0", "1")
    assert float(satisfied["low_95"]) == pytest.approx(0.2065, abs=1e-4)
    assert (satisfied["first_day"], satisfied["last_day"]) == ("2026-03-04", "2026-03-10")
    assert satisfied["time_zone"] == "Europe/Berlin"
    assert "Wilson" in satisfied["definition"]
    assert found["professional", "first_reply_median"]["value"] == ""
    assert found["enterprise", "first_reply_median"]["unit"] == "business_seconds"
    assert found["enterprise", "first_reply_median"]["value"] == "1800.0"


def test_the_file_is_offered_under_a_name_and_never_run_as_a_page(ops: Client, db: None) -> None:
    response = ops.get(reverse("ops_tier_report_csv"), {"days": "7"})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == (
        'attachment; filename="tiers_2026-03-04_2026-03-10.csv"'
    )
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_the_file_begins_like_a_formula(start: str, worked: None, ops: Client) -> None:
    evil = f"{start}cmd|'/c calc'!A1"[:30]
    Ticket.objects.filter(tier="starter").update(tier_at_opening=evil)
    tiers = {line["tier"] for line in lines(ops)}
    assert f"'{evil}" in {tier.replace("\r\n", "\r").replace("\n", "\r") for tier in tiers}
    assert safe_cell(-5) == -5
    assert safe_cell("enterprise") == "enterprise"


def test_every_metric_has_one_definition_with_words() -> None:
    metrics = metrics_for(["first_reply", "next_reply", "resolution"])
    keys = [metric.key for metric in metrics]
    assert len(keys) == len(set(keys))
    for metric in metrics:
        assert str(metric.name)
        assert str(metric.sentence).endswith(".")
        assert str(metric.rule).endswith(".")


def test_every_number_on_the_page_has_its_definition_beside_it(ops: Client, db: None) -> None:
    shown = main_of(ops.get(reverse("ops_tier_report")))
    for metric in metrics_for(["first_reply", "next_reply", "resolution"]):
        assert str(metric.sentence) in shown
        assert " ".join(str(metric.rule).split()) in shown


def test_the_charts_are_pictures_with_a_name_and_sound_markup(worked: None, ops: Client) -> None:
    markup = ops.get(reverse("ops_tier_report")).content.decode()
    pictures = markup.split('<svg class="ops-svg"')[1:]
    assert len(pictures) == 8
    for picture in pictures:
        drawn = '<svg class="ops-svg"' + picture.split("</svg>")[0] + "</svg>"
        element = ElementTree.fromstring(drawn)  # noqa: S314  (our own page)
        assert element.get("role") == "img"
        assert element.get("aria-label")
        assert "style" not in drawn


def test_all_tiers_are_drawn_on_the_same_scale(worked: None, ops: Client) -> None:
    charts = {chart.key: chart for chart in ops.get(reverse("ops_tier_report")).context["charts"]}
    for key in ("promises", "volume"):
        scales = {tuple((tick.at, tick.label) for tick in one.panel.ticks)
                  for one in charts[key].panels}  # fmt: skip
        assert len(scales) == 1
    enterprise, _none, starter = (one.panel for one in charts["replies"].panels)
    # 30 min against 2 h, and promises of 4 h and 16 h, all against the longest, 16 h.
    assert enterprise.rows[0].width * 4 == pytest.approx(starter.rows[0].width, rel=0.01)
    assert (enterprise.target - 8) * 4 == pytest.approx(starter.target - 8, rel=0.01)


def test_coordinates_do_not_depend_on_the_readers_language(
    worked: None, oscar: User, ops: Client
) -> None:
    User.objects.filter(pk=oscar.pk).update(language="de")
    with translation.override("de"):
        markup = ops.get(reverse("ops_tier_report")).content.decode()
    for picture in markup.split('<svg class="ops-svg"')[1:]:
        path = picture.split("</svg>")[0]
        assert 'd="M' not in path or "," not in path.split('d="M')[1].split('"')[0]
        for name in ("cx", "cy", "x1", "y1", "width"):
            for value in path.split(f' {name}="')[1:]:
                float(value.split('"')[0])


def test_a_period_of_ones_own_is_kept_by_the_link_to_the_file(ops: Client, db: None) -> None:
    query = {"first": "2026-02-01", "last": "2026-02-28"}
    response = ops.get(reverse("ops_tier_report"), query)
    assert "1 Feb 2026 to 28 Feb 2026, 28 days, Europe/Berlin" in main_of(response)
    assert "csv/?first=2026-02-01&amp;last=2026-02-28" in response.content.decode()


def test_a_period_that_cannot_be_is_refused_and_the_usual_one_shown(ops: Client, db: None) -> None:
    response = ops.get(reverse("ops_tier_report"), {"first": "2026-03-09", "last": "2026-03-01"})
    shown = main_of(response)
    assert "The first day must not lie after the last one." in shown
    assert "9 Feb 2026 to 10 Mar 2026, 30 days" in shown


def test_the_report_costs_the_same_for_any_number_of_tickets(
    worked: None, ops: Client, stella: User, open_for: Opened
) -> None:
    def cost() -> int:
        ops.get(reverse("ops_tier_report"))
        with CaptureQueriesContext(connection) as queries:
            ops.get(reverse("ops_tier_report"))
        return len(queries)

    before = cost()
    for _ in range(6):
        open_for(stella)
    assert cost() == before
    assert before <= 20
