"""QR codes."""

import segno
from django.utils.safestring import SafeString, mark_safe


def qr_code(text: str, scale: float = 2.2, *, fluid: bool = False) -> SafeString:
    """A QR code as inline SVG; ``fluid``: as large as the page's styles say."""
    code = segno.make(text, error="m", micro=False)
    return mark_safe(code.svg_inline(scale=scale, border=2, omitsize=fluid))  # noqa: S308 drawn here
