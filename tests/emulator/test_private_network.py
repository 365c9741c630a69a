"""What private endpoints, replicas and the storage behind them show: in ARM, in the graph of resources, at a layer."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from pytest_acrauth.emulator.world.cloud import NETWORKS, SUBSCRIPTION, PrivateEndpoint
from pytest_acrauth.emulator.world.network import Certificate, Device, Name

PULL = "repository:team/app:pull"
MYACR = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-registries/providers/Microsoft.ContainerRegistry/registries/myacr"
)
GRAPH_PATH = "/providers/Microsoft.ResourceGraph/resources"


@pytest.fixture
def registry(visitor):
    """Return the registry as the world has it."""
    return visitor.emulator.world.cloud.registries["myacr"]


def interfaces(visitor, endpoint):
    """Ask the graph of resources for the network interfaces of an endpoint."""
    query = (
        "Resources | where type =~ 'microsoft.network/networkinterfaces'"
        f" | where tolower(properties.privateEndpoint.id) in ('{endpoint.resource_id.lower()}')"
        " | project id, properties"
    )
    return visitor.arm(GRAPH_PATH, "POST", json={"query": query}).json()["data"]


@pytest.mark.parametrize(("status", "named"), [("Approved", True), ("Pending", False)])
def test_an_interface_holds_the_addresses_of_its_endpoint(visitor, registry, status, named):
    """Each member has an address from the beginning, and its host name once the connection is approved."""
    here = PrivateEndpoint("here", "10.1.0.5", status, data_address="10.1.0.6")
    registry.private_endpoints = [PrivateEndpoint("there", "10.2.0.5"), here]
    (found,) = interfaces(visitor, here)
    held = [each["properties"] for each in found["properties"]["ipConfigurations"]]
    assert [each["privateIPAddress"] for each in held] == ["10.1.0.5", "10.1.0.6"]
    names = [each["privateLinkConnectionProperties"]["fqdns"] for each in held]
    assert names == ([["myacr.azurecr.io"], ["myacr.eastus.data.azurecr.io"]] if named else [[], []])
    connected = visitor.arm(MYACR).json()["properties"]["privateEndpointConnections"][1]["properties"]
    assert connected["privateEndpoint"] == found["properties"]["privateEndpoint"]


def test_whoever_may_not_read_a_network_is_shown_none_of_it(visitor, registry):
    """What a caller may not see is silently absent from the graph of resources."""
    registry.private_endpoints = [PrivateEndpoint("here", "10.1.0.5")]
    cloud = visitor.emulator.world.cloud
    cloud.assignments[:] = [each for each in cloud.assignments if not each.scope.endswith(NETWORKS)]
    assert interfaces(visitor, registry.private_endpoints[0]) == []


def test_a_registry_is_in_its_own_region_and_in_its_replicas(visitor, registry):
    """Every region is listed, and has a data endpoint where these are enabled."""
    registry.replicas, registry.data_endpoint_enabled = ["westeurope"], True
    found = visitor.arm(f"{MYACR}/replications").json()["value"]
    assert [each["location"] for each in found] == ["eastus", "westeurope"]
    hosts = visitor.arm(MYACR).json()["properties"]["dataEndpointHostNames"]
    assert hosts == ["myacr.eastus.data.azurecr.io", "myacr.westeurope.data.azurecr.io"]


def layer(visitor):
    """Ask for the layer of team/app."""
    digest = visitor.get("/v2/team/app/manifests/latest", PULL).json()["layers"][0]["digest"]
    return visitor.get(f"/v2/team/app/blobs/{digest}", PULL)


def test_layers_come_from_the_region_where_requests_arrive(visitor, registry):
    """A client is sent to the data endpoint of the replica that serves it."""
    registry.replicas, registry.nearest, registry.data_endpoint_enabled = ["westeurope"], "westeurope", True
    network, pattern = visitor.emulator.world.network, "*.westeurope.data.azurecr.io"
    own = network.certificates["*.eastus.data.azurecr.io"]
    network.certificates[pattern] = Certificate((pattern,), own.starts, own.ends)
    network.names["myacr.westeurope.data.azurecr.io"] = Name(("203.0.113.128",))
    location = layer(visitor).headers["Location"]
    assert urlsplit(location).hostname == "myacr.westeurope.data.azurecr.io"
    assert visitor.http.get(location).status_code == 200


def test_a_replica_lacks_what_is_on_its_way(visitor, registry):
    """The manifest is there, and a layer is not yet."""
    registry.on_their_way = set(registry.repositories["team/app"].blobs)
    answer = layer(visitor)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "BLOB_UNKNOWN")


def code(response):
    """Return status and code of the storage's refusal."""
    return response.status_code, response.headers["x-ms-error-code"]


def test_storage_admits_networks_before_it_reads_signatures(visitor):
    """A network that is not admitted is told so, whatever its link is worth."""
    location = layer(visitor).headers["Location"]
    visitor.emulator.world.cloud.blobs_admit = False
    assert code(visitor.http.get(location)) == (403, "AuthorizationFailure")
    assert code(visitor.http.get(location.replace("sig=", "sig=x"))) == (403, "AuthorizationFailure")


def test_what_is_on_the_way_keeps_and_changes(visitor):
    """A cache hands out links that have ended; devices rewrite redirects and add headers to requests."""
    network = visitor.emulator.world.network
    network.redirects_kept = 25 * 60.0
    assert code(visitor.http.get(layer(visitor).headers["Location"])) == (403, "AuthenticationFailed")
    network.redirects_kept = 0.0
    network.devices["myacr.azurecr.io"] = Device(rewrites=str.upper)
    assert layer(visitor).headers["Location"].startswith("HTTPS://")
    network.devices.clear()
    network.devices[visitor.emulator.world.cloud.blob_host] = Device(asks_with={"Authorization": "Bearer x"})
    assert code(visitor.http.get(layer(visitor).headers["Location"])) == (400, "InvalidAuthenticationInfo")
