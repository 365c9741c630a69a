"""What the emulated registries answer under /v2/ and /acr/v1/."""

from __future__ import annotations

import json

import pytest
from emulator.visiting import GENERIC, NULL_GUID, PULL, REGISTRY, challenge_of, error

from pytest_acrauth.emulator.world.cloud import CacheRule, PrivateEndpoint
from pytest_acrauth.emulator.world.content import Repository
from pytest_acrauth.emulator.world.network import Device


def test_base_answers_with_the_recorded_challenge(visitor):
    """Without credentials /v2/ is a 401 with exactly the recorded body and the registry's own headers."""
    response = visitor.http.get(f"{REGISTRY}/v2/")
    assert response.status_code == 401
    assert response.content == b'{"errors":[{"code":"UNAUTHORIZED","message":"%s","detail":null}]}\n' % GENERIC.encode()
    assert len(response.content) == 149
    expected = 'Bearer realm="https://myacr.azurecr.io/oauth2/token",service="myacr.azurecr.io"'
    assert response.headers["WWW-Authenticate"] == expected
    assert response.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/v2/team/app/manifests/latest", ("repository", "team/app", "pull")),
        ("/acr/v1/team%2Fapp/_tags", ("repository", "team/app", "metadata_read")),
        ("/v2/_catalog", ("registry", "catalog", "*")),
    ],
)
def test_resource_names_the_missing_scope(visitor, path, scope):
    """On a resource the challenge carries the scope that is needed, and the detail says it in capitalised keys."""
    response = visitor.http.get(REGISTRY + path)
    assert challenge_of(response) == f',scope="{":".join(scope)}"'
    assert response.json()["errors"][0]["detail"] == [dict(zip(("Type", "Name", "Action"), scope, strict=True))]


def test_service_principal_pulls_an_image(visitor):
    """From the Entra token to a layer's bytes, everything a pull needs is answered."""
    manifest = visitor.get("/v2/team/app/manifests/latest", PULL)
    layer = manifest.json()["layers"][0]
    redirect = visitor.get(f"/v2/team/app/blobs/{layer['digest']}", PULL)
    assert redirect.status_code == 307
    blob = visitor.http.get(redirect.headers["Location"])
    assert (blob.status_code, len(blob.content)) == (200, layer["size"])


def test_tokens_end(visitor):
    """Past its life an access token is not accepted, nor is a refresh token."""
    access = visitor.access(PULL).json()["access_token"]
    refresh = visitor.exchange().json()["refresh_token"]
    cloud = visitor.emulator.world.cloud
    real = cloud.clock
    cloud.clock = lambda: real() + 4 * 3600
    headers = {"Authorization": f"Bearer {access}"}
    response = visitor.http.get(f"{REGISTRY}/v2/team/app/manifests/latest", headers=headers)
    assert challenge_of(response) == f',scope="{PULL}",error="invalid_token"'
    assert error(visitor.basic(NULL_GUID, refresh)) == (401, "UNAUTHORIZED", GENERIC)


def test_token_of_another_kind_or_registry_is_invalid(visitor):
    """A refresh token does not open the interface, nor does one registry's access token open another."""
    refresh = visitor.exchange().json()["refresh_token"]
    access = visitor.access(PULL).json()["access_token"]
    for host, token in (("myacr", refresh), ("otheracr", access)):
        url = f"https://{host}.azurecr.io/v2/"
        response = visitor.http.get(url, headers={"Authorization": f"Bearer {token}"})
        assert response.headers["WWW-Authenticate"].endswith(',error="invalid_token"')


def test_token_without_the_action_is_insufficient(visitor):
    """An accepted token that lacks the action is told so, with the body of a missing login."""
    response = visitor.get("/v2/team/multi/manifests/latest", PULL)
    assert challenge_of(response) == ',scope="repository:team/multi:pull",error="insufficient_scope"'
    assert error(response) == (401, "UNAUTHORIZED", GENERIC)


def test_base_opens_for_any_access_token(visitor):
    """With an access token /v2/ is a 200, whatever the token grants."""
    assert visitor.get("/v2/").status_code == 200


def test_manifest_by_tag_digest_and_head(visitor):
    """A manifest is the same bytes by tag and by digest, and HEAD announces them without sending them."""
    by_tag = visitor.get("/v2/team/app/manifests/latest", PULL)
    digest = by_tag.headers["Docker-Content-Digest"]
    assert visitor.get(f"/v2/team/app/manifests/{digest}", PULL).content == by_tag.content
    head = visitor.get("/v2/team/app/manifests/latest", PULL, method="HEAD")
    assert head.content == b""
    assert head.headers["Content-Length"] == str(len(by_tag.content))


def test_index_leads_to_its_platforms(visitor):
    """An index lists a manifest per platform, each of which can be read."""
    scope = "repository:team/multi:pull"
    index = visitor.get("/v2/team/multi/manifests/latest", scope).json()
    assert [entry["platform"]["architecture"] for entry in index["manifests"]] == ["amd64", "arm64", "s390x"]
    for entry in index["manifests"]:
        manifest = visitor.get(f"/v2/team/multi/manifests/{entry['digest']}", scope)
        assert manifest.headers["Content-Type"] == entry["mediaType"] == manifest.json()["mediaType"]


def test_manifest_of_a_type_not_accepted_is_unknown(visitor):
    """A client that does not accept the stored type gets a 404 that says so, one that accepts anything the manifest."""
    path = "/v2/team/multi/manifests/latest"
    docker_only = "application/vnd.docker.distribution.manifest.v2+json"
    response = visitor.get(path, "repository:team/multi:pull", Accept=docker_only)
    assert error(response)[:2] == (404, "MANIFEST_UNKNOWN")
    assert visitor.get(path, "repository:team/multi:pull", Accept=f"{docker_only}, */*").status_code == 200


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("/v2/team/app/manifests/none", "MANIFEST_UNKNOWN", 'manifest tagged by "none" is not found'),
        ("/v2/team/app/manifests/sha256:00", "MANIFEST_UNKNOWN", "manifest sha256:00 is not found"),
        ("/v2/team/none/manifests/latest", "NAME_UNKNOWN", "repository name not known to registry"),
        ("/v2/team/app/blobs/sha256:00", "BLOB_UNKNOWN", "blob unknown to registry"),
        ("/acr/v1/team%2Fapp/_manifests/sha256:00", "MANIFEST_UNKNOWN", "manifest sha256:00 is not found"),
        ("/acr/v1/team%2Fapp/_tags/none", "TAG_UNKNOWN", "the specified tag does not exist"),
        ("/acr/v1/team%2Fnone/_tags/none", "TAG_UNKNOWN", "the specified tag does not exist"),
    ],
)
def test_what_is_not_there(visitor, path, code, message):
    """Each missing thing is a 404 with its own code."""
    both = ("repository:team/app:pull,metadata_read", "repository:team/none:pull,metadata_read")
    assert error(visitor.get(path, *both)) == (404, code, message)


@pytest.mark.parametrize("path", ["/v2/Team/app/manifests/latest", "/elsewhere"])
def test_what_is_no_page_is_plain_text(visitor, path):
    """A name that cannot exist is a plain 404, before any challenge."""
    response = visitor.http.get(REGISTRY + path)
    assert (response.status_code, response.text) == (404, "404 page not found\n")
    assert "X-Ms-Correlation-Request-Id" not in response.headers


def test_unknown_login_server_is_not_answered_for(visitor):
    """A host name that leads to a registry's address but is no registry's gets nothing."""
    headers = {"Host": "nobody.azurecr.io"}
    assert visitor.http.get(f"{REGISTRY}/v2/", headers=headers).status_code == 404
    assert visitor.http.post(f"{REGISTRY}/oauth2/token", headers=headers).status_code == 404


def test_deleting_needs_a_right_and_is_not_emulated(visitor):
    """DELETE is challenged like anything else, and refused as unsupported once authorised."""
    scope = "repository:team/app:delete"
    response = visitor.http.delete(f"{REGISTRY}/v2/team/app/manifests/latest")
    assert challenge_of(response) == f',scope="{scope}"'
    environ = visitor.emulator.environ
    admin = (environ["ACR_ADMIN_USERNAME"], environ["ACR_ADMIN_PASSWORD"])
    for path in ("/v2/team/app/manifests/latest", "/acr/v1/team%2Fapp/_tags/latest"):
        assert error(visitor.http.delete(REGISTRY + path, auth=admin))[:2] == (405, "UNSUPPORTED")


def test_lists_come_in_pages(visitor):
    """With n a list is cut and links to the rest; without, it is whole."""
    scope = "registry:catalog:*"
    first = visitor.get("/v2/_catalog?n=1", scope)
    assert first.json() == {"repositories": ["team/app"]}
    following = first.headers["Link"].partition(">")[0].removeprefix("<")
    last = visitor.get(following, scope)
    assert last.json() == {"repositories": ["team/multi"]}
    assert "Link" not in last.headers
    assert visitor.get("/v2/team/app/tags/list", PULL).json() == {"name": "team/app", "tags": ["latest"]}


def test_properties_follow_the_world(visitor):
    """Locks and platforms of the world show in repository and manifest properties."""
    scope = "repository:team/app:metadata_read"
    visitor.emulator.world.cloud.registries["myacr"].repositories["team/app"].locks.add("delete")
    about = visitor.get("/acr/v1/team%2Fapp", scope).json()
    assert (about["manifestCount"], about["tagCount"]) == (1, 1)
    assert about["changeableAttributes"]["deleteEnabled"] is False
    assert about["changeableAttributes"]["readEnabled"] is True
    listed = visitor.get("/acr/v1/team%2Fapp/_manifests", scope).json()["manifests"][0]
    one = visitor.get(f"/acr/v1/team%2Fapp/_manifests/{listed['digest']}", scope).json()["manifest"]
    assert one == listed
    assert (one["architecture"], one["os"], one["tags"]) == ("amd64", "linux", ["latest"])


@pytest.mark.parametrize(
    ("locks", "locked", "allowed"),
    [({"read"}, {}, False), (set(), {"latest": {"read"}}, False), ({"write", "delete"}, {"other": {"read"}}, True)],
)
def test_a_lock_stands_against_reading(visitor, locks, locked, allowed):
    """What is locked against reading, by the repository or by its tag, is disallowed in the recorded words."""
    repository = visitor.emulator.world.cloud.registries["myacr"].repositories["team/app"]
    repository.locks, repository.locked = locks, locked
    response = visitor.get("/v2/team/app/manifests/latest", PULL)
    if allowed:
        assert response.status_code == 200
    else:
        status, code, words = error(response)
        assert (status, code) == (405, "REGISTRY_DISALLOWED_OPERATION")
        assert words.startswith("The operation is disallowed on this registry, repository or image. View")


def test_what_is_in_quarantine_is_told_by_tag_and_digest(visitor):
    """By its tag an image in quarantine is not found, by its digest not let out, as the quarantine's page shows."""
    registry = visitor.emulator.world.cloud.registries["myacr"]
    repository = registry.repositories["team/app"]
    registry.quarantine, repository.quarantined = True, set(repository.manifests)
    assert error(visitor.get("/v2/team/app/manifests/latest", PULL))[:2] == (404, "MANIFEST_UNKNOWN")
    by_digest = visitor.get(f"/v2/team/app/manifests/{repository.tags['latest']}", PULL)
    assert error(by_digest) == (405, "REGISTRY_DISALLOWED_OPERATION", "The operation is disallowed.")


def test_reads_have_an_allowance_of_their_own(visitor):
    """Where that is used up tokens are still issued, and reads are put off for a while."""
    visitor.emulator.world.cloud.registries["myacr"].reads_throttled = True
    response = visitor.get("/v2/team/app/manifests/latest", PULL)
    assert (response.status_code, response.headers["Retry-After"]) == (429, "27")


def test_a_cache_fills_what_is_asked_for(visitor):
    """A rule fills its repository from the source, unless the source refuses or the registry shuts the cache out."""
    registry = visitor.emulator.world.cloud.registries["myacr"]
    upstream = Repository("mirror/app", 0.0)
    upstream.add_image("latest")
    rule = CacheRule("mirror", "registry.example.com/app", upstream, "upstream", healthy=False)
    registry.cache_rules.append(rule)
    scope, path = "repository:mirror/app:pull", "/v2/mirror/app/manifests/latest"
    assert visitor.get(path, scope).status_code == 404
    rule.healthy, registry.default_action, registry.ip_rules = True, "Deny", ["198.51.100.0/24"]
    registry.trusted_services = False
    assert visitor.get(path, scope).status_code == 404
    registry.trusted_services = True
    assert visitor.get(path, scope).status_code == 200
    shown = visitor.arm(f"{registry.resource_id}/cacheRules").json()["value"][0]["properties"]
    assert (shown["targetRepository"], shown["sourceRepository"]) == ("mirror/app", "registry.example.com/app")
    credentials = visitor.arm(shown["credentialSetResourceId"]).json()["properties"]["authCredentials"]
    assert [each["credentialHealth"]["status"] for each in credentials] == ["Healthy"]


def test_firewall_names_the_callers_address(visitor):
    """A refused address is named at the token endpoints and on resources, at /v2/ only where the world says so."""
    registry = visitor.emulator.world.cloud.registries["myacr"]
    token = visitor.access(PULL).json()["access_token"]
    registry.default_action = "Deny"
    words = "client with IP '198.51.100.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
    denied = (403, "DENIED", words)
    assert error(visitor.exchange()) == denied
    assert error(visitor.basic("myacr", "any")) == denied
    path = f"{REGISTRY}/v2/team/app/manifests/latest"
    assert error(visitor.http.get(path, headers={"Authorization": f"Bearer {token}"})) == denied
    assert visitor.http.get(f"{REGISTRY}/v2/").status_code == 401
    registry.firewall_at_challenge = True
    assert error(visitor.http.get(f"{REGISTRY}/v2/")) == denied


def test_firewall_lets_in_by_rule_and_private_endpoint(visitor):
    """An address rule opens a denying registry, not one without public access; a private endpoint opens both."""
    registry = visitor.emulator.world.cloud.registries["myacr"]
    registry.default_action, registry.ip_rules = "Deny", ["198.51.100.0/24"]
    assert visitor.exchange().status_code == 200
    registry.public_network_access = False
    assert visitor.exchange().status_code == 403
    (address,) = visitor.emulator.machine.resolve("myacr.azurecr.io").addresses
    registry.private_endpoints.append(PrivateEndpoint("pe", address))
    assert visitor.exchange().status_code == 200


def test_images_are_the_same_in_every_world(visitor):
    """Digests do not change from run to run, so that what is written down about them stays true."""
    config = visitor.get("/v2/team/app/manifests/latest", PULL).json()["config"]
    redirect = visitor.get(f"/v2/team/app/blobs/{config['digest']}", PULL)
    content = json.loads(visitor.http.get(redirect.headers["Location"]).content)
    assert (content["os"], content["architecture"]) == ("linux", "amd64")
    assert config["digest"] == "sha256:39c5b52ab39850fadfe5cd1cd59b2f703b4655cee124586970c9238f35bed4dd"


def test_a_dripped_answer_is_the_same_answer(visitor):
    """A device that lets a body through byte by byte changes nothing of it, and a client that leaves ends it."""
    visitor.emulator.world.network.devices["myacr.azurecr.io"] = Device(pause=0.0001)
    assert len(visitor.http.get(f"{REGISTRY}/v2/").content) == 149
    visitor.emulator.world.network.devices["myacr.azurecr.io"] = Device(pause=0.02)
    with visitor.http.stream("GET", f"{REGISTRY}/v2/") as response:
        assert len(next(response.iter_raw())) < 149
    assert visitor.http.get("https://otheracr.azurecr.io/v2/").status_code == 401
