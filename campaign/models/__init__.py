from campaign.models.amendment import Amendment, AmendmentChange
from campaign.models.blueprint import BlueprintVersion
from campaign.models.campaign import Batch, Campaign, Phase, PhaseWindow, Requirement, Step
from campaign.models.contact_point import ContactPoint
from campaign.models.enrolment import Enrolment, Participation, PhaseRun
from campaign.models.filing import PlanFiling
from campaign.models.gate import Gate, GateDemand, GateWord
from campaign.models.inspection import InspectionTeam, TeamAccess, TeamAssignment, TeamMember
from campaign.models.leading_group import LeadingGroup, LeadingGroupPost
from campaign.models.postponement import Postponement
from campaign.models.progress import NEVER, Progress, ProgressDay, Reach, Ready, RollupPoint, Standing
from campaign.models.route import AlternativeRoute
from campaign.models.study import Attendance, MakeUp, Material, StudyNote, StudySession
from campaign.models.visit import Finding, ProblemCategory, Visit
from campaign.models.waiver import Waiver

__all__ = [
    "NEVER",
    "AlternativeRoute",
    "Amendment",
    "AmendmentChange",
    "Attendance",
    "Batch",
    "BlueprintVersion",
    "Campaign",
    "ContactPoint",
    "Enrolment",
    "Finding",
    "Gate",
    "GateDemand",
    "GateWord",
    "InspectionTeam",
    "LeadingGroup",
    "LeadingGroupPost",
    "MakeUp",
    "Material",
    "Participation",
    "Phase",
    "PhaseRun",
    "PhaseWindow",
    "PlanFiling",
    "Postponement",
    "ProblemCategory",
    "Progress",
    "ProgressDay",
    "Reach",
    "Ready",
    "Requirement",
    "RollupPoint",
    "Standing",
    "Step",
    "StudyNote",
    "StudySession",
    "TeamAccess",
    "TeamAssignment",
    "TeamMember",
    "Visit",
    "Waiver",
]
