"""What somebody was about to save when their session had expired: kept, sealed, for the same person after they sign in again."""

import json
from typing import Any

from django.core import signing
from django.http import HttpRequest

from portal.ciphers import seal, unseal

CONTEXT = "kept-text"
LIMIT = 200_000


def author_token(user: Any) -> str:
    """Goes into a form as ``kept_for``: says, signed, who is writing."""
    return signing.dumps(user.pk, salt=CONTEXT)


def keep_text(request: HttpRequest) -> str:
    """Put the posted fields aside in the anonymous session; returns the path to come back to, or nothing where the form asked for no keeping."""
    token = request.POST.get("kept_for", "")
    try:
        author = signing.loads(token, salt=CONTEXT)
    except signing.BadSignature:
        return ""
    fields = {k: v for k, v in request.POST.items() if k not in {"csrfmiddlewaretoken", "kept_for"}}
    text = json.dumps({"author": author, "path": request.path, "fields": fields}, ensure_ascii=False)
    if len(text) > LIMIT:
        return ""
    request.session[CONTEXT] = seal(text, CONTEXT).hex()
    back = request.POST.get("kept_back", request.path)
    return back if back.startswith("/") and not back.startswith("//") else request.path


def kept_fields(request: HttpRequest) -> dict[str, str]:
    """The fields that were kept for this user (once); nothing if they were somebody else's."""
    sealed = request.session.pop(CONTEXT, None)
    if sealed is None:
        return {}
    kept = json.loads(unseal(bytes.fromhex(sealed), CONTEXT))
    return kept["fields"] if kept["author"] == request.user.pk else {}
