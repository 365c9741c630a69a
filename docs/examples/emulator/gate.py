"""A deployment gate of somebody's own: it asks for the image before anything is rolled out."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

_TRIES = 3


class LoginRefusedError(Exception):
    """The registry does not take the user name and password."""


def image_exists(
    http: httpx.Client,
    server: str,
    repository: str,
    tag: str,
    login: tuple[str, str],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Return whether the registry has the image. Raises `LoginRefusedError`, and `httpx.HTTPError` for the rest.

    A registry that asks for patience is asked again.
    """
    question = {"service": server, "scope": f"repository:{repository}:pull"}
    for number in range(1, _TRIES + 1):
        answer = http.get(f"https://{server}/oauth2/token", params=question, auth=login)
        if answer.status_code != httpx.codes.TOO_MANY_REQUESTS or number == _TRIES:
            break
        sleep(float(answer.headers.get("Retry-After", "1")))
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise LoginRefusedError(f"{server} refused {login[0]}")
    answer.raise_for_status()
    headers = {
        "Authorization": f"Bearer {answer.json()['access_token']}",
        "Accept": "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
        "application/vnd.docker.distribution.manifest.v2+json",
    }
    manifest = http.head(f"https://{server}/v2/{repository}/manifests/{tag}", headers=headers)
    if manifest.status_code == httpx.codes.NOT_FOUND:
        return False
    manifest.raise_for_status()
    return True
