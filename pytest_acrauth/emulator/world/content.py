"""What a registry stores: repositories with their tags, manifests and blobs, and small images to fill them with."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field, replace
from typing import Any

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


def digest_of(content: bytes) -> str:
    """Return the name under which a registry keeps a blob or manifest."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True)
class Manifest:
    """One manifest as stored: the bytes decide its digest. An index has no platform of its own."""

    media_type: str
    content: bytes
    architecture: str = ""
    os: str = ""

    @property
    def digest(self) -> str:
        return digest_of(self.content)


@dataclass
class Repository:
    """One repository. ``locks`` holds what is switched off: any of read, write, delete, list.

    ``locked`` is the same for one image, by its tag or digest. ``quarantined`` are the digests that no scanner has
    approved.
    """

    name: str
    created: float
    tags: dict[str, str] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    locks: set[str] = field(default_factory=set)
    locked: dict[str, set[str]] = field(default_factory=dict)
    quarantined: set[str] = field(default_factory=set)

    def copy(self) -> Repository:
        """Return a repository of its own with the same content."""
        return replace(
            self,
            tags=dict(self.tags),
            manifests=dict(self.manifests),
            blobs=dict(self.blobs),
            locks=set(self.locks),
            locked={name: set(locks) for name, locks in self.locked.items()},
            quarantined=set(self.quarantined),
        )

    def find(self, reference: str) -> Manifest | None:
        """Return the manifest behind a tag or digest."""
        return self.manifests.get(self.tags.get(reference, reference))

    def locks_on(self, reference: str) -> set[str]:
        """Return what is switched off for the image behind a tag or digest, which its repository can do too."""
        digest = self.tags.get(reference, reference)
        return self.locks | self.locked.get(reference, set()) | self.locked.get(digest, set())

    def keep(self, manifest: Manifest, tag: str | None = None) -> Manifest:
        """Store a manifest, under a tag if one is given."""
        self.manifests[manifest.digest] = manifest
        if tag is not None:
            self.tags[tag] = manifest.digest
        return manifest

    def add_image(self, tag: str | None, architecture: str = "amd64", *, oci: bool = False) -> Manifest:
        """Build and store an image of one layer that a container engine can really load."""
        layer_tar = _one_file("etc/motd", f"{self.name} for {architecture}\n".encode())
        layer = gzip.compress(layer_tar, mtime=0)
        config = _json(
            {
                "architecture": architecture,
                "os": "linux",
                "config": {"Cmd": ["/bin/true"]},
                "rootfs": {"type": "layers", "diff_ids": [digest_of(layer_tar)]},
                "history": [{"created_by": "COPY etc/motd"}],
            }
        )
        self.blobs |= {digest_of(layer): layer, digest_of(config): config}
        media_type = OCI_MANIFEST if oci else DOCKER_MANIFEST
        content = _json(
            {
                "schemaVersion": 2,
                "mediaType": media_type,
                "config": _descriptor(OCI_CONFIG if oci else DOCKER_CONFIG, config),
                "layers": [_descriptor(OCI_LAYER if oci else DOCKER_LAYER, layer)],
            }
        )
        return self.keep(Manifest(media_type, content, architecture, "linux"), tag)

    def add_index(self, tag: str, *architectures: str) -> Manifest:
        """Build and store an index over one image per architecture."""
        images = [self.add_image(None, architecture, oci=True) for architecture in architectures]
        manifests = [
            {
                **_descriptor(image.media_type, image.content),
                "platform": {"architecture": image.architecture, "os": image.os},
            }
            for image in images
        ]
        content = _json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests})
        return self.keep(Manifest(OCI_INDEX, content), tag)


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "size": len(content), "digest": digest_of(content)}


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _one_file(name: str, content: bytes) -> bytes:
    """Return a tar archive with the same bytes every time, so that digests do not change from run to run."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()
