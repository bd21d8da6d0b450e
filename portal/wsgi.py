"""WSGI entry point for the web processes."""

import os

import django
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

django.setup()
# Management commands and Celery workers run the system checks by themselves; a
# web server does not, and would serve with a configuration that is wrong.
if problems := [str(problem) for problem in run_checks() if problem.is_serious()]:
    raise ImproperlyConfigured("\n".join(["refusing to start:", *problems]))

application = get_wsgi_application()
