"""Names become registries, references and targets, or are refused with what to write instead."""

from __future__ import annotations

from typing import Any

import factories
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_acrauth.model.stage import Rung, Stage
from pytest_acrauth.model.target import (
    CLOUDS,
    BadName,
    Cloud,
    Identity,
    Reference,
    Registry,
    Target,
    cloud_of,
    global_endpoint,
)

PUBLIC, CHINA, GOVERNMENT, BLEU = CLOUDS
RESOURCE_ID = (
    "/subscriptions/5b1d7a70-31c4-4d0e-8f5a-2f7f3a0c9e11/resourceGroups/rg"
    "/providers/Microsoft.ContainerRegistry/registries/MyAcr"
)


@pytest.mark.parametrize(
    ("text", "cloud", "expected"),
    [
        ("myacr", None, ("myacr", "myacr.azurecr.io", PUBLIC)),
        ("  MyAcr ", None, ("myacr", "myacr.azurecr.io", PUBLIC)),
        ("myacr", CHINA, ("myacr", "myacr.azurecr.cn", CHINA)),
        ("myacr.azurecr.us", None, ("myacr", "myacr.azurecr.us", GOVERNMENT)),
        ("myacr.azurecr.us", CHINA, ("myacr", "myacr.azurecr.us", GOVERNMENT)),
        ("myacr.azurecr.sovcloud-azure.fr", None, ("myacr", "myacr.azurecr.sovcloud-azure.fr", BLEU)),
        ("myacr-abc123.azurecr.io", None, ("myacr", "myacr-abc123.azurecr.io", PUBLIC)),
        ("MyAcr.eastus.geo.azurecr.io", None, ("myacr", "myacr.eastus.geo.azurecr.io", PUBLIC)),
        (
            "myacr-abc123.usgovvirginia.geo.azurecr.us",
            None,
            ("myacr", "myacr-abc123.usgovvirginia.geo.azurecr.us", GOVERNMENT),
        ),
        (RESOURCE_ID, None, ("myacr", "myacr.azurecr.io", PUBLIC)),
        (RESOURCE_ID.lower(), GOVERNMENT, ("myacr", "myacr.azurecr.us", GOVERNMENT)),
        ("registry.example", PUBLIC, ("registry", "registry.example", PUBLIC)),
    ],
)
def test_registries(text: str, cloud: Cloud | None, expected: tuple[str, str, Cloud]) -> None:
    """A name, a login server and a resource id name the same registry; a known suffix decides the cloud."""
    registry = Registry.parse(text, cloud)
    assert (registry.name, registry.login_server, registry.cloud) == expected


@pytest.mark.parametrize(
    ("text", "region", "whole"),
    [
        ("myacr", "", "myacr.azurecr.io"),
        ("myacr.eastus.geo.azurecr.io", "eastus", "myacr.azurecr.io"),
        ("myacr-abc123.westeurope.geo.azurecr.cn", "westeurope", "myacr-abc123.azurecr.cn"),
    ],
)
def test_a_regional_endpoint_is_one_of_its_registry(text: str, region: str, whole: str) -> None:
    """It is a login server of its own, and ARM knows the registry by the global one."""
    registry = Registry.parse(text)
    assert (registry.region, registry.global_endpoint) == (region, whole)
    assert global_endpoint(whole) == whole


@pytest.mark.parametrize(
    ("text", "cloud", "words"),
    [
        ("", None, "the registry is empty"),
        ("abcd", None, "'abcd' is no registry name"),
        ("a" * 51, None, "no registry name"),
        ("my-acr", None, "no registry name"),
        ("myacr/team", None, "no registry name"),
        ("localhost:5000", None, "no registry name"),
        ("registry.example", None, r"ends in no registry suffix \(\.azurecr\.io"),
        ("https://myacr.azurecr.io", None, "is more than a login server: give myacr.azurecr.io alone$"),
        ("myacr.azurecr.io/team", None, "give myacr.azurecr.io alone, and --acr-repository team$"),
        ("myacr.azurecr.io.", None, "give myacr.azurecr.io alone$"),
        ("myacr.azurecr.io:443", None, "give myacr.azurecr.io alone$"),
        (RESOURCE_ID.replace("registries", "tasks"), None, "resource id of something else"),
        ("/subscriptions/1/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/a", None, "'1' is no sub"),
        ("a.b.azurecr.io", None, "is no login server"),
        ("myacr.eastus.data.azurecr.io", None, "is no login server"),
        ("myacr.geo.azurecr.io", None, "is no login server"),
        ("my.acr.eastus.geo.azurecr.io", None, "is no login server"),
        (".azurecr.io", None, "is no login server"),
        ("-myacr.azurecr.io", None, "is no login server"),
        ("host.example:5000", PUBLIC, "give host.example alone"),
        ("exa mple.com", PUBLIC, "is no host name"),
        ("evil.example/.azurecr.io", None, "give evil.example alone"),
        ("myacr@evil.azurecr.io", None, "give evil.azurecr.io alone; user name and password"),
    ],
)
def test_what_is_no_registry(text: str, cloud: Cloud | None, words: str) -> None:
    """What cannot be a host name never becomes one, and the error names the text."""
    with pytest.raises(BadName, match=words):
        Registry.parse(text, cloud)


@given(st.text(max_size=80), st.sampled_from([None, *CLOUDS]))
def test_any_text_is_a_registry_or_refused(text: str, cloud: Cloud | None) -> None:
    """Whatever is given, a registry's login server is a plain host name."""
    try:
        registry = Registry.parse(text, cloud)
    except BadName:
        return
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert set(registry.login_server) <= allowed
    assert "." in registry.login_server.strip(".")


@pytest.mark.parametrize(
    ("text", "repository", "version"),
    [
        ("app", "app", "latest"),
        ("team/app", "team/app", "latest"),
        ("team/app:1.2-rc_3", "team/app", "1.2-rc_3"),
        ("a__b/c--d/e.f", "a__b/c--d/e.f", "latest"),
        ("team/app@sha256:" + "0" * 64, "team/app", "sha256:" + "0" * 64),
        ("team/app:1@sha256:" + "0" * 64, "team/app", "sha256:" + "0" * 64),
    ],
)
def test_references(text: str, repository: str, version: str) -> None:
    """A reference keeps its text; a digest wins over a tag, and without either the tag is latest."""
    reference = Reference.parse(text)
    assert (reference.text, reference.repository, reference.version) == (text, repository, version)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no repository reference"),
        ("Team/app", "is no repository reference"),
        ("/app", "is no repository reference"),
        ("team//app", "is no repository reference"),
        ("team/app/", "is no repository reference"),
        ("team/../app", "is no repository reference"),
        ("team app", "is no repository reference"),
        ("a" * 256, "is no repository reference"),
        ("team/app:", "has no valid tag"),
        ("team/app:-1", "has no valid tag"),
        ("team/app:" + "a" * 129, "has no valid tag"),
        ("team/app@sha256", "has no valid digest"),
        ("team/app@sha256:xyz", "has no valid digest"),
    ],
)
def test_what_is_no_reference(text: str, words: str) -> None:
    """What cannot be a repository, a tag or a digest is refused by name."""
    with pytest.raises(BadName, match=words):
        Reference.parse(text)


def test_clouds_by_suffix() -> None:
    """A host's suffix tells its cloud, in any case of letters; other hosts have none."""
    assert [cloud_of(f"x{cloud.registry_suffix}".upper()) for cloud in CLOUDS] == list(CLOUDS)
    assert cloud_of("azurecr.io.example") is None


STAGES = [Stage.DNS, Stage.TCP, Stage.TLS, Stage.CHALLENGE]


def test_rungs_without_repository() -> None:
    """A climb without a repository ends with an access token; only Entra identities have the identity leg."""
    entra = factories.target().rungs
    assert [rung.stage for rung in entra] == [*STAGES, Stage.ENTRA, Stage.EXCHANGE, Stage.ACCESS_TOKEN]
    basic = factories.target(factories.BASIC).rungs
    assert [rung.stage for rung in basic] == [*STAGES, Stage.ACCESS_TOKEN]
    assert all(rung.reference is None for rung in (*entra, *basic))


def test_rungs_with_repositories() -> None:
    """With repositories the last three stages exist once for each, the pull only where it must be held."""
    target = factories.target(factories.BASIC, "a", "b:1")
    stages = (Stage.ACCESS_TOKEN, Stage.OPERATION, Stage.DATA)
    assert target.rungs[4:] == tuple(Rung(stage, text) for stage in stages for text in ("a", "b:1"))
    pushing = factories.target(factories.BASIC, "a", must=("push",))
    assert pushing.rungs[4:] == (Rung(Stage.ACCESS_TOKEN, "a"),)


def test_what_a_rung_needs() -> None:
    """The legs need nothing of each other, the join needs both, and repositories need nothing of each other."""
    target = factories.target(factories.SERVICE_PRINCIPAL, "a", "b")
    network = {Rung(stage) for stage in STAGES}
    legs = network | {Rung(Stage.ENTRA)}
    assert target.needs(Rung(Stage.DNS)) == target.needs(Rung(Stage.ENTRA)) == frozenset()
    assert target.needs(Rung(Stage.CHALLENGE)) == network - {Rung(Stage.CHALLENGE)}
    assert target.needs(Rung(Stage.EXCHANGE)) == legs
    tokens = legs | {Rung(Stage.EXCHANGE), Rung(Stage.ACCESS_TOKEN, "b"), Rung(Stage.OPERATION, "b")}
    assert target.needs(Rung(Stage.DATA, "b")) == tokens
    basic = factories.target(factories.BASIC)
    assert basic.needs(Rung(Stage.ACCESS_TOKEN)) == network


def test_every_need_is_a_rung_above() -> None:
    """What a rung needs comes before it in the climb."""
    for target in (factories.target(), factories.target(factories.SERVICE_PRINCIPAL, "a", "b")):
        for number, rung in enumerate(target.rungs):
            assert target.needs(rung) <= set(target.rungs[:number])


def test_a_targets_id() -> None:
    """The id of a target is its login server and its identity's name."""
    assert factories.target().id == "myacr.azurecr.io-service-principal"


@pytest.mark.parametrize("password", ["hunter-two", "hun/ter-two", "hun@ter-two", "hun:ter-two"])
@pytest.mark.parametrize("address", ["u:{}@myacr.azurecr.io/team/app", "https://u:{}@myacr.azurecr.io/v2/", "{}@my.x"])
@pytest.mark.parametrize("parse", [Reference.parse, Registry.parse])
def test_a_password_in_an_address_is_not_repeated(parse, address, password):
    """It was pasted with what was asked for."""
    with pytest.raises(BadName) as raised:
        parse(address.format(password))
    assert "hun" not in str(raised.value)
    assert "ter-two" not in str(raised.value)


@pytest.mark.parametrize("rights", [{"must": ("pul",)}, {"must_not": ("psuh",)}, {"must": "pull"}])
def test_an_action_that_there_is_none(rights: dict[str, Any]) -> None:
    """Nobody could ever hold it, so that not holding it would pass for a proof."""
    with pytest.raises(BadName, match=r"unknown action .*; choose from pull, push, delete"):
        Target(Registry.parse("myacr"), Identity.of("azure-cli"), **rights)
