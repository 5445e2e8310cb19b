"""What several test modules of the room begin with."""

import pytest

from members.models import Organization
from tests import factories as make


@pytest.fixture
def root() -> Organization:
    """A district committee with two branches, as the generated rosters name them."""
    root = make.organization("区委", code="R")
    make.branch(root, "机关第一党支部", code="B1")
    make.branch(root, "机关第十一党支部", code="B11")
    return Organization.objects.get(pk=root.pk)
