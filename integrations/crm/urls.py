"""Addresses of the CRM sync: where webhooks come in."""

from django.urls import path

from integrations.crm import views

app_name = "crm"

urlpatterns = [
    path("<slug:vendor>/<str:token>/", views.hook, name="hook"),
]
