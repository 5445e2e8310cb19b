"""Addresses of the room."""

from django.urls import path

from rectification.views import own_task, task

urlpatterns = [
    path("ledgers/<int:organization_pk>/", task.task_list, name="task-list"),
    path("enrolments/<int:enrolment_pk>/ledger/new/", task.task_create, name="task-create"),
    path("tasks/<int:pk>/", task.task_detail, name="task-detail"),
    path("tasks/<int:pk>/edit/", task.task_edit, name="task-edit"),
    path("tasks/<int:pk>/move/", task.task_move, name="task-move"),
    path("participations/<int:participation_pk>/measures/", own_task.my_tasks, name="my-tasks"),
    path("participations/<int:participation_pk>/measures/new/", own_task.my_task_create, name="my-task-create"),
]
