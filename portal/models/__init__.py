from portal.models.attachment import Attachment
from portal.models.calendar import DayException
from portal.models.job import Job
from portal.models.log import AuditEntry, ReadLog
from portal.models.notice import Digest, MailRefusal, Notice
from portal.models.password import FormerPassword
from portal.models.second_factor import RecoveryCode, SecondFactor
from portal.models.session import Session

__all__ = [
    "Attachment",
    "AuditEntry",
    "DayException",
    "Digest",
    "FormerPassword",
    "Job",
    "MailRefusal",
    "Notice",
    "ReadLog",
    "RecoveryCode",
    "SecondFactor",
    "Session",
]
