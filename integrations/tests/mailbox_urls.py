"""The portal's addresses with the mailbox, which is there only where MAILBOX_DIR is set."""

from django.urls import include, path

urlpatterns = [path("", include("integrations.urls")), path("", include("portal.urls"))]
