"""Which identity is taken, from which variables, for which registry; and what is refused."""

from __future__ import annotations

import jwt
import pytest

from pytest_acrauth.auth import CHOICES, METHODS, BadAuth, Method, choose, pair, read_credential, variables
from pytest_acrauth.model.credential import Kind, SecretShape
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import NULL_GUID, Flow, Registry

MY, OTHER = Registry.parse("myacr"), Registry.parse("otheracr")
CLIENT = "0b6f4f0e-5a57-4d0c-9d0a-7c1b8e2f3a4d"
PRINCIPAL = {
    "AZURE_TENANT_ID": "tenant",
    "AZURE_CLIENT_ID": CLIENT,
    "AZURE_CLIENT_SECRET": "made-up-secret",
}
BASIC = {"ACR_USERNAME": "puller", "ACR_PASSWORD": "made-up-password"}
PULLER = {"ACR_PULLER_USERNAME": "puller", "ACR_PULLER_PASSWORD": "made-up-password"}


def test_default_takes_the_first_it_finds() -> None:
    """``default`` prefers Basic variables to a service principal's, and notes what else was there."""
    (chosen,) = choose(["default"], {**PRINCIPAL, **BASIC})
    assert (chosen.identity.name, chosen.identity.method, chosen.identity.flow) == ("basic", "basic", Flow.BASIC)
    assert chosen.notes == ("also found: service-principal",)
    assert choose(["default"], PRINCIPAL)[0].identity.method == "service-principal"


def test_default_notes_what_is_incomplete() -> None:
    """A credential of which a variable is missing or empty is not taken, and noted."""
    (chosen,) = choose(["default"], {**PRINCIPAL, "ACR_USERNAME": "puller", "ACR_PASSWORD": ""})
    assert chosen.identity.method == "service-principal"
    assert chosen.notes == ("incomplete basic: ACR_PASSWORD not set",)


def test_default_that_finds_nothing() -> None:
    """Finding nothing lists where was looked and what was seen, and is never taken for anonymous."""
    with pytest.raises(BadAuth, match="no credential found") as caught:
        choose(["default"], {"AZURE_CLIENT_ID": CLIENT})
    for words in (
        "ACR_USERNAME, ACR_PASSWORD",
        "AZURE_CLIENT_SECRET",
        "Seen: incomplete service-principal",
        "anonymous",
    ):
        assert words in str(caught.value)


def test_named_identities_read_their_own_variables() -> None:
    """A name goes into the ids; a prefix says which variables are read."""
    (chosen,) = choose(["puller=scope-map-token:ACR_PULLER"], PULLER)
    assert (chosen.identity.name, chosen.identity.method) == ("puller", "scope-map-token")
    assert variables(chosen.identity) == ("ACR_PULLER_USERNAME", "ACR_PULLER_PASSWORD")
    (entra,) = choose(["ci=service-principal:CI"], {f"CI{name[5:]}": text for name, text in PRINCIPAL.items()})
    assert variables(entra.identity) == ("CI_TENANT_ID", "CI_CLIENT_ID", "CI_CLIENT_SECRET")


@pytest.mark.parametrize("spec", ["basic:MY_password9", "basik:pass-word9", "a[b]=basic:pass-word9", "default:pass-9"])
def test_what_stands_behind_a_colon_is_not_shown(spec: str) -> None:
    """Somebody may have set the secret itself there."""
    with pytest.raises(BadAuth) as refused:
        choose([spec], BASIC)
    assert spec.partition(":")[2] not in str(refused.value)


@pytest.mark.parametrize(
    ("specs", "words"),
    [
        (["service-princpal"], f"unknown auth method 'service-princpal'; choose one of {', '.join(CHOICES)}"),
        (["basic", "basic"], "two identities are called 'basic'"),
        (["a=basic", "a=anonymous"], "two identities are called 'a'"),
        (["default", "basic"], "two identities are called 'basic'"),
        (["basic:acr"], "what stands behind basic: is no prefix of environment variables"),
        (["basic:"], "what stands behind basic: is no prefix of environment variables"),
        (["anonymous:ACR"], "anonymous reads no variables"),
        (["default:ACR"], "takes no prefix"),
        (["=basic"], r"'=basic' is not \[NAME=\]METHOD\[:PREFIX\]"),
        (["a::b=basic"], "unknown auth method 'a'"),
        (["a[b]=basic"], "is not"),
        ([""], "is not"),
        (["service-principal"], "service-principal needs the environment variables AZURE_TENANT_ID, AZURE_CLIENT_ID, "),
        (["admin:ACR_CI"], "admin needs the environment variables ACR_CI_USERNAME, ACR_CI_PASSWORD"),
    ],
)
def test_what_is_no_identity(specs: list[str], words: str) -> None:
    """A misspelt method or prefix, equal names and missing variables are refused by name."""
    with pytest.raises(BadAuth, match=words):
        choose(specs, BASIC)


# Those that read a file, or run in a job, need these: tests/auth/test_methods.py, tests/auth/test_jobs.py.
_WITHOUT_FILE = [
    row
    for row in METHODS
    if not row.either and not row.given and not (row.variables and row.variables[-1].endswith("_PATH"))
]


@pytest.mark.parametrize("row", _WITHOUT_FILE, ids=lambda row: row.name)
def test_every_method_can_be_chosen(row: Method) -> None:
    """Every row of the table is a choice, under its own name."""
    (chosen,) = choose([row.name], {**PRINCIPAL, **BASIC})
    assert (chosen.identity.name, chosen.identity.flow) == (row.name, row.flow)


def test_entra_identities_serve_every_registry() -> None:
    """A service principal and anonymous are used at every registry."""
    chosen = choose(["service-principal", "anonymous"], PRINCIPAL)
    found = [(registry.name, identity.name) for registry, identity in pair([MY, OTHER], chosen, PRINCIPAL)]
    assert found == [(name, who) for who in ("service-principal", "anonymous") for name in ("myacr", "otheracr")]


def test_a_password_serves_one_registry() -> None:
    """One registry's password is never paired with another registry."""
    chosen = choose(["basic"], BASIC)
    assert [registry for registry, _ in pair([MY], chosen, BASIC)] == [MY]
    with pytest.raises(BadAuth, match="ACR_USERNAME and ACR_PASSWORD serve exactly one registry, and 2 are configured"):
        pair([MY, OTHER], chosen, BASIC)


def test_a_named_password_says_its_registry() -> None:
    """With several registries a named Basic identity serves the one that its variable names."""
    specs = ["service-principal", "puller=scope-map-token:ACR_PULLER"]
    environ = {**PRINCIPAL, **PULLER, "ACR_PULLER_REGISTRY": "otheracr.azurecr.io"}
    found = pair([MY, OTHER], choose(specs, environ), environ)
    assert [registry for registry, identity in found if identity.name == "puller"] == [OTHER]
    for wrong, words in {
        "thirdacr": "none of the registries under test",
        "x": "ACR_PULLER_REGISTRY: 'x' is no",
    }.items():
        with pytest.raises(BadAuth, match=words):
            pair([MY, OTHER], choose(specs, environ), {**environ, "ACR_PULLER_REGISTRY": wrong})


def test_no_registry_is_left_without_identity() -> None:
    """A registry for which no identity is left is refused rather than passed over."""
    environ = {**PULLER, "ACR_PULLER_REGISTRY": "otheracr"}
    with pytest.raises(BadAuth, match=r"no identity is left for myacr\.azurecr\.io"):
        pair([MY, OTHER], choose(["puller=basic:ACR_PULLER"], environ), environ)


@pytest.mark.parametrize(
    ("user", "kind"),
    [
        ("myacr", Kind.ADMIN),
        ("MyAcr", Kind.ADMIN),
        ("0a1b2c3d-1111-2222-3333-444455556666", Kind.SERVICE_PRINCIPAL),
        (NULL_GUID, Kind.REFRESH_TOKEN),
        ("puller", Kind.SCOPE_MAP_TOKEN),
    ],
)
def test_the_user_name_tells_the_kind(user: str, kind: Kind) -> None:
    """Registry name, GUID, null GUID and anything else are four kinds of Basic credentials."""
    environ = {**BASIC, "ACR_USERNAME": user}
    (chosen,) = choose(["basic"], environ)
    facts = read_credential(chosen.identity, MY, environ, Secrets()).facts
    assert (facts.kind, facts.declared, facts.user_name) == (kind, False, user)


@pytest.mark.parametrize(("method", "kind"), [("admin", Kind.ADMIN), ("scope-map-token", Kind.SCOPE_MAP_TOKEN)])
def test_a_declared_kind_stands(method: str, kind: Kind) -> None:
    """A method that declares the kind is believed, whatever the user name looks like."""
    environ = {**BASIC, "ACR_USERNAME": NULL_GUID}
    facts = read_credential(choose([method], environ)[0].identity, MY, environ, Secrets()).facts
    assert (facts.kind, facts.declared) == (kind, True)


def test_a_credential_shows_no_secret() -> None:
    """The facts hold ids and a shape; the secret is masked, registered, and given to the one who asks for it."""
    secrets = Secrets()
    own = read_credential(choose(["service-principal"], PRINCIPAL)[0].identity, MY, PRINCIPAL, secrets)
    assert (own.facts.tenant_id, own.facts.client_id, own.facts.secret) == ("tenant", CLIENT, SecretShape.OPAQUE)
    assert "made-up-secret" not in repr(own)
    assert own.secret is not None
    assert own.secret.reveal() == "made-up-secret"
    assert secrets.scrub("the made-up-secret") == "the ***"


def test_a_token_as_password_is_told_by_its_look() -> None:
    """A JWT given as a password is described by what it says of itself, never by its value."""
    issued = {"iss": "Azure Container Registry", "aud": "otheracr.azurecr.io", "exp": 2_000_000_000}
    environ = {"ACR_USERNAME": NULL_GUID, "ACR_PASSWORD": jwt.encode(issued, "k" * 32)}
    facts = read_credential(choose(["basic"], environ)[0].identity, MY, environ, Secrets()).facts
    assert facts.secret is SecretShape.ACR_REFRESH_TOKEN
    assert (facts.secret_audience, facts.secret_expires) == ("otheracr.azurecr.io", 2_000_000_000)


def test_anonymous_has_nothing_to_send() -> None:
    """Anonymous reads no variable and has no secret."""
    own = read_credential(choose(["anonymous"], {})[0].identity, MY, {}, Secrets())
    assert (own.facts.kind, own.secret, own.user) == (Kind.ANONYMOUS, None, "")


def test_a_credential_that_is_gone() -> None:
    """Variables that vanished between choosing and reading are named."""
    (chosen,) = choose(["basic"], BASIC)
    with pytest.raises(BadAuth, match="ACR_PASSWORD"):
        read_credential(chosen.identity, MY, {"ACR_USERNAME": "puller"}, Secrets())
