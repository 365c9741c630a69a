"""The distribution registry accepts the emulator's access tokens, and the plugin's climb is green against it."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from clients import distribution
from clients.programs import Shell
from emulator.visiting import Visitor, challenge_of
from internet import Internet

from pytest_acrauth.emulator import Emulator

HOST = distribution.HOST
PRINCIPAL = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")


class Registry:
    """The registry program under the login server's name, with an image in it."""

    def __init__(self, shell: Shell, emulator: Emulator) -> None:
        self.shell = shell
        self.emulator = emulator

    def fill(self, *names: str) -> None:
        """Copy the image of the other registry, which the emulator serves itself, into repositories."""
        environ = self.emulator.environ
        source = f"{environ['AZURE_CLIENT_ID']}:{environ['AZURE_CLIENT_SECRET']}"
        target = f"{environ['ACR_ADMIN_USERNAME']}:{environ['ACR_ADMIN_PASSWORD']}"
        for name in names:
            images = ("docker://otheracr.azurecr.io/team/app:latest", f"docker://{HOST}/{name}:latest")
            done = self.shell.run("skopeo", "copy", "--src-creds", source, "--dest-creds", target, *images)
            assert done.code == 0, done.text

    def get(self, path: str, token: str) -> httpx.Response:
        """Ask it for something with an access token."""
        trusted = ssl.create_default_context(cafile=self.shell.environ["SSL_CERT_FILE"])
        headers = {"Authorization": f"Bearer {token}", "Accept": "*/*"}
        return httpx.get(f"https://{HOST}{path}", headers=headers, verify=trusted, trust_env=False)

    def climb(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the plugin's own checks, on this machine as it is inside the namespace."""
        command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--acr-registry", "myacr"]
        trust = ["--acr-ca-bundle", self.shell.environ["SSL_CERT_FILE"]]
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.shell.folder),
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            **{name: value for name, value in self.emulator.environ.items() if name in PRINCIPAL},
        }
        return subprocess.run(
            [*command, *trust, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=environ,
            cwd=self.shell.folder,
        )


@pytest.fixture
def registry(shell: Shell, emulator: Emulator, internet: Internet) -> Iterator[Registry]:
    """Serve the registry program in the place of the emulated registry."""
    with distribution.served(shell, emulator) as (machine, authority):
        internet.show(machine, emulator.world.network.names)
        shell.trust(emulator.ca_pem + authority)
        found = Registry(shell, emulator)
        found.fill("team/app", "team/other")
        yield found


def test_the_climb_is_green(registry):
    """Every stage passes against a registry that nobody of this project wrote."""
    done = registry.climb("--acr-repository", "team/app")
    assert done.returncode == 0, done.stdout
    assert "9 passed" in done.stdout


def test_a_missing_manifest(registry):
    """A manifest that is not there is found to be missing, in this registry's words too."""
    done = registry.climb("--acr-repository", "team/app:none")
    assert done.returncode == 1, done.stdout
    assert re.search(r"^(manifest-unknown: one of .*)?\bimage-not-found\b", done.stdout, re.MULTILINE), done.stdout


def test_a_token_that_lacks_the_action(registry):
    """Where the access token grants less than the identity must hold, that is what is said."""
    done = registry.climb("--acr-repository", "team/app", "--acr-must", "pull,push")
    assert done.returncode == 1, done.stdout
    assert "scope-not-granted: no role allows push on team/app" in done.stdout


def test_a_token_for_another_repository(registry):
    """The registry opens a repository to the token for it, and challenges a token for another one, as ours does."""
    visitor = Visitor(registry.emulator)
    with visitor.http:
        token = visitor.access("repository:team/other:pull").json()["access_token"]
        emulated = visitor.get("/v2/team/app/manifests/latest", "repository:team/multi:pull")
    assert registry.get("/v2/team/other/manifests/latest", token).status_code == 200
    refused = registry.get("/v2/team/app/manifests/latest", token)
    assert refused.status_code == emulated.status_code == 401
    assert challenge_of(refused) == challenge_of(emulated)
    assert challenge_of(refused) == ',scope="repository:team/app:pull",error="insufficient_scope"'


def test_a_token_of_another_registry(registry):
    """An access token is good for the registry that it names only."""
    visitor = Visitor(registry.emulator)
    environ = registry.emulator.environ
    login = (environ["AZURE_CLIENT_ID"], environ["AZURE_CLIENT_SECRET"])
    with visitor.http as http:
        query = {"service": "otheracr.azurecr.io", "scope": "repository:team/app:pull"}
        other = http.get("https://otheracr.azurecr.io/oauth2/token", params=query, auth=login).json()["access_token"]
    refused = registry.get("/v2/team/app/manifests/latest", other)
    assert challenge_of(refused) == ',scope="repository:team/app:pull",error="invalid_token"'
