from rectification.models.task import Task, TaskNote

__all__ = ["Task", "TaskNote"]
