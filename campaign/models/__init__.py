from campaign.models.campaign import Batch, Campaign, Phase, PhaseWindow, Requirement, Step
from campaign.models.enrolment import Enrolment, Gate, Participation, PhaseRun, Waiver
from campaign.models.progress import Progress, ProgressDay, RollupPoint
from campaign.models.study import Attendance, MakeUp, Material, StudyNote, StudySession

__all__ = [
    "Attendance",
    "Batch",
    "Campaign",
    "Enrolment",
    "Gate",
    "MakeUp",
    "Material",
    "Participation",
    "Phase",
    "PhaseRun",
    "PhaseWindow",
    "Progress",
    "ProgressDay",
    "Requirement",
    "RollupPoint",
    "Step",
    "StudyNote",
    "StudySession",
    "Waiver",
]
