"""A browser and an address as their owner would name them."""

import ipaddress
import re

# The first that fits: many browsers also call themselves Chrome or Safari.
BROWSERS = (
    ("微信", r"MicroMessenger"), ("钉钉", r"DingTalk"), ("QQ浏览器", r"QQBrowser"), ("360浏览器", r"QihooBrowser|360SE|360EE|QHBrowser"),
    ("UC浏览器", r"UCBrowser|UBrowser"), ("华为浏览器", r"HuaweiBrowser"), ("小米浏览器", r"MiuiBrowser"),
    ("Edge", r"Edg(e|A|iOS)?/"), ("Opera", r"OPR/"), ("火狐浏览器", r"Firefox/|FxiOS/"), ("Chrome", r"Chrome/|CriOS/"),
    ("Safari", r"Safari/"), ("IE", r"MSIE|Trident/"),
)  # fmt: skip
SYSTEMS = (
    ("鸿蒙", r"HarmonyOS|OpenHarmony"), ("iPhone", r"iPhone"), ("iPad", r"iPad"), ("安卓", r"Android"), ("Windows", r"Windows"),
    ("Mac", r"Macintosh|Mac OS X"), ("统信 UOS", r"UOS"), ("银河麒麟", r"Kylin"), ("Linux", r"Linux|X11"),
)  # fmt: skip


def browser_in_words(agent: str) -> str:
    """Such as «Chrome，Windows»; «未知浏览器» where the header says nothing known."""
    found = [next((name for name, pattern in kinds if re.search(pattern, agent)), "") for kinds in (BROWSERS, SYSTEMS)]
    return "，".join(name for name in found if name) or "未知浏览器"


def masked_address(address: str) -> str:
    """Enough to recognise one's own network, not enough to find the machine: ``10.9.8.*``, ``2001:db8:0:*``."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped:
        known = known.ipv4_mapped
    if isinstance(known, ipaddress.IPv4Address):
        return ".".join([*str(known).split(".")[:3], "*"])
    return ":".join([*(f"{int(part, 16):x}" for part in known.exploded.split(":")[:3]), "*"])
