"""The hosts in a text: where each is named, and what it is.

Nothing here knows a symptom. What is only wanted, in another one's address, is no host here: it did not answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

from pytest_acrauth.model.target import CLOUDS

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
# Azure's other services: a credential that is refused beside one of these was wanted for it.
_SERVICES = (
    *("vault.azure.net", "vault.azure.cn", "vault.usgovcloudapi.net", "database.windows.net", "servicebus.windows.net"),
    *("documents.azure.com", "redis.cache.windows.net", "search.windows.net", "azconfig.io", "azmk8s.io"),
    *("queue.core.windows.net", "table.core.windows.net", "file.core.windows.net", "dfs.core.windows.net"),
    *("database.azure.com", "openai.azure.com", "cognitiveservices.azure.com", "azurewebsites.net", "azure-api.net"),
    *("visualstudio.com", "dev.azure.com", "azuredatabricks.net", "azure-devices.net", "batch.azure.com"),
)
# Pages that messages point to; they are not what a message is about.
_PAGES = (
    *("aka.ms", "learn.microsoft.com", "docs.microsoft.com", "portal.azure.com", "docs.docker.com", "github.com"),
    *("kubernetes.io", "go.microsoft.com", "azure.github.io", "management.core.windows.net"),
    *("containerregistry.azure.net", "curl.se", "curl.haxx.se"),
)
# Who keeps the settings of all that is Azure's, and the directory; by their addresses tokens are wanted, too.
_MANAGEMENT = {address.removeprefix("https://") for cloud in CLOUDS for address in (cloud.arm, cloud.graph)}
_MANAGED_THERE = re.compile(
    r"[\w.]{1,60}(?::443)?(?:/{1,2}(?:subscriptions|providers|tenants|batch|v1\.0|beta)\b|['\"], port\b)"
)
# Where a page's host is one that a program asks: GitHub's interface, and repositories.
_ASKED_PAGES = re.compile(r"api\.github\.com\b|github\.com/[\w.-]{1,100}/[\w.-]{1,100}?\.git\b")
_HOST = re.compile(
    r"(?P<lead>\bhttps?:/{1,2}|\blookup |\bhost=['\"]|\bto server )?"
    r"(?<![\w.-])(?P<host>localhost|(?:[\w*-]{1,63}\.){1,8}[A-Za-z]{2,24}|\d{1,3}(?:\.\d{1,3}){3})(?![\w-])"
    r"(?P<port>:\d{1,5})?(?P<image>(?=/[a-z0-9][a-z0-9._/-]{0,200}(?::\w|@sha256:)))?(?P<tail>/)?"
)
_PORT = r"[\w.-]{1,253}:\d{2,5}"
# What a name stands behind, whole or without a domain, that somebody looked up or asked.
_ASKING = (
    # resolvers, and who hands on what they said
    *(
        r"\btcp: lookup ",
        r"\blookup (?=[\w.-]{1,253} on [\[\d])",
        r"\b[Rr]esolve(?: host(?:name)?(?: address)?)?: ['\"]?",
    ),
    *(r"\b[Rr]esolve(?: host(?:name)?(?: address)?)?:? ['\"]", r"\bresolving ['\"]", r"\bcould not be resolved: ['\"]"),
    *(r"\b(?:ENOTFOUND|EAI_AGAIN|UnknownHostException:) ", r"\bcan't find (?=[\w.-]{1,253}: )"),
    rf"(?<![\w.:/-])(?={_PORT}: \[Errno )",
    # who asked; .NET names it in brackets, and a registry's address at 443 is nobody else's
    *(r"\bhost(?: name |=)['\"]", r"\b(?:to server at|on host) ['\"]", rf" \((?={_PORT}\))(?![\d.]{{7,15}}:443\))"),
    *(
        r"\bto (?:the )?host (?=[\w.-]{1,253}(?::\d|, port\b))",
        rf"\b[Cc]onnect(?:ing)? to (?={_PORT})(?![\w.-]+:443\b)",
    ),
    # a word in a registry's place, as in https://acr/v2/, can be one that its author has put there
    r"\bhttps?://(?=[\w-]{1,63}(?:[:'\" ]|/(?!v2\b|oauth2\b)|\Z))",
)
# What its author has taken out, as in lookup ***, is no name.
_ASKED = re.compile(
    rf"(?:{'|'.join(_ASKING)})(?P<host>[A-Za-z0-9][\w-]{{0,62}}(?:\.[\w-]{{1,63}}){{0,8}})(?![\w*<>-]|\.[\w*<])"
)
# Who speaks and names no host, or one behind the complaint: package managers, AMQP, other services' clients, probes,
# kubectl, volumes and networks of pods, the metadata service. What comes behind a push or a pull that ended well is
# said of something else. A name without a host is Docker Hub's.
_SPEAKING = re.compile(
    r"\bnpm (?:ERR!|error\b)|\bRetry\(total=(?=.{1,250}?\bpip\._vendor\b)|\bstatus-code:(?= \d{3}, status-description:)"
    r"|\b(?:keyvault|storage|dns|network|documentdb|sql)\.[A-Za-z]{0,40}Client#"
    r"|\b(?:Liveness|Readiness|Startup) probe (?:failed|errored):"
    r"|\bIMDS\b(?=.{0,60}?\b[45]\d\d\b)"
    r"|\bUnable to connect to the server: |\bFailed(?:Mount|AttachVolume|Scheduling)\b|\bMountVolume\.SetUp failed\b"
    r"|\bFailedCreatePodSandBox\b(?!.{0,400}?sandbox image)"
    r"|\bdigest: sha256:[0-9a-f]{6,64} size: \d|\bStatus: (?:Downloaded newer image|Image is up to date) for "
    r"|\bSuccessfully pulled image |\bpull access denied for (?=[a-z0-9]{1,60}(?:[_-]{1,2}[a-z0-9]{1,60}){0,9}[/,])"
)
# A proxy that is named is not what a message is about.
_PROXY = re.compile(r"(?i:proxy)(?:[ _-](?:server|host|url|address))?(?: at)?[ :='\"(]{1,4}\Z")
_PATH = re.compile(r"(?<![\w.-])[\w*<>{}$()\[\]-]{1,63}(?:\.[\w-]{1,63}){1,8}(?::\d{1,5})?/(?:[\w.%-]{1,100}/){0,6}\Z")
_NAMESPACE = re.compile(r"https?://[^ ?'\"]{1,500}\?(?:[^ ?'\"]{1,80}&)?ns=\Z")
# What came to a good end is not what a later complaint is about.
_SUCCEEDED = re.compile(
    r"(?:\b(?i:successfully) (?:pulled|pushed|logged|tagged|built|imported)(?: in)?(?: image| into| to)?"
    r"|\bPulled:|\bPushed:|\bContainer image|\bImage is up to date for|\bDownloaded newer image for)"
    r" ['\"]?(?:(?:https|oci|docker)://)?\Z"
)
# An image that is built on was pulled, where a step after it is under way.
_BUILT_ON = re.compile(r"\bFROM (?:--platform=[\w/$-]{1,40} )?\Z")
_NEXT_STEP = re.compile(r"[^ ]{0,300} .{0,300}?(?:\bRUN |\bStep [2-9]|\] (?:RUN|COPY|ADD) )")
# A login server whose name its author has taken out, as in <name>.azurecr.io, or whose place a variable takes.
_NAMELESS = re.compile(
    r"(?<![\w*-])\.(?i:azurecr\.(?:io|cn|us|de))\b"
    r"|[$%<{(](?i:(?:my|your)?[_-]?acr(?:[_-]?(?:name|login|server|registry|url|uri|host|endpoint)){0,3})"
    r"(?=[>)}%/:\s\"'`]|\Z)"
    r"|<connected-registry(?:-[a-z]{1,20}){0,8}>"
    # what a registry calls itself in its answers, and the SDKs' and its own client of one
    r"|\b[Ss]erver: AzureContainerRegistry\b|\bAzure\.Containers\.ContainerRegistry\b"
    r"|\bcom\.azure\.containers\.containerregistry\b|@azure/container-registry\b|\bazure/containerregistry/|\bacr\.BaseClient#"
)
# What is left of another host's name, as in <account>.dkr.ecr.eu-west-1.amazonaws.com.
_LEFT = re.compile(r"(?<=[>)}\]])\.(?P<host>(?:[\w-]{1,63}\.){1,6}[a-z]{2,24})(?![\w-])")
_NAME_TAKEN_OUT = "azurecr.io"  # which is no registry, so nothing goes into a command


class Place(StrEnum):
    """What a host in a text is."""

    REGISTRY = "registry"
    DATA = "data"
    STORAGE = "storage"
    AUTHORITY = "authority"
    MANAGEMENT = "management"
    SERVICE = "service"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Host:
    """A host named in a text: where it begins, its name in small letters, what it is."""

    start: int
    name: str
    place: Place


def hosts_in(flat: str, begin: int, end: int) -> Sequence[Host]:
    """Return the hosts that are named between two offsets of a flat text, in its order."""
    found = [Host(match.start(), _NAME_TAKEN_OUT, Place.REGISTRY) for match in _NAMELESS.finditer(flat, begin, end)]
    for match in _HOST.finditer(flat, begin, end):
        if _in_path(flat, match.start("host")):
            continue
        name = match["host"].lower()
        addressed = match["lead"] is not None or match["image"] is not None
        place = _place(name, addressed=addressed, tail=bool(match["tail"]), port=bool(match["port"]))
        if place is None and _ASKED_PAGES.match(flat, match.start("host")):
            place = Place.OTHER
        if place is Place.MANAGEMENT and not (
            match["lead"] == "lookup " or _MANAGED_THERE.match(flat, match.start("host"))
        ):
            continue
        if place is Place.OTHER and _PROXY.search(flat, max(0, match.start() - 30), match.start()):
            continue
        if place is Place.REGISTRY and _done(flat, match.start("host")):
            continue
        if place is not None:
            found.append(Host(match.start("host"), name, place))
    found += [
        Host(match.start(), match["host"], place)
        for match in _LEFT.finditer(flat, begin, end)
        if (place := _place(match["host"], addressed=False, tail=False, port=False)) in {Place.SERVICE, Place.OTHER}
    ]
    found += [Host(match.start(), match[0], Place.OTHER) for match in _SPEAKING.finditer(flat, begin, end)]
    known = {host.start for host in found}
    for match in _ASKED.finditer(flat, begin, end):
        name = match["host"].lower()
        place = _place(name, addressed=True, tail=False, port=False) or Place.OTHER
        if match.start("host") not in known and not _PROXY.search(flat, max(0, match.start() - 30), match.start()):
            found.append(Host(match.start("host"), name, place))
    return sorted(found, key=start_of)


def _done(flat: str, start: int) -> bool:
    """Return whether what is said of the host at an offset is that all went well there."""
    before = max(0, start - 60)
    if _SUCCEEDED.search(flat, before, start):
        return True
    return _BUILT_ON.search(flat, before, start) is not None and _NEXT_STEP.match(flat, start) is not None


def _in_path(flat: str, start: int) -> bool:
    """Return whether what looks like a host is a part of another one's address, and so was wanted and did not answer.

    A cache has it in the path, a mirror of containerd in the query.
    """
    if flat.endswith("/", 0, start):
        return _PATH.search(flat, max(0, start - 200), start) is not None
    return flat.endswith("=", 0, start) and _NAMESPACE.search(flat, max(0, start - 600), start) is not None


#: Where a host begins, to sort by.
start_of = attrgetter("start")


def _place(name: str, *, addressed: bool, tail: bool, port: bool) -> Place | None:
    """Tell what a host is; None for what is no host, such as a file's name, and for pages and addresses of peers."""
    if _DATA.search(name):
        return Place.DATA
    if name.endswith(_REGISTRY_SUFFIXES) or f".{name}" in _REGISTRY_SUFFIXES:
        return Place.REGISTRY
    if name in _AUTHORITIES:
        return Place.AUTHORITY
    if name in _MANAGEMENT:
        return Place.MANAGEMENT
    if name.endswith(_STORAGE_SUFFIXES):
        return Place.STORAGE
    if _within(name, _SERVICES):
        return Place.SERVICE
    if is_page(name):
        return None
    called = name.startswith(("registry.", "docker.", "harbor.")) and (tail or name.count(".") > 1)
    if addressed or _within(name, _OTHERS) or called or (tail and port):
        return Place.OTHER
    return None


def is_page(name: str) -> bool:
    """Return whether a host in small letters is one of pages that messages point to, and is not what they are about."""
    return _within(name, _PAGES)


def _within(name: str, ends: tuple[str, ...]) -> bool:
    return any(name == end or name.endswith(f".{end}") for end in ends)
