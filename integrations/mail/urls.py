"""Addresses of the mailbox made of files."""

from django.urls import path

from integrations.mail import views

app_name = "mailbox"

urlpatterns = [
    path("", views.mailbox, name="list"),
    path("<slug:name>/", views.mail, name="mail"),
    path("<slug:name>/html/", views.mail_html, name="html"),
]
