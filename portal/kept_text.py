"""What somebody was about to save when their session had expired, or when they had signed in anew in another window: kept,
sealed, for the same person.
"""

import json
from typing import Any

from django.core import signing
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from portal.ciphers import seal, unseal

CONTEXT = "kept-text"
LIMIT = 200_000


def author_token(user: Any) -> str:
    """Goes into a form as ``kept_for``: says, signed, who is writing."""
    return signing.dumps(user.pk, salt=CONTEXT)


def keep_text(request: HttpRequest) -> str:
    """Put the posted fields aside in the session; returns the path to come back to, or nothing where the form asked for
    no keeping or somebody else is signed in by now."""
    token = request.POST.get("kept_for", "")
    try:
        author = signing.loads(token, salt=CONTEXT)
    except signing.BadSignature:
        return ""
    if request.user.is_authenticated and author != request.user.pk:
        return ""
    fields = {k: v for k, v in request.POST.lists() if k not in {"csrfmiddlewaretoken", "kept_for"}}
    back = request.POST.get("kept_back", "")
    if not (back.startswith("/") and url_has_allowed_host_and_scheme(back, None)):
        back = request.path
    text = json.dumps({"author": author, "page": back, "fields": fields}, ensure_ascii=False)
    if len(text) > LIMIT:
        return ""
    request.session[CONTEXT] = seal(text, CONTEXT).hex()
    return back


def kept_fields(request: HttpRequest, *many: str) -> dict[str, Any]:
    """The fields that were kept for this user on this page (once); those named in ``many`` as lists."""
    if CONTEXT not in request.session:
        return {}
    kept = json.loads(unseal(bytes.fromhex(request.session[CONTEXT]), CONTEXT))
    if kept["author"] == request.user.pk and kept["page"] != request.path:
        return {}
    del request.session[CONTEXT]
    fields: dict[str, list[str]] = kept["fields"] if kept["author"] == request.user.pk else {}
    return {name: values if name in many else values[-1] for name, values in fields.items() if values}
