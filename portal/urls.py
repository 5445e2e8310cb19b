"""All addresses: each room brings its own."""

from django.urls import include, path

urlpatterns = [
    path("", include("portal.pages")),
    path("", include("members.urls")),
    path("", include("campaign.urls")),
    path("", include("evaluation.urls")),
    path("", include("rectification.urls")),
]
handler400 = "portal.views.errors.bad_request"
handler403 = "portal.views.errors.forbidden"
handler404 = "portal.views.errors.not_found"
handler500 = "portal.views.errors.server_error"
