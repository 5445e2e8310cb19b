"""The letters people type instead of a name: 海淀区工程公司党委 → ``hdqgcgsdw``, and without 区 ``hdgcgsdw``."""

import re
import unicodedata

from pypinyin import Style, lazy_pinyin

LONGEST = 250
# Said when an organisation is spoken of in short: 海淀工程 for 海淀区工程.
DIVISIONS = re.compile(r"(?<=[一-鿿]{2})(?:特别行政区|自治[区州县]|街道|[省市区县旗镇乡])(?=[一-鿿])")
KEPT = re.compile("[^a-z0-9]")


def letters_of(text: str) -> str:
    """First letters of the syllables in lower case, with Latin letters and digits as they stand; nothing else."""
    written = unicodedata.normalize("NFKC", text)
    return KEPT.sub("", "".join(lazy_pinyin(written, style=Style.FIRST_LETTER)).lower())


def initials_of(name: str) -> str:
    """What ``Organization.initials`` keeps of a name: its letters and, where they differ, those without 省 市 区 县 …

    Whatever writes names in bulk, past ``Organization.save``, sets ``initials`` with it.
    """
    whole, short = letters_of(name), letters_of(DIVISIONS.sub("", name))
    return (whole if short == whole else f"{whole} {short}")[:LONGEST]
