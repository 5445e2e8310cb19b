"""Where sessions lie: the framework's database stores, with the columns that «登录设备» shows."""

import uuid
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.contrib.auth import SESSION_KEY

SIGNED_IN_AT = "signed-in-at"
SEEN_AT = "seen-at"
BROWSER = "session-browser"
ADDRESS = "session-address"


def moment(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


class WithColumns:
    """Whose session it is, since when, from where: written whenever the session itself is, and never apart from it."""

    @classmethod
    def get_model_class(cls) -> Any:
        return apps.get_model("portal", "Session")

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row = super().create_model_instance(data)  # type: ignore[misc]
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.since, row.seen_at = moment(data.get(SIGNED_IN_AT)), moment(data.get(SEEN_AT))
        row.browser, row.address = data.get(BROWSER, ""), data.get(ADDRESS, "")
        # Says nothing of the key, which is random, and changes with it.
        row.number = uuid.uuid5(uuid.NAMESPACE_OID, row.session_key)
        return row
