"""What machines ask: is the process alive, may it get traffic, how is it doing.

``/healthz`` looks at nothing but the process. ``/readyz`` looks at what no
request can do without (database, migrations, data folder) and only mentions
what work can wait for (broker, SMTP). ``/metrics`` is Prometheus text, behind
``METRICS_TOKEN``.
"""

import smtplib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from people.models import Notice
from portal.celery import app as celery_app
from portal.figures import PortalFigures
from portal.kit.access import access

log = structlog.get_logger("portal.health")

PROBE_SECONDS = 1
# A load balancer asks every second or so; the two remote probes need not go along.
REMEMBER_SECONDS = 10.0


@access("system")
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer while the process can answer at all."""
    return HttpResponse("ok\n", content_type="text/plain")


@access("system")
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when requests can be served, 503 when not, and what is degraded."""
    needed = {
        "database": _works(_write_database),
        "migrations": _works(_check_migrations),
        "data_dir": _works(_write_data_dir),
    }
    helpful = {
        "broker": _remembered("broker", _reach_broker),
        "smtp": _remembered("smtp", _reach_smtp),
    }
    is_ready = all(needed.values())
    state = "unready" if not is_ready else "ready" if all(helpful.values()) else "degraded"
    checks = {name: "ok" if works else "failed" for name, works in needed.items()}
    checks |= {name: "ok" if works else "degraded" for name, works in helpful.items()}
    return JsonResponse({"status": state, "checks": checks}, status=200 if is_ready else 503)


@access("system")
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the portal's figures to whoever has the token."""
    given = request.headers.get("Authorization", "")
    expected = f"Bearer {settings.METRICS_TOKEN}"
    if not settings.METRICS_TOKEN or not constant_time_compare(given, expected):
        return HttpResponse(
            "send the METRICS_TOKEN as bearer token\n",
            status=401,
            content_type="text/plain",
            headers={"WWW-Authenticate": "Bearer"},
        )
    registry = CollectorRegistry()
    registry.register(PortalFigures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _works(probe: Callable[[], None]) -> bool:
    """Whether the probe passes. The reason goes to the log, not to whoever asks."""
    try:
        probe()
    except Exception as error:  # whatever is wrong, the answer is "not ready"
        log.warning("probe failed", probe=probe.__name__.lstrip("_"), error=str(error))
        return False
    return True


_memory: dict[str, tuple[float, bool]] = {}


def _remembered(name: str, probe: Callable[[], None]) -> bool:
    asked_at, works = _memory.get(name, (float("-inf"), False))
    if time.monotonic() - asked_at > REMEMBER_SECONDS:
        works = _works(probe)
        _memory[name] = (time.monotonic(), works)
    return works


def _write_database() -> None:
    """Write nothing, for real: an UPDATE without rows fails where writing would."""
    with transaction.atomic():
        Notice.objects.filter(pk=0).update(attempts=0)


def _check_migrations() -> None:
    """Compare the migrations in the code with those in the database.

    Asked until the answer is yes: what is applied stays so while the process lives.
    """
    if _memory.get("migrations", (0.0, False))[1]:
        return
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise RuntimeError(f"{len(missing)} migrations are not applied")
    _memory["migrations"] = (time.monotonic(), True)


def _write_data_dir() -> None:
    """Write a byte: a full or read-only disk says no only then."""
    with tempfile.TemporaryFile(dir=Path(settings.DATA_DIR)) as file:
        file.write(b"1")
        file.flush()


def _reach_broker() -> None:
    with celery_app.connection_for_write(connect_timeout=PROBE_SECONDS) as broker:
        broker.ensure_connection(max_retries=1, timeout=PROBE_SECONDS)


def _reach_smtp() -> None:
    if settings.MAILBOX_DIR is not None or not hasattr(settings, "EMAIL_HOST"):
        return
    kind = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
    with kind(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=PROBE_SECONDS) as server:
        server.noop()


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
