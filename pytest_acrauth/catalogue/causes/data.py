"""Family ``data``: the layers of an image, which the registry sends its clients to another host for."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.questions.climb import REFUSED_BY_REGISTRY
from pytest_acrauth.catalogue.questions.management import LAST_CHANGE, data_hosts
from pytest_acrauth.catalogue.questions.records import DataHosts
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Given, Occurs, Question
from pytest_acrauth.catalogue.steps import ENDPOINT_ADDRESSES, LIST_ENDPOINTS
from pytest_acrauth.catalogue.symptoms import data, requests, text
from pytest_acrauth.catalogue.symptoms.addresses import at_endpoint, in_private_zone, is_private, through_private_link
from pytest_acrauth.model.evidence import Need
from pytest_acrauth.model.machine import Resolution
from pytest_acrauth.model.observation import Data, Dns

# After which whoever pulls from a registry has met each of its settings.
_SETTINGS_ARE_MET = 30 * 24 * 3600


def _host(broken: Break) -> str:
    """Return the registry's data endpoint that a layer was asked for, '' for blob storage, which serves many."""
    observation = broken.observation
    suffix = broken.transcript.target.registry.cloud.data_suffix
    return observation.redirect if isinstance(observation, Data) and observation.redirect.endswith(suffix) else ""


def _resolution(broken: Break) -> Resolution | None:
    observation = broken.observation
    connection = observation.connection if isinstance(observation, Data) else None
    return connection.dns.resolution if connection is not None and connection.dns is not None else None


def _of_replica(broken: Break) -> bool | None:
    if not isinstance(broken.observation, Data):
        return None
    if not (host := _host(broken)):
        return False
    hosts = data_hosts(broken)
    return hosts.of_replica(host) if hosts is not None else None


def _past_zone(broken: Break) -> bool | None:
    """Whether the login server is reached by a private endpoint, and its data endpoint has no private address here.

    A data endpoint that the registry does not have any more has no record either, and needs none.
    """
    if not isinstance(broken.observation, Data):
        return None
    dns, found = broken.transcript.dns, _resolution(broken)
    if not _host(broken):
        return False
    if not isinstance(dns, Dns) or dns.resolution is None or found is None:
        return None
    if found.addresses and (any(map(is_private, found.addresses)) or in_private_zone(found.chain or ())):
        return False
    if not at_endpoint(dns.resolution.addresses, dns.resolution.chain):
        return False
    if found.chain is not None and through_private_link(found.chain) and not found.addresses:
        return True  # a public name server has an address behind every such alias
    if dns.resolution.chain is None:
        return None
    if not through_private_link(dns.resolution.chain):
        return False
    hosts = data_hosts(broken)
    return hosts.has(_host(broken)) if hosts is not None else None


def _signature_ended(broken: Break) -> bool | None:
    observation, answer = broken.observation, facts.reply(broken)
    if not isinstance(observation, Data) or observation.signed_until is None or answer is None:
        return None
    try:
        return parsedate_to_datetime(answer.date).timestamp() >= observation.signed_until
    except (ValueError, OverflowError):
        return None


def _replicas(broken: Break) -> tuple[str, ...] | None:
    look = broken.transcript.evidence.replicas
    return look.value if look is not None else None


DATA_ENDPOINTS: Question[DataHosts] = Question(
    id="data-endpoints",
    asks="Which data endpoints does the registry have?",
    shows="data endpoints of the registry",
    by_hand=Command("az acr show-endpoints -n {registry}"),
    needs=Need.REGISTRY,
    read=data_hosts,
)
OF_REPLICA: Question[bool] = Question(
    id="data-host-of-replica",
    asks="Is the data host that of a replica of the registry, in another region than its own?",
    shows="data host of a replica",
    by_hand=Command("az acr replication list -r {registry} -o table"),
    needs=Need.REGISTRY,
    compares=True,
    read=_of_replica,
)
PAST_ZONE: Question[bool] = Question(
    id="data-host-past-zone",
    asks="Is the login server reached by a private endpoint here, and its data host not?",
    shows="layers bypass the endpoint",
    by_hand=Command("nslookup {redirect}"),
    needs=Need.REGISTRY,
    compares=True,
    read=_past_zone,
)
SIGNATURE_ENDED: Question[bool] = Question(
    id="signature-ended",
    asks="Had the address's signature ended, by the clock of the storage itself?",
    shows="signature had ended",
    by_hand="Compare the address's se parameter with the Date of the storage's answer.",
    read=_signature_ended,
)
REPLICAS: Question[tuple[str, ...]] = Question(
    id="replicas",
    asks="In which regions is the registry?",
    shows="regions of the registry",
    by_hand=Command("az acr replication list -r {registry} -o table"),
    needs=Need.REPLICAS,
    read=_replicas,
)

_CURL = Command("curl -sSv -o /dev/null --max-time 20 https://{redirect}/")
_SHOW_ENDPOINTS = Command("az acr show-endpoints -n {registry}")
_BY_PUBLIC_WAY = PAST_ZONE.is_(False)
_CHANGED_LATELY = LAST_CHANGE.where("within the last month", lambda change: change.ago < _SETTINGS_ARE_MET)

DATA_ENDPOINT_BLOCKED = FailureMode(
    id="data-endpoint-blocked",
    title="no way to the layers at {redirect}",
    brief="host of the layers blocked",
    seen=(data.STORAGE_UNREACHED, data.DATA_ENDPOINT_UNREACHED, text.LAYER_CUT_OFF),
    signs=(data.STORAGE_UNREACHED,),
    certain="The login server answered a moment before, and the host of the layers, whose name has an address, did not"
    " let itself be connected to.",
    when=(_BY_PUBLIC_WAY, OF_REPLICA.is_(False)),
    open_when=(_CHANGED_LATELY,),
    occurs=Occurs.OFTEN,
    means="Logging in and reading the manifest need the login server only; layers come from {redirect}, and something"
    " on the way there, most often a firewall that knows the login server alone, lets no connection through. Without"
    " data endpoints of the registry's own, that host is one of many storage accounts, and changes.",
    look=(
        "See how far the client's own way leads, and whether the address is the host's:",
        _CURL,
        Command("nslookup {redirect}"),
        _SHOW_ENDPOINTS,
    ),
    fix=(
        "Whoever runs the network lets {layer_hosts} through on port 443.",
        "If only a proxy leads out, set HTTPS_PROXY, and keep {redirect} out of NO_PROXY.",
    ),
    instead=(
        Given(
            "Instead of {shared_hosts}, the registry's owner can switch to data endpoints of its own (Premium).",
            "shared_hosts",
        ),
        Given(
            "All clients are sent there from then on, so first let every network allow them, then switch:",
            "shared_hosts",
        ),
        Command("az acr update -n {registry} --data-endpoint-enabled true", each="shared_hosts"),
    ),
    page=pages.TROUBLESHOOT + "download-failed-443-io-time-out",
    unlike=("dial tcp: lookup myaccount.blob.core.windows.net: no such host",),
)
DATA_ENDPOINT_SWITCHED = FailureMode(
    id="data-endpoint-switched",
    title="{redirect} is new, and not yet let through",
    brief="new data endpoint not let through",
    seen=(data.DATA_ENDPOINT_UNREACHED,),
    when=(
        _BY_PUBLIC_WAY,
        OF_REPLICA.is_(False),
        DATA_ENDPOINTS.where("dedicated ones", lambda hosts: hosts.enabled),
        _CHANGED_LATELY,
    ),
    unprovable="The registry's record tells when it last changed and not what, so nothing shows where its clients were"
    " sent before.",
    means="The registry was given dedicated data endpoints, or a private endpoint, lately. Layers came from"
    " {blob_hosts} before, and this network still allows only that.",
    look=(_CURL, _SHOW_ENDPOINTS),
    fix=("Whoever runs the network allows port 443 to {redirect}, beside what it allows already.",),
    page=pages.ACR + "container-registry-dedicated-data-endpoints#enable-dedicated-data-endpoints",
    samples=(
        (
            'Get "https://myacr.eastus.data.azurecr.io/8d2c/docker/registry/v2/blobs/sha256/1f/1f5b/data": dial tcp'
            " 203.0.113.51:443: i/o timeout"
        ),
    ),
    not_emulated="Its world shows nothing that one shows in which the new endpoint was never let through, so that both"
    " causes stay.",
    unlike=("dial tcp 203.0.113.9:443: i/o timeout https://eastus.data.example.com/v2/",),
)
DATA_ENDPOINT_REPLICA_MISSING = FailureMode(
    id="data-endpoint-replica-missing",
    title="no way to the data endpoint of a replica",
    brief="replica's data endpoint blocked",
    seen=(data.DATA_ENDPOINT_UNREACHED,),
    when=(_BY_PUBLIC_WAY, OF_REPLICA.is_(True)),
    means="Each replica of a registry has a data endpoint of its own, and the login server sends a client to that of"
    " the replica that answers it. This network lets no connection to that one through; whether to others, was not"
    " tried.",
    look=(
        _CURL,
        Command("az acr replication list -r {registry} -o table"),
        _SHOW_ENDPOINTS,
    ),
    fix=("Whoever runs the network allows port 443 to the data endpoint of every replica.",),
    page=pages.ACR + "container-registry-geo-replication#dedicated-data-endpoints",
)
PRIVATE_DNS_DATA_ENDPOINT_MISSING = FailureMode(
    id="private-dns-data-endpoint-missing",
    title="the private zone lacks {redirect}",
    brief="data endpoint not in private DNS",
    seen=(data.DATA_HOST_UNRESOLVED, data.DATA_ENDPOINT_UNREACHED),
    when=(PAST_ZONE.is_(True),),
    occurs=Occurs.OFTEN,
    means="The login server is reached here by a private endpoint. That needs a record for each data endpoint, too, one"
    " for every replica; without it, the name has no address or its public one.",
    look=(
        "See which address the endpoint has for it (ENDPOINT_ID: the last column of the first list):",
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
    page=pages.ACR + "container-registry-private-endpoints#additional-records-for-geo-replicas",
)
DATA_HOST_NOT_RESOLVED = FailureMode(
    id="data-host-not-resolved",
    title="DNS here does not know {redirect}",
    brief="host of the layers unknown to DNS",
    seen=(data.DATA_HOST_UNRESOLVED,),
    when=(_BY_PUBLIC_WAY,),
    means="The login server's name resolves, and that of the layers' host does not: the name server lets through only"
    " the names it was told, or is in trouble. A data endpoint of the registry's own that was enabled minutes ago has"
    " no name yet.",
    look=(
        Command("nslookup {redirect}"),
        _SHOW_ENDPOINTS,
    ),
    fix=("Whoever runs the name server lets {layer_hosts} be looked up, or repairs it.",),
    page=pages.ACR + "container-registry-dedicated-data-endpoints#client-firewall-rules",
    transient=True,
    unlike=("dial tcp: lookup myaccount.blob.core.windows.net: no such host",),
)
DATA_REDIRECT_FOREIGN = FailureMode(
    id="data-redirect-foreign",
    title="{registry} redirects layers to a foreign host",
    brief="foreign redirect of layers",
    seen=(data.REDIRECT_ELSEWHERE,),
    signs=(data.REDIRECT_ELSEWHERE,),
    certain="This cloud's registries serve layers from data endpoints and blob storage alone, over https.",
    means="The redirect was not followed. Layers come over https from the login server, from a data"
    " endpoint of this registry or from the cloud's blob storage. A mirror, a cache or a domain of one's own in front"
    " of the registry puts another place there, and so does whoever intercepts.",
    look=(
        "Compare the host with those that the registry has:",
        _SHOW_ENDPOINTS,
    ),
    fix=(
        "If a proxy or a mirror rewrites redirects, take it out of the way.",
        "If none is meant to be there, treat it as an interception: tell who runs the network.",
    ),
    page=pages.ACR + "container-registry-dedicated-data-endpoints",
)
BLOB_URL_EXPIRED = FailureMode(
    id="blob-url-expired",
    title="the layer's signed address has expired",
    brief="layer's address expired",
    seen=(data.STORAGE_REFUSED,),
    when=(SIGNATURE_ENDED.is_(True),),
    occurs=Occurs.OFTEN,
    means="The registry signs the address of a layer for a short time. This one, at {redirect}, was used too"
    " late, or a cache between here and the registry handed out an old one.",
    look=("See whether a proxy or a cache stands between here and the registry.",),
    fix=(
        "Ask for the layer again: a new address is signed each time.",
        "If it happens again at once, let nothing in between keep the registry's redirects.",
    ),
    page=pages.ACR + "container-registry-dedicated-data-endpoints#enable-dedicated-data-endpoints",
    unlike=("GET https://myaccount.blob.core.windows.net/files/a.txt RESPONSE 403 ERROR CODE: AuthenticationFailed",),
)
BLOB_SIGNATURE_REFUSED = FailureMode(
    id="blob-signature-refused",
    title="storage refuses a signature before its end",
    brief="layer's signature refused",
    seen=(data.STORAGE_REFUSED,),
    when=(SIGNATURE_ENDED.is_(False),),
    means="The signature is over the address as the registry made it. Something between here and the registry, or on"
    " the way to the storage, changes the address, or the storage has other keys than the registry took for it.",
    look=(
        "See whether a proxy or a mirror stands in between that writes redirects or queries anew.",
        _CURL,
    ),
    fix=(
        "Let nothing in between change redirects of {login_server} or requests to {layer_hosts}.",
        "Where nothing is in between, ask for the layer again later, then ask Azure's support.",
    ),
    page=pages.ACR + "container-registry-dedicated-data-endpoints"
    "#how-container-image-downloads-work-login-server-and-307-redirect-to-data-endpoints",
)
BLOB_ACCESS_FORBIDDEN = FailureMode(
    id="blob-access-forbidden",
    title="{redirect} does not admit this network",
    brief="storage closed to this network",
    seen=(data.STORAGE_FORBIDS,),
    unprovable="Azure Storage says AuthorizationFailure of networks that it does not admit, and of missing rights.",
    means="The signature is good and the way in is not: the registry's data endpoint may be open to private endpoints"
    " only, or this network reaches storage by a service endpoint with a policy. How such a policy would admit the"
    " registry's accounts, which are Microsoft's, is not documented.",
    look=(
        Command('az acr show -n {registry} --query "[publicNetworkAccess,dataEndpointEnabled]"'),
        Command("az network service-endpoint policy list -o table"),
    ),
    fix=(
        "Whoever runs the network takes the policy off the service endpoint of this subnet, or asks Azure's support.",
        "Where the registry admits private endpoints only, reach {redirect} by one, too.",
    ),
    page=pages.ACR + "container-registry-dedicated-data-endpoints#restricting-network-access-to-data-endpoints",
)
BLOB_REDIRECT_AUTH_FORWARDED = FailureMode(
    id="blob-redirect-auth-forwarded",
    title="storage was sent an Authorization header",
    brief="Authorization header sent on",
    seen=(data.AUTHORIZATION_FORWARDED,),
    signs=(data.AUTHORIZATION_FORWARDED,),
    certain="InvalidAuthenticationInfo is what Azure Storage says of such a header; a signed address needs none.",
    means="A client that follows the registry's redirect has to leave its access token behind. Older clients, and"
    " curl told to trust every host, send it on; so does a proxy that adds the header itself.",
    look=("See which client follows the redirect, and whether a proxy adds headers.",),
    fix=(
        "Follow redirects without the Authorization header, or update the client.",
        "With curl, use -L and not --location-trusted.",
    ),
    page=pages.ACR + "container-registry-dedicated-data-endpoints"
    "#how-container-image-downloads-work-login-server-and-307-redirect-to-data-endpoints",
    unlike=("InvalidAuthenticationInfo: https://myaccount.blob.core.windows.net/files/a.txt",),
)
BLOB_NOT_REPLICATED = FailureMode(
    id="blob-not-replicated",
    title="the replica that answered lacks the layer so far",
    brief="layer not replicated yet",
    seen=(data.BLOB_UNKNOWN,),
    when=(REPLICAS.where("in several", lambda regions: len(regions) > 1),),
    unprovable="Only the replica that the network leads to was asked, and what others hold cannot be seen from here.",
    means="A push reaches one region of {registry} at once and the others after some time: layers and manifests travel"
    " apart.",
    look=(Command("az acr replication list -r {registry} -o table"),),
    fix=("Wait some minutes after the last push, then check again.",),
    instead=("Push and pull in the same region where a job needs the image at once.",),
    page=pages.ACR + "container-registry-geo-replication#consistency-model",
    occurs=Occurs.OFTEN,
    transient=True,
    samples=(
        "GET https://myacr.azurecr.io/v2/team/app/blobs/sha256:1f5b: BLOB_UNKNOWN: blob unknown to registry",
        "Error response from daemon: unknown blob (myacr.azurecr.io/team/app:v7)",
    ),
    not_emulated="Its world shows nothing that one shows in which the layer is nowhere: one replica answers in both.",
    unlike=("Error response from daemon: unknown blob (ghcr.io/team/app:v7)",),
)
PUSH_SPLIT_OVER_REPLICAS = FailureMode(
    id="push-split-over-replicas",
    title="the push reached more than one replica",
    brief="push over several replicas",
    seen=(requests.PUSHED_PART_UNKNOWN,),
    when=(REPLICAS.where("in several", lambda regions: len(regions) > 1),),
    unprovable="What was answered does not tell which replica each part of the push went to.",
    occurs=Occurs.OFTEN,
    means="A push is many requests: layers, then the manifest that names them. If the name of a registry with replicas"
    " leads to another replica halfway, that one lacks what the first one has. Name servers near several replicas"
    " change their answer from one request to the next.",
    look=(
        Command("az acr replication list -r {registry} -o table"),
        "In a registry of one region it is something else.",
    ),
    fix=(
        "Push again: the layers that are there by now are not sent again.",
        "If it happens often, push to one region's own endpoint (NAME.REGION.geo.azurecr.io), after a login there.",
    ),
    instead=("Or let the machine that pushes keep the answers of its name server for the length of a push.",),
    page=pages.ACR + "container-registry-geo-replication#push-fails-with-manifest-errors",
    samples=(
        (
            "Error: PUT https://myacr.azurecr.io/v2/team/app/manifests/v7: MANIFEST_BLOB_UNKNOWN:"
            " blob unknown to registry; sha256:1f5b"
        ),
        (
            "failed to push myacr.azurecr.io/team/app:v7: unexpected status from PUT request: 404 Not Found:"
            " blob upload unknown to registry"
        ),
    ),
    not_emulated="A check pushes nothing.",
    unlike=(
        "PUT https://harbor.example.com/v2/team/app/manifests/v7: MANIFEST_BLOB_UNKNOWN: blob unknown to registry",
    ),
)
PUSH_OF_INCOMPLETE_IMAGE = FailureMode(
    id="push-of-incomplete-image",
    title="parts of the image were not pushed",
    brief="push without all parts",
    seen=(requests.PUSHED_PART_UNKNOWN,),
    unprovable="What was answered does not tell what the client sent before.",
    means="A registry takes a manifest only when it has every layer and image that this names. A client that copies"
    " manifests alone, a push that was broken off, or a purge between layers and manifest leaves some out.",
    look=("See which digest the answer names, and whether the client pushed that.",),
    fix=(
        "Push the whole image again; of an index, first every image that it names.",
        "If a purge runs at the same time, let it spare what is younger than a day.",
    ),
    page=pages.ACR + "container-registry-auto-purge",
    samples=(
        (
            "failed commit on ref index: myacr.azurecr.io/team/app: 400 Bad Request: manifest blob unknown:"
            " blob unknown to registry"
        ),
    ),
    not_emulated="A check pushes nothing.",
    unlike=("failed to push ghcr.io/team/app:v7: manifest blob unknown: blob unknown to registry",),
)
BLOB_MISSING = FailureMode(
    id="blob-missing",
    title="{registry} lacks a layer that {image} names",
    brief="layer missing",
    seen=(data.BLOB_UNKNOWN,),
    when=(
        REPLICAS.where("in one", lambda regions: True if len(regions) == 1 else None),
        REFUSED_BY_REGISTRY,
    ),
    means="The manifest is there and the layer is not: a purge or a deletion ran between the two requests or ended"
    " halfway, or the image was never pushed wholly.",
    look=(Command("az acr manifest show -r {registry} -n {image}"),),
    fix=("Push the image again: a client sends the layers that the registry lacks.",),
    page=pages.ACR + "container-registry-troubleshoot-access",
)
