from members.models.appointment import Appointment
from members.models.member import Member, MemberTag, Mobility
from members.models.organization import Organization
from members.models.roster import RosterImport
from members.models.user import User

__all__ = ["Appointment", "Member", "MemberTag", "Mobility", "Organization", "RosterImport", "User"]
