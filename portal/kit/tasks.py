"""The base Celery task: carries the request id and keeps tasks thin."""

import threading
from collections import defaultdict
from typing import Any

import structlog
from celery import Task

from portal.kit.requests import HEADER, current_request_id, new_request_id

log = structlog.get_logger("portal.tasks")

# Held while a task that runs alone runs in this process; gone with the process, whatever ends it.
_running: dict[str, threading.Lock] = defaultdict(threading.Lock)


class RequestTask(Task):  # type: ignore[type-arg]
    """A task that continues the log thread of whoever asked for it.

    Tasks take ids only and tolerate unknown keyword arguments, so that a
    deployment may run two versions side by side.
    """

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Send the task with the request id of the sender in its headers."""
        headers = dict(options.pop("headers", None) or {})
        headers.setdefault(HEADER, current_request_id() or new_request_id())
        return super().apply_async(*args, headers=headers, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task with the sender's request id bound to the logs."""
        request_id = getattr(self.request, HEADER, None) or (self.request.headers or {}).get(HEADER)
        with structlog.contextvars.bound_contextvars(
            request_id=request_id or new_request_id(), task=self.name
        ):
            return super().__call__(*args, **kwargs)

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Log the failure where operators look; the row it worked on is still due."""
        log.error("task failed", task=self.name, task_id=task_id, error=str(exc))


class LoneTask(RequestTask):
    """A task of the timetable: it goes on until nothing is left to do, once per process.

    Called while it is still running in the same process, it returns None at once. So it never
    takes more than one of a worker's threads, and the others, the clock sweep above all, find
    one free. Other processes run it beside this one.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task, unless it is running."""
        running = _running[self.name]
        if not running.acquire(blocking=False):
            return None
        try:
            return super().__call__(*args, **kwargs)
        finally:
            running.release()
