"""Family ``data``: the layers of an image, which the registry sends its clients to another host for."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.facts import registry_record
from pytest_acrauth.catalogue.questions.climb import ALIASES
from pytest_acrauth.catalogue.questions.management import PRIVATE_ENDPOINTS
from pytest_acrauth.catalogue.questions.records import DataHosts
from pytest_acrauth.catalogue.questions.verdicts import opposite, proven
from pytest_acrauth.catalogue.shape import Answers, Break, Command, FailureMode, Question, Verdict
from pytest_acrauth.catalogue.symptoms import data
from pytest_acrauth.catalogue.symptoms.addresses import through_private_link
from pytest_acrauth.model.evidence import Need
from pytest_acrauth.model.observation import Data


def _redirect(broken: Break) -> str | None:
    return broken.observation.redirect or None if isinstance(broken.observation, Data) else None


def _data_resolved(broken: Break) -> bool | None:
    observation = broken.observation
    if not isinstance(observation, Data) or observation.connection is None or observation.connection.dns is None:
        return None
    return observation.connection.dns.ok


def _data_hosts(broken: Break) -> DataHosts | None:
    record = registry_record(broken)
    return DataHosts(record) if record is not None and record.data_endpoint_enabled is not None else None


DATA_HOST: Question[str] = Question(
    id="data-host",
    asks="To which host did the registry send the layer's reader?",
    by_hand="Read the Location header of the layer's answer.",
    read=_redirect,
)
DATA_RESOLVED: Question[bool] = Question(
    id="data-host-resolved",
    asks="Did the data host's name resolve?",
    by_hand=Command("nslookup {redirect}"),
    read=_data_resolved,
)
DATA_ENDPOINTS: Question[DataHosts] = Question(
    id="data-endpoints",
    asks="Which data endpoints does the registry have?",
    by_hand=Command("az acr show-endpoints -n {registry}"),
    needs=Need.REGISTRY,
    read=_data_hosts,
)
EGRESS: Question[str] = Question(
    id="egress",
    asks="Which hosts may this machine reach?",
    by_hand="Ask who runs the firewall between this machine and Azure.",
)


def _is_dedicated(answers: Answers) -> Verdict:
    return answers[DATA_ENDPOINTS].holds(lambda hosts: hosts.enabled)


def _of_home(answers: Answers) -> Verdict:
    """Judge whether the data host is that of the registry's own region."""
    host = answers[DATA_HOST].value or ""
    return answers[DATA_ENDPOINTS].holds(lambda hosts: hosts.home(host))


DATA_ENDPOINT_BLOCKED = FailureMode(
    id="data-endpoint-blocked",
    title="{redirect}, where the layers are, cannot be reached from here",
    seen=(data.STORAGE_UNREACHED, data.DATA_ENDPOINT_UNREACHED),
    asks=(EGRESS,),
    means="Logging in and reading the manifest need the login server only; layers come from another host. This"
    " network lets the first through and not the second.",
    fix=(
        Command("nc -vz {redirect} 443"),
        "Allow port 443 to {redirect} on this network; the name must resolve here, too.",
        Command("az acr show-endpoints -n {registry}"),
        (
            "A dedicated data endpoint narrows the rule to one host (Premium): az acr update -n {registry}"
            " --data-endpoint-enabled true"
        ),
    ),
    page=pages.TROUBLESHOOT + "download-failed-443-io-time-out",
)
DATA_ENDPOINT_SWITCHED = FailureMode(
    id="data-endpoint-switched",
    title="this network still allows the old host of the layers, and not {redirect}",
    seen=(data.DATA_ENDPOINT_UNREACHED,),
    asks=(DATA_RESOLVED, DATA_HOST, DATA_ENDPOINTS),
    proof=lambda a: proven(a[DATA_RESOLVED].holds(bool), _is_dedicated(a), _of_home(a)),
    means="Dedicated data endpoints, or a private endpoint, were enabled, and layers come from another host since.",
    fix=("Allow port 443 to {redirect} where the storage hosts were allowed before.",),
    page=pages.ACR + "container-registry-dedicated-data-endpoints",
)
DATA_ENDPOINT_REPLICA_MISSING = FailureMode(
    id="data-endpoint-replica-missing",
    title="the data endpoint of this region's replica, {redirect}, is not allowed or not in DNS",
    seen=(data.DATA_ENDPOINT_UNREACHED,),
    asks=(DATA_HOST, DATA_ENDPOINTS),
    proof=lambda a: proven(_is_dedicated(a), opposite(_of_home(a))),
    means="Each replica of a registry has a data endpoint of its own, and a new one needs its rule and its record.",
    fix=(
        Command("az acr replication list -r {registry} -o table"),
        "Allow the data endpoint of every replica, and give each a record where names are private.",
    ),
    page=pages.ACR + "container-registry-private-endpoints#additional-records-for-geo-replicas",
)
PRIVATE_DNS_DATA_ENDPOINT_MISSING = FailureMode(
    id="private-dns-data-endpoint-missing",
    title="the private zone has no record for {redirect}",
    seen=(data.DATA_ENDPOINT_UNREACHED,),
    asks=(DATA_RESOLVED, ALIASES, PRIVATE_ENDPOINTS),
    proof=lambda a: proven(
        a[DATA_RESOLVED].holds(lambda resolved: not resolved),
        a[ALIASES].holds(through_private_link),
        a[PRIVATE_ENDPOINTS].holds(lambda found: found.any),
    ),
    means="A private endpoint needs a record for the login server and one for each data endpoint.",
    fix=(
        Command("az network private-dns record-set a list -g <resource group> -z privatelink.azurecr.io -o table"),
        "Add the record for {redirect}, with the address that the private endpoint has for it.",
    ),
    page=pages.ACR + "container-registry-private-endpoints#additional-records-for-geo-replicas",
)
DATA_REDIRECT_FOREIGN = FailureMode(
    id="data-redirect-foreign",
    title="the registry redirects layers to {redirect}, which was not followed",
    seen=(data.REDIRECT_ELSEWHERE,),
    means="Layers come over https from the login server, from a data endpoint of this registry or from the"
    " cloud's blob storage. Any other destination can only have been put there by something in between.",
    fix=(
        Command("az acr show-endpoints -n {registry}"),
        (
            "If a proxy or a mirror rewrites redirects, take it out of the way; if none is meant to, treat it as an"
            " interception."
        ),
    ),
    page=pages.ACR + "container-registry-dedicated-data-endpoints",
)
BLOB_URL_EXPIRED = FailureMode(
    id="blob-url-expired",
    title="the signed address of the layer at {redirect} is no longer valid",
    seen=(data.STORAGE_REFUSED,),
    means="The registry signs the address of a layer for less than half an hour. It was used too late, or the"
    " clocks between here and Azure differ.",
    fix=(
        "Ask for the layer again: a new address is signed each time.",
        "Check that nothing between here and the registry caches redirects.",
    ),
    page=pages.ACR + "container-registry-dedicated-data-endpoints",
    transient=True,
)
