"""Addresses of study: materials, notes, personal study, trainings, 中心组, accounts."""

from django.urls import URLPattern, path

from campaign.views import core_group, make_up, material, my_study, note, reading, study_account, training

urlpatterns: list[URLPattern] = [
    path("enrolments/<int:enrolment_pk>/make-ups/new/", make_up.make_up_create_many, name="make-up-create-many"),
    path("participations/<int:participation_pk>/study/", my_study.my_study, name="my-study"),
    path("participations/<int:participation_pk>/self-study/new/", my_study.self_study_create, name="self-study-create"),
    path("self-study/<int:pk>/remove/", my_study.self_study_remove, name="self-study-remove"),
    path("participations/<int:participation_pk>/notes/new/", note.study_note_create, name="study-note-create"),
    path("notes/<int:pk>/", note.study_note_detail, name="study-note-detail"),
    path("notes/<int:pk>/edit/", note.study_note_edit, name="study-note-edit"),
    path("notes/<int:pk>/remove/", note.study_note_remove, name="study-note-remove"),
    path("enrolments/<int:enrolment_pk>/notes/", note.study_note_list, name="study-note-list"),
    path("participations/<int:participation_pk>/readings/", reading.my_readings, name="my-readings"),
    path(
        "participations/<int:participation_pk>/readings/<int:material_pk>/", reading.reading_mark, name="reading-mark"
    ),
    path("campaigns/<int:campaign_pk>/materials/", material.material_list, name="material-list"),
    path("campaigns/<int:campaign_pk>/materials/new/", material.material_create, name="material-create"),
    path("enrolments/<int:enrolment_pk>/materials/", material.branch_material_list, name="branch-material-list"),
    path(
        "enrolments/<int:enrolment_pk>/materials/new/", material.branch_material_create, name="branch-material-create"
    ),
    path("materials/<int:pk>/", material.material_detail, name="material-detail"),
    path("materials/<int:pk>/edit/", material.material_edit, name="material-edit"),
    path("materials/<int:pk>/withdraw/", material.material_withdraw, name="material-withdraw"),
    path("materials/<int:pk>/unread/<int:organization_pk>/", material.material_unread, name="material-unread"),
    path("organizations/<int:org_pk>/trainings/", training.training_list, name="training-list"),
    path("organizations/<int:org_pk>/trainings/import/", training.training_import, name="training-import"),
    path("members/<int:member_pk>/trainings/new/", training.training_create, name="training-create"),
    path("trainings/<int:pk>/edit/", training.training_edit, name="training-edit"),
    path("trainings/<int:pk>/remove/", training.training_remove, name="training-remove"),
    path("organizations/<int:org_pk>/core-group/", core_group.core_group, name="core-group"),
    path("core-seats/<int:pk>/end/", core_group.core_seat_end, name="core-seat-end"),
    path("members/<int:member_pk>/study-account/", study_account.study_account, name="study-account"),
    path("organizations/<int:org_pk>/study-accounts/", study_account.study_account_list, name="study-account-list"),
]
