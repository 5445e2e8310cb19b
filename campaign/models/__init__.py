from campaign.models.amendment import Amendment, AmendmentChange
from campaign.models.blueprint import BlueprintVersion
from campaign.models.campaign import Batch, Campaign, Phase, PhaseWindow, Requirement, Step
from campaign.models.contact_point import ContactPoint
from campaign.models.enrolment import Enrolment, Participation, PhaseRun
from campaign.models.filing import PlanFiling
from campaign.models.gate import Gate, GateDemand, GateWord
from campaign.models.inspection import InspectionTeam, TeamAccess, TeamAssignment, TeamMember
from campaign.models.leading_group import LeadingGroup, LeadingGroupPost
from campaign.models.material import Material, Reading
from campaign.models.postponement import Postponement
from campaign.models.progress import NEVER, Progress, ProgressDay, Reach, Ready, RollupPoint, Standing
from campaign.models.route import AlternativeRoute
from campaign.models.self_study import CoreGroupSeat, NoteRevision, SelfStudy, StudyNote
from campaign.models.shared_view import SharedView
from campaign.models.study import Attendance, MakeUp, StudySession
from campaign.models.study_plan import CalendarFeed, PlannedSession, SignIn, StudyLeave
from campaign.models.training import Training
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
    "CalendarFeed",
    "Campaign",
    "ContactPoint",
    "CoreGroupSeat",
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
    "NoteRevision",
    "Participation",
    "Phase",
    "PhaseRun",
    "PhaseWindow",
    "PlanFiling",
    "PlannedSession",
    "Postponement",
    "ProblemCategory",
    "Progress",
    "ProgressDay",
    "Reach",
    "Reading",
    "Ready",
    "Requirement",
    "RollupPoint",
    "SharedView",
    "SignIn",
    "SelfStudy",
    "Standing",
    "Step",
    "StudyLeave",
    "StudyNote",
    "StudySession",
    "TeamAccess",
    "TeamAssignment",
    "TeamMember",
    "Training",
    "Visit",
    "Waiver",
]
