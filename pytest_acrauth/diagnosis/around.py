"""Whether words say something about an Azure registry, by what stands around them and by who asks.

A text reaches us in two ways. *Asked*: somebody gave it to us, and so says that it is about a registry; only the text
itself contradicts, by naming something else. *Overheard*: it stood in the failure of a test that nobody asked about;
in doubt there is silence. One table of patterns serves both.
"""

from __future__ import annotations

import re
from enum import Enum

from pytest_acrauth.catalogue.shape import Where
from pytest_acrauth.diagnosis.hosts import Host, Place, is_page
from pytest_acrauth.diagnosis.other_services import about_another
from pytest_acrauth.diagnosis.printed import LIMIT, Printed


class Counts(Enum):
    """Whether words say something about an Azure registry."""

    NO = "no"
    ON_TRUST = "on trust"  # nothing around tells whose they are: they count for who asks, and for nobody else
    YES = "yes"


_NEAR = 300  # characters
_ELSEWHERE = {Place.MANAGEMENT, Place.SERVICE, Place.OTHER}
_NAME = re.compile(
    r"(?:https?://(?=\w)|(?<![\w./@-]))(?P<name>(?:[\w-]{1,63}\.){1,8}"
    r"(?:com|org|net|io|dev|cloud|local|internal|example|corp|lan|svc|app)(?![\w-])|(?<=://)[\w.-]{1,253})",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\bAADSTS\d{5,8}\b")


def counts(where: Where, start: int, host: Host | None, printed: Printed, *, asked: bool) -> Counts:
    """Tell how words count that begin at an offset; ``host`` is the one that they are about, if any is.

    The thresholds differ in one row: for who asks, words that want a login server beside them count on trust where no
    host at all is named, as in what was pasted with its host taken out.
    """
    place = host.place if host else None
    match where:
        case Where.ANYWHERE | Where.SIGN_IN:
            found = True
        case Where.REGISTRY:
            if asked and place is None and not _names_a_host(start, printed):
                return Counts.ON_TRUST
            found = place is Place.REGISTRY
        case Where.NOT_ELSEWHERE:
            found = place in {Place.REGISTRY, Place.MANAGEMENT, None}
        case Where.NOT_AT_SERVICE:
            found = place is not Place.SERVICE
        case Where.MANAGEMENT:
            found = place is Place.MANAGEMENT
        case Where.AUTHORITY:
            found = place is Place.AUTHORITY
        case Where.DATA:
            found = place is Place.DATA
        case Where.STORAGE:
            found = host is not None and place is Place.STORAGE and printed.of_registry(host)
        case Where.LAYERS:
            either = (counts(each, start, host, printed, asked=asked) for each in (Where.DATA, Where.STORAGE))
            found = Counts.YES in either
    return Counts.YES if found else Counts.NO


def _names_a_host(start: int, printed: Printed) -> bool:
    """Whether anything near words looks like the name of a host, be it one that no address shows to be one."""
    near = printed.flat[max(0, start - _NEAR) : start + _NEAR]
    return any(not is_page(name["name"].lower()) for name in _NAME.finditer(near))


def taken_for(text: str) -> str:
    """Return what a text of which nothing was recognised seems to be about: a clause, such as "it names ghcr.io".

    '' where nothing in it says so. It is what a person needs to object.
    """
    printed = Printed(text[:LIMIT])
    for number in _NUMBER.finditer(printed.flat):
        if about_another(printed.flat, number.start(), number.end()):
            return f"{number[0]} is about a token for something else here"
    others = dict.fromkeys(host.name for host in printed.hosts if host.place in _ELSEWHERE)
    return f"it names {', '.join(list(others)[:3])}" if others else ""
