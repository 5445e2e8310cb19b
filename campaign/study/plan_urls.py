"""Addresses of planned study: plans, leave, signing in, calendars."""

from django.urls import path

from campaign.views import sign_in, study_calendar, study_leave, study_plan, study_record

urlpatterns = [
    path("enrolments/<int:enrolment_pk>/calendar/", study_calendar.study_calendar, name="study-calendar"),
    path("enrolments/<int:enrolment_pk>/plans/new/", study_plan.study_plan_create, name="study-plan-create"),
    path("plans/<int:pk>/", study_plan.study_plan_detail, name="study-plan-detail"),
    path("plans/<int:pk>/edit/", study_plan.study_plan_edit, name="study-plan-edit"),
    path("plans/<int:pk>/repeat/", study_plan.study_plan_repeat, name="study-plan-repeat"),
    path("plans/<int:pk>/cancel/", study_plan.study_plan_cancel, name="study-plan-cancel"),
    path("plans/<int:pk>/tell/", study_plan.study_plan_tell, name="study-plan-tell"),
    path("plans/<int:pk>/attach/", study_plan.study_plan_attach, name="study-plan-attach"),
    path("plans/<int:pk>/record/", study_record.study_plan_record, name="study-plan-record"),
    path("plans/<int:pk>/paper/", study_record.study_plan_paper, name="study-plan-paper"),
    path("plans/<int:pk>/screen/", sign_in.study_plan_screen, name="study-plan-screen"),
    path("plans/<int:pk>/sign-in/", sign_in.study_plan_sign_in, name="study-plan-sign-in"),
    path("scan/<int:pk>/<slug:code>/", sign_in.study_scan, name="study-scan"),
    path("plans/<int:plan_pk>/leave/", study_leave.study_leave_create, name="study-leave-create"),
    path("leaves/<int:pk>/withdraw/", study_leave.study_leave_withdraw, name="study-leave-withdraw"),
    path("leaves/<int:pk>/decide/", study_leave.study_leave_decide, name="study-leave-decide"),
    path("calendar/", study_calendar.my_calendar, name="my-calendar"),
    path("calendar/feed/new/", study_calendar.calendar_feed_create, name="calendar-feed-create"),
    path("calendar/feed/withdraw/", study_calendar.calendar_feed_withdraw, name="calendar-feed-withdraw"),
    path("calendar/<slug:token>.ics", study_calendar.calendar_feed, name="calendar-feed"),
    path("campaigns/<int:campaign_pk>/study-days/<int:organization_pk>/", study_calendar.study_days, name="study-days"),
]
