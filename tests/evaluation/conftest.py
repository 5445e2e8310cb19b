"""The place where these tests happen."""

from typing import Any

import pytest

from tests.evaluation import places


@pytest.fixture
def place(db: Any) -> places.Place:
    return places.build()
