"""Family ``data``: the layers of an image, which the registry sends its clients to another host for."""

from __future__ import annotations

import re

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.questions.climb import (
    ALIASES,
    DATA_HOST,
    DATA_RESOLVED,
    opposite,
    proven,
    through_private_link,
)
from pytest_acrauth.catalogue.questions.management import DATA_ENDPOINTS, EGRESS, PRIVATE_ENDPOINTS
from pytest_acrauth.catalogue.shape import Answers, Break, FailureMode, Symptom, Verdict
from pytest_acrauth.catalogue.symptoms.words import at_data_endpoint, at_storage
from pytest_acrauth.model.observation import Data, Trouble
from pytest_acrauth.model.stage import Stage

_UNREACHED = {
    Trouble.TIMEOUT,
    Trouble.REFUSED,
    Trouble.UNREACHABLE,
    Trouble.RESET,
    Trouble.CLOSED,
    Trouble.CERTIFICATE,
    Trouble.TLS,
    Trouble.NAME,
    Trouble.PROXY,
}
_LOST = (
    r"(?:dial tcp|lookup|read tcp) .{1,120}?(?:timeout|timed out|no such host|connection refused|reset by peer)",
    r"TLS handshake timeout",
    r"certificate signed by unknown authority",
    r": EOF\b",
)
_AUTHENTICATION_FAILED = re.compile("AuthenticationFailed")


def _unreached(broken: Break, *, dedicated: bool) -> bool:
    data = broken.observation
    if not isinstance(data, Data) or not data.redirect or facts.trouble(broken) not in _UNREACHED:
        return False
    return data.redirect.endswith(broken.transcript.target.registry.cloud.data_suffix) is dedicated


def _foreign(broken: Break) -> bool:
    data = broken.observation
    return isinstance(data, Data) and (bool(data.refused) or facts.trouble(broken) is Trouble.WITHHELD)


def _storage_refused(broken: Break) -> bool:
    data, reply = broken.observation, facts.reply(broken)
    if not isinstance(data, Data) or not data.redirect or reply is None or reply.status != 403:
        return False
    return bool(_AUTHENTICATION_FAILED.search(f"{reply.words} {reply.body}"))


STORAGE_UNREACHED = Symptom(
    id="storage-unreached",
    stages=(Stage.DATA,),
    when=lambda broken: _unreached(broken, dedicated=False),
    says="{login_server} sent the layer's reader to {redirect}, which did not answer.",
    texts=at_storage(*_LOST),
)
DATA_ENDPOINT_UNREACHED = Symptom(
    id="data-endpoint-unreached",
    stages=(Stage.DATA,),
    when=lambda broken: _unreached(broken, dedicated=True),
    says="{login_server} sent the layer's reader to its data endpoint {redirect}, which did not answer.",
    texts=at_data_endpoint(*_LOST),
)
REDIRECT_ELSEWHERE = Symptom(
    id="redirect-elsewhere",
    stages=(Stage.DATA,),
    when=_foreign,
    says="{login_server} sent the layer's reader to {redirect}, where nothing of this registry may be.",
    texts=(),
)
STORAGE_REFUSED = Symptom(
    id="storage-refused",
    stages=(Stage.DATA,),
    when=_storage_refused,
    says="{redirect} refused the address that {login_server} had signed.",
    texts=at_storage(r"\bAuthenticationFailed\b"),
)


def _is_dedicated(answers: Answers) -> Verdict:
    return answers[DATA_ENDPOINTS].holds(lambda hosts: hosts.enabled)


def _of_home(answers: Answers) -> Verdict:
    """Judge whether the data host is that of the registry's own region."""
    host = answers[DATA_HOST].value or ""
    return answers[DATA_ENDPOINTS].holds(lambda hosts: hosts.home(host))


DATA_ENDPOINT_BLOCKED = FailureMode(
    id="data-endpoint-blocked",
    family="data",
    shows=(STORAGE_UNREACHED, DATA_ENDPOINT_UNREACHED),
    questions=(EGRESS,),
    proof=None,
    title="{redirect}, where the layers are, cannot be reached from here",
    meaning="Logging in and reading the manifest need the login server only; layers come from another host. This"
    " network lets the first through and not the second.",
    remedies=(
        "nc -vz {redirect} 443",
        "Allow port 443 to {redirect} on this network; the name must resolve here, too.",
        "az acr show-endpoints -n {registry}",
        (
            "A dedicated data endpoint narrows the rule to one host (Premium):"
            " az acr update -n {registry} --data-endpoint-enabled true"
        ),
    ),
    link=pages.TROUBLESHOOT + "download-failed-443-io-time-out",
    az_code=None,
    transient=False,
    since="0.1",
)
DATA_ENDPOINT_SWITCHED = FailureMode(
    id="data-endpoint-switched",
    family="data",
    shows=(DATA_ENDPOINT_UNREACHED,),
    questions=(DATA_RESOLVED, DATA_HOST, DATA_ENDPOINTS),
    proof=lambda a: proven(a[DATA_RESOLVED].holds(bool), _is_dedicated(a), _of_home(a)),
    title="this network still allows the old host of the layers, and not {redirect}",
    meaning="Dedicated data endpoints, or a private endpoint, were enabled, and layers come from another host since.",
    remedies=("Allow port 443 to {redirect} where the storage hosts were allowed before.",),
    link=pages.ACR + "container-registry-dedicated-data-endpoints",
    az_code=None,
    transient=False,
    since="0.1",
)
DATA_ENDPOINT_REPLICA_MISSING = FailureMode(
    id="data-endpoint-replica-missing",
    family="data",
    shows=(DATA_ENDPOINT_UNREACHED,),
    questions=(DATA_HOST, DATA_ENDPOINTS),
    proof=lambda a: proven(_is_dedicated(a), opposite(_of_home(a))),
    title="the data endpoint of this region's replica, {redirect}, is not allowed or not in DNS",
    meaning="Each replica of a registry has a data endpoint of its own, and a new one needs its rule and its record.",
    remedies=(
        "az acr replication list -r {registry} -o table",
        "Allow the data endpoint of every replica, and give each a record where names are private.",
    ),
    link=pages.ACR + "container-registry-private-endpoints#additional-records-for-geo-replicas",
    az_code=None,
    transient=False,
    since="0.1",
)
PRIVATE_DNS_DATA_ENDPOINT_MISSING = FailureMode(
    id="private-dns-data-endpoint-missing",
    family="data",
    shows=(DATA_ENDPOINT_UNREACHED,),
    questions=(DATA_RESOLVED, ALIASES, PRIVATE_ENDPOINTS),
    proof=lambda a: proven(
        a[DATA_RESOLVED].holds(lambda resolved: not resolved),
        a[ALIASES].holds(through_private_link),
        a[PRIVATE_ENDPOINTS].holds(lambda found: found.any),
    ),
    title="the private zone has no record for {redirect}",
    meaning="A private endpoint needs a record for the login server and one for each data endpoint.",
    remedies=(
        "az network private-dns record-set a list -g <resource group> -z privatelink.azurecr.io -o table",
        "Add the record for {redirect}, with the address that the private endpoint has for it.",
    ),
    link=pages.ACR + "container-registry-private-endpoints#additional-records-for-geo-replicas",
    az_code=None,
    transient=False,
    since="0.1",
)
DATA_REDIRECT_FOREIGN = FailureMode(
    id="data-redirect-foreign",
    family="data",
    shows=(REDIRECT_ELSEWHERE,),
    questions=(),
    proof=None,
    title="the registry redirects layers to {redirect}, which was not followed",
    meaning="Layers come over https from the login server, from a data endpoint of this registry or from the cloud's"
    " blob storage. Any other destination can only have been put there by something in between.",
    remedies=(
        "az acr show-endpoints -n {registry}",
        (
            "If a proxy or a mirror rewrites redirects, take it out of the way; if none is meant to, treat it as an"
            " interception."
        ),
    ),
    link=pages.ACR + "container-registry-dedicated-data-endpoints",
    az_code=None,
    transient=False,
    since="0.1",
)
BLOB_URL_EXPIRED = FailureMode(
    id="blob-url-expired",
    family="data",
    shows=(STORAGE_REFUSED,),
    questions=(),
    proof=None,
    title="the signed address of the layer at {redirect} is no longer valid",
    meaning="The registry signs the address of a layer for less than half an hour. It was used too late, or the clocks"
    " between here and Azure differ.",
    remedies=(
        "Ask for the layer again: a new address is signed each time.",
        "Check that nothing between here and the registry caches redirects.",
    ),
    link=pages.ACR + "container-registry-dedicated-data-endpoints",
    az_code=None,
    transient=True,
    since="0.1",
)
