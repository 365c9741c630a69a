"""Differences that are known, and why the emulator keeps them. What nobody understands has no row here."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple


class Accepted(NamedTuple):
    """Differences that are accepted: of which requests, in what (both are patterns of names), and the reason."""

    requests: str
    what: str
    reason: str


_HOP = "it belongs to one hop of the way, and says nothing of the service (RFC 9110, 7.6.1)"
_CHUNKS = "an answer that comes in chunks has no length to tell (RFC 9112, 6.1)"
_DOOR = "Azure Front Door adds it (https://learn.microsoft.com/azure/frontdoor/front-door-http-headers-protocol)"
_ALLOWANCE = (
    "ARM tells one of several allowances, whichever is closest to its end"
    " (https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling)"
)
_STORED = "storage tells what it knows of a blob (https://learn.microsoft.com/rest/api/storageservices/get-blob)"
_COOKIE = "it keeps a client at one of Entra's places, and clients of ours keep no cookie"

ACCEPTED = (
    Accepted("*", "header connection", _HOP),
    Accepted("*", "header keep-alive", _HOP),
    Accepted("*", "header via", _HOP),
    Accepted("*", "header content-length", _CHUNKS),
    Accepted("*", "header transfer-encoding", _CHUNKS),
    Accepted("*", "header x-azure-ref", _DOOR),
    Accepted("*", "header x-cache", _DOOR),
    Accepted("entra-*", "header set-cookie", _COOKIE),
    Accepted("arm-*", "header server", "ARM hands on its resource provider's, which changed over the years"),
    Accepted("arm-*", "header x-ms-ratelimit-*", _ALLOWANCE),
    Accepted("blob-data", "header content-md5", _STORED),
    Accepted("blob-data", "header etag", _STORED),
    Accepted("blob-data", "header last-modified", _STORED),
    Accepted("blob-data", "header x-ms-blob-*", _STORED),
    Accepted("blob-data", "header x-ms-creation-time", _STORED),
    Accepted("blob-data", "header x-ms-lease-*", _STORED),
    Accepted("blob-data", "header x-ms-server-encrypted", _STORED),
)


def why_accepted(request: str, what: str) -> str:
    """Return the reason for which a difference is accepted, '' for one that is not."""
    rows = (each for each in ACCEPTED if fnmatchcase(request, each.requests) and fnmatchcase(what, each.what))
    return next((row.reason for row in rows), "")
