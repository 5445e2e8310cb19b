"""What no form offers, and what comes too late: every page answers it in plain words, never with an error."""

import pytest
from django.test import Client

from tests.test_access import ADDRESSES, EVERYONE, address, answer, world
from tests.world import World

__all__ = ["world"]
pytestmark = pytest.mark.long
HUGE = "9" * 40
JUNK = ["\x00", HUGE, "9223372036854775808", "-1", "😀𠮷"]
NAMES = ["q", "after", "before", "phase", "state", "batch", "node", "requirement", "form", "name", "problem", "source"]
# Fields that take several rows by key: who fills them in, at which address.
CHOICES = {
    "materials": ("secretary", "study-session-create"),
    "participations": ("office", "waiver-create"),
    "others": ("secretary", "talk-create"),
    "attendances": ("secretary", "make-up-create"),
    "members": ("administrator", "account-create"),
    "organizations": ("office", "enrolment-create"),
}
# Where people write more than a word: who, and into which field.
WRITING = {
    "study-session-create": ("secretary", "record"),
    "study-session-edit": ("secretary", "record"),
    "study-note-create": ("author", "text"),
    "enrolment-prepare": ("secretary", "survey_note"),
    "waiver-create": ("office", "reason"),
    "gate-detail": ("office", "remarks"),
    "self-analysis-review": ("secretary", "remark-"),
    "meeting-create": ("secretary", "outcome"),
    "task-create": ("secretary", "measure"),
    "task-edit": ("secretary", "measure"),
    "my-task-create": ("author", "measure"),
}
WORDS = "写了一晚上的话"


def signed_in(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.users[who], backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("who", ["office", pytest.param("secretary", marks=pytest.mark.once)])
def test_junk_in_a_query_string_is_no_error(world: World, who: str, junk: str) -> None:
    assert who in EVERYONE
    client = signed_in(world, who)
    query = "?" + "&".join(f"{name}={junk}" for name in NAMES).replace("\x00", "%00")
    statuses = {name: answer(client, "get", address(world, name) + query) for name in ADDRESSES if name != "sign-out"}
    assert not {name: status for name, status in statuses.items() if status >= 500 or status == 401}


@pytest.mark.parametrize("field", CHOICES)
@pytest.mark.parametrize("key", [HUGE, "9223372036854775808", "\x00", "-1"])
def test_a_key_that_can_be_none_is_refused(world: World, field: str, key: str) -> None:
    who, page = CHOICES[field]
    response = signed_in(world, who).post(address(world, page), {field: key}, follow=True)
    assert response.status_code in {200, 422}


@pytest.mark.parametrize("page", WRITING)
def test_what_was_written_survives_an_expired_session(world: World, page: str) -> None:
    who, field = WRITING[page]
    client, url = signed_in(world, who), address(world, page)
    form = {"kept_for": client.get(url).context["kept_for"], field: WORDS}
    client.logout()
    assert url in client.post(url, form).headers["Location"]
    client.force_login(world.users[who], backend="django.contrib.auth.backends.ModelBackend")
    found = client.get(url).content.decode()
    assert WORDS in found
    assert 'name="kept_for"' in found
