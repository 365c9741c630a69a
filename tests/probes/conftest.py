"""A healthy registry, Entra and storage, stood in for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import respx
from standing_in import BASE, DIGEST, REALM, access_token


@pytest.fixture
def cloud() -> Iterator[respx.MockRouter]:
    """Stand in for a healthy registry, Entra and storage; a test replaces the route it is about."""
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{BASE}/v2/", name="challenge").respond(401, headers={"Www-Authenticate": f"Bearer {REALM}"})
        router.post("https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token", name="entra").respond(
            200, json={"access_token": "planted-entra-token"}
        )
        router.post(f"{BASE}/oauth2/exchange", name="exchange").respond(200, json={"refresh_token": "planted-refresh"})
        router.post(f"{BASE}/oauth2/token", name="post_token").respond(200, json=access_token("pull"))
        router.get(f"{BASE}/oauth2/token", name="get_token").respond(200, json=access_token("pull"))
        router.get(f"{BASE}/v2/team/app/manifests/latest", name="manifest").respond(
            200, json={"layers": [{"digest": DIGEST}]}
        )
        router.get(f"{BASE}/v2/team/app/blobs/{DIGEST}", name="blob").respond(
            307, headers={"Location": "https://store.blob.core.windows.net/layer?sig=planted-signature"}
        )
        router.get("https://store.blob.core.windows.net/layer", name="data").respond(206, content=b"layer")
        yield router
