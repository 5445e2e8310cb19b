from portal.models.job import Job
from portal.models.log import AuditEntry, ReadLog
from portal.models.notice import Digest, Notice

__all__ = ["AuditEntry", "Digest", "Job", "Notice", "ReadLog"]
