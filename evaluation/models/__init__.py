from evaluation.models.meeting import Meeting, OpinionRound, Talk
from evaluation.models.self_analysis import Remark, Revision, Section, SelfAnalysis

__all__ = ["Meeting", "OpinionRound", "Remark", "Revision", "Section", "SelfAnalysis", "Talk"]
