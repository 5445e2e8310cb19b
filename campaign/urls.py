"""Addresses of the room."""

from django.urls import path

from campaign.views import batch, campaign, dashboard, enrolment, gate, late, make_up, my_study, study, waiver

urlpatterns = [
    path("campaigns/", campaign.campaign_list, name="campaign-list"),
    path("organizations/<int:org_pk>/campaigns/new/", campaign.campaign_create, name="campaign-create"),
    path("campaigns/<int:pk>/", campaign.campaign_detail, name="campaign-detail"),
    path("campaigns/<int:pk>/open/", campaign.campaign_open, name="campaign-open"),
    path("campaigns/<int:campaign_pk>/gates/", gate.gate_list, name="gate-list"),
    path("campaigns/<int:campaign_pk>/progress/<int:organization_pk>/", dashboard.dashboard, name="dashboard"),
    path("campaigns/<int:campaign_pk>/late/<int:organization_pk>/", late.late_list, name="late-list"),
    path("batches/<int:pk>/edit/", batch.batch_edit, name="batch-edit"),
    path("batches/<int:batch_pk>/enrol/", batch.enrolment_create, name="enrolment-create"),
    path("enrolments/<int:pk>/", enrolment.enrolment_detail, name="enrolment-detail"),
    path("enrolments/<int:pk>/prepare/", enrolment.enrolment_prepare, name="enrolment-prepare"),
    path("enrolments/<int:pk>/start/", enrolment.enrolment_start, name="enrolment-start"),
    path("enrolments/<int:enrolment_pk>/waivers/new/", waiver.waiver_create, name="waiver-create"),
    path("enrolments/<int:enrolment_pk>/gate/", gate.gate_request, name="gate-request"),
    path("gates/<int:pk>/", gate.gate_detail, name="gate-detail"),
    path("enrolments/<int:enrolment_pk>/study/", study.study_session_list, name="study-session-list"),
    path("enrolments/<int:enrolment_pk>/study/new/", study.study_session_create, name="study-session-create"),
    path("study/<int:pk>/", study.study_session_detail, name="study-session-detail"),
    path("study/<int:pk>/edit/", study.study_session_edit, name="study-session-edit"),
    path("enrolments/<int:enrolment_pk>/make-ups/", make_up.make_up_list, name="make-up-list"),
    path("attendances/<int:attendance_pk>/make-up/", make_up.make_up_create, name="make-up-create"),
    path("participations/<int:participation_pk>/study/", my_study.my_study, name="my-study"),
    path("participations/<int:participation_pk>/notes/new/", my_study.study_note_create, name="study-note-create"),
]
