"""What somebody signed on with, in words."""

from console.texts import _

# The first that is found counts: most browsers name others too.
_BROWSERS = (
    ("MicroMessenger", "微信 WeChat"),
    ("DingTalk", "钉钉 DingTalk"),
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def device(agent: str) -> str:
    """The browser and the system of a User-Agent."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return " · ".join(part for part in (browser, system) if part) or _("Unknown device")


def way(how: str) -> str:
    """How a session began, or an act was asked for."""
    ways = {
        "password": _("with a password"),
        "command_line": _("from the command line"),
        "oidc": _("through the school's sign-on"),
        "cas": _("through the school's sign-on"),
        "session": _("in a session"),
        "token": _("with an API token"),
        "system": _("by itself"),
    }
    return ways.get(how, how)
