"""One id follows a click through logs, tasks and mails."""

import re
from typing import Any

import pytest
import structlog
from celery import Celery
from celery.contrib.testing.worker import start_worker
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone

from people.actions import queue_notice
from people.models import Notice
from portal.kit.requests import HEADER, current_request_id
from portal.kit.tasks import RequestTask

pytestmark = pytest.mark.urls(__name__)


def whoami(request: HttpRequest) -> HttpResponse:
    """Answer the id of this request, and queue a notice under it."""
    if request.method == "POST":
        queue_notice(
            kind="test", recipient=None, address="a@b.example", dedupe_key="x", subject="s",
            body_text="t", now=timezone.now(),
        )  # fmt: skip
    return HttpResponse(current_request_id())


def fail(request: HttpRequest) -> HttpResponse:
    """Fail."""
    raise ZeroDivisionError


urlpatterns = [path("whoami/", whoami), path("fail/", fail)]


def ask(offered: str = "") -> Any:
    """Ask with an id from a proxy in front."""
    return Client().get("/whoami/", headers={HEADER: offered} if offered else {})


def test_each_request_gets_an_id_of_its_own_and_says_it() -> None:
    first, second = ask(), ask()
    assert re.fullmatch(r"[0-9a-f]{32}", first.headers[HEADER])
    assert first.content.decode() == first.headers[HEADER]
    assert first.headers[HEADER] != second.headers[HEADER]


def test_an_id_from_a_proxy_is_kept() -> None:
    assert ask("abc-123.DEF_456").headers[HEADER] == "abc-123.DEF_456"


@pytest.mark.parametrize(
    "offered", ["short", "x" * 65, "has space in it", "<script>alert</script>", "ümlaut-ümlaut"]
)
def test_what_does_not_look_like_an_id_is_not_kept(offered: str) -> None:
    assert ask(offered).headers[HEADER] != offered


def test_nothing_stays_bound_after_the_request() -> None:
    ask()
    assert structlog.contextvars.get_contextvars() == {}
    with pytest.raises(ZeroDivisionError):
        Client().get("/fail/")
    assert structlog.contextvars.get_contextvars() == {}


@pytest.mark.django_db
def test_a_notice_carries_the_id_of_the_request_that_wrote_it() -> None:
    answer = Client().post("/whoami/")
    assert Notice.objects.get().request_id == answer.headers[HEADER]


# --- tasks ---------------------------------------------------------------------------------

heard: list[str] = []


@pytest.fixture(scope="module")
def celery_of_this_test() -> Any:
    """A Celery of its own, whose broker is in memory and whose worker runs beside the test."""
    app: Any = Celery("request-ids", broker="memory://", task_cls=RequestTask, set_as_current=False)
    app.conf.update(task_ignore_result=True, worker_hijack_root_logger=False)

    @app.task(name="listen")
    def listen(**kwargs: Any) -> None:
        heard.append(current_request_id())

    @app.task(name="pass_on")
    def pass_on(**kwargs: Any) -> None:
        heard.append(current_request_id())
        listen.delay()

    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        yield app


def wait_for(count: int) -> list[str]:
    """Return what was heard, once there is that much of it."""
    import time

    for _moment in range(200):
        if len(heard) >= count:
            return list(heard)
        time.sleep(0.05)
    raise AssertionError(f"heard {heard} only")


def test_a_task_works_under_the_id_of_who_asked(celery_of_this_test: Celery) -> None:
    heard.clear()
    with structlog.contextvars.bound_contextvars(request_id="from-the-request"):
        celery_of_this_test.tasks["listen"].delay()
    assert wait_for(1) == ["from-the-request"]


def test_a_task_asked_by_a_task_keeps_the_thread(celery_of_this_test: Celery) -> None:
    heard.clear()
    with structlog.contextvars.bound_contextvars(request_id="from-the-request"):
        celery_of_this_test.tasks["pass_on"].delay()
    assert wait_for(2) == ["from-the-request"] * 2


def test_a_task_nobody_asked_for_gets_an_id_of_its_own(celery_of_this_test: Celery) -> None:
    heard.clear()
    for _tick in range(2):
        celery_of_this_test.tasks["listen"].apply_async()
    first, second = wait_for(2)
    assert first
    assert first != second


def test_a_task_run_in_place_has_an_id_too(celery_of_this_test: Celery) -> None:
    heard.clear()
    celery_of_this_test.tasks["listen"]()
    celery_of_this_test.tasks["listen"].apply()
    assert len(heard) == 2
    assert all(heard)
    assert structlog.contextvars.get_contextvars() == {}


def test_a_failed_task_is_logged_with_its_id(celery_of_this_test: Celery) -> None:
    @celery_of_this_test.task(name="fails")
    def fails() -> None:
        raise ValueError("no good")

    with structlog.testing.capture_logs() as lines:
        fails.apply(throw=False)
    assert [line["error"] for line in lines if line["event"] == "task failed"] == ["no good"]


def test_every_task_of_ours_carries_ids_and_tolerates_what_it_does_not_know() -> None:
    """Two versions of the code may run side by side during a deployment."""
    import inspect

    from portal.celery import app

    app.loader.import_default_modules()
    ours = [task for name, task in app.tasks.items() if name.split(".")[0] in {"people", "tickets"}]
    assert ours
    for task in ours:
        assert isinstance(task, RequestTask), task.name
        kinds = {parameter.kind for parameter in inspect.signature(task.run).parameters.values()}
        assert inspect.Parameter.VAR_KEYWORD in kinds, task.name
