"""What ``az acr check-health --vnet`` prints, which compares a network's private endpoint with what names lead to."""

from __future__ import annotations

from pytest_acrauth.catalogue.symptoms import data, dns
from pytest_acrauth.catalogue.symptoms.words import anywhere, in_print

_ROUTED = r"DNS routing to registry \"(?P<registry>[A-Za-z0-9-]{1,50})\" through private IP is incorrect\."
_EXPECTED = r" Expect: [\d.]{7,15}, Actual: "
_PRIVATE = r"(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\."

SEVERAL_ENDPOINTS = in_print(
    "several-endpoints",
    "az found two private endpoints of the registry in one network.",
    anywhere(r"Registry \"(?P<registry>[A-Za-z0-9-]{1,50})\" has more than one private endpoint in the vnet"),
)
NO_ENDPOINT = in_print(
    "no-endpoint-in-network",
    "az found no private endpoint of the registry in the network that it was told.",
    anywhere(r"Registry \"(?P<registry>[A-Za-z0-9-]{1,50})\" doesn't have private endpoints"),
)
ROUTED_PUBLICLY = in_print(
    "routed-publicly",
    "az found that a name of the registry leads to a public address here, and not to the private endpoint.",
    anywhere(rf"{_ROUTED}{_EXPECTED}(?!{_PRIVATE})\d"),
)
ROUTED_ELSEWHERE = in_print(
    "routed-elsewhere",
    "az found that a name of the registry leads to another private address than that of the private endpoint.",
    anywhere(rf"{_ROUTED}{_EXPECTED}{_PRIVATE}"),
)
ROUTING_FAILED = in_print(
    "routing-failed",
    "az found that a name of the registry does not lead to the private endpoint here.",
    anywhere(r"\bDNS routing verification failed", rf"{_ROUTED}(?!{_EXPECTED})"),
    # az read the registry's record before, so there is such a registry.
    either=(ROUTED_PUBLICLY, ROUTED_ELSEWHERE, dns.DANGLING_ALIAS, data.DATA_HOST_UNRESOLVED),
)
