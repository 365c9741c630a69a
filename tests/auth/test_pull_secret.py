"""A Kubernetes pull secret in a file that a variable names: its forms, its keys, and what is no such file."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_acrauth.auth import BadAuth, choose, pair, read_credential
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import Registry

MY, OTHER = Registry.parse("myacr"), Registry.parse("otheracr")
SPEC = "pull=docker-config:ACR_PULL"
PASSWORD = "planted-pull-password"
ENTRY = {"auth": base64.b64encode(f"puller:{PASSWORD}".encode()).decode()}
PLAIN = {"username": "puller", "password": PASSWORD, "email": "ci@contoso.example"}
NEWER = {"auths": {"myacr.azurecr.io": ENTRY}}
OLDER = {"https://myacr.azurecr.io": PLAIN}


def manifest(name: str, content: Any, field: str = "data") -> dict[str, Any]:
    """Return a Secret as kubectl prints it."""
    text = content if isinstance(content, str) else json.dumps(content)
    kept = base64.b64encode(text.encode()).decode() if field == "data" else text
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "acr"}, field: {name: kept}}


@pytest.fixture
def named(tmp_path: Path) -> Callable[[Any], dict[str, str]]:
    """Deliver environments that name a file with some content."""

    def written(content: Any) -> dict[str, str]:
        path = tmp_path / "pull-secret.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return {"HOME": str(tmp_path), "ACR_PULL_FILE": str(path)}

    return written


@pytest.mark.parametrize(
    "content",
    [
        NEWER,
        {"auths": {"myacr.azurecr.io": PLAIN}},
        {"auths": {"https://myacr.azurecr.io/v2/": ENTRY}},
        {"auths": {"*.azurecr.io": ENTRY, "myacr.azurecr.us": {"auth": "b3RoZXI6b3RoZXI="}}},
        {"auths": {"*.azurecr.io": {"auth": "b3RoZXI6b3RoZXI="}, "myacr.azurecr.io": ENTRY}},
        NEWER | {"credsStore": "desktop", "credHelpers": {"myacr.azurecr.io": "acr"}},
        OLDER,
        manifest(".dockerconfigjson", NEWER),
        manifest(".dockercfg", OLDER),
        manifest(".dockerconfigjson", NEWER, "stringData"),
    ],
    ids=str,
)
def test_what_is_a_pull_secret(named: Callable[[Any], dict[str, str]], content: Any) -> None:
    """Each form gives the registry's user and password, and says where it was read; no helper is run for it."""
    environ, secrets = named(content), Secrets()
    (chosen,) = choose([SPEC], environ, [MY])
    assert (chosen.variables, chosen.notes) == (("ACR_PULL_FILE",), ())
    assert [registry for registry, _ in pair([MY], [chosen], environ)] == [MY]
    credential = read_credential(chosen.identity, MY, environ, secrets)
    assert (credential.user, credential.helper, credential.facts.kind) == ("puller", "", Kind.SCOPE_MAP_TOKEN)
    assert credential.facts.source == f"ACR_PULL_FILE ({environ['ACR_PULL_FILE']})"
    assert secrets.scrub(f"<{PASSWORD}>") == "<***>"


def test_it_is_used_where_it_has_an_entry(named: Callable[[Any], dict[str, str]]) -> None:
    """One registry's entry is never taken for another's."""
    environ = named(NEWER)
    chosen = choose([SPEC, "anonymous"], environ, [MY, OTHER])
    found = [(registry.name, who.name) for registry, who in pair([MY, OTHER], chosen, environ)]
    assert found == [("myacr", "pull"), ("myacr", "anonymous"), ("otheracr", "anonymous")]


def test_it_is_named_and_never_detected(named: Callable[[Any], dict[str, str]]) -> None:
    """No variable of it is looked for, and without a prefix the docker config is meant."""
    environ = named(NEWER)
    with pytest.raises(BadAuth, match="no credential found") as caught:
        choose(["default"], environ, [MY])
    assert "ACR_PULL_FILE" not in str(caught.value)
    with pytest.raises(BadAuth, match="docker-config needs the environment variables CI_FILE"):
        choose(["docker-config:CI"], environ, [MY])


UNUSABLE: Mapping[str, tuple[Any, str]] = {
    "no JSON": ("planted-word: {", "it is no JSON object; kubectl prints one with -o json"),
    "a list": (["planted-word"], "it is no JSON object"),
    "too deep": ("[" * 100_000, "it is no JSON object"),
    "auths of another shape": ({"auths": ["planted-word"]}, "its auths are no JSON object"),
    "an opaque Secret": (manifest("planted-word", "x"), "a Secret without a .dockerconfigjson that holds JSON"),
    "a Secret cut off": (manifest(".dockerconfigjson", "{planted-word"), "a Secret without a .dockerconfigjson"),
    "a Secret in no base64": (
        {"kind": "Secret", "data": {".dockerconfigjson": "planted-word!"}},
        "a Secret without a .dockerconfigjson",
    ),
    "nothing for it": ({"auths": {"planted-word.azurecr.io": ENTRY}}, "holds no entry for myacr.azurecr.io"),
    "an entry that is none": (
        {"auths": {"myacr.azurecr.io": {"auth": "cGxhbnRlZC13b3Jk"}}},
        "has an auth that is no user name and password",
    ),
    "an empty entry": ({"auths": {"myacr.azurecr.io": {}}}, "holds no entry for myacr.azurecr.io"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_is_none(named: Callable[[Any], dict[str, str]], case: str) -> None:
    """It is a usage error that names variable and path, and says nothing of what is in the file."""
    content, words = UNUSABLE[case]
    environ = named(content)
    with pytest.raises(BadAuth) as caught:
        pair([MY], choose([SPEC], environ, [MY]), environ)
    said = str(caught.value)
    assert said.startswith("ACR_PULL_FILE: ")
    assert environ["ACR_PULL_FILE"] in said
    assert words in said
    assert "planted" not in said
    assert PASSWORD not in said
    assert caught.value.__cause__ is None or "planted" not in str(caught.value.__cause__)


@pytest.mark.parametrize(("path", "words"), [("nothing", "No such file"), (".", "Is a directory")])
def test_what_cannot_be_read(tmp_path: Path, path: str, words: str) -> None:
    """A file that is not there, and what is no file."""
    environ = {"ACR_PULL_FILE": str(tmp_path / path)}
    with pytest.raises(BadAuth, match=f"ACR_PULL_FILE: cannot read .*{words}"):
        choose([SPEC], environ, [MY])
