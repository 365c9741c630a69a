"""Family ``data``: the layers of an image, which the registry sends its clients to another host for."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.facts import registry_record
from pytest_acrauth.catalogue.questions.climb import THROUGH_PRIVATE_LINK
from pytest_acrauth.catalogue.questions.management import PRIVATE_ENDPOINTS
from pytest_acrauth.catalogue.questions.records import DataHosts
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Question
from pytest_acrauth.catalogue.steps import ENDPOINT_ADDRESSES, LIST_ENDPOINTS
from pytest_acrauth.catalogue.symptoms import data
from pytest_acrauth.model.evidence import Need
from pytest_acrauth.model.observation import Data


def _resolved(broken: Break) -> bool | None:
    observation = broken.observation
    if not isinstance(observation, Data) or observation.connection is None or observation.connection.dns is None:
        return None
    return observation.connection.dns.ok


def _data_hosts(broken: Break) -> DataHosts | None:
    record = registry_record(broken)
    return DataHosts(record) if record is not None and record.data_endpoint_enabled is not None else None


def _of_home(broken: Break) -> bool | None:
    hosts, observation = _data_hosts(broken), broken.observation
    return hosts.home(observation.redirect) if hosts is not None and isinstance(observation, Data) else None


RESOLVED: Question[bool] = Question(
    id="data-host-resolved",
    asks="Did the data host's name resolve?",
    by_hand=Command("nslookup {redirect}"),
    read=_resolved,
)
DATA_ENDPOINTS: Question[DataHosts] = Question(
    id="data-endpoints",
    asks="Which data endpoints does the registry have?",
    by_hand=Command("az acr show-endpoints -n {registry}"),
    needs=Need.REGISTRY,
    read=_data_hosts,
)
OF_HOME: Question[bool] = Question(
    id="data-host-of-home",
    asks="Is the data host that of the registry's own region, and not of a replica?",
    by_hand=Command("az acr show -n {registry} --query location -o tsv"),
    needs=Need.REGISTRY,
    read=_of_home,
)
ALLOWED: Question[bool] = Question(
    id="data-host-allowed",
    asks="Does this network let connections to the data host through?",
    by_hand="Ask who runs the firewall between this machine and Azure.",
)

_DEDICATED = DATA_ENDPOINTS.where("dedicated ones", lambda hosts: hosts.enabled)
_CURL = Command("curl -sSv -o /dev/null --max-time 20 https://{redirect}/")
_SHOW_ENDPOINTS = Command("az acr show-endpoints -n {registry}")

DATA_ENDPOINT_BLOCKED = FailureMode(
    id="data-endpoint-blocked",
    title="no secure connection to {redirect}, where the layers are, came about from here",
    seen=(data.STORAGE_UNREACHED, data.DATA_ENDPOINT_UNREACHED),
    signs=(data.STORAGE_UNREACHED,),
    certain="TODO",
    when=(ALLOWED.is_(False),),
    means="Logging in and reading the manifest need the login server only; layers come from another host. This"
    " network lets the first through and not the second, or a device on the way opens TLS for the second only. Without"
    " data endpoints of the registry's own, that host is one of many storage accounts, and changes.",
    look=(
        "Look how far the client's own way leads: to an address, to a connection, to a certificate that is trusted:",
        _CURL,
        _SHOW_ENDPOINTS,
    ),
    fix=(
        "No address or no connection: whoever runs the network lets port 443 and the names of {layer_hosts} through.",
        "A certificate that is not trusted: they exempt the same hosts from TLS inspection.",
    ),
    instead=(
        "Instead of a wildcard, the registry's owner can switch to data endpoints of its own (Premium).",
        "All clients are sent there from then on, so first let every network allow them, then switch:",
        Command("az acr update -n {registry} --data-endpoint-enabled true"),
    ),
    page=pages.TROUBLESHOOT + "download-failed-443-io-time-out",
    unlike=("dial tcp: lookup myaccount.blob.core.windows.net: no such host",),
)
DATA_ENDPOINT_SWITCHED = FailureMode(
    id="data-endpoint-switched",
    title="{redirect}, the registry's data endpoint, cannot be reached from here",
    seen=(data.DATA_ENDPOINT_UNREACHED,),
    when=(RESOLVED.is_(True), _DEDICATED, OF_HOME.is_(True)),
    means="The registry sends its clients to a data endpoint of its own. If dedicated data endpoints or a private"
    " endpoint were enabled lately, layers came from {blob_hosts} before, and this network still allows only that.",
    look=(_CURL, _SHOW_ENDPOINTS),
    fix=("Whoever runs the network allows port 443 to {redirect}, beside what it allows already.",),
    page=pages.ACR + "container-registry-dedicated-data-endpoints#enable-dedicated-data-endpoints",
)
DATA_ENDPOINT_REPLICA_MISSING = FailureMode(
    id="data-endpoint-replica-missing",
    title="the data endpoint of this region's replica, {redirect}, is not allowed or not in DNS",
    seen=(data.DATA_ENDPOINT_UNREACHED,),
    when=(_DEDICATED, OF_HOME.is_(False)),
    means="Each replica of a registry has a data endpoint of its own, and a new one needs its rule and its record.",
    look=(
        _CURL,
        Command("az acr replication list -r {registry} -o table"),
        _SHOW_ENDPOINTS,
    ),
    fix=(
        "Whoever runs the network allows port 443 to the data endpoint of every replica.",
        "Where names are private, whoever runs the zone gives each of them its record.",
    ),
    page=pages.ACR + "container-registry-private-endpoints#additional-records-for-geo-replicas",
)
PRIVATE_DNS_DATA_ENDPOINT_MISSING = FailureMode(
    id="private-dns-data-endpoint-missing",
    title="the private zone has no record for {redirect}",
    seen=(data.DATA_ENDPOINT_UNREACHED,),
    when=(
        RESOLVED.is_(False),
        THROUGH_PRIVATE_LINK,
        PRIVATE_ENDPOINTS.where("yes, it has one", lambda found: found.any),
    ),
    means="A private endpoint needs a record for the login server and one for each data endpoint.",
    look=(
        "Look what the zone holds, and which address the endpoint has for the host (ENDPOINT_ID: the last column):",
        Command("az network private-dns record-set a list -g RESOURCE_GROUP -z {private_zone} -o table"),
        LIST_ENDPOINTS,
        ENDPOINT_ADDRESSES,
    ),
    fix=(
        "Whoever runs the zone adds the missing record with that address:",
        Command(
            "az network private-dns record-set a add-record -g RESOURCE_GROUP -z {private_zone} -n {record} -a ADDRESS"
        ),
    ),
    instead=(
        "Let Azure keep the records of the endpoint, later ones included:",
        Command(
            "az network private-endpoint dns-zone-group create -g RESOURCE_GROUP --endpoint-name ENDPOINT -n default"
            " --zone-name registry --private-dns-zone {private_zone}"
        ),
    ),
    page=pages.ACR + "container-registry-private-endpoints#create-dns-records-in-the-private-zone",
)
DATA_REDIRECT_FOREIGN = FailureMode(
    id="data-redirect-foreign",
    title="the registry redirects layers to {redirect}, which was not followed",
    seen=(data.REDIRECT_ELSEWHERE,),
    signs=(data.REDIRECT_ELSEWHERE,),
    certain="TODO",
    means="Layers come over https from the login server, from a data endpoint of this registry or from the"
    " cloud's blob storage. Any other destination can only have been put there by something in between.",
    look=(
        "Compare the host with those that the registry has:",
        _SHOW_ENDPOINTS,
    ),
    fix=(
        "If a proxy or a mirror rewrites redirects, take it out of the way.",
        "If none is meant to be there, treat it as an interception and tell who runs the network.",
    ),
    page=pages.ACR + "container-registry-dedicated-data-endpoints",
)
BLOB_URL_EXPIRED = FailureMode(
    id="blob-url-expired",
    title="the signed address of the layer at {redirect} is no longer valid",
    seen=(data.STORAGE_REFUSED,),
    signs=(data.STORAGE_REFUSED,),
    certain="TODO",
    means="The registry signs the address of a layer for less than half an hour. It was used too late, or something"
    " between here and the registry kept an old one or changed it.",
    look=("Look whether a proxy or a cache stands between here and the registry.",),
    fix=(
        "Ask for the layer again: a new address is signed each time.",
        "If it happens again at once, let nothing in between cache or rewrite redirects.",
    ),
    page=pages.ACR + "container-registry-dedicated-data-endpoints#enable-dedicated-data-endpoints",
    transient=True,
    unlike=("GET https://myaccount.blob.core.windows.net/files/a.txt RESPONSE 403 ERROR CODE: AuthenticationFailed",),
)
