"""The building: settings, URLs, API wiring, Celery and its timetable.

Sits on top of every room and may import all of them; nobody but the process
entry points (manage.py, wsgi, celery) imports it. Its one exception is
``portal.kit``, the tool cupboard underneath every room.
"""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
