"""The stand-in is strict: what the vendor would refuse, it refuses in the vendor's words."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import requests

from integrations.crm.salesforce.contract import Outbound
from integrations.crm.salesforce.contract.soql import SoqlRefused, parse

TYPES = {
    "Id": "id",
    "Name": "string",
    "SystemModstamp": "datetime",
    "IsDeleted": "boolean",
    "ACV__c": "currency",
}


def known(source: str):
    return TYPES if source == "Account" else None


def row(**values):
    return dict.fromkeys(TYPES) | values


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("", "MALFORMED_QUERY"),
        ("SELECT FROM Account", "MALFORMED_QUERY"),
        ("SELECT * FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id, Id FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Id", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Id = 'x", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Id == 'x'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Id = x", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Id IN ()", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account LIMIT many", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account LIMIT 1 ORDER BY Id", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account; DELETE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE (Id = 'x'", "MALFORMED_QUERY"),
        (
            "SELECT Id FROM Account WHERE Id = 'x' AND Name = 'y' OR Name = 'z'",
            "MALFORMED_QUERY",
        ),
        (
            "SELECT Id FROM Account WHERE SystemModstamp > 2026-13-01T00:00:00Z",
            "MALFORMED_QUERY",
        ),
        ("SELECT Tier__c FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Tier__c = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Account ORDER BY Tier__c", "INVALID_FIELD"),
        (
            "SELECT Id FROM Account WHERE SystemModstamp > '2026-11-01T00:00:00Z'",
            "INVALID_FIELD",
        ),
        ("SELECT Id FROM Account WHERE ACV__c = 'many'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE IsDeleted = 1", "INVALID_FIELD"),
        ("SELECT Id FROM Users", "INVALID_TYPE"),
    ],
)
def test_what_is_not_soql_is_refused(soql, code):
    with pytest.raises(SoqlRefused) as refused:
        parse(soql, known)

    assert refused.value.code == code


def test_a_query_says_what_it_selects_and_in_which_order():
    query = parse(
        "select id, acv__c from Account where (SystemModstamp > 2026-11-01T00:00:00Z "
        "OR (SystemModstamp = 2026-11-01T00:00:00+00:00 AND Id > 'b')) AND ACV__c != null "
        "ORDER BY SystemModstamp DESC, Id LIMIT 5",
        known,
    )

    assert query.fields == ("Id", "ACV__c")
    assert query.order == (("SystemModstamp", True), ("Id", False))
    assert query.limit == 5
    start = datetime(2026, 11, 1, tzinfo=UTC)
    one = Decimal(1)
    assert query.matches(row(Id="a", SystemModstamp=start + timedelta(seconds=1), ACV__c=one))
    assert query.matches(row(Id="c", SystemModstamp=start, ACV__c=one))
    assert not query.matches(row(Id="b", SystemModstamp=start, ACV__c=one))
    assert not query.matches(row(Id="c", SystemModstamp=start))


def test_texts_are_unescaped_and_nothing_is_neither_more_nor_less():
    query = parse(r"SELECT Id FROM Account WHERE Name = 'O\'Neil \\ Co'", known)
    assert query.matches(row(Name=r"O'Neil \ Co"))

    assert not parse("SELECT Id FROM Account WHERE ACV__c < 5", known).matches(row())
    assert not parse("SELECT Id FROM Account WHERE ACV__c >= 5", known).matches(row())
    query = parse("SELECT Id FROM Account WHERE Id NOT IN ('a','b')", known)
    assert query.matches(row(Id="c"))
    assert not query.matches(row(Id="a"))


class Raw:
    """Requests without the library, for what it would never send."""

    def __init__(self, server) -> None:
        self.server = server
        self.host = server.org.host
        token = server.org.token(
            self.host,
            (server.org.consumer_key, server.org.consumer_secret),
            {"grant_type": "client_credentials"},
        )
        self.headers = {"Host": self.host, "Authorization": f"Bearer {token}"}

    def ask(self, path: str, method: str = "GET", **kwargs):
        headers = self.headers | kwargs.pop("headers", {})
        url = self.server.address + path
        return requests.request(method, url, headers=headers, timeout=5, **kwargs)


@pytest.fixture
def raw(server) -> Raw:
    return Raw(server)


REST = "/services/data/v66.0"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"{REST}/sobjects/Invoice__c/describe", 404, "NOT_FOUND"),
        (f"{REST}/tooling/query?q=x", 404, "NOT_FOUND"),
        ("/services/data/v99.0/query?q=x", 404, "NOT_FOUND"),
        (f"{REST}/query?q=x", 400, "MALFORMED_QUERY"),
        (f"{REST}/query?q=SELECT+Id+FROM+Account&all=1", 400, "MALFORMED_QUERY"),
        (f"{REST}/query/01gnothere-200", 400, "INVALID_QUERY_LOCATOR"),
        (f"{REST}/query?q={'x' * 17_000}", 414, "URI_TOO_LONG"),
        (f"{REST}/sobjects/Account/updated/?start=yesterday&end=now", 400, None),
        (f"{REST}/sobjects/Account/updated/", 400, "INVALID_REPLICATION_DATE"),
    ],
)
def test_addresses_and_parameters_that_are_not_documented_are_refused(raw, path, status, code):
    answer = raw.ask(path)

    assert answer.status_code == status
    assert answer.json()[0]["errorCode"] == code or code is None


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [
        ("2026-11-02T11:59:10Z", "2026-11-02T11:59:50Z", "at least one minute"),
        ("2026-11-02T11:00:00Z", "2026-11-02T10:00:00Z", "at least one minute"),
        ("2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z", "30 days"),
        ("2026-11-02T11:00:00Z", "2026-11-02T13:00:00Z", "future"),
    ],
)
def test_a_window_has_whole_minutes_within_thirty_days(raw, start, end, why):
    answer = raw.ask(f"{REST}/sobjects/Account/updated/?start={start}&end={end}")

    assert answer.status_code == 400
    assert why in answer.json()[0]["message"]


def test_a_window_leaves_out_what_came_in_its_last_seconds(raw, org, clock):
    early = org.records.create(Name="Early")
    clock.advance(minutes=5, seconds=20)
    org.records.create(Name="Late")
    window = "start=2026-11-02T11:59:30Z&end=2026-11-02T12:05:40Z"

    answer = raw.ask(f"{REST}/sobjects/Account/updated/?{window}").json()

    assert answer == {"ids": [early], "latestDateCovered": "2026-11-02T12:05:00.000+0000"}


@pytest.mark.parametrize("options", ["batchSize=10", "batchSize=5000", "size=200"])
def test_batches_have_two_hundred_to_two_thousand_records(raw, options):
    query = f"{REST}/query?q=SELECT+Id+FROM+Account"

    answer = raw.ask(query, headers={"Sforce-Query-Options": options})

    assert answer.status_code == 400


def test_no_token_is_not_an_ended_session(raw):
    raw.headers.pop("Authorization")

    answer = raw.ask(f"{REST}/query?q=SELECT+Id+FROM+Account")

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_AUTH_HEADER")


def test_every_answer_says_how_much_is_used_and_the_limit_rolls_over_a_day(raw, org, clock):
    org.call_limit = 3
    query = f"{REST}/query?q=SELECT+Id+FROM+Account"
    used = [raw.ask(query).headers["Sforce-Limit-Info"] for _ in range(3)]

    refused = raw.ask(query)
    clock.advance(days=1)

    assert used == ["api-usage=1/3", "api-usage=2/3", "api-usage=3/3"]
    assert refused.status_code == 403
    assert refused.json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
    assert "Retry-After" not in refused.headers
    assert raw.ask(query).status_code == 200


def test_tokens_are_given_at_the_my_domain_only(server, org):
    for host, status in ((org.host, 200), ("login.salesforce.com", 400)):
        answer = requests.post(
            server.address + "/services/oauth2/token",
            {"grant_type": "client_credentials"},
            headers={"Host": host},
            auth=(org.consumer_key, org.consumer_secret),
            timeout=5,
        )
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"Nothing__c": 1}, "INVALID_FIELD"),
        ({"SystemModstamp": "2026-11-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Name": None}, "REQUIRED_FIELD_MISSING"),
        ({"ACV__c": "many"}, "JSON_PARSER_ERROR"),
        ({"ACV__c": True}, "JSON_PARSER_ERROR"),
        ({"Strategic__c": "true"}, "JSON_PARSER_ERROR"),
        ({"Renewal_Date__c": "31.12.2026"}, "JSON_PARSER_ERROR"),
        ({"Region__c": "mars"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ([], "JSON_PARSER_ERROR"),
    ],
)
def test_a_patch_is_read_as_its_fields_are(raw, org, values, code):
    account = org.records.create(Name="Acme", ACV__c=Decimal(5))
    before = org.records.living(account)

    answer = raw.ask(f"{REST}/sobjects/Account/{account}", "PATCH", data=json.dumps(values))

    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == code
    assert org.records.living(account) == before


def test_faults_are_scripted_over_http_and_the_log_holds_no_secret(raw, server):
    fault = [{"path": "/query", "status": 503, "body": "later", "times": 2}]
    query = f"{REST}/query?q=SELECT+Id+FROM+Account"

    scripted = requests.post(server.address + "/__faults", data=json.dumps(fault), timeout=5)
    statuses = [raw.ask(query).status_code for _ in range(3)]
    wrong = requests.post(server.address + "/__faults", json=[{"nonsense": 1}], timeout=5)
    log = requests.get(server.address + "/__log", timeout=5)

    assert scripted.json() == {"waiting": 1}
    assert statuses == [503, 503, 200]
    assert wrong.status_code == 400
    assert [one["status"] for one in log.json()] == statuses
    assert "Bearer" not in log.text


def test_a_change_may_be_carried_out_although_its_answer_is_lost(raw, server, org):
    account = org.records.create(Name="Acme")
    fault = [{"path": "/sobjects", "method": "PATCH", "drop": True, "after": True}]
    requests.post(server.address + "/__faults", data=json.dumps(fault), timeout=5)

    with pytest.raises(requests.ConnectionError):
        raw.ask(f"{REST}/sobjects/Account/{account}", "PATCH", data='{"ACV__c": 7}')

    assert org.records.living(account)["ACV__c"] == 7


def test_messages_go_out_over_http_and_wait_when_nobody_listens(org, server):
    outbound = Outbound(org.records, server.address + "/nobody/listens/here")
    org.records.create(Name="Acme")

    assert outbound.deliver() == 0
    assert outbound.sent[0].status == 404
    assert len(outbound.queue) == 1
    assert outbound.queue[0].attempts == 1
