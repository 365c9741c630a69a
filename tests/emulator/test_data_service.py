"""What the hosts that hold the blobs answer."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

PULL = "repository:team/app:pull"


@pytest.fixture
def link(visitor):
    """Return a fresh link to the layer of team/app."""
    layer = visitor.get("/v2/team/app/manifests/latest", PULL).json()["layers"][0]
    return visitor.get(f"/v2/team/app/blobs/{layer['digest']}", PULL).headers["Location"]


def test_link_leads_to_the_shared_blob_host(link):
    """Without dedicated data endpoints blobs are on the storage account's host, with a signed link."""
    assert urlsplit(link).hostname == "eusmanaged1.blob.core.windows.net"
    assert {part.partition("=")[0] for part in urlsplit(link).query.split("&")} >= {"se", "sig", "sp", "sv"}


def test_link_leads_to_the_dedicated_endpoint(visitor):
    """With dedicated data endpoints blobs are on the registry's own data host, which serves them."""
    visitor.emulator.world.cloud.registries["myacr"].data_endpoint_enabled = True
    layer = visitor.get("/v2/team/app/manifests/latest", PULL).json()["layers"][0]
    location = visitor.get(f"/v2/team/app/blobs/{layer['digest']}", PULL).headers["Location"]
    assert urlsplit(location).hostname == "myacr.eastus.data.azurecr.io"
    assert len(visitor.http.get(location).content) == layer["size"]


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-9", 206, 0, 9),
        ("bytes=5-", 206, 5, None),
        ("bytes=0-4194303", 206, 0, None),
        ("lines=1-2", 200, 0, None),
    ],
)
def test_ranges(visitor, link, asked, status, first, last):
    """A byte range is a 206 that says which part of how much it is; what is no range is ignored."""
    whole = visitor.http.get(link).content
    end = len(whole) - 1 if last is None else last
    response = visitor.http.get(link, headers={"Range": asked})
    assert (response.status_code, response.content) == (status, whole[first : end + 1])
    if status == 206:
        assert response.headers["Content-Range"] == f"bytes {first}-{end}/{len(whole)}"


def refused(visitor, link, **headers):
    """Return status and code of a refusal, which is XML."""
    response = visitor.http.get(link, headers=headers)
    assert response.headers["Content-Type"] == "application/xml"
    assert f"<Code>{response.headers['x-ms-error-code']}</Code>" in response.text
    return response.status_code, response.headers["x-ms-error-code"]


def test_refusals(visitor, link):
    """A forwarded credential, a changed signature, a missing blob and an impossible range are told apart."""
    assert refused(visitor, link, Authorization="Bearer token") == (400, "InvalidAuthenticationInfo")
    assert refused(visitor, link.replace("sig=", "sig=x")) == (403, "AuthenticationFailed")
    assert refused(visitor, link.partition("?")[0]) == (403, "AuthenticationFailed")
    assert refused(visitor, link, Range="bytes=99999-") == (416, "InvalidRange")
    for registry in visitor.emulator.world.cloud.registries.values():
        registry.repositories.clear()
    assert refused(visitor, link) == (404, "BlobNotFound")
    visitor.emulator.world.cloud.registries.clear()
    assert refused(visitor, link) == (404, "BlobNotFound")


def test_link_ends(visitor, link):
    """After twenty minutes a link is refused as if its signature were wrong."""
    cloud = visitor.emulator.world.cloud
    real = cloud.clock
    cloud.clock = lambda: real() + 21 * 60
    assert refused(visitor, link) == (403, "AuthenticationFailed")
