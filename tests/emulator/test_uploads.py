"""What the emulated registries take in: blobs in one piece, in parts or by mounting, and manifests."""

from __future__ import annotations

import json

import pytest
from emulator.visiting import REGISTRY, challenge_of, error

from pytest_acrauth.emulator.world.content import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, digest_of

PUSH = "repository:team/new:pull,push"
CONTENT = b"seven bytes, and a few more"
DIGEST = digest_of(CONTENT)
EMPTY = b"{}"


class Pusher:
    """Writes to the first registry as its admin user."""

    def __init__(self, visitor, *scopes):
        environ = visitor.emulator.environ
        login = (environ["ACR_ADMIN_USERNAME"], environ["ACR_ADMIN_PASSWORD"])
        answer = visitor.basic(*login, *(scopes or (PUSH,)))
        self._headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        self._http = visitor.http

    def send(self, method, path, **more):
        headers = self._headers | more.pop("headers", {})
        return self._http.request(method, REGISTRY + path, headers=headers, **more)

    def blob(self, content):
        """Write a blob in one piece."""
        path = f"/v2/team/new/blobs/uploads/?digest={digest_of(content)}"
        return self.send("POST", path, content=content)

    def manifest(self, reference="latest", **changed):
        """Write a manifest over two blobs, with some of its keys changed."""
        parts = {
            "config": {"mediaType": OCI_CONFIG, "digest": digest_of(EMPTY), "size": len(EMPTY)},
            "layers": [{"mediaType": OCI_LAYER, "digest": DIGEST, "size": len(CONTENT)}],
        }
        content = json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, **parts, **changed}).encode()
        headers = {"Content-Type": OCI_MANIFEST}
        return self.send("PUT", f"/v2/team/new/manifests/{reference}", content=content, headers=headers)


@pytest.fixture
def pusher(visitor):
    """Write to a repository that does not exist."""
    return Pusher(visitor)


def stored(visitor, name="team/new"):
    """Return a repository of the world."""
    return visitor.emulator.world.cloud.registries["myacr"].repositories.get(name)


def test_a_blob_in_parts(visitor, pusher):
    """A session takes parts in order, tells how far it is, and ends in a blob; each place differs from the last."""
    start = pusher.send("POST", "/v2/team/new/blobs/uploads/")
    assert (start.status_code, start.headers["Range"]) == (202, "0-0")
    place = start.headers["Location"]
    session = start.headers["Docker-Upload-Uuid"]
    assert place.startswith(f"/v2/team/new/blobs/uploads/{session}?_nouploadcache=false&_state=")
    first = pusher.send("PATCH", place, content=CONTENT[:10], headers={"Content-Range": "0-9"})
    assert (first.status_code, first.headers["Range"]) == (202, "0-9")
    assert first.headers["Location"] != place
    late = pusher.send("PATCH", first.headers["Location"], content=b"!", headers={"Content-Range": "12-12"})
    assert error(late) == (416, "RANGE_INVALID", "invalid content range")
    progress = pusher.send("GET", first.headers["Location"])
    assert (progress.status_code, progress.headers["Range"]) == (204, "0-9")
    second = pusher.send("PATCH", first.headers["Location"], content=CONTENT[10:])
    done = pusher.send("PUT", f"{second.headers['Location']}&digest={DIGEST}")
    assert (done.status_code, done.headers["Docker-Content-Digest"]) == (201, DIGEST)
    assert done.headers["Location"] == f"/v2/team/new/blobs/{DIGEST}"
    assert stored(visitor).blobs == {DIGEST: CONTENT}


def test_a_cancelled_session_is_over(visitor, pusher):
    """After it was cancelled a session is not known, and nothing was stored."""
    place = pusher.send("POST", "/v2/team/new/blobs/uploads/").headers["Location"]
    assert pusher.send("DELETE", place).status_code == 204
    gone = (404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        assert error(pusher.send(method, place)) == gone
    assert stored(visitor) is None


def test_a_session_belongs_to_its_repository(visitor, pusher):
    """The same session is unknown under another repository's name."""
    place = pusher.send("POST", "/v2/team/new/blobs/uploads/").headers["Location"]
    other = Pusher(visitor, "repository:team/app:pull,push")
    assert error(other.send("DELETE", place.replace("team/new", "team/app")))[:2] == (404, "BLOB_UPLOAD_UNKNOWN")


def test_content_must_have_its_digest(visitor, pusher):
    """Content under another digest than its own is not stored, in one piece or at a session's end."""
    refused = (400, "DIGEST_INVALID", "provided digest did not match uploaded content")
    path = "/v2/team/new/blobs/uploads/"
    assert error(pusher.send("POST", f"{path}?digest={DIGEST}", content=b"other")) == refused
    place = pusher.send("POST", path).headers["Location"]
    assert error(pusher.send("PUT", f"{place}&digest={DIGEST}", content=b"other")) == refused
    pusher.blob(EMPTY)
    pusher.blob(CONTENT)
    assert error(pusher.manifest(DIGEST)) == refused
    assert set(stored(visitor).blobs) == {digest_of(EMPTY), DIGEST}


def test_a_blob_is_mounted_only_by_who_may_read_it(visitor, pusher):
    """A blob of another repository is taken over with a right to read there; what is not there starts a session."""
    digest = next(iter(stored(visitor, "team/app").blobs))
    path = f"/v2/team/new/blobs/uploads/?mount={digest}&from=team/app"
    denied = pusher.send("POST", path)
    assert denied.status_code == 401
    assert challenge_of(denied) == ',scope="repository:team/app:pull",error="insufficient_scope"'
    reading = Pusher(visitor, PUSH, "repository:team/app:pull")
    assert reading.send("POST", path.replace(digest, DIGEST)).status_code == 202
    assert reading.send("POST", path).status_code == 201
    assert set(stored(visitor).blobs) == {digest}


def test_a_manifest_is_found_by_tag_and_digest(visitor, pusher):
    """A manifest whose parts are there is stored as it came, and moves its tag."""
    pusher.blob(EMPTY)
    pusher.blob(CONTENT)
    written = pusher.manifest()
    assert written.status_code == 201
    digest = written.headers["Docker-Content-Digest"]
    assert written.headers["Location"] == f"/v2/team/new/manifests/{digest}"
    assert pusher.manifest(digest).status_code == 201
    read = pusher.send("GET", "/v2/team/new/manifests/latest")
    assert digest_of(read.content) == digest
    moved = pusher.manifest(annotations={"a": "b"}).headers["Docker-Content-Digest"]
    assert stored(visitor).tags == {"latest": moved}
    assert set(stored(visitor).manifests) == {digest, moved}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, (400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry")),
        ({"config": None}, (400, "MANIFEST_INVALID", "manifest invalid")),
        ({"layers": [{}]}, (400, "MANIFEST_INVALID", "manifest invalid")),
    ],
)
def test_a_manifest_without_its_parts_is_refused(visitor, pusher, changed, expected):
    """A manifest that names content the repository has not, or names none, is not stored."""
    assert error(pusher.manifest(**changed)) == expected
    assert stored(visitor) is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v2/team/app/blobs/uploads/"),
        ("PATCH", "/v2/team/app/blobs/uploads/any"),
        ("PUT", "/v2/team/app/blobs/uploads/any"),
        ("DELETE", "/v2/team/app/blobs/uploads/any"),
        ("PUT", "/v2/team/app/manifests/latest"),
    ],
)
def test_writing_needs_push(visitor, method, path):
    """Who may only pull writes nothing, and is told which action is missing."""
    response = visitor.get(path, "repository:team/app:pull,push", method=method)
    assert response.status_code == 401
    assert challenge_of(response) == ',scope="repository:team/app:push",error="insufficient_scope"'
