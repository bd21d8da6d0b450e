"""WSGI entry point for the web processes."""

import os

import django
from django.core.wsgi import get_wsgi_application

from portal.checks import refuse_wrong_configuration

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

django.setup()
refuse_wrong_configuration()

application = get_wsgi_application()
