"""Text of other programs, made searchable: one flat line without escapes, the lines it came from, the hosts in it.

Nothing here knows a symptom. Text is data: it is bounded, and cleaned before any of it is shown.
"""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass
from enum import StrEnum

from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import CLOUDS

#: How much of a text is looked at.
LIMIT = 1024 * 1024
_LINE = 600  # what is shown of one line, at most
_BEFORE, _AFTER = 2000, 160  # how far from the words a host counts

_ESCAPES = re.compile(r"\x1b\[[0-9;?]{0,30}[ -/]{0,5}[@-~]|\x1b[@-Z\\-_]")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff\s]+")
# Documents inside documents: each JSON around a text adds backslashes, and some writers turn quotes into numbers.
_QUOTED = re.compile(r"\\{1,16}(?:(?P<char>[\"'/`])|u00(?P<code>2[267]|3[cCeE])|[rn](?![a-z]))")
_TYPOGRAPHIC = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})

_REGISTRY_SUFFIXES = (*(cloud.registry_suffix for cloud in CLOUDS), ".azurecr.de")
_STORAGE_SUFFIXES = tuple(cloud.storage_suffix for cloud in CLOUDS)
_DATA = re.compile(r"[\w-]+\.[\w-]+\.data\.azurecr\.")
_AUTHORITIES = {
    *(cloud.authority.removeprefix("https://") for cloud in CLOUDS),
    "login.windows.net",
    "sts.windows.net",
    "login.microsoft.com",
}
# Registries by the ends of their names: named without an address around them, they are meant as registries.
_OTHERS = (
    *("docker.io", "docker.com", "ghcr.io", "quay.io", "gcr.io", "pkg.dev", "ecr.aws", "amazonaws.com", "k8s.io"),
    *("redhat.io", "redhat.com", "mcr.microsoft.com", "nvcr.io", "lscr.io", "jfrog.io", "gitlab.com", "dhi.io"),
    *("icr.io", "ocir.io", "digitalocean.com", "cloudsmith.io", "scalingo.com", "goharbor.io", "aliyuncs.com"),
)
# Pages that messages point to; they are not what a message is about.
_PAGES = (
    *("aka.ms", "learn.microsoft.com", "docs.microsoft.com", "portal.azure.com", "docs.docker.com", "github.com"),
    *("kubernetes.io", "go.microsoft.com", "azure.github.io", "management.azure.com", "graph.microsoft.com"),
    *("management.core.windows.net", "containerregistry.azure.net", "curl.se", "curl.haxx.se"),
)
_HOST = re.compile(
    r"(?P<lead>\bhttps?:/{1,2}|\blookup |\bhost=['\"]|\bto server )?"
    r"(?<![\w.-])(?P<host>localhost|(?:[\w*-]{1,63}\.){1,8}[A-Za-z]{2,24}|\d{1,3}(?:\.\d{1,3}){3})(?![\w-])"
    r"(?P<port>:\d{1,5})?(?P<tail>/)?"
)
_NAMELESS = re.compile(r"(?<![\w*-])\.azurecr\.(?:io|cn|us|de)\b")


class Place(StrEnum):
    """What a host in a text is."""

    REGISTRY = "registry"
    DATA = "data"
    STORAGE = "storage"
    AUTHORITY = "authority"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Host:
    """A host named in a text: where it begins, its name in small letters, what it is."""

    start: int
    name: str
    place: Place


class Printed:
    """One text: ``flat`` has every run of white space as one space, and no escapes of terminals or documents."""

    def __init__(self, text: str) -> None:
        self._lines = text[:LIMIT].split("\n")
        parts: list[str] = []
        self._starts: list[int] = []
        length = 0
        for line in self._lines:
            self._starts.append(length)
            cut = _flatten(line)
            if cut:
                parts.append(cut)
                length += len(cut) + 1
        self.flat = " ".join(parts)
        self._hosts = tuple(_hosts(self.flat))
        self._at = [host.start for host in self._hosts]

    def line(self, offset: int) -> tuple[int, str]:
        """Return the number, counted from 1, and the printable text of the line that holds an offset of ``flat``."""
        index = bisect.bisect_right(self._starts, offset) - 1
        line, end = self._lines[index], self._starts[index + 1] if index + 1 < len(self._starts) else len(self.flat)
        if len(line) > _LINE:
            begin = max(self._starts[index], offset - _LINE // 3)
            line = "…" * (begin > self._starts[index]) + self.flat[begin : min(end, begin + _LINE)]
        return index + 1, Secrets().clean(_ESCAPES.sub("", line), _LINE)

    def nearest(self, start: int, end: int) -> Host | None:
        """Return the host that words are about: one inside them, else the last before, else the first behind."""
        first, behind = bisect.bisect_left(self._at, start), bisect.bisect_left(self._at, end)
        if first < behind:
            return self._hosts[first]
        if first and start - self._at[first - 1] <= _BEFORE:
            return self._hosts[first - 1]
        if behind < len(self._at) and self._at[behind] - end <= _AFTER:
            return self._hosts[behind]
        return None

    def registry_before(self, offset: int) -> Host | None:
        """Return the last login server that is named not too far before an offset."""
        index = bisect.bisect_right(self._at, offset)
        for host in reversed(self._hosts[max(0, index - 50) : index]):
            if offset - host.start > _BEFORE:
                return None
            if host.place is Place.REGISTRY:
                return host
        return None


def unescaped(line: str) -> str:
    """Return a line without the escapes of terminals and documents, and with plain quotes."""
    return _QUOTED.sub(_unquoted, _ESCAPES.sub("", line)).translate(_TYPOGRAPHIC)


def _flatten(line: str) -> str:
    return _UNSEEN.sub(" ", unescaped(line)).strip()


def _unquoted(match: re.Match[str]) -> str:
    if match["char"]:
        return match["char"]
    return chr(int(match["code"], 16)) if match["code"] else " "


def _hosts(flat: str) -> list[Host]:
    # A login server whose name its author has taken out, as in <name>.azurecr.io.
    found = [Host(match.start(), match[0][1:].lower(), Place.REGISTRY) for match in _NAMELESS.finditer(flat)]
    for match in _HOST.finditer(flat):
        name = match["host"].lower()
        place = _place(name, addressed=bool(match["lead"]), tail=bool(match["tail"]), port=bool(match["port"]))
        if place is not None:
            found.append(Host(match.start("host"), name, place))
    return sorted(found, key=lambda host: host.start)


def _place(name: str, *, addressed: bool, tail: bool, port: bool) -> Place | None:
    """Tell what a host is; None for what is no host, such as a file's name, and for pages and addresses of peers."""
    if _DATA.search(name):
        return Place.DATA
    if name.endswith(_REGISTRY_SUFFIXES):
        return Place.REGISTRY
    if name in _AUTHORITIES:
        return Place.AUTHORITY
    if name.endswith(_STORAGE_SUFFIXES):
        return Place.STORAGE
    if _within(name, _PAGES):
        return None
    if addressed or _within(name, _OTHERS) or (tail and (port or name.startswith(("registry.", "docker.", "harbor.")))):
        return Place.OTHER
    return None


def _within(name: str, ends: tuple[str, ...]) -> bool:
    return any(name == end or name.endswith(f".{end}") for end in ends)
