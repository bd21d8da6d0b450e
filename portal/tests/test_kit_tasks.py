"""Tasks of the timetable that run alone: one thread of a worker at most."""

import threading
from typing import Any

from celery import Celery

from portal.celery import app
from portal.kit.tasks import LoneTask, RequestTask
from portal.timetable import TIMETABLE


def make_task(work: Any, **options: Any) -> Any:
    apart: Any = Celery("alone", broker="memory://", task_cls=RequestTask, set_as_current=False)
    return apart.task(name=f"tests.{work.__name__}", **options)(work)


def test_a_task_that_is_still_running_here_is_not_begun_again() -> None:
    begun, go_on, answers = threading.Event(), threading.Event(), []

    def long_work() -> str:
        begun.set()
        assert go_on.wait(10)
        return "done"

    task = make_task(long_work, base=LoneTask)
    first = threading.Thread(target=lambda: answers.append(task()))
    first.start()
    assert begun.wait(10)
    assert task() is None
    go_on.set()
    first.join(10)
    assert answers == ["done"]
    assert task() == "done"


def test_a_task_that_failed_is_begun_again() -> None:
    tries = []

    def failing_work() -> None:
        tries.append(1)
        raise RuntimeError("the database is away")

    task = make_task(failing_work, base=LoneTask)
    for _try in range(2):
        try:
            task()
        except RuntimeError:
            continue
    assert len(tries) == 2


def test_other_tasks_may_run_beside_themselves() -> None:
    def plain_work(again: bool) -> str:
        return task(False) if again else "inner"

    task = make_task(plain_work)
    assert task(True) == "inner"


def test_whatever_the_timetable_rings_for_takes_one_thread_of_a_worker_at_most() -> None:
    app.loader.import_default_modules()
    ours = [entry["task"] for entry in TIMETABLE.values()]
    assert [name for name in ours if not isinstance(app.tasks[name], LoneTask)] == []
