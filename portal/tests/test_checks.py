"""A wrong configuration is refused, and the refusal names the setting."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.test import override_settings

from portal import checks

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "SECRET_KEY": "a-key-for-tests-that-protects-nothing-at-all-and-is-long",
    "ALLOWED_HOSTS": "support.example.com",
    "BASE_URL": "https://support.example.com",
    "DATABASE_URL": "postgres://kept@db/kept",
    "METRICS_TOKEN": "a-token-for-the-machines-that-ask",
    "ENCRYPTION_KEYS": "c2l4dGVlbi1ieXRlcy1hbmQtc2l4dGVlbi1ieXRlcyE=",
    "HASHED_STATIC_FILES": "false",
}


def start(folder: Path, command: list[str], **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a program of ours with this environment and no other."""
    environment = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(folder / "data"),
        **GOOD,
        **changes,
    }
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


DEPLOY = ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]
WEB = ["-c", "import portal.wsgi"]
SETTINGS = ["-c", "import portal.settings"]


def test_a_good_configuration_starts_and_may_be_deployed(tmp_path: Path) -> None:
    for command in (DEPLOY, WEB):
        answer = start(tmp_path, command)
        assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("DEMO", "1"),
        ("MFA_REQUIRED_FOR_STAFF", "off"),
        ("BEHIND_TLS_PROXY", "yes"),
        ("TRUSTED_PROXY_COUNT", "-1"),
        ("TRUSTED_PROXY_COUNT", "two"),
        ("ATTACHMENT_MAX_BYTES", "0"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("DATABASE_URL", "garbage"),
        ("DATABASE_URL", "mysql://db/kept"),
        ("DATABASE_URL", "postgres://db:port/kept"),
        ("REDIS_URL", "localhost:6379"),
        ("BROKER_URL", "ftp://broker"),
        ("EMAIL_URL", "mail.example.com"),
        ("EMAIL_URL", "smtp://mail.example.com:submission"),
        ("DATA_DIR", "/proc/nowhere"),
    ],
)
def test_a_value_that_is_not_understood_is_refused_by_name(
    tmp_path: Path, name: str, value: str
) -> None:
    answer = start(tmp_path, SETTINGS, **{name: value})
    assert answer.returncode != 0
    assert name in answer.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("BASE_URL", "support.example.com"),
        ("BASE_URL", "https://support.example.com/portal"),
        ("ALLOWED_HOSTS", "other.example.com"),
        ("DEFAULT_FROM_EMAIL", "Support"),
        ("ENCRYPTION_KEYS", "too-short"),
    ],
)
def test_a_web_process_refuses_to_start_and_says_why(tmp_path: Path, name: str, value: str) -> None:
    answer = start(tmp_path, WEB, **{name: value})
    assert answer.returncode != 0
    assert name in answer.stderr.split("ImproperlyConfigured")[-1]


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    program = "import os; del os.environ['SECRET_KEY']; import portal.settings"
    answer = start(tmp_path, ["-c", program])
    assert answer.returncode != 0
    assert "SECRET_KEY is not set" in answer.stderr


def test_a_key_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file-and-long-enough-to-be-a-key\n")
    program = (
        "import os; del os.environ['SECRET_KEY']; from portal import settings;"
        "print(settings.SECRET_KEY)"
    )
    answer = start(tmp_path, ["-c", program], SECRET_KEY_FILE=str(tmp_path / "key"))
    assert answer.stdout == "from-a-file-and-long-enough-to-be-a-key\n"


def test_what_the_demo_may_do_production_may_not(tmp_path: Path) -> None:
    wrong = {
        "DEMO": "true",
        "MFA_REQUIRED_FOR_STAFF": "false",
        "MAILBOX_DIR": "mailbox",
        "BASE_URL": "http://support.example.com",
        "DATABASE_URL": "sqlite:///db.sqlite3",
        "ALLOWED_HOSTS": "support.example.com,*",
        "METRICS_TOKEN": "",
        "ENCRYPTION_KEYS": "",
        "DEBUG": "true",
        "SALESFORCE_CONTRACT_URL": "http://127.0.0.1:8001",
        "HUBSPOT_API_URL": "http://127.0.0.1:8002",
    }
    answer = start(tmp_path, DEPLOY, **wrong)
    assert answer.returncode != 0
    assert [name for name in wrong if name not in answer.stderr] == []


@pytest.mark.parametrize("program", [["worker", "--pool", "solo"], ["beat"]])
def test_a_celery_process_refuses_too(tmp_path: Path, program: list[str]) -> None:
    answer = start(tmp_path, ["-m", "celery", "-A", "portal", *program], BASE_URL="nonsense")
    assert answer.returncode != 0
    assert "BASE_URL" in answer.stderr


def ids(found: list[CheckMessage]) -> list[str | None]:
    """Return the ids of what a check found."""
    return [message.id for message in found]


@pytest.mark.parametrize(
    ("check", "changes", "expected", "named"),
    [
        (checks.check_urls_and_zone, {"BASE_URL": "ftp://x"}, "portal.E001", "BASE_URL"),
        (checks.check_urls_and_zone, {"TIME_ZONE": "Europe/Berlin"}, "portal.E002", "TIME_ZONE"),
        (checks.check_urls_and_zone, {"USE_TZ": False}, "portal.E002", "USE_TZ"),
        (checks.check_data_dir, {"DATA_DIR": "/proc/nowhere"}, "portal.E003", "DATA_DIR"),
        (checks.check_secret_key, {"SECRET_KEY": "x" * 31}, "portal.E004", "SECRET_KEY"),
        (
            checks.check_notice_transports,
            {"NOTICE_TRANSPORTS": {"mail": "people.nowhere.send"}},
            "portal.E005",
            "NOTICE_TRANSPORTS",
        ),
        (
            checks.check_notice_transports,
            {"NOTICE_TRANSPORTS": {"mail": "people.actions.__all__"}},
            "portal.E005",
            "NOTICE_TRANSPORTS",
        ),
        (checks.check_hosts, {"ALLOWED_HOSTS": ["x.example"]}, "portal.E006", "ALLOWED_HOSTS"),
        (checks.check_sender, {"DEFAULT_FROM_EMAIL": ""}, "portal.E007", "DEFAULT_FROM_EMAIL"),
    ],
)
def test_each_check_finds_what_it_is_for(
    check: Any, changes: dict[str, Any], expected: str, named: str
) -> None:
    assert ids(check(None)) == []
    with override_settings(**changes):
        found = check(None)
    assert ids(found) == [expected]
    assert named in found[0].msg


def test_a_folder_that_cannot_be_written_is_found(settings: Any, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    settings.DATA_DIR = tmp_path
    assert ids(checks.check_data_dir(None)) == ["portal.E003"]
