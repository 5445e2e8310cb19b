from portal.models.job import Job
from portal.models.log import AuditEntry, ReadLog
from portal.models.notice import Digest, Notice
from portal.models.password import FormerPassword
from portal.models.second_factor import RecoveryCode, SecondFactor
from portal.models.session import Session

__all__ = [
    "AuditEntry",
    "Digest",
    "FormerPassword",
    "Job",
    "Notice",
    "ReadLog",
    "RecoveryCode",
    "SecondFactor",
    "Session",
]
