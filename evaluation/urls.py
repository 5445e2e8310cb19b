"""Addresses of the room."""

from django.urls import path, re_path

from evaluation.views import record, review, revision, self_analysis

urlpatterns = [
    path("participations/<int:participation_pk>/self-analysis/", self_analysis.edit, name="self-analysis-edit"),
    path("participations/<int:participation_pk>/self-analysis/save/", self_analysis.save, name="self-analysis-save"),
    path(
        "participations/<int:participation_pk>/self-analysis/submit/", self_analysis.submit, name="self-analysis-submit"
    ),
    path(
        "participations/<int:participation_pk>/self-analysis/history/<slug:key>/",
        revision.history,
        name="self-analysis-history",
    ),
    path("self-analysis-revisions/<int:pk>/restore/", revision.restore, name="self-analysis-restore"),
    path("enrolments/<int:enrolment_pk>/self-analyses/", review.overview, name="self-analysis-list"),
    path("self-analyses/<int:pk>/review/", review.review, name="self-analysis-review"),
    path("enrolments/<int:enrolment_pk>/evaluation/", record.records, name="evaluation-records"),
    path("enrolments/<int:enrolment_pk>/opinion-rounds/new/", record.opinion_round_create, name="opinion-round-create"),
    path("enrolments/<int:enrolment_pk>/opinion-rounds/sheet/", record.opinion_sheet, name="opinion-sheet"),
    path(
        "enrolments/<int:enrolment_pk>/opinion-rounds/sheet/template/",
        record.opinion_sheet_template,
        name="opinion-sheet-template",
    ),
    path("opinion-rounds/<int:pk>/pass-on/", record.opinion_round_pass_on, name="opinion-round-pass-on"),
    path("enrolments/<int:enrolment_pk>/talks/new/", record.talk_create, name="talk-create"),
    path("enrolments/<int:enrolment_pk>/meetings/new/", record.meeting_create, name="meeting-create"),
    re_path(
        r"^evaluation-records/(?P<kind>opinions|talk|meeting)/(?P<pk>[0-9]+)/withdraw/$",
        record.withdraw,
        name="evaluation-record-withdraw",
    ),
]
