"""Addresses of the doors to the outside: one folder per vendor."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("mailbox/", include("integrations.mail.urls")),
]
