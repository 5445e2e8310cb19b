"""The demonstration: one fictional district in the middle of the second phase, made with the same actions that users have."""

from rectification.demo.accounts import PASSWORD
from rectification.demo.walk import build

__all__ = ["PASSWORD", "build"]
