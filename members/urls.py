"""Addresses of the room."""

from django.urls import URLPattern, path

from members.views import account, appointment, first_run, member, mobility, organization, roster_import

urlpatterns: list[URLPattern] = [
    path("organizations/<int:org_pk>/import/", roster_import.create, name="roster-import-create"),
    path("imports/template/", roster_import.roster_template, name="roster-template"),
    path("imports/<int:pk>/", roster_import.detail, name="roster-import-detail"),
    path("imports/<int:pk>/confirm/", roster_import.confirm, name="roster-import-confirm"),
    path("imports/<int:pk>/discard/", roster_import.discard, name="roster-import-discard"),
    path("organizations/", organization.overview, name="organization-list"),
    path("organizations/<int:pk>/", organization.detail, name="organization-detail"),
    path("organizations/<int:pk>/children/", organization.children, name="organization-children"),
    path("organizations/<int:pk>/edit/", organization.edit, name="organization-edit"),
    path("organizations/<int:parent_pk>/new/", organization.create, name="organization-create"),
    path("organizations/<int:org_pk>/members/", member.overview, name="member-list"),
    path("organizations/<int:org_pk>/members/new/", member.create, name="member-create"),
    path("organizations/<int:org_pk>/accounts/", account.overview, name="account-list"),
    path("organizations/<int:org_pk>/accounts/create/", account.create, name="account-create"),
    path("organizations/<int:org_pk>/appointments/new/", appointment.create, name="appointment-create"),
    path("members/<int:pk>/", member.detail, name="member-detail"),
    path("members/<int:pk>/contact/", member.contact, name="member-contact"),
    path("members/<int:pk>/edit/", member.edit, name="member-edit"),
    path("members/<int:member_pk>/mobility/", mobility.edit, name="member-mobility"),
    path("members/<int:member_pk>/transfer/", mobility.transfer, name="member-transfer"),
    path("members/<int:member_pk>/leave/", mobility.leave, name="member-leave"),
    path("members/<int:member_pk>/come-back/", mobility.come_back, name="member-come-back"),
    path("mobilities/<int:pk>/close/", mobility.close, name="mobility-close"),
    path("accounts/<int:user_pk>/reset/", account.reset, name="account-reset"),
    path("appointments/<int:pk>/revoke/", appointment.revoke, name="appointment-revoke"),
    path("first-run/", first_run.first_run, name="first-run"),
]
