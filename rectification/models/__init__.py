from rectification.models.task import Task, TaskMoved, TaskNote

__all__ = ["Task", "TaskMoved", "TaskNote"]
