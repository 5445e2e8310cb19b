"""Addresses of the portal itself."""

from django.urls import URLPattern, path

from portal.views import account, attachment, document, home, job, notice, second_factor, session

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("sign-in/", account.sign_in, name="sign-in"),
    path("sign-in/code/", account.sign_in_code, name="sign-in-code"),
    path("sign-out/", account.sign_out, name="sign-out"),
    path("password/", account.password_change, name="password-change"),
    path("second-factor/", second_factor.second_factor, name="second-factor"),
    path("second-factor/enrol/", second_factor.enrol, name="second-factor-enrol"),
    path("second-factor/codes/", second_factor.renew_codes, name="second-factor-codes"),
    path("second-factor/stop/", second_factor.stop, name="second-factor-stop"),
    path("sessions/", session.session_list, name="session-list"),
    path("sessions/end/", session.session_end_others, name="session-end-others"),
    path("sessions/<uuid:number>/end/", session.session_end, name="session-end"),
    path("notices/", notice.notice_list, name="notice-list"),
    path("notices/read/", notice.notice_read_all, name="notice-read-all"),
    path("notices/settings/", notice.notice_settings, name="notice-settings"),
    path("notices/no-mail/<str:token>/", notice.mail_unsubscribe, name="mail-unsubscribe"),
    path("notices/<int:pk>/", notice.notice_open, name="notice-open"),
    path("jobs/", job.job_list, name="job-list"),
    path("jobs/<int:pk>/", job.job_detail, name="job-detail"),
    path("jobs/<int:pk>/status/", job.job_status, name="job-status"),
    path("jobs/<int:pk>/download/", job.job_download, name="job-download"),
    path("jobs/<int:pk>/cancel/", job.job_cancel, name="job-cancel"),
    path("attachments/<slug:kind>/<int:owner>/add/", attachment.attachment_add, name="attachment-add"),
    path("attachments/<int:pk>/", attachment.attachment_download, name="attachment-download"),
    path("attachments/<int:pk>/picture/", attachment.attachment_picture, name="attachment-picture"),
    path("attachments/<int:pk>/remove/", attachment.attachment_remove, name="attachment-remove"),
    path("print/<slug:code>/", document.document_print, name="document-print"),
]
