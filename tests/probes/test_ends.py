"""What is read of the ends of credentials: names, thumbprints and hints in Graph, and what a sign-in leaves open."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import Any

import factories
import pytest

from pytest_acrauth.model.credential import CredentialFacts, Kind, SecretShape
from pytest_acrauth.model.evidence import ApplicationFacts, FederatedFacts, Look, Need, SecretFacts
from pytest_acrauth.model.expiry import Ending, Expiring, ExpiryRecord
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.probes.expiry import look_ahead
from pytest_acrauth.probes.machine import RealMachine
from pytest_acrauth.probes.management import graph

DER = b"the bytes of a certificate"
SHA1, SHA256 = hashlib.sha1(DER, usedforsecurity=False), hashlib.sha256(DER)


class Directory:
    """Stands in for Graph: the same object for every path."""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def ask_graph(self, path: str) -> dict[str, Any]:
        return self._fields if path.startswith("/applications") else {"id": "8e4d2f6a-90b7-4c13-a5d8-7f1b3c6e0d94"}


def certificates(**fields: Any) -> tuple[SecretFacts, ...]:
    """Return what is read of an application that has one certificate with these fields."""
    known = {"displayName": "CN=ci", "keyId": "one", "usage": "Verify", **fields}
    return graph.read_application(Directory(keyCredentials=[known]), "id").certificates  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"key": base64.b64encode(DER).decode()}, (SHA1.hexdigest(), SHA256.hexdigest())),
        ({"key": None, "customKeyIdentifier": base64.b64encode(SHA1.digest()).decode()}, (SHA1.hexdigest(),)),
        ({"customKeyIdentifier": SHA1.hexdigest().upper()}, (SHA1.hexdigest(),)),
        ({"customKeyIdentifier": base64.b64encode(SHA256.digest()).decode()}, (SHA256.hexdigest(),)),
        ({"key": "not base64…", "customKeyIdentifier": "bXkga2V5"}, ()),
        ({"customKeyIdentifier": None}, ()),
        ({"customKeyIdentifier": 5, "key": ["x"]}, ()),
    ],
)
def test_thumbprints_however_a_certificate_is_filed(fields: dict[str, Any], found: tuple[str, ...]) -> None:
    """By the certificate itself, else by what it is filed under; another identifier is no thumbprint."""
    (known,) = certificates(**fields)
    assert (known.thumbprints, known.name, known.key_id) == (found, "CN=ci", "one")


def test_a_hint_tells_which_secret_is_held_and_is_not_kept() -> None:
    """Whoever holds the secret is asked how it begins; without a hint, or a secret, nothing is told."""
    listed = [{"displayName": "old", "hint": "abc"}, {"hint": "xyz"}, {"hint": None}, {"hint": ""}, {"hint": 5}]
    directory = Directory(passwordCredentials=listed)
    read = graph.read_application(directory, "id", "abc~rest".startswith)  # type: ignore[arg-type]
    assert [each.held for each in read.secrets] == [True, False, None, None, None]
    assert "abc" not in repr(read)
    unheld = graph.read_application(directory, "id")  # type: ignore[arg-type]
    assert [each.held for each in unheld.secrets] == [None] * 5


def looked(facts: CredentialFacts, kind: Ending, **looks: Look[Any]) -> ExpiryRecord:
    """Return what is seen of a credential by these looks, after a climb that nothing is known of."""
    climbed: Transcript = replace(factories.climb(), credential=facts)
    taken = {Need(name): look for name, look in looks.items()}
    (record,) = look_ahead(
        [(Expiring(climbed.target, kind), climbed)],
        RealMachine(),
        Secrets(),
        lambda wanted: tuple(taken[need] for need, _ in wanted),
    )
    return record


ONE = ApplicationFacts(found=True, secrets=(SecretFacts("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "ci"),))
BY_AZ = CredentialFacts(kind=Kind.SERVICE_PRINCIPAL, secret=SecretShape.NONE, source="~/.azure/azureProfile.json")


@pytest.mark.parametrize(
    ("application", "federated", "open_"),
    [
        (ONE, Look(()), 0),
        (ONE, Look((FederatedFacts("https://issuer.example", "job"),)), 1),
        (ONE, Look(why="nobody may"), 1),
        (ONE._replace(certificates=ONE.secrets), Look(()), 1),
    ],
)
def test_az_does_not_tell_how_it_signed_in(application: ApplicationFacts, federated: Look[Any], open_: int) -> None:
    """Only where the application has nothing but secrets, one of them is in use."""
    record = looked(BY_AZ, Ending.CLIENT_SECRET, application=Look(application, "somebody"), federated=federated)
    assert [each.name for each in record.found] == ["ci"]
    assert bool(record.unshown) is bool(open_)


def test_an_application_of_another_tenant_may_have_more_there() -> None:
    """Whether it shows some here or none."""
    facts = replace(BY_AZ, secret=SecretShape.OPAQUE)
    some = looked(facts, Ending.CLIENT_SECRET, application=Look(ONE._replace(home=False), "somebody"))
    none = looked(facts, Ending.CLIENT_SECRET, application=Look(ApplicationFacts(found=True, home=False), "somebody"))
    assert some.unshown == none.why != ""
    assert looked(facts, Ending.CLIENT_SECRET, application=Look(ApplicationFacts(found=True))).why


def test_a_defect_of_ours_is_that_credentials_own() -> None:
    """It is recorded as such, and said in place of a verdict."""
    record = looked(replace(BY_AZ, secret=SecretShape.OPAQUE), Ending.CLIENT_SECRET, application=Look("no facts"))
    assert record.defect is not None
    assert record.defect.doing.startswith("looking when the client-secret of ")
