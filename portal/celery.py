"""The Celery application: the alarm bell, never the timer.

Every task is safe to lose, to repeat and to run twice at once, because the
due moment is a column (see ``tickets.models.Clock.next_check_at`` and
``people.models.Notice.next_try_at``) and the next tick finds what is due.
"""

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal", task_cls="portal.kit.tasks:RequestTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_django_logging(**kwargs: object) -> None:
    """Stop Celery from replacing the structured logging of settings.LOGGING."""
