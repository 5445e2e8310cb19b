"""Addresses of the dashboard, of the records behind it, and of views shared by link."""

from django.urls import path

from campaign.views import dashboard, record, shared_view

urlpatterns = [
    path("campaigns/<int:campaign_pk>/progress/<int:organization_pk>/", dashboard.dashboard, name="dashboard"),
    path(
        "campaigns/<int:campaign_pk>/progress/<int:organization_pk>/trends/",
        dashboard.dashboard_trends,
        name="dashboard-trends",
    ),
    path(
        "campaigns/<int:campaign_pk>/progress/<int:organization_pk>/breakdown/",
        dashboard.dashboard_breakdown,
        name="dashboard-breakdown",
    ),
    path("campaigns/<int:campaign_pk>/records/<int:organization_pk>/", record.record_list, name="record-list"),
    path(
        "campaigns/<int:campaign_pk>/shared/<int:organization_pk>/",
        shared_view.shared_view_list,
        name="shared-view-list",
    ),
    path("shared-views/<int:pk>/revoke/", shared_view.shared_view_revoke, name="shared-view-revoke"),
    path("shared/<str:token>/", shared_view.shared_view_open, name="shared-view-open"),
]
