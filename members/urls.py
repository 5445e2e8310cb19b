"""Addresses of the room."""

from django.urls import URLPattern, path

from members.views import first_run, roster_import

urlpatterns: list[URLPattern] = [
    path("organizations/<int:org_pk>/import/", roster_import.create, name="roster-import-create"),
    path("imports/template/", roster_import.roster_template, name="roster-template"),
    path("imports/<int:pk>/", roster_import.detail, name="roster-import-detail"),
    path("imports/<int:pk>/confirm/", roster_import.confirm, name="roster-import-confirm"),
    path("imports/<int:pk>/discard/", roster_import.discard, name="roster-import-discard"),
    path("first-run/", first_run.first_run, name="first-run"),
]
