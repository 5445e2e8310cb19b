"""Puts the few front-end files the portal uses where Django finds them."""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

# From node_modules to static/vendor. Not the whole distribution: its files refer to maps that are not there, which
# breaks the manifest.
FILES = {"@tabler/core/dist/css/tabler.min.css": "tabler/tabler.min.css"}
SOURCE_MAP = re.compile(r"/\*[#@]\s*sourceMappingURL=.*?\*/")


class Command(BaseCommand):
    help = "把 node_modules 中用到的样式文件复制到 static/vendor。"

    def handle(self, *args: Any, **options: Any) -> None:
        base = Path(settings.BASE_DIR)
        for source, target in FILES.items():
            try:
                text = (base / "node_modules" / source).read_text(encoding="utf-8")
            except FileNotFoundError as error:
                raise CommandError(f"没有找到 {error.filename}，请先运行 make setup（即 npm ci）。") from error
            path = base / "static" / "vendor" / target
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(SOURCE_MAP.sub("", text), encoding="utf-8")
