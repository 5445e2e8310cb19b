"""Addresses of blueprints and amendments."""

from django.urls import path

from campaign.views import amendment, amendment_change, blueprint, blueprint_edit

urlpatterns = [
    path("organizations/<int:org_pk>/blueprints/", blueprint.blueprint_list, name="blueprint-list"),
    path("organizations/<int:org_pk>/blueprints/import/", blueprint.blueprint_import, name="blueprint-import"),
    path(
        "organizations/<int:org_pk>/blueprints/shipped/<slug:code>/",
        blueprint.blueprint_shipped,
        name="blueprint-shipped",
    ),
    path("organizations/<int:org_pk>/blueprints/<int:pk>/copy/", blueprint.blueprint_copy, name="blueprint-copy"),
    path("blueprints/<int:pk>/", blueprint.blueprint_detail, name="blueprint-detail"),
    path("blueprints/<int:pk>/export/", blueprint.blueprint_export, name="blueprint-export"),
    path("blueprints/<int:pk>/differences/", blueprint.blueprint_differences, name="blueprint-differences"),
    path("blueprints/<int:pk>/publish/", blueprint.blueprint_publish, name="blueprint-publish"),
    path("blueprints/<int:pk>/draft/", blueprint.blueprint_draft, name="blueprint-draft"),
    path("blueprints/<int:pk>/discard/", blueprint.blueprint_discard, name="blueprint-discard"),
    path("blueprints/<int:pk>/edit/", blueprint_edit.blueprint_edit, name="blueprint-edit"),
    path("blueprints/<int:pk>/arrange/", blueprint_edit.blueprint_arrange, name="blueprint-arrange"),
    path("blueprints/<int:pk>/phases/new/", blueprint_edit.blueprint_phase, name="blueprint-phase-create"),
    path("blueprints/<int:pk>/phases/<int:phase>/", blueprint_edit.blueprint_phase, name="blueprint-phase-edit"),
    path(
        "blueprints/<int:pk>/phases/<int:phase>/steps/new/", blueprint_edit.blueprint_step, name="blueprint-step-create"
    ),
    path(
        "blueprints/<int:pk>/phases/<int:phase>/steps/<int:step>/",
        blueprint_edit.blueprint_step,
        name="blueprint-step-edit",
    ),
    path(
        "blueprints/<int:pk>/phases/<int:phase>/steps/<int:step>/requirements/new/",
        blueprint_edit.blueprint_requirement,
        name="blueprint-requirement-create",
    ),
    path(
        "blueprints/<int:pk>/phases/<int:phase>/steps/<int:step>/requirements/<int:requirement>/",
        blueprint_edit.blueprint_requirement,
        name="blueprint-requirement-edit",
    ),
    path("campaigns/<int:campaign_pk>/amendments/new/", amendment.amendment_create, name="amendment-create"),
    path("amendments/<int:pk>/", amendment.amendment_detail, name="amendment-detail"),
    path("amendments/<int:pk>/edit/", amendment.amendment_edit, name="amendment-edit"),
    path("amendments/<int:pk>/effect/", amendment.amendment_effect, name="amendment-effect"),
    path("amendments/<int:pk>/approve/", amendment.amendment_approve, name="amendment-approve"),
    path("amendments/<int:pk>/apply/", amendment.amendment_apply, name="amendment-apply"),
    path("amendments/<int:pk>/cancel/", amendment.amendment_cancel, name="amendment-cancel"),
    path("amendments/<int:pk>/steps/<int:step_pk>/add/", amendment_change.amendment_add, name="amendment-add"),
    path(
        "amendments/<int:pk>/requirements/<int:requirement_pk>/",
        amendment_change.amendment_change,
        name="amendment-change",
    ),
    path(
        "amendments/<int:pk>/requirements/<int:requirement_pk>/withdraw/",
        amendment_change.amendment_withdraw,
        name="amendment-withdraw",
    ),
    path("amendments/<int:pk>/changes/<int:change_pk>/", amendment_change.amendment_revise, name="amendment-revise"),
    path("amendments/<int:pk>/changes/<int:change_pk>/drop/", amendment_change.amendment_drop, name="amendment-drop"),
]
