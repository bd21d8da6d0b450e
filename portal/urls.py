"""Addresses of the whole portal: one line per door."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from wagtail.admin import urls as wagtail_admin_urls
from wagtail.documents import urls as wagtail_document_urls

from people.urls import login_doors
from portal import health

handler403 = "portal.errors.forbidden"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.server_error"
handler400 = "portal.errors.bad_request"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(health.urlpatterns)),
    # Before Wagtail's and Django's own login pages, which know nothing of second factors.
    *login_doors,
    path("accounts/", include("allauth.urls")),
    path("", include("people.urls")),
    path("", include("tickets.urls.customer")),
    path("desk/", include("tickets.urls.desk")),
    path("api/v1/", include("portal.api")),
    path("hooks/crm/", include("integrations.crm.urls")),
    path("ops/", include(wagtail_admin_urls)),
    path("documents/", include(wagtail_document_urls)),
    path("admin/", admin.site.urls),
]
if settings.MAILBOX_DIR is not None:
    urlpatterns.append(path("", include("integrations.urls")))
