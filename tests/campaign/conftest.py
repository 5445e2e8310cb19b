"""What tests of the room share."""

from collections.abc import Iterator
from datetime import datetime, time

import pytest
import time_machine
from django.utils import timezone


@pytest.fixture
def noon() -> Iterator[None]:
    """The clock goes on from twelve today: what lies an hour before or after is the same day."""
    with time_machine.travel(timezone.make_aware(datetime.combine(timezone.localdate(), time(12)))):
        yield
