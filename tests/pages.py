"""Runs to make pages of: of the emulator, and of many registries made out of those of a few."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pytest_acrauth.model import codec
from pytest_acrauth.model.observation import NotObserved
from pytest_acrauth.model.transcript import Waited
from pytest_acrauth.report.document import Climbed, Document, climbed, document_of

T = TypeVar("T")

READINESS = """
[identity.puller]
method = "service-principal"

[identity.stranger]
method = "anonymous"

[registry.myacr]

[[registry.myacr.access]]
identities = ["puller"]
repositories = ["team/app", "team/web"]

[[registry.myacr.refusal]]
identities = ["stranger"]
expect = ["identity-kept-out"]
"""
#: Worlds and limits in which a credential ends within each limit, beyond them, and unseen.
ENDS = (
    ("expiry-sp-secret", "--acr-auth=by-secret=service-principal", "--acr-expiry-warn=60", "--acr-expiry-fail=14"),
    ("healthy", "--acr-auth=warned=service-principal", "--acr-expiry-warn=400", "--acr-expiry-fail=14"),
    ("healthy", "--acr-auth=sound=service-principal", "--acr-expiry-warn=60", "--acr-expiry-fail=14"),
    ("healthy", "--acr-auth=unseen=service-principal", "--acr-expiry-warn=60", "--acr-evidence=off"),
)
OWN = "def test_of_one_s_own(): assert 1 == 2\n"


def kept(folder: Path, *args: str) -> Document:
    """Return a run of the emulator, in a process of its own and without this machine's configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    (folder / "acr.toml").write_text(READINESS, "utf-8")
    taken = ("ACR_", "AZURE_", "PYTEST_")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(taken)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    done = subprocess.run(
        [*command, "--acr-report=out.json", *args], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    found = document_of((folder / "out.json").read_text("utf-8")) if done.returncode in {0, 1} else None
    assert found is not None, done.stdout + done.stderr
    return found


def healthy(folder: Path) -> Document:
    """Return a run of one registry in which all is well."""
    return kept(folder, "--acr-registry=myacr", "--acr-emulate=healthy", "--acr-repository=team/app")


def broken(folder: Path) -> Document:
    """Return a run with all that a page can show.

    That is a cause that is proven, for two registries, and several that are not; an expected refusal that is met, and
    one that is not; a stage that was not seen; what was waited for in vain; a client; a test of one's own; changes; and
    credentials that end within each limit, beyond them, and unseen.
    """
    config = ("--acr-config=acr.toml", "--acr-emulate=exchange-no-role", "--acr-client=docker-config")
    proven = kept(folder / "proven", "--acr-registry=myacr,otheracr", "--acr-emulate=exchange-no-role")
    before = f"--acr-compare={folder / 'proven' / 'out.json'}"
    (folder / "several").mkdir()
    (folder / "several" / "test_own.py").write_text(OWN, "utf-8")
    several = kept(folder / "several", *config, "--acr-evidence=off", "--acr-checks=all", "test_own.py", before)
    refused = kept(folder / "refused", *config)
    ends = [
        kept(folder / f"ends{number}", "--acr-registry=myacr", f"--acr-emulate={world}", *limits)
        for number, (world, *limits) in enumerate(ENDS)
    ]
    first, second = (each.transcript for each in proven.climbed)
    unseen = replace(first, dns=NotObserved("a proxy looked it up"))
    waited = replace(second, waited=Waited(limit=600.0, attempts=4, seconds=37.5, network=2.0, permission=None))
    return replace(
        several,
        climbed=(*several.climbed, *climbed([unseen, waited]), *renamed(refused.climbed, "thirdacr")),
        checks=(*several.checks, *renamed(refused.checks, "thirdacr")),
        complete=False,
        credentials=tuple(credential for each in ends for credential in each.credentials),
    )


def renamed(found: Iterable[T], name: str) -> Iterator[T]:
    """Yield records with another registry's name instead of myacr."""
    for each in found:
        yield codec.from_json(type(each), codec.to_json(each).replace("myacr", name))


def many(document: Document, count: int) -> Document:
    """Return a run of many registries, made like the given ones in turn, each with a name of its own."""
    known = [(codec.to_json(each), each.registry.partition(".")[0]) for each in document.climbed]

    def made() -> Iterable[Climbed]:
        for number in range(count):
            text, name = known[number % len(known)]
            yield codec.from_json(Climbed, text.replace(name, f"registry{number:03}"))

    return replace(document, climbed=tuple(made()))
