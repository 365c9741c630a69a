"""What is checked: clouds, registries, repositories and identities, as plain data without secrets.

Nothing here reads the environment or contacts anything; names are validated before they become host names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pytest_acrauth.model.stage import Rung, Stage

NULL_GUID = "00000000-0000-0000-0000-000000000000"
GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

#: The actions a registry grants on a repository (https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md).
ACTIONS = ("pull", "push", "delete", "metadata_read", "metadata_write", "deleted_read", "deleted_restore")


class BadName(ValueError):
    """A name that cannot be what it is used for; the text says why and what to write instead."""

    __module__ = "pytest_acrauth"  # its public home, which tracebacks name


class Cloud(NamedTuple):
    """One Azure cloud: its az name, and the hosts that follow from it (azure-cli-core ``cloud.py``)."""

    name: str
    registry_suffix: str
    authority: str
    storage_suffix: str
    arm: str
    arm_audience: str
    graph: str

    def __repr__(self) -> str:
        return f"<{self.name}>"  # the hosts follow from it, and fill lines wherever a target is shown

    @property
    def data_suffix(self) -> str:
        """What the name of a dedicated data endpoint ends in, after the registry's name and region."""
        return f".data{self.registry_suffix}"

    @property
    def public_hosts(self) -> tuple[str, ...]:
        """Hosts of the cloud that everybody can look up, whatever else there is: its authority and management plane."""
        return tuple(address.removeprefix("https://") for address in (self.authority, self.arm))


CLOUDS = (
    Cloud(
        "AzureCloud",
        ".azurecr.io",
        "https://login.microsoftonline.com",
        ".blob.core.windows.net",
        "https://management.azure.com",
        "https://management.core.windows.net/",
        "https://graph.microsoft.com",
    ),
    Cloud(
        "AzureChinaCloud",
        ".azurecr.cn",
        "https://login.chinacloudapi.cn",
        ".blob.core.chinacloudapi.cn",
        "https://management.chinacloudapi.cn",
        "https://management.core.chinacloudapi.cn/",
        "https://microsoftgraph.chinacloudapi.cn",
    ),
    Cloud(
        "AzureUSGovernment",
        ".azurecr.us",
        "https://login.microsoftonline.us",
        ".blob.core.usgovcloudapi.net",
        "https://management.usgovcloudapi.net",
        "https://management.core.usgovcloudapi.net/",
        "https://graph.microsoft.us",
    ),
    Cloud(
        "AzureBleuCloud",
        ".azurecr.sovcloud-azure.fr",
        "https://login.sovcloud-identity.fr",
        ".blob.core.sovcloud-api.fr",
        "https://management.sovcloud-api.fr",
        "https://management.sovcloud-api.fr/",
        "https://graph.svc.sovcloud.fr",
    ),
)


def cloud_of(host: str) -> Cloud | None:
    """Return the cloud whose registry suffix ends the host name, or None for a host of no known cloud."""
    return next((cloud for cloud in CLOUDS if host.lower().endswith(cloud.registry_suffix)), None)


def global_endpoint(host: str) -> str:
    """Return the login server of the whole registry for one of its regional endpoints; any other host as it is.

    A regional endpoint, ``<registry>.<region>.geo.azurecr.io``, is the login server of one replica:
    https://learn.microsoft.com/azure/container-registry/container-registry-endpoint-reference
    """
    regional = _REGIONAL.fullmatch(host)
    return regional["label"] + regional["suffix"] if regional else host


_REGISTRY_NAME = re.compile(r"[a-zA-Z0-9]{5,50}")
_LOGIN_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{3,61}[a-z0-9])")
_REGIONAL = re.compile(
    rf"(?P<label>{_LOGIN_LABEL.pattern})\.(?P<region>[a-z0-9]{{2,40}})\.geo"
    rf"(?P<suffix>{'|'.join(re.escape(cloud.registry_suffix) for cloud in CLOUDS)})"
)
_HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_RESOURCE_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.ContainerRegistry/registries/(?P<name>[^/]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Registry:
    """One registry: its resource name, its login server (a host name), its cloud, and its ARM id if that was given.

    ``region`` is that of the regional endpoint that is asked, '' where it is the registry as a whole.
    """

    name: str
    login_server: str
    cloud: Cloud
    resource_id: str = ""
    region: str = ""

    @property
    def global_endpoint(self) -> str:
        """The login server of the whole registry, which ARM knows it by."""
        return global_endpoint(self.login_server)

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """The login servers that registries of this name have in the other clouds."""
        return tuple(self.name + cloud.registry_suffix for cloud in CLOUDS if cloud != self.cloud)

    @classmethod
    def parse(cls, text: str, cloud: Cloud | None = None) -> Registry:
        """Read a registry name, a login server (a regional endpoint is one, too) or an ARM resource id.

        ``cloud`` is where a bare name lives (default: the public one); a login server's own suffix decides instead,
        and only a host of no known suffix takes ``cloud``. Raises `BadName` for what is none of the three.
        """
        text = text.strip()
        resource_id = ""
        if match := _RESOURCE_ID.fullmatch(text):
            if not GUID.fullmatch(match["subscription"]):
                raise BadName(f"{text!r} is no resource id: {match['subscription']!r} is no subscription's id")
            resource_id, text = text, match["name"]
        elif text.lower().startswith("/subscriptions/"):
            raise BadName(f"{text!r} is the resource id of something else than a registry")
        elif (host := _in_address(text)) != text:
            raise BadName(_more_than_a_host(text, host))
        if not text:
            raise BadName("the registry is empty: give a registry name, a login server or a resource id")
        if "." not in text:
            if not _REGISTRY_NAME.fullmatch(text):
                raise BadName(
                    f"{text!r} is no registry name: 5 to 50 letters and digits, a login server such as "
                    "myacr.azurecr.io, or a resource id /subscriptions/…/registries/myacr"
                )
            name = text.lower()
            home = cloud or CLOUDS[0]
            return cls(name, name + home.registry_suffix, home, resource_id)
        host = text.lower()
        known = cloud_of(host)
        if known is None:
            if cloud is None:
                suffixes = ", ".join(c.registry_suffix for c in CLOUDS)
                raise BadName(
                    f"{text!r} ends in no registry suffix ({suffixes}): correct it, "
                    "or say with --acr-cloud which cloud's Entra authority may be asked for this host"
                )
            if not _HOST.fullmatch(host):
                raise BadName(f"{text!r} is no host name: give the login server without scheme, port or path")
            return cls(host.split(".")[0], host, cloud)
        regional = _REGIONAL.fullmatch(host)
        label = regional["label"] if regional else host.removesuffix(known.registry_suffix)
        if not _LOGIN_LABEL.fullmatch(label):
            raise BadName(
                f"{text!r} is no login server: before {known.registry_suffix} stands one label of letters, digits and "
                "hyphens, or that of a registry with .<region>.geo behind it"
            )
        # A domain name label scope puts a hash behind the name: myacr-h8k2…; names themselves have no hyphen.
        return cls(label.split("-")[0], host, known, region=regional["region"] if regional else "")


def _in_address(text: str) -> str:
    """Return the host in what people paste for it, without scheme, user, port, path and the dot at its end."""
    without = re.sub(r"^[A-Za-z]+://", "", text).rpartition("@")[2]
    if "." not in without and without == text:
        return text  # a name, which has neither
    return re.sub(r"(?::\d*)?(?:/.*)?$", "", without, flags=re.DOTALL).rstrip(".")


def _more_than_a_host(text: str, host: str) -> str:
    """Say what else stands in a text than a host's name, without what may be a password."""
    masked = re.sub(r"[^/@]+@", "***@", without_login(text))
    alone = f"{host} alone" if _HOST.fullmatch(host) else "that alone, such as myacr.azurecr.io"
    said = f"{masked!r} is more than a login server: give {alone}"
    if "@" in text:
        said += "; user name and password are read from ACR_USERNAME and ACR_PASSWORD"
    path = re.sub(r"^[A-Za-z]+://", "", masked).partition("/")[2].strip("/")
    return f"{said}, and --acr-repository {path}" if path else said


def without_login(text: str) -> str:
    """Return an address without user name and password; what stands behind the @ of a digest has no dot."""
    return re.sub(r"^((?:[A-Za-z]+://)?).*@(?=[^@]*\.)", r"\1***@", text, flags=re.DOTALL)


_SEGMENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-f]{32,128}")


@dataclass(frozen=True, slots=True)
class Reference:
    """One image reference: the text as given, the repository, and the tag or digest asked for."""

    text: str
    repository: str
    version: str = "latest"

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read ``team/app``, ``team/app:tag`` or ``team/app@digest`` (no host part). Raises `BadName`."""
        shown = without_login(text)
        if "://" in text:
            raise BadName(f"{shown!r} is an address: leave out {text.partition('://')[0]}://")
        if cloud_of(text.partition("/")[0]) is not None:
            raise BadName(f"{shown!r} begins with a registry: leave out {shown.partition('/')[0]}/")
        rest, at, digest = text.partition("@")
        repository, colon, tag = rest.partition(":")
        if not _REPOSITORY.fullmatch(repository) or len(repository) > 255:
            raise BadName(
                f"{shown!r} is no repository reference: lower-case path segments such as team/app, "
                "then optionally :tag or @sha256:…"
            )
        if colon and not _TAG.fullmatch(tag):
            raise BadName(f"{shown!r} has no valid tag behind the colon: letters, digits, '_', '.' and '-'")
        if at and not _DIGEST.fullmatch(digest):
            raise BadName(f"{shown!r} has no valid digest behind '@': give algorithm:hex, for example sha256:…")
        return cls(text, repository, digest or tag or "latest")


class Flow(StrEnum):
    """How an identity gets an access token: through Entra and the exchange, with Basic credentials, or with nothing."""

    ENTRA = "entra"
    BASIC = "basic"
    ANONYMOUS = "anonymous"


class Way(NamedTuple):
    """How a method gets an access token, and how the environment variables begin that it reads unless told others."""

    flow: Flow
    prefix: str = ""


#: The authentication methods by name; what each one reads and does is in the room for that.
WAYS = {
    "basic": Way(Flow.BASIC, "ACR"),
    "admin": Way(Flow.BASIC, "ACR"),
    "scope-map-token": Way(Flow.BASIC, "ACR"),
    "workload-identity": Way(Flow.ENTRA, "AZURE"),
    "github-actions": Way(Flow.ENTRA, "AZURE"),
    "azure-pipelines": Way(Flow.ENTRA, "AZURESUBSCRIPTION"),
    "service-principal": Way(Flow.ENTRA, "AZURE"),
    "service-principal-certificate": Way(Flow.ENTRA, "AZURE"),
    "managed-identity": Way(Flow.ENTRA, "AZURE"),
    "azure-cli": Way(Flow.ENTRA, "AZURE"),
    "docker-config": Way(Flow.BASIC),
    "anonymous": Way(Flow.ANONYMOUS),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: the name used in item ids, the auth method really taken, and where its variables are.

    ``prefix`` is the beginning of the environment variables that hold the credential (``AZURE``, ``ACR``, or a
    named identity's own); the credential itself is never kept here.
    """

    name: str
    method: str
    flow: Flow
    prefix: str = ""

    @classmethod
    def of(cls, method: str, prefix: str | None = None, *, name: str | None = None) -> Identity:
        """Return the identity of a method as ``--acr-auth [NAME=]METHOD[:PREFIX]`` names it.

        Its name is the method's unless one is given, and so is the prefix of its variables. Whether these are set is
        seen when they are read. Raises `BadName` naming the choices; ``default`` is none, for it looks around.
        """
        if (way := WAYS.get(method)) is None:
            raise BadName(f"unknown auth method {method!r}; choose one of {', '.join(WAYS)}")
        return cls(name or method, method, way.flow, way.prefix if prefix is None else prefix)


@dataclass(frozen=True, slots=True)
class Rights:
    """The actions that must and must not be held on a repository, and whether push is to be proven by an upload."""

    must: tuple[str, ...] = ("pull",)
    must_not: tuple[str, ...] = ()
    prove_push: bool = False

    @property
    def pulls(self) -> bool:
        """Whether the manifest and a layer are read: only where `pull` must be held."""
        return "pull" in self.must

    @property
    def pushes(self) -> bool:
        """Whether an upload is opened and cancelled: only where `push` must be held, and is to be proven."""
        return self.prove_push and "push" in self.must


class Apart(NamedTuple):
    """The rights on one repository, by its reference's text, where they are others than on the rest."""

    reference: str
    rights: Rights


@dataclass(frozen=True, slots=True)
class Target:
    """One registry times one identity, the repositories it is judged on, and the actions it must and must not hold.

    ``apart`` has the repositories on which they are others. Raises `BadName` for an action that there is none: it could
    never be held, and not holding it would be no proof.
    """

    registry: Registry
    identity: Identity
    references: tuple[Reference, ...] = ()
    must: tuple[str, ...] = ("pull",)
    must_not: tuple[str, ...] = ()
    prove_push: bool = False
    apart: tuple[Apart, ...] = ()

    def __post_init__(self) -> None:
        for name, actions in (("must", self.must), ("must_not", self.must_not)):
            for action in actions:
                if action not in ACTIONS:
                    raise BadName(f"{name}={actions!r}: unknown action {action!r}; choose from {', '.join(ACTIONS)}")

    @property
    def id(self) -> str:
        """The words that name this target in node ids and parameters."""
        return f"{self.registry.login_server}-{self.identity.name}"

    def rights(self, reference: str | None = None) -> Rights:
        """Return the rights on a repository, by its reference's text, or those on every one that has no others."""
        usual = Rights(self.must, self.must_not, self.prove_push)
        return usual if reference is None else dict(self.apart).get(reference, usual)

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """Every stage of this target's climb in order; with repositories the last ones once per reference."""
        shared = [Stage.DNS, Stage.TCP, Stage.TLS, Stage.CHALLENGE]
        if self.identity.flow is Flow.ENTRA:
            shared += [Stage.ENTRA, Stage.EXCHANGE]
        if not self.references:
            return tuple(Rung(stage) for stage in [*shared, Stage.ACCESS_TOKEN])
        rights = {reference.text: self.rights(reference.text) for reference in self.references}
        reached = {
            Stage.ACCESS_TOKEN: [*rights],
            Stage.OPERATION: [text for text, each in rights.items() if each.pulls],
            Stage.DATA: [text for text, each in rights.items() if each.pulls],
            Stage.UPLOAD: [text for text, each in rights.items() if each.pushes],
        }
        return (
            *(Rung(stage) for stage in shared),
            *(Rung(stage, text) for stage, texts in reached.items() for text in texts),
        )

    def needs(self, rung: Rung) -> frozenset[Rung]:
        """Return every rung that must hold before this one can be reached, itself not included."""
        parents = {
            Stage.TCP: [Stage.DNS],
            Stage.TLS: [Stage.TCP],
            Stage.CHALLENGE: [Stage.TLS],
            Stage.EXCHANGE: [Stage.CHALLENGE, Stage.ENTRA],
            Stage.ACCESS_TOKEN: [Stage.EXCHANGE if self.identity.flow is Flow.ENTRA else Stage.CHALLENGE],
            Stage.OPERATION: [Stage.ACCESS_TOKEN],
            Stage.DATA: [Stage.OPERATION],
            Stage.UPLOAD: [Stage.ACCESS_TOKEN],
        }.get(rung.stage, [])
        found: set[Rung] = set()
        for stage in parents:
            parent = Rung(stage, rung.reference if stage.per_repository else None)
            found |= {parent, *self.needs(parent)}
        return frozenset(found)
