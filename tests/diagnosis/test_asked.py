"""Asked and overheard: the same words, and what must stand around them for who asks and for who does not."""

from __future__ import annotations

import pytest
from for_each import for_each

from pytest_acrauth.catalogue.tables import SYMPTOMS
from pytest_acrauth.diagnosis.around import Counts, counts, taken_for
from pytest_acrauth.diagnosis.conclusion import Certainty
from pytest_acrauth.diagnosis.hosts import Host, Place
from pytest_acrauth.diagnosis.printed import Printed
from pytest_acrauth.diagnosis.text import Line, recognise

#: What people paste with its host taken out, and the symptom that it is.
HOSTLESS = {
    "unauthorized: authentication required": "generic-401",
    "docker: denied: requested access to the resource is denied": "operation-refused",
    "Failed to pull image: unauthorized: authentication required": "generic-401",
    "401 Unauthorized": "generic-401",
    "403 Forbidden": "forbidden",
    "503 Service Unavailable": "server-error",
    "HTTP 429 Too Many Requests": "requests-throttled",
    "Client.Timeout exceeded while awaiting headers": "gave-up-waiting",
    "dial tcp: lookup <registry-login-server>: no such host": "nxdomain",
    "Get https://<registry-login-server>/v2/: unauthorized: authentication required": "basic-refused",
    "proxyconnect tcp: EOF": "proxy-broke-off",
    "net/http: TLS handshake timeout": "handshake-broken",
    "x509: certificate signed by unknown authority": "untrusted-issuer",
    "no basic auth credentials": "no-credential-sent",
    "InaccessibleImage": "container-group-refused",
}
#: What says whose words they are, and so counts for both.
PLAIN = {
    "unknown: The operation is disallowed on this registry": "disallowed",
    "denied: client with IP '203.0.113.9' is not allowed access": "denied-with-ip",
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.": "docker-daemon-unreached",
    "No response received from the managed identity endpoint": "metadata-unreached",
    "An error occurred: DOCKER_COMMAND_ERROR": "docker-command-error",
}


@for_each(("text", "symptom"), HOSTLESS.items())
def test_who_asks_is_answered_without_a_host(text: str, symptom: str) -> None:
    """Nothing is certain of it, and nobody who did not ask hears of it."""
    (found, *_) = recognise(text)
    assert found.symptom.id == symptom
    assert isinstance(found.seen, Line)
    assert found.seen.on_trust
    assert not found.seen.assured
    assert found.certainty is not Certainty.PROVEN
    assert recognise(text, overheard=True) == ()


@for_each(("text", "symptom"), PLAIN.items())
def test_what_nobody_else_says_counts_for_both(text: str, symptom: str) -> None:
    """Words of Azure's own need no host beside them."""
    assert recognise(text)[0].symptom.id == symptom
    assert recognise(text, overheard=True)[0].symptom.id == symptom


@pytest.mark.parametrize(
    "text",
    [
        "ghcr.io/team/app: unauthorized: authentication required",
        "https://api.example.com/login: 401 Unauthorized",
        "Unable to tunnel through proxy: https://quay.io/v2/",
        "the build of shop.example.com ended: 503 Service Unavailable",
    ],
)
def test_a_text_that_names_something_else_contradicts_who_asks(text: str) -> None:
    """Only the text itself can; what it was taken for is the name."""
    assert recognise(text) == ()


def test_what_a_text_says_of_a_registry_goes_before_trust() -> None:
    """Beside a line about a login server, a bare one about nobody is not told."""
    sure = "Get https://myacr.azurecr.io/v2/: denied: client with IP '203.0.113.9' is not allowed access"
    far = "x " * 2000
    assert [each.symptom.id for each in recognise(f"{sure} {far} no basic auth credentials")] == ["denied-with-ip"]


def test_who_answered_stands_before_the_status() -> None:
    """A registry that a mirror was asked for, in a query or a path, was wanted and did not answer."""
    mirror = "unexpected status from HEAD request to http://localhost:8578/v2/app/manifests/1?ns=myacr.azurecr.io: 503"
    assert recognise(f"{mirror} Service Unavailable") == ()
    assert taken_for(mirror) == "it names localhost"
    own = "unexpected status from HEAD request to https://myacr.azurecr.io/v2/app/manifests/1?ns=docker.io: 503"
    assert recognise(f"{own} Service Unavailable")[0].symptom.id == "server-error"


PLANE = "https://management.azure.com/subscriptions/x/providers/Microsoft.ContainerRegistry/registries/myacr"
METADATA = "http://169.254.169.254/metadata/identity/oauth2/token?resource=https%3A%2F%2Fmanagement.azure.com%2F"
#: What others answered while a registry was named, and the symptom of that; '' for none.
ANSWERED_BY_OTHERS = {
    f"az acr show -n myacr (myacr.azurecr.io)\nPUT {PLANE}: 503 Service Unavailable": "",
    f"deploying myacr.azurecr.io/app:1\n{PLANE}: 401 Unauthorized": "",
    f"deploying myacr.azurecr.io/app:1\n{PLANE}: 429 Too Many Requests": "arm-answered-429",
    "myacr.azurecr.us: https://management.usgovcloudapi.net/subscriptions/x: 500 Internal Server Error": "",
    "myacr.azurecr.io/app: GET https://graph.microsoft.com/v1.0/servicePrincipals: 403 Forbidden": "",
    "myacr.azurecr.io/app: lookup management.azure.com: no such host": "management-plane-unreached",
    "IMDS 429": "metadata-throttled",
    "Failed to pull image myacr.azurecr.io/app:1: failed to get token from IMDS: status code 429": "metadata-throttled",
    f"myacr.azurecr.io: GET {METADATA}: status code 429": "metadata-throttled",
    f"myacr.azurecr.io: GET {METADATA}: 500 Internal Server Error": "managed-identity-failed",
}


@for_each(("text", "symptom"), ANSWERED_BY_OTHERS.items())
def test_others_answer_for_themselves(text: str, symptom: str) -> None:
    """The management plane, the directory and the metadata service have statuses of their own."""
    assert "".join(each.symptom.id for each in recognise(text)) == symptom
    assert symptom or taken_for(text).startswith("it names ")


def test_a_token_that_is_wanted_for_the_management_plane_is_no_answer_of_it() -> None:
    """Its address is a token's audience there."""
    (found, *_) = recognise("https://myacr.azurecr.io/v2/: resource=https://management.azure.com/: 401 Unauthorized")
    assert found.symptom.id == "generic-401"


def test_only_a_registrys_host_leaves_the_mark_of_one() -> None:
    """Where nobody is named, whatever stands between may have answered."""
    says = "503 Service Unavailable"
    asked = {text: recognise(text)[0] for text in (says, f"https://myacr.azurecr.io/v2/: {says}")}
    assert ["answered-on-the-way" in {mode.id for mode in each.candidates} for each in asked.values()] == [True, False]
    (at_entra,) = recognise(
        "docker login myacr.azurecr.io: AADSTS7000222: The provided client secret keys are expired."
    )
    assert isinstance(at_entra.seen, Line)
    assert not at_entra.seen.from_registry


def test_the_thresholds_are_one_function() -> None:
    """What stands around decides; trust is needed only where nothing does."""
    where = next(words.where for words in SYMPTOMS["generic-401"].texts if words.where == "registry")
    printed = Printed("unauthorized")
    answers = {place: counts(where, 0, Host(0, "x", place), printed, asked=True) for place in Place}
    assert {place for place, answer in answers.items() if answer is Counts.YES} == {Place.REGISTRY}
    assert Counts.ON_TRUST not in answers.values()
    assert counts(where, 0, None, printed, asked=True) is Counts.ON_TRUST
    assert counts(where, 0, None, printed, asked=False) is Counts.NO


def test_a_text_in_which_nothing_failed_is_taken_for_nothing() -> None:
    """There is nothing to object to."""
    assert taken_for("hello world") == ""
