"""QR codes."""

import segno
from django.utils.safestring import SafeString, mark_safe


def qr_code(text: str, scale: float = 2.2) -> SafeString:
    """A QR code as inline SVG."""
    return mark_safe(segno.make(text, error="m", micro=False).svg_inline(scale=scale, border=2))  # noqa: S308 drawn here
