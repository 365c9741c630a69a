"""Stand-ins for the ids and addresses of an environment: what ``--acr-mask-ids`` puts into a run's output.

For readers who may see that something failed, and not whose it is. Nothing is known here of what a record holds: an id
is a GUID, an address is one by its form, and what stands around them tells what must stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network

#: Public names of Azure's own, which say nothing of anybody: "nobody", the applications that everybody signs in to or
#: with, and the built-in roles that have to do with registries, their networks and their keys
#: (https://learn.microsoft.com/azure/role-based-access-control/built-in-roles).
PUBLIC = {
    "00000000-0000-0000-0000-000000000000": "nobody",
    "00000002-0000-0000-c000-000000000000": "Azure Active Directory Graph",
    "00000003-0000-0000-c000-000000000000": "Microsoft Graph",
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46": "Azure CLI",
    "1950a258-227b-4e31-a9cf-717495945fc2": "Azure PowerShell",
    "6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26": "Azure Container Registry",
    "797f4846-ba00-4fd7-ba43-dac1f8f63013": "Azure Resource Manager",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
    "8311e382-0749-4cb8-b61a-304f252e45ec": "AcrPush",
    "c2f4ef07-c644-48eb-af81-4b1b4947fb11": "AcrDelete",
    "6cef56e8-d556-48e5-a04f-b8e64114680f": "AcrImageSigner",
    "cdda3590-29a3-44f6-95f2-9f980659eb04": "AcrQuarantineReader",
    "c8d4ff99-41c3-41a8-9f60-21dfdad59608": "AcrQuarantineWriter",
    "b93aa761-3e63-49ed-ac28-beffa264f7ac": "Container Registry Repository Reader",
    "2a1e307c-b015-4ebd-883e-5b7698a07328": "Container Registry Repository Writer",
    "2efddaa5-3f1f-4df3-97df-af3f13818f4c": "Container Registry Repository Contributor",
    "bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7": "Container Registry Repository Catalog Lister",
    "69b07be0-09bf-439a-b9a6-e73de851bd59": "Container Registry Configuration Reader, with data access",
    "3bc748fc-213d-45c1-8d91-9da5725539b9": "Container Registry Contributor, with data access",
    "577a9874-89fd-4f24-9dbd-b5034d0ad23a": "Container Registry Data Importer and Data Reader",
    "fb382eab-e894-4461-af04-94435c366c3f": "Container Registry Tasks Contributor",
    "bf94e731-3a51-4a7c-8c54-a1ab9971dfc1": "Container Registry Transfer Pipeline Contributor",
    "e147488a-f6f5-4113-8e2d-b22465e65bf6": "Key Vault Crypto Service Encryption User",
    "f1a07417-d97a-45cb-824c-7a7467783830": "Managed Identity Operator",
}
#: Beside loopback and "any": where Azure's resolver and the metadata of every machine are, whoever it belongs to.
_EVERYWHERE = frozenset(map(IPv4Address, ("168.63.129.16", "169.254.169.254")))
#: What of IPv6 is in use, mapped addresses apart; the rest only looks like one, such as a slice or a fingerprint.
_IN_USE = tuple(map(IPv6Network, ("2000::/3", "fc00::/7", "fe80::/10", "ff00::/8", "64:ff9b::/32")))

# Without a boundary in front: in an address, %2F stands there.
_GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_GUIDS = re.compile(f"({_GUID})", re.IGNORECASE)
# A tenant is also known by its first domain.
_DOMAIN = r"(?<![\w.-])(?:[a-z0-9-]{1,63}\.){1,4}(?:onmicrosoft\.(?:com|us|de)|partner\.onmschina\.cn)(?![\w-])"
_ID = re.compile(rf"(?P<guid>{_GUID})|(?P<domain>{_DOMAIN})|(?P<bare>[0-9a-f]{{32,}})", re.IGNORECASE)

# What support needs: it stays behind such a word, on the same line, or on the next one where a text was wrapped.
_WHAT = "(?:correlation|request|trace|activity|operation|tracking)"
_TRACE = rf"(?:{_WHAT}[-_ ]?(?:request[-_ ]?)?id(?:entifier)?s?|correlation)"
_BETWEEN = (
    r"""(?:[ ](?:is|was))?[^\S\n]{0,24}["'\\:=,>*`(\[#|\t ]{0,24}(?:(?:(?<=[:=])\r?\n[ \t]*|\r?\n[ \t]+)["'`]?)?"""
)
_TRACED = re.compile(rf"{_TRACE}{_BETWEEN}(?:[A-Z0-9-]{{1,40}}:\d{{8}}T\d{{6}}Z:)?({_GUID})", re.IGNORECASE)
_TRACE_NAME = re.compile(rf"{_TRACE}\W*$", re.IGNORECASE)
_ONLY_GUIDS = re.compile(rf"(?:{_GUID}(?:[\s,;]+|$))+", re.IGNORECASE)

_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_FOUR = rf"(?:{_BYTE}\.){{3}}{_BYTE}"
_COLON = r"(?::|%3a)"
_SIX = rf"(?:[0-9a-f]{{0,4}}{_COLON}){{2,8}}(?:{_FOUR}|[0-9a-f]{{1,4}})?"
# No letter stands before an address, unless it ends an escape: of a string, a URL or a terminal.
_ESCAPE = r"(?:\\(?:[abfnrtv]|x[0-9a-f]{2}|u[0-9a-f]{4})|%[0-9a-f]{2}|(?:\x1b|\\x1b|\\u001b|\\033)\[[\d;]{0,12}m)"
_ADDRESS = re.compile(
    rf"(?P<start>{_ESCAPE}|(?<![0-9a-z])(?<![0-9]\.))(?:(?<!:)(?P<six>{_SIX})(?![0-9a-z_])|(?P<four>{_FOUR})(?![0-9a-z]|\.\d))"
    rf"|(?P<label>(?<![\w.:])[a-z_]\w{{0,40}}:)(?P<labelled>{_SIX})(?![0-9a-z_])",
    re.IGNORECASE,
)
_MAPPED = "::ffff:"
# Four numbers with dots that are no address, by what stands before and behind them. A name in front may be that of a
# host, too: then they are none where nobody has them at home.
_NUMBERED = re.compile(
    r"(?:(?:version|release|revision|build|oid|section|chapter|rfc ?\d+,?)(?:s|_?number|_?info|__)?[\s\"':=]{0,6}"
    r"|\bver[.:= ]{1,2}|[<>~]=\s?|(?<!ip)(?<!addr)(?<!address)(?<!host)[=!]=)$",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:(?<!ip)(?<!addr)(?<!address)(?<!host)(?<=[a-z])[-.]"
    r"|(?:^|[\s\"'(;,])(?!(?:tcp|udp|ip|ipv4|host)/)[a-z][\w-]{0,40}/)$",
    re.IGNORECASE,
)
_NUMBER_GOES_ON = re.compile(r"[-+.](?:alpha|beta|rc|dev|pre|post|final|snapshot|py\d|cp\d|\d+[a-z])", re.IGNORECASE)
_PORT = re.compile(r":\d")
_LOOKED_BACK = 64

#: Of the environment, the variables that hold an id; a tenant's may hold its domain.
_HOLDS_ID = re.compile(r"(?:(TENANT)|CLIENT|SUBSCRIPTION|OBJECT|PRINCIPAL)_ID$|USERNAME$")


class Masking:
    """Gives every id and address a stand-in: ``id-1``, ``address-1``, in the order in which they are first met.

    The same one gets the same stand-in for as long as this object lives, however it is spelt. ``place`` goes before
    each, where several processes write into one output and none can ask another.
    """

    def __init__(self, place: str = "") -> None:
        self._place = place
        self._ids: dict[str, str] = {}
        self._addresses: dict[IPv4Address | IPv6Address, str] = {}
        self._known: set[str] = set()  # always masked, whatever stands before it
        self._traces: set[str] = set()  # never masked
        self._domains: re.Pattern[str] | None = None

    def know(self, environ: Mapping[str, str]) -> None:
        """Learn the ids of the environment that say who signs in, among them a tenant that is named by its domain."""
        domains = []
        for name, value in environ.items():
            if (holds := _HOLDS_ID.search(name)) is None:
                continue
            self._known |= {found.lower() for found in _GUIDS.findall(value)}
            if holds[1] and re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", value):
                domains.append(re.escape(value))
        if domains:
            self._domains = re.compile(rf"(?<![\w.-])(?:{'|'.join(domains)})(?![\w-])", re.IGNORECASE)

    def keep(self, traces: str) -> None:
        """Leave the correlation ids in a text as they are wherever they stand from now on."""
        self._traces |= {found.lower() for found in _GUIDS.findall(traces)}

    def mask(self, text: str, name: str = "") -> str:
        """Return a text with its stand-ins; ``name`` is what it stands under, such as a key or a property's name."""
        staying = self._staying(text, name)
        text = _ID.sub(lambda found: found[0] if found.start() in staying else self._id(found), text)
        if self._domains is not None:
            text = self._domains.sub(lambda found: self._stand_in(found[0].lower()), text)
        return _ADDRESS.sub(self._address, text)

    def _staying(self, text: str, name: str) -> set[int]:
        """Return where ids stand that are behind a word for what support needs."""
        named = name and _TRACE_NAME.search(name) and _ONLY_GUIDS.fullmatch(text)
        found = (_GUIDS if named else _TRACED).finditer(text)
        return {each.start(1) for each in found if each[1].lower() not in self._known}

    def _id(self, found: re.Match[str]) -> str:
        key = found[0].lower()
        if found["bare"] is not None:
            return self._bare(found[0])
        if key in PUBLIC or key in self._traces - self._known:
            return found[0]
        return self._stand_in(key)

    def _bare(self, run: str) -> str:
        """Mask an id without its dashes, where it is one that the run knows: most such runs are digests."""
        for key in (*self._known, *self._ids):
            if (spelt := key.replace("-", "")) in run.lower():
                start = run.lower().index(spelt)
                run = run[:start] + self._stand_in(key) + run[start + len(spelt) :]
        return run

    def _stand_in(self, key: str) -> str:
        return self._ids.setdefault(key, f"{self._place}id-{len(self._ids) + 1}")

    def _address(self, found: re.Match[str]) -> str:
        if found["four"] is not None:
            return (
                found[0]
                if _is_number(found)
                else found["start"] + self._shown(IPv4Address(found["four"]), found["four"])
            )
        before, token = (
            (found["start"], found["six"]) if found["six"] is not None else (found["label"], found["labelled"])
        )
        return before + self._six(token)

    def _six(self, token: str) -> str:
        """Mask a token that is an IPv6 address, or one behind a word that looks like its beginning."""
        plain = re.sub(_COLON, ":", token, flags=re.IGNORECASE)
        rest = ":" if plain.endswith(":::") or (plain.endswith(":") and not plain.endswith("::")) else ""
        plain = plain.removesuffix(rest)
        for start in (0, plain.find(":") + 1):
            try:
                address = IPv6Address(plain[start:])
            except AddressValueError:
                continue
            if address.ipv4_mapped is not None or any(address in network for network in _IN_USE):
                return plain[:start] + self._shown(address, plain[start:]) + rest
        return token

    def _shown(self, address: IPv4Address | IPv6Address, spelt: str) -> str:
        if isinstance(address, IPv6Address) and (mapped := address.ipv4_mapped) is not None:
            return spelt if _is_everywhere(mapped) else _MAPPED + self._shown(mapped, str(mapped))
        if _is_everywhere(address):
            return spelt
        return self._addresses.setdefault(address, f"{self._place}address-{len(self._addresses) + 1}")


def _is_everywhere(address: IPv4Address | IPv6Address) -> bool:
    return address.is_loopback or address.is_unspecified or address in _EVERYWHERE


def _is_number(found: re.Match[str]) -> bool:
    """Whether four numbers are a version, or that of a chapter or a kind, by what stands around them."""
    start, end = found.span("four")
    before = found.string[max(0, start - _LOOKED_BACK) : start]
    if _NUMBERED.search(before) or _NUMBER_GOES_ON.match(found.string, end):
        return True
    named = _NAMED.search(before) is not None and _PORT.match(found.string, end) is None
    return named and not IPv4Address(found["four"]).is_private
