from rectification.models.note import TaskNote
from rectification.models.task import Task, TaskMoved

__all__ = ["Task", "TaskMoved", "TaskNote"]
