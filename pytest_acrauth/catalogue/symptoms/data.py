"""What can be seen at the data stage: the host of the layers, to which the registry sends its clients."""

from __future__ import annotations

import re

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Symptom
from pytest_acrauth.catalogue.symptoms.addresses import at_endpoint
from pytest_acrauth.catalogue.symptoms.answers import has_its_mark
from pytest_acrauth.catalogue.symptoms.dns import NO_SUCH_NAME
from pytest_acrauth.catalogue.symptoms.words import (
    NOT_HTTPS,
    STATUS,
    anywhere,
    at_data_endpoint,
    at_layers,
    at_registry,
    at_storage,
    not_elsewhere,
)
from pytest_acrauth.model.machine import Resolved
from pytest_acrauth.model.observation import Data, Dns, Reply, Tcp, Trouble
from pytest_acrauth.model.stage import Stage

#: A request for a layer, as containerd repeats it.
_LAYER_URL = r"https?://[^ ]{1,400}/blobs/sha256:[^ ]{1,80}"
_NOT_FETCHED = (
    r"could not fetch content descriptor sha256:\w{1,64} \((?![\w./+-]{1,80}(?:manifest|index))[\w./+-]{1,99}\)"
    r" from remote: not found"
)
#: What tells that a complaint is about a layer, where the login server alone is named.
_BLOB = r"\bblob\b.{0,200}?"
#: Accounts in which registries keep their layers, and docker's words for a layer that it did not get.
_MANAGED = r"\b[a-z0-9]{1,12}managed\d{1,4}\.blob\.core\.[a-z.]{5,24}"
_NO_LAYER = (
    r"error pulling image configuration: (?:download failed after attempts=\d{1,2}: "
    r"|error parsing HTTP 403 response body: .{0,80}?<\?xml).{0,60}?"
)
_NO_CONNECTION = (
    r"dial tcp (?!lookup).{1,120}?(?:timeout|timed out|reset by peer)",
    r"[Cc]onnect(?:ion)? to [\w.-]{1,253}(?::443| \(?port 443)?.{0,160}?(?:[Tt]imed out|Timeout was reached)",
    rf"\bConnectTimeout|\bETIMEDOUT\b{NOT_HTTPS}|\bUND_ERR_CONNECT_TIMEOUT\b|\bconnect timed out",
    r"(?<!connectex: )A connection attempt failed because the connected party did not properly respond",
)


def _at_host(broken: Break) -> Data | None:
    """Return the reading of a layer that was sent on to a data host, None for anything else."""
    data = broken.observation
    return data if isinstance(data, Data) and data.redirect and not data.refused else None


def _unresolved(broken: Break) -> bool:
    part = facts.broken_part(broken) if _at_host(broken) is not None else None
    if not isinstance(part, Dns) or part.resolution is None:
        return False
    return part.resolution.outcome in {Resolved.NO_SUCH_NAME, Resolved.NO_ADDRESS}


def _lost(broken: Break) -> Tcp | None:
    """Return the connection to a data host that nothing answered: neither the host, nor a proxy, nor this machine."""
    part = facts.broken_part(broken) if _at_host(broken) is not None else None
    if not isinstance(part, Tcp) or part.tunnel is not None or part.trouble not in {Trouble.TIMEOUT, Trouble.RESET}:
        return None
    return part


def _unreached(broken: Break, *, dedicated: bool) -> bool:
    part = _lost(broken)
    return part is not None and _dedicated(part.host, broken) is dedicated and not _private(broken)


def _private(broken: Break) -> bool:
    part = _lost(broken)
    if part is None or not _dedicated(part.host, broken):
        return False
    data = _at_host(broken)
    dns = data.connection.dns if data is not None and data.connection is not None else None
    chain = dns.resolution.chain if dns is not None and dns.resolution is not None else None
    return at_endpoint((attempt.address for attempt in part.attempts), chain)


def _dedicated(host: str, broken: Break) -> bool:
    return host.endswith(broken.transcript.target.registry.cloud.data_suffix)


def _foreign(broken: Break) -> bool:
    data, reply = broken.observation, facts.reply(broken)
    if reply is not None and not has_its_mark(broken, reply):  # it is not the registry that redirects
        return False
    return isinstance(data, Data) and (bool(data.refused) or facts.trouble(broken) is Trouble.WITHHELD)


def _storage_said(broken: Break, status: int, code: str) -> bool:
    """Whether Azure Storage gave an error of this code, which its XML and a header of its own name."""
    reply = facts.reply(broken) if _at_host(broken) is not None else None
    return reply is not None and reply.status == status and _says(reply, code)


def _says(reply: Reply, code: str) -> bool:
    return bool(re.search(rf"\b{code}\b", f"{reply.words} {reply.body}"))


def _blob_unknown(broken: Break) -> bool:
    data, reply = broken.observation, facts.reply(broken)
    if not isinstance(data, Data) or reply is None or reply.status != 404:
        return False
    return _says(reply, "BlobNotFound") if data.redirect else reply.code == "BLOB_UNKNOWN"


DATA_HOST_UNRESOLVED = Symptom(
    id="data-host-unresolved",
    stages=(Stage.DATA,),
    when=_unresolved,
    says="{login_server} redirected the layer download to {redirect}, and the resolver has no address for it.",
    texts=at_layers(*NO_SUCH_NAME)
    + at_data_endpoint(r"Error resolving DNS for ")
    + anywhere(rf"lookup {_MANAGED}(?: on \S{{1,60}}?)?: no such host"),
)
STORAGE_UNREACHED = Symptom(
    id="storage-unreached",
    stages=(Stage.DATA,),
    when=lambda broken: _unreached(broken, dedicated=False),
    says="{login_server} redirected the layer download to {redirect}, and no connection came about.",
    texts=at_storage(*_NO_CONNECTION),
)
DATA_ENDPOINT_UNREACHED = Symptom(
    id="data-endpoint-unreached",
    stages=(Stage.DATA,),
    when=lambda broken: _unreached(broken, dedicated=True),
    says="{login_server} redirected the layer download to its data endpoint {redirect}, and no connection came about.",
    texts=at_data_endpoint(*_NO_CONNECTION),
)
PRIVATE_DATA_UNREACHED = Symptom(
    id="private-data-unreached",
    stages=(Stage.DATA,),
    when=_private,
    says="The data endpoint {redirect} has a private address here, and no connection came about at {addresses}.",
    texts=(),
)
REDIRECT_ELSEWHERE = Symptom(
    id="redirect-elsewhere",
    stages=(Stage.DATA,),
    when=_foreign,
    says="{login_server} redirected the layer download to {redirect}, no place for its layers; that was not followed.",
    texts=(),
)
STORAGE_REFUSED = Symptom(
    id="storage-refused",
    stages=(Stage.DATA,),
    when=lambda broken: _storage_said(broken, 403, "AuthenticationFailed"),
    says="The address of the layer that {login_server} had signed was refused by {redirect}.",
    texts=at_layers(r"\bAuthenticationFailed\b", r"Server failed to authenticate the request\b")
    + at_registry(rf"{_BLOB}<Code>AuthenticationFailed\b")
    + not_elsewhere(rf"{_NO_LAYER}<Code>AuthenticationFailed\b"),
)
STORAGE_FORBIDS = Symptom(
    id="storage-forbids",
    stages=(Stage.DATA,),
    when=lambda broken: _storage_said(broken, 403, "AuthorizationFailure"),
    says="{redirect} does not authorise the layer download, to which {login_server} had sent it.",
    texts=at_layers(
        r"\bAuthorizationFailure\b",
        # With the right network, and too small a role, storage goes on: "using this permission".
        r"[Tt]his request is not authorized to perform this operation(?! using)",
    )
    + at_registry(rf"{_BLOB}<Code>AuthorizationFailure\b")
    + not_elsewhere(rf"{_NO_LAYER}<Code>AuthorizationFailure\b"),
)
AUTHORIZATION_FORWARDED = Symptom(
    id="authorization-forwarded",
    stages=(Stage.DATA,),
    when=lambda broken: _storage_said(broken, 400, "InvalidAuthenticationInfo"),
    says="{redirect} was shown an Authorization header beside the signed address of the layer.",
    texts=at_layers(r"\bInvalidAuthenticationInfo\b", r"Authentication information is not given in the correct format"),
)
BLOB_UNKNOWN = Symptom(
    id="blob-unknown",
    stages=(Stage.DATA,),
    when=_blob_unknown,
    says="{login_server} has the manifest of {repository}, and does not find a layer that this names.",
    texts=at_registry(r"\bBLOB_UNKNOWN\b", r"\bunknown blob\b", rf"content at {_LAYER_URL} not found", _NOT_FETCHED)
    + at_layers(
        r"\bBlobNotFound\b",
        rf"{STATUS}404\b",
        r"\b404 Not Found\b",
        r"content at https?://[^ ]{1,900} not found",
        r"[Tt]he specified (?:blob|container) does not exist",
    )
    + not_elsewhere(rf"{_NO_LAYER}unknown blob\b", r"fetching blob: blob unknown to registry"),
)
