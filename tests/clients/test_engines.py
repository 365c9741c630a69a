"""Docker, podman, skopeo and oras log in, pull, push, and are refused in the words their users know."""

from __future__ import annotations

import pytest
from emulator.visiting import NULL_GUID, Visitor

from pytest_acrauth.emulator import Emulator

GENERIC = "authentication required, visit https://aka.ms/acr/authorization for more information."
BAD_SECRET = "Invalid clientid or client secret."
UNKNOWN = "Application not registered with AAD."
FIREWALL = "client with IP '198.51.100.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
DENIED = "requested access to the resource is denied"
LAYERS = "eusmanaged1.blob.core.windows.net"
IMAGE = "team/app:latest"
KINDS = ["admin", "scope-map-token", "service-principal", "refresh-token"]


def token(emulator: Emulator, kind: str) -> str:
    """Return an Entra token or a refresh token of the service principal."""
    visitor = Visitor(emulator)
    with visitor.http:
        if kind == "entra-token":
            return str(visitor.entra().json()["access_token"])
        return str(visitor.exchange().json()["refresh_token"])


def credentials(emulator: Emulator, kind: str) -> tuple[str, str]:
    """Return user name and password of an identity of the world."""
    environ = emulator.environ
    if kind == "refresh-token":
        return NULL_GUID, token(emulator, kind)
    return {
        "admin": (environ["ACR_ADMIN_USERNAME"], environ["ACR_ADMIN_PASSWORD"]),
        "scope-map-token": (environ["ACR_PULLER_USERNAME"], environ["ACR_PULLER_PASSWORD"]),
        "service-principal": (environ["AZURE_CLIENT_ID"], environ["AZURE_CLIENT_SECRET"]),
    }[kind]


def used(emulator: Emulator) -> tuple[str, str]:
    """Return the Basic credentials a scenario is about: those in the environment, else the service principal's."""
    environ = emulator.environ
    if "ACR_USERNAME" in environ:
        return environ["ACR_USERNAME"], environ["ACR_PASSWORD"]
    return credentials(emulator, "service-principal")


@pytest.mark.parametrize("kind", KINDS)
def test_login_and_pull(emulator, engine, kind):
    """Every kind of credential logs in, and pulls an image down to its layers from where the registry sends it."""
    assert "Login Succeeded" in engine.login(*credentials(emulator, kind)).out
    assert engine.pull(IMAGE).code == 0
    layers = [request for request in emulator.requests if request.host == LAYERS]
    assert layers
    assert {request.status for request in layers} <= {200, 206}
    assert engine.pull("team/app:none").code != 0


def test_push(emulator, engine):
    """What was pulled is pushed to a repository that did not exist, and pulled again from there."""
    assert engine.login(*credentials(emulator, "admin")).code == 0
    assert engine.pull(IMAGE).code == 0
    assert engine.push("team/copy:pushed").code == 0
    assert engine.push("team/app:second").code == 0
    repositories = emulator.world.cloud.registries["myacr"].repositories
    assert "pushed" in repositories["team/copy"].tags
    assert set(repositories["team/app"].tags) == {"latest", "second"}
    assert engine.pull("team/copy:pushed").code == 0


@pytest.mark.parametrize("emulator", ["permission-excess"], indirect=True)
def test_push_with_the_role_for_it(emulator, engine):
    """A service principal with AcrPush pushes."""
    assert engine.login(*credentials(emulator, "service-principal")).code == 0
    assert engine.pull(IMAGE).code == 0
    assert engine.push("team/app:second").code == 0


@pytest.mark.parametrize("kind", ["scope-map-token", "service-principal"])
def test_push_without_the_right(emulator, engine, kind):
    """Who may only pull is let in, and told at the push that the access is denied."""
    assert engine.login(*credentials(emulator, kind)).code == 0
    assert engine.pull(IMAGE).code == 0
    printed = engine.push("team/app:second")
    assert printed.code != 0
    assert (GENERIC if type(engine).__name__ == "Oras" else DENIED) in printed.text
    assert set(emulator.world.cloud.registries["myacr"].repositories["team/app"].tags) == {"latest"}


@pytest.mark.parametrize(
    ("emulator", "words"),
    [
        ("admin-password-not-current", GENERIC),
        ("admin-user-disabled", GENERIC),
        ("scope-map-token-password-wrong", GENERIC),
        ("scope-map-token-password-expired", GENERIC),
        ("scope-map-token-disabled", GENERIC),
        ("basic-username-unknown", UNKNOWN),
        ("entra-app-not-found", UNKNOWN),
        ("entra-sp-secret-wrong", BAD_SECRET),
        ("entra-sp-secret-expired", BAD_SECRET),
        ("sp-lacks-role", GENERIC),
    ],
    indirect=["emulator"],
)
def test_bad_credentials(emulator, engine, words):
    """Where credentials are refused, the registry's own words are shown, or at login 'invalid username/password'."""
    login = engine.login(*used(emulator))
    assert login.code != 0
    assert (words if engine.outspoken else "invalid username/password") in login.text
    engine.remember(*used(emulator))
    pull = engine.pull(IMAGE)
    assert pull.code != 0
    assert words in pull.text


@pytest.mark.parametrize("emulator", ["firewall-ip-denied", "firewall-public-access-disabled"], indirect=True)
def test_firewall(emulator, engine):
    """Behind the firewall, whoever shows the registry's words shows the caller's address; others show the number."""
    words = FIREWALL if engine.outspoken else "403 (Forbidden)"
    assert words in engine.login(*used(emulator)).text
    engine.remember(*used(emulator))
    assert words in engine.pull(IMAGE).text


@pytest.mark.parametrize("emulator", ["image-not-found"], indirect=True)
def test_missing_image(emulator, engine):
    """A tag that is not there is a manifest that the registry does not know."""
    assert engine.login(*used(emulator)).code == 0
    pull = engine.pull(IMAGE)
    words = f"{IMAGE}: not found" if type(engine).__name__ == "Oras" else "manifest unknown: manifest tagged by"
    assert words in pull.text


@pytest.mark.parametrize(
    ("user", "kind", "words"),
    [
        ("token", "refresh-token", UNKNOWN),
        ("service-principal", "refresh-token", BAD_SECRET),
        ("service-principal", "entra-token", BAD_SECRET),
        (NULL_GUID, "entra-token", GENERIC),
    ],
)
def test_token_under_the_wrong_name(emulator, engine, user, kind, words):
    """A token is no password: next to another name than the null GUID, or of another issuer, it is refused."""
    if user == "service-principal":
        user = emulator.environ["AZURE_CLIENT_ID"]
    engine.remember(user, token(emulator, kind))
    pull = engine.pull(IMAGE)
    assert pull.code != 0
    assert words in pull.text


def test_refresh_token_ends(emulator, engine):
    """Three hours after a login with a refresh token, the next pull is told to authenticate."""
    assert engine.login(*credentials(emulator, "refresh-token")).code == 0
    cloud = emulator.world.cloud
    real = cloud.clock
    cloud.clock = lambda: real() + 4 * 3600
    pull = engine.pull(IMAGE)
    assert pull.code != 0
    assert GENERIC in pull.text


@pytest.mark.parametrize(
    ("emulator", "words"),
    [
        ("registry-dns-nxdomain", "no such host"),
        ("registry-dns-resolver-broken", "server misbehaving"),
        ("tcp-refused", "connect: connection refused"),
        ("tls-handshake-failed", "connection reset by peer"),
        ("registry-tls-intercepted", "x509: certificate signed by unknown authority"),
        ("tls-certificate-expired", "x509: certificate has expired or is not yet valid"),
        ("tls-hostname-mismatch", "x509: certificate is valid for mirror.example, not myacr.azurecr.io"),
        ("challenge-missing", "lookup portal.example"),
    ],
    indirect=["emulator"],
)
def test_no_way_to_the_registry(emulator, engine, words):
    """What keeps a program from reaching the registry, it names as it always does."""
    login = engine.login(*used(emulator))
    assert login.code != 0
    assert words in login.text
