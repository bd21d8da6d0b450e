"""Programs report facts about an account by the API, late, twice and wrong."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from conftest import TUESDAY
from people.actions import issue_token
from people.models import Organization, User
from tiers.actions.evaluating import open_assignment
from tiers.models import AccountFact

pytestmark = pytest.mark.django_db
NOW = TUESDAY + timedelta(hours=3)
FACTS = "/api/v1/organizations/{}/facts"


@pytest.fixture(autouse=True)
def afternoon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def known(starter: Organization) -> Organization:
    Organization.objects.filter(pk=starter.pk).update(external_id="crm/7 a")
    starter.refresh_from_db()
    return starter


class Program:
    """A program with somebody's token."""

    def __init__(self, user: User) -> None:
        _row, token = issue_token(user=user, name="sync", now=TUESDAY)
        self.client = Client(headers={"Authorization": f"Bearer {token}"})

    def put(self, body: Any, external_id: str = "crm-7", **headers: str) -> Any:
        return self.client.put(
            FACTS.format(external_id), json.dumps(body), content_type="application/json",
            headers=headers,
        )  # fmt: skip

    def get(self, external_id: str = "crm-7") -> Any:
        return self.client.get(FACTS.format(external_id))


@pytest.fixture
def program(program: None, oscar: User, starter: Organization) -> Program:
    Organization.objects.filter(pk=starter.pk).update(external_id="crm-7")
    return Program(oscar)


def rows(organization: Organization) -> list[tuple[str, str, str]]:
    found = AccountFact.objects.filter(organization=organization).order_by("pk")
    return [(row.fact, row.value, row.source) for row in found]


def test_a_reported_value_moves_the_tier_at_once_and_says_why(program, starter, oscar):
    answer = program.put({"facts": {"acv": 31000, "seats": "40", "strategic": True}})
    assert answer.status_code == 200
    said = answer.json()
    assert (said["tier"], said["source"], said["below_since"]) == ("enterprise", "promote", None)
    assert said["reasons"][0] == "Raised from Starter to Enterprise at once."
    assert sorted(said["recorded"]) == ["acv", "seats", "strategic"]
    assert said["ignored"] == []
    assert said["facts"]["acv"] == {
        "value": "31000", "currency": "USD", "source": "api", "observed_at": "2026-03-10T12:00:00Z",
        "recorded_at": "2026-03-10T12:00:00Z", "age_days": 0,
    }  # fmt: skip
    held = open_assignment(starter)
    assert held is not None
    assert held.tier == "enterprise"
    assert AccountFact.objects.get(fact="seats").recorded_by == oscar


def test_an_observation_older_than_what_is_known_is_answered_and_ignored(program, starter):
    late = {"facts": {"acv": "40000", "seats": 9}, "observed_at": "2026-03-09T00:00:00Z"}
    answer = program.put(late)
    assert answer.status_code == 200
    said = answer.json()
    assert said["recorded"] == ["seats"]
    assert [(one["fact"], one["reason"]) for one in said["ignored"]] == [("acv", "older")]
    assert "900" in said["ignored"][0]["message"]
    assert said["tier"] == "starter"


def test_the_same_report_again_records_nothing(program, starter):
    body = {"facts": {"acv": "12000.00"}, "observed_at": "2026-03-10T11:00:00Z", "source": "erp"}
    assert program.put(body).json()["recorded"] == ["acv"]
    before = rows(starter)
    again = program.put(body).json()
    assert again["recorded"] == []
    assert again["ignored"][0]["reason"] == "repeated"
    assert again["tier"] == "professional"
    assert rows(starter) == before


def test_reports_in_any_order_end_in_the_same_state(program, starter, professional, oscar):
    Organization.objects.filter(pk=professional.pk).update(external_id="crm-8")
    bodies = [
        {"facts": {"acv": amount}, "observed_at": f"2026-03-10T10:{minute:02}:00Z"}
        for minute, amount in enumerate(["7000", "26000", None, "5200"])
    ]
    for body in bodies:
        program.put(body, "crm-7")
    for body in reversed(bodies):
        program.put(body, "crm-8")
    first, second = program.get("crm-7").json(), program.get("crm-8").json()
    assert first["facts"]["acv"] == second["facts"]["acv"]
    assert first["facts"]["acv"]["value"] == "5200"


def test_null_says_not_known_and_demotes_nobody(program, starter):
    program.put({"facts": {"acv": 31000}})
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        said = program.put({"facts": {"acv": None}}).json()
    assert (said["tier"], said["source"]) == ("enterprise", "hold")
    assert said["facts"]["acv"]["value"] is None


def test_a_key_makes_a_retry_get_the_first_answer(program, starter):
    first = program.put({"facts": {"seats": 5}}, **{"Idempotency-Key": "a1"})
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        again = program.put({"facts": {"seats": 5}}, **{"Idempotency-Key": "a1"})
        other = program.put({"facts": {"seats": 6}}, **{"Idempotency-Key": "a1"})
    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"
    assert other.status_code == 422
    assert AccountFact.objects.filter(fact="seats").count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"facts": {"acv": "31,000"}}, "facts.acv"),
        ({"facts": {"acv": "31.000,00"}}, "facts.acv"),
        ({"facts": {"acv": -1}}, "facts.acv"),
        ({"facts": {"acv": True}}, "facts.acv"),
        ({"facts": {"acv": [1]}}, "facts.acv"),
        ({"facts": {"acv": {"value": 1}}}, "facts.acv"),
        ({"facts": {"usage_criticality": 6}}, "facts.usage_criticality"),
        ({"facts": {"contract_floor": "platinum"}}, "facts.contract_floor"),
        ({"facts": {"region": "a\u0000b"}}, "facts.region"),
        ({"facts": {"shoe_size": 43}}, "facts.shoe_size"),
        ({"facts": {}}, "facts"),
        ({"facts": [1]}, "facts"),
        ({}, "facts"),
        ({"facts": {"seats": 1}, "currency": "EUR"}, "currency"),
        ({"facts": {"seats": 1}, "source": "ops"}, "source"),
        ({"facts": {"seats": 1}, "source": "My ERP"}, "source"),
        ({"facts": {"seats": 1}, "observed_at": "2026-03-11T00:00:00Z"}, "observed_at"),
        ({"facts": {"seats": 1}, "observed_at": "yesterday"}, "observed_at"),
        ({"facts": {"seats": 1}, "observed_at": 7}, "observed_at"),
        ({"facts": {"seats": 1}, "observed_at": "0001-01-01T00:00:00+14:00"}, "observed_at"),
        ({"facts": {"seats": 1}, "observedat": "2026-03-10T00:00:00Z"}, "observedat"),
    ],
)
def test_bad_input_is_named_by_its_field_and_nothing_is_recorded(program, starter, body, field):
    before = rows(starter)
    if isinstance(body.get("facts"), dict) and body["facts"]:
        body["facts"].setdefault("health", 50)
    answer = program.put(body)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["fields"]
    assert rows(starter) == before


def test_every_bad_field_is_named_at_once(program):
    said = program.put({"facts": {"acv": "x", "seats": "y"}, "source": "ops"}).json()
    assert set(said["fields"]) == {"facts.acv", "facts.seats", "source"}


def test_a_body_that_is_no_object_is_refused(program):
    assert program.put([1]).status_code == 400
    address = FACTS.format("crm-7")
    broken = program.client.put(address, b"{", content_type="application/json")
    assert broken.status_code == 400
    form = program.client.put(address, b"a=1", content_type="application/x-www-form-urlencoded")
    assert form.status_code == 415


def test_an_unknown_account_is_404_for_reading_and_writing(program):
    for answer in (program.get("nobody"), program.put({"facts": {"seats": 1}}, "nobody")):
        assert answer.status_code == 404
    assert program.get("a%00b").status_code == 404


@pytest.mark.parametrize("who", ["ada", "agnes", "lena"])
def test_only_operations_report_and_read(program, request, who):
    stranger = Program(request.getfixturevalue(who))
    there, missing = stranger.get("crm-7"), stranger.get("nobody")
    assert there.status_code == missing.status_code == 403
    assert there.content == missing.content
    assert stranger.put({"facts": {"acv": 99000}}).status_code == 403


def test_nobody_without_a_token_comes_in(program):
    assert Client().put(FACTS.format("crm-7"), "{}").status_code == 401


def test_the_schema_describes_the_door(program, oscar):
    schema = program.client.get("/api/v1/schema/?format=json").json()
    door = schema["paths"]["/api/v1/organizations/{external_id}/facts"]
    assert set(door) == {"get", "put"}
    assert door["put"]["operationId"] == "put_facts"
    assert {"200", "400", "403", "404", "422"} <= set(door["put"]["responses"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"facts": {"\\ud800": 1}}', ""),
        ('{"facts": {"acv": 1}, "\\ud800": 1}', ""),
        ('{"facts": {"region": "\\ud800"}}', "facts.region"),
        ('{"facts": {"acv": "٣"}}', "facts.acv"),
        ('{"facts": {"seats": "٣"}}', "facts.seats"),
        ('{"facts": {"health": "٣"}}', "facts.health"),
        ('{"facts": {"severity_mix_90d": "٠.٥"}}', "facts.severity_mix_90d"),
        ('{"facts": {"acv": 1e400}}', "facts.acv"),
        ('{"facts": {"acv": -1}}', "facts.acv"),
        ('{"facts": {"acv": "NaN"}}', "facts.acv"),
        ('{"facts": {"acv": 1}, "observed_at": "0001-01-01T00:00:00Z"}', "observed_at"),
        ('{"facts": {"acv": 1}, "observed_at": "1969-12-31T23:59:59Z"}', "observed_at"),
        ('{"facts": {' + ",".join(f'"f{n}": 1' for n in range(5000)) + "}}", "facts"),
    ],
)
def test_hostile_bodies_are_refused_in_few_words(program, starter, body, field):
    before = rows(starter)
    answer = program.client.put(
        FACTS.format("crm-7"), body.encode(), content_type="application/json"
    )
    assert answer.status_code == 400
    assert len(answer.content) < 5000
    assert field in str(answer.json()["fields"])
    assert rows(starter) == before
