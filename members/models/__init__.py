from members.models.appointment import Appointment
from members.models.channel import Channel, ChannelAccount, ChannelMessage
from members.models.committee import CommitteePost
from members.models.condition import OrganizationCondition
from members.models.covered import CoveredUnit, Liaison
from members.models.history import MemberChange
from members.models.member import Member, MemberTag, Mobility
from members.models.occupation import Occupation
from members.models.organization import Organization
from members.models.roster import ColumnMapping, RosterChoice, RosterImport, RosterRow
from members.models.search_attempt import SearchAttempt
from members.models.transfer import Transfer
from members.models.user import User

__all__ = [
    "Appointment",
    "Channel",
    "ChannelAccount",
    "ChannelMessage",
    "ColumnMapping",
    "CommitteePost",
    "CoveredUnit",
    "Liaison",
    "Member",
    "MemberChange",
    "MemberTag",
    "Mobility",
    "Occupation",
    "Organization",
    "OrganizationCondition",
    "RosterChoice",
    "RosterImport",
    "RosterRow",
    "SearchAttempt",
    "Transfer",
    "User",
]
