"""The stand-in is strict: what HubSpot's documentation does not allow, it refuses."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from integrations.crm.hubspot.contract.access import READ
from integrations.crm.hubspot.contract.webhooks import Mischief
from integrations.crm.hubspot.signature import SIGNATURE_V3, TIMESTAMP, is_v3_valid

COMPANIES = "/crm/v3/objects/companies"
SEARCH = COMPANIES + "/search"
BATCH = COMPANIES + "/batch/read"


@pytest.fixture
def ask(server):
    token = server.account.access.private_app()

    def ask(
        method: str, path: str, body: Any = None, *, token: str | None = token, **headers: str
    ) -> tuple[int, Any, dict[str, str]]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body else None
        given = {"Content-Type": "application/json", **headers}
        if token:
            given["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(server.url + path, data, given, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                text = answer.read()
                return answer.status, json.loads(text or b"null"), dict(answer.headers)
        except urllib.error.HTTPError as problem:
            with problem:
                return problem.code, json.loads(problem.read() or b"null"), dict(problem.headers)

    return ask


def filters(count: int, *, name: str = "acv") -> list[dict[str, str]]:
    return [{"propertyName": name, "operator": "GTE", "value": "1"}] * count


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 0},
        {"limit": "many"},
        {"after": "9801", "limit": 200},
        {"after": "x"},
        {"unknown": 1},
        {"filterGroups": [{"filters": filters(1)}] * 6},
        {"filterGroups": [{"filters": filters(7)}]},
        {"filterGroups": [{"filters": filters(6)}] * 4},
        {"filterGroups": [{"filters": []}]},
        {"filterGroups": [{"filters": filters(1), "more": 1}]},
        {"filterGroups": [{"filters": filters(1, name="no_such")}]},
        {
            "filterGroups": [
                {"filters": [{"propertyName": "acv", "operator": "LIKE", "value": "1"}]}
            ]
        },
        {"filterGroups": [{"filters": [{"propertyName": "acv", "operator": "GTE"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "acv", "operator": "GTE", "value": "x"}]}]},
        {"sorts": [{"propertyName": "acv", "direction": "ASCENDING"}] * 2},
        {"sorts": [{"propertyName": "acv", "direction": "UP"}]},
        {"properties": "name"},
        {"query": "x" * 3_000},
    ],
    ids=lambda body: str(body)[:50],
)
def test_a_search_outside_the_limits_is_refused(ask, body):
    status, answer, _ = ask("POST", SEARCH, body)

    assert status == 400
    assert answer["category"] == "VALIDATION_ERROR"
    assert answer["correlationId"]


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": []},
        {"inputs": [{"id": str(n)} for n in range(101)]},
        {"inputs": [{"id": "1", "name": "x"}]},
        {"inputs": [{"id": "1"}], "limit": 5},
        {"inputs": [{"id": "1"}], "idProperty": "domain"},
    ],
    ids=lambda body: str(body)[:40],
)
def test_a_batch_outside_the_limits_is_refused(ask, body):
    assert ask("POST", BATCH, body)[0] == 400


@pytest.mark.parametrize(
    "path",
    ["?limit=101", "?limit=0", "?archived=True", "?after=x", "?offset=5", "/1?archived=maybe"],
)
def test_a_list_outside_the_limits_is_refused(ask, path):
    assert ask("GET", COMPANIES + path)[0] == 400


def test_a_body_that_is_no_json_or_does_not_say_so_is_refused(ask):
    assert ask("POST", SEARCH, b"{")[0] == 400
    assert ask("POST", SEARCH, b"[]")[0] == 400
    assert ask("POST", SEARCH, {"limit": 1}, **{"Content-Type": "text/plain"})[0] == 415


def test_nobody_without_a_token_or_with_another_is_let_in(ask):
    for token in (None, "", "pat-eu1-other"):
        status, answer, _ = ask("GET", COMPANIES, token=token)
        assert (status, answer["category"]) == (401, "INVALID_AUTHENTICATION")


def test_a_missing_scope_is_named(server, ask):
    server.account.access.tokens["narrow"] = type(
        next(iter(server.account.access.tokens.values()))
    )((READ,))

    status, answer, _ = ask("DELETE", COMPANIES + "/9001", token="narrow")

    assert status == 403
    assert answer["errors"][0]["context"]["requiredGranularScopes"] == [
        "crm.objects.companies.write"
    ]


def test_limits_are_kept_on_the_servers_clock(server, ask):
    server.account.call_ms = 0
    for _ in range(5):
        assert ask("POST", SEARCH, {"limit": 1})[0] == 200
    status, answer, headers = ask("POST", SEARCH, {"limit": 1})
    assert (status, answer["policyName"]) == (429, "SECONDLY")
    assert not [name for name in headers if name.startswith("X-HubSpot-RateLimit")]
    # Nothing but the clock lets the sixth through.
    assert ask("POST", "/__clock", {"advance": 1})[0] == 200
    assert ask("POST", SEARCH, {"limit": 1})[0] == 200
    _, _, headers = ask("GET", COMPANIES)
    assert int(headers["X-HubSpot-RateLimit-Remaining"]) == 190 - 7
    server.account.clock.advance(10)
    assert all(ask("GET", COMPANIES)[0] == 200 for _ in range(190))
    assert ask("GET", COMPANIES)[1]["policyName"] == "TEN_SECONDLY_ROLLING"


def test_a_search_never_finds_deleted_records_nor_changes_of_this_moment(server, ask):
    kept, deleted = (server.account.companies.create({"name": name}) for name in ("A", "B"))
    server.account.companies.archive(deleted.id)
    assert [row["id"] for row in ask("POST", SEARCH, {"limit": 9})[1]["results"]] == [str(kept.id)]
    server.account.index_delay_ms = 60_000
    assert ask("POST", SEARCH, {"limit": 9})[1]["total"] == 0


def test_faults_are_scripted_over_http_and_used_up(server, ask):
    fault = {"path": COMPANIES, "status": 502, "body": {"message": "bad"}, "times": 2, "skip": 1}
    assert ask("POST", "/__faults", {"faults": [fault]})[0] == 200

    assert [ask("GET", COMPANIES)[0] for _ in range(4)] == [200, 502, 502, 200]
    assert [status for _, _, status in ask("GET", "/__log")[1]] == [200, 502, 502, 200]
    assert ask("POST", "/__faults", {"faults": [{"no_such": 1}]})[0] == 400
    assert ask("POST", "/__faults", {"webhooks": {"no_such": 1}})[0] == 400
    assert ask("POST", "/__faults", {"webhooks": {"shuffle": True}})[0] == 200
    assert server.account.webhooks.mischief.shuffle


def test_the_oauth_endpoint_refuses_what_it_does_not_know(server, ask):
    access = server.account.access
    refresh = access.install()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    right = f"client_id={access.client_id}&client_secret={access.client_secret}"
    for body, status in (
        (f"grant_type=refresh_token&refresh_token={refresh}&{right}", 200),
        (f"grant_type=refresh_token&refresh_token={refresh}&{right}&extra=1", 400),
        (f"grant_type=refresh_token&refresh_token={refresh}&client_id=x&client_secret=y", 400),
        (f"grant_type=refresh_token&refresh_token=old&{right}", 400),
        (f"grant_type=password&{right}", 400),
        (f"grant_type=authorization_code&code=x&redirect_uri=y&{right}", 400),
    ):
        assert ask("POST", "/oauth/v1/token", body.encode(), **form)[0] == status, body
    code = access.offer_code("https://portal.example.com/back")
    body = (
        f"grant_type=authorization_code&code={code}&redirect_uri=https://portal.example.com/back&"
    )
    assert ask("POST", "/oauth/v1/token", (body + right).encode(), **form)[0] == 200
    # A code counts once.
    assert ask("POST", "/oauth/v1/token", (body + right).encode(), **form)[0] == 400


def test_properties_are_listed_created_once_and_never_shadowed(ask):
    new = {"name": "plan", "label": "Plan", "type": "string", "fieldType": "text",
           "groupName": "companyinformation"}  # fmt: skip
    assert ask("POST", "/crm/v3/properties/companies", {**new, "label": ""})[0] == 201
    assert ask("POST", "/crm/v3/properties/companies", new)[0] == 409
    assert ask("POST", "/crm/v3/properties/companies", {"name": "x"})[0] == 400
    names = [one["name"] for one in ask("GET", "/crm/v3/properties/companies")[1]["results"]]
    assert "plan" in names


# -- webhooks ------------------------------------------------------------------


@pytest.fixture
def received(account):
    """Take webhooks as a portal would; ``answers`` says with what, 200 when it is used up."""
    taken: list[list[dict[str, Any]]] = []
    answers: list[int] = []
    account.webhooks.target = "https://portal.example.com/hooks/hubspot/"

    def post(url: str, headers: dict[str, str], body: bytes) -> int:
        assert is_v3_valid(
            [account.access.client_secret],
            method="POST",
            uri=url,
            body=body,
            timestamp=headers[TIMESTAMP],
            signature=headers[SIGNATURE_V3],
            now_ms=account.clock.now_ms(),
        )
        taken.append(json.loads(body))
        return answers.pop(0) if answers else 200

    account.webhooks.post = post
    return taken, answers


def test_events_come_in_signed_arrays_of_at_most_a_hundred(account, received):
    for n in range(130):
        account.companies.create({"name": f"Company {n}"})

    statuses = account.webhooks.deliver()

    taken, _ = received
    assert [len(body) for body in taken] == [100, 100, 60]
    assert statuses == [200, 200, 200]
    assert account.webhooks.deliver() == []


def test_what_is_not_taken_is_sent_again_up_to_ten_times(account, received):
    taken, answers = received
    account.companies.create({"name": "Acme"})
    answers += [503, 0, 401, *[500] * 20]

    for _ in range(15):
        account.webhooks.deliver()

    assert len(taken) == 10
    assert [body[0]["attemptNumber"] for body in taken] == list(range(10))
    assert len({body[0]["eventId"] for body in taken}) == 1


def test_deliveries_are_shuffled_doubled_and_lost_on_demand(account, received):
    taken, _ = received
    account.webhooks.mischief = Mischief(shuffle=True, duplicate=0.5, seed=7)
    for n in range(40):
        account.companies.create({"name": f"Company {n}"})

    account.webhooks.deliver()

    ids = [event["eventId"] for body in taken for event in body]
    assert len(set(ids)) == 80
    assert len(ids) > 100
    assert ids != sorted(ids)
    account.webhooks.mischief = Mischief(lose=1.0)
    account.companies.create({"name": "Lost"})
    assert account.webhooks.deliver() == []


def test_every_kind_of_change_is_told(account):
    companies = account.companies
    first, second, third = (companies.create({"name": name}) for name in ("A", "B", "C"))
    companies.update(first.id, {"acv": "5"})
    companies.update(first.id, {"acv": "5"})
    companies.archive(third.id)
    companies.restore(third.id)
    companies.merge(first.id, second.id)

    kinds = [event["subscriptionType"].partition(".")[2] for event in account.webhooks.told]
    # The second writing of the same value is a modification, and no changed property.
    assert kinds[6:] == ["propertyChange", "deletion", "restore", "merge"]
