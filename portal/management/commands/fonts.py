"""Fetches the free FangSong and Kai for printed pages."""

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.management.base import BaseCommand

from portal.fonts import FONT_DIR

PACKAGE = "texlive-lang-chinese"
WANTED = ("FandolFang-Regular.otf", "FandolKai-Regular.otf", "FandolSong-Bold.otf", "FandolHei-Regular.otf")
LICENCE = ("COPYING.gz", "README")


class Command(BaseCommand):
    help = "下载印制公文用的自由仿宋体、楷体（Fandol）。没有它们时改用 Noto 宋体，门户照常工作。"

    def handle(self, *args: Any, **options: Any) -> None:
        if all((FONT_DIR / name).exists() for name in WANTED):
            return
        try:
            fetch()
        except (OSError, subprocess.SubprocessError, tarfile.TarError) as error:
            self.stderr.write(f"未能取得 Fandol 字体（{error}）。打印改用 Noto 字体；以后可再运行 manage.py fonts。")
            return
        self.stdout.write(f"仿宋、楷体已放入 {FONT_DIR}")


def fetch() -> None:
    """Download Debian's package (apt checks it against its signed lists) and unpack only the fonts.

    Raises ``OSError``, ``SubprocessError`` or ``TarError``.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise FileNotFoundError("这台机器没有 apt-get")
    with tempfile.TemporaryDirectory() as folder:
        download = ["apt-get", "-q", "download", PACKAGE]
        subprocess.run(download, cwd=folder, check=True, capture_output=True, stdin=subprocess.DEVNULL)
        package = next(Path(folder).glob("*.deb"))
        archive = Path(folder) / "data.tar"
        with archive.open("wb") as out:
            subprocess.run(["dpkg-deb", "--fsys-tarfile", str(package)], check=True, stdout=out)
        unpack(archive)


def unpack(archive: Path) -> None:
    """Put the wanted fonts and their licence into the font folder; a font is there whole or not at all."""
    FONT_DIR.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as members:
        for entry in members:
            name = PurePosixPath(entry.name).name
            if "/fandol/" not in entry.name or name not in WANTED + LICENCE:
                continue
            source = members.extractfile(entry)
            if source is None:
                continue
            target = FONT_DIR / (name if name in WANTED else f"Fandol-{name}")
            part = target.with_suffix(".part")
            part.write_bytes(source.read())
            part.replace(target)
    if missing := [name for name in WANTED if not (FONT_DIR / name).exists()]:
        raise FileNotFoundError(f"软件包中没有 {'、'.join(missing)}")
