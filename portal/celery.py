"""The Celery application: the alarm bell, never the timer.

Every task is safe to lose, to repeat and to run twice at once, because the
due moment is a column (see ``tickets.models.Clock.next_check_at`` and
``people.models.Notice.next_try_at``) and the next tick finds what is due.
"""

import os

from celery import Celery
from celery.signals import import_modules, setup_logging
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

TRANSPORT_ALIASES["filesystem"] = "portal.broker_files:Transport"

app = Celery("portal", task_cls="portal.kit.tasks:RequestTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_django_logging(**kwargs: object) -> None:
    """Stop Celery from replacing the structured logging of settings.LOGGING."""


@import_modules.connect
def refuse_to_start_wrong(**kwargs: object) -> None:
    """Stop a worker or beat whose configuration is wrong, naming the setting.

    Connected to the first thing both of them do: Celery runs the system checks
    there too, but does not look at what they say.
    """
    from portal.checks import refuse_wrong_configuration

    refuse_wrong_configuration()
