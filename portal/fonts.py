"""Where the fonts of printed pages lie.

Import it before WeasyPrint: it names the portal's own fontconfig file to the process.
"""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
FONT_DIR = BASE_DIR / "build" / "fonts"


def fontconfig_file() -> Path:
    """The fontconfig file that admits only known fonts, so that a page breaks the same way on every machine."""
    return BASE_DIR / "portal" / "fonts.conf"


os.environ.setdefault("FONTCONFIG_FILE", str(fontconfig_file()))
