"""One run: climb every target, side by side, and own what the climbs share."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_acrauth.auth import BadAuth, Credentials
from pytest_acrauth.model.client_record import ClientRecord, RecordLook
from pytest_acrauth.model.credential import CredentialFacts, Kind
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.evidence import OFF, EvidenceChoice, Look, Need, RegistryFacts
from pytest_acrauth.model.expiry import Expiring, ExpiryRecord
from pytest_acrauth.model.machine import Machine
from pytest_acrauth.model.secret import Secret, Secrets
from pytest_acrauth.model.target import NULL_GUID, Flow, Identity, Reference, Registry, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.probes.climb import SignedIn, ask_again, climb
from pytest_acrauth.probes.descriptors import as_many
from pytest_acrauth.probes.expiry import look_ahead
from pytest_acrauth.probes.http.network import Connector
from pytest_acrauth.probes.http.shared_work import THREADS
from pytest_acrauth.probes.machine import RealMachine
from pytest_acrauth.running.evidence import SharedLooks
from pytest_acrauth.running.identity_legs import IdentityLegs
from pytest_acrauth.running.waiting import Clock, Watcher, wait

if TYPE_CHECKING:
    from pytest_acrauth.probes.http.own_requests import Client

DEFAULT_TIMEOUT = 30.0
DEFAULT_JOBS = 128
_GLANCE = 0.2  # seconds between two looks at Ctrl-C
_SOON = 60.0  # seconds: a refresh token that ends within them is not used any more


def check(
    targets: Sequence[Target],
    machine: Machine | None = None,
    *,
    timeout: float = DEFAULT_TIMEOUT,
    wait: float = 0.0,
) -> tuple[Transcript, ...]:
    """Climb the targets on a machine (default: this one) and return their transcripts, in the targets' order.

    ``timeout`` is the limit for one climb in seconds, its evidence included: ValueError unless it is a positive number.
    What can be a change that is not in effect everywhere yet is tried again for ``wait`` seconds.
    Raises `pytest_acrauth.BadAuth` when an identity's variables are not set, or its flow is another than its method's.
    What a registry, Entra or the network do is in the transcripts, never raised; so is a defect of this package, in
    that of the target it struck.
    """
    if not 0 < timeout < math.inf:
        raise ValueError(f"timeout={timeout!r}: give the seconds that one climb may take")
    return Run(machine or RealMachine(), timeout=timeout, wait=wait).check(targets)


class Run:
    """The climbs of one machine: its SSL context, its register of secrets, its limits.

    ``timeout`` is the limit for one climb in seconds, its evidence included; ``jobs`` how many climb at once, fewer
    where this process may not open so many files; ``evidence`` says who may be asked why a climb broke; ``secrets`` is
    a register to use, else it has its own.
    ``wait`` is for how many seconds `check` tries again what can be a delay, by a ``clock``. Entra
    tokens and looks are shared by the climbs of one `check`, never by two: a later one asks again. `ask` goes on from
    where a climb of the same registry and identity signed in.
    """

    def __init__(
        self,
        machine: Machine,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        jobs: int = DEFAULT_JOBS,
        evidence: EvidenceChoice | None = None,
        secrets: Secrets | None = None,
        wait: float = 0.0,
        clock: Clock = Clock(),  # noqa: B008 - nothing can change it
    ) -> None:
        self.machine = machine
        self.secrets = Secrets() if secrets is None else secrets
        self._timeout = timeout
        self._jobs = jobs
        self._evidence = evidence or EvidenceChoice()
        self._wait = wait
        self._clock = clock
        self._connector: Connector | None = None
        self._signed_in: dict[tuple[Identity, Registry], SignedIn] = {}

    def check(
        self, targets: Sequence[Target], watcher: Watcher | None = None, *, at_once: Collection[Target] = ()
    ) -> tuple[Transcript, ...]:
        """Climb the targets, and wait as this run does, but for no target of ``at_once``; ``watcher`` hears of it."""
        climb = partial(self._climb, watcher=watcher, tokens_only=False)
        found = climb(targets)
        if not self._wait:
            return found
        waited = wait([one for one in found if one.target not in at_once], climb, self._wait, self._clock, watcher)
        last = {transcript.target: transcript for transcript in (*found, *waited)}
        return tuple(last[target] for target in targets)

    def ask(
        self,
        target: Target,
        repository: str,
        must: tuple[str, ...],
        must_not: tuple[str, ...] = (),
        *,
        all_of_them: bool = True,
        climbed: Transcript | None = None,
    ) -> Transcript:
        """Ask the registry for an access token for these actions on a repository, and for no more than that.

        An identity that is signed in there is asked for nothing else, and what was looked up for its climb
        (``climbed``) still holds; any other climbs up to the token. What the token grants is in the one `Access` of the
        transcript; actions it lacks, and those of ``must_not`` that it has, count as broken there. That is explained by
        evidence, as any break, unless not ``all_of_them`` are wanted and only what is granted matters. Raises
        `pytest_acrauth.BadName` for a text that is no repository reference.
        """
        narrowed = _narrowed(target, repository, must, must_not)
        signed_in = self._signed_in.get((target.identity, target.registry))
        if signed_in is not None and not self._ended(signed_in):
            seen, _ = ask_again(signed_in, narrowed, self._connect(), self._timeout)
            if climbed is not None:
                seen = replace(seen, evidence=climbed.evidence)
            if not _turned_away(seen):
                evidence = SharedLooks(self._connect(), self._evidence, self._timeout)
                return evidence.add(seen) if all_of_them or not _issued(seen) else seen
        return self._climb([narrowed], None, tokens_only=True, all_of_them=all_of_them)[0]

    def look_at_registry(self, target: Target) -> Look[RegistryFacts]:
        """Look at the record of a target's registry, asked as evidence is; what keeps one from it is in the look."""
        if self._evidence.method == OFF:
            return Look(why="nobody is asked, as --acr-evidence off says")
        evidence = SharedLooks(self._connect(), self._evidence, self._timeout)
        (look,) = evidence.look_at([self._unclimbed(target)], self._timeout).values()
        return look

    def login(self, target: Target) -> tuple[str, Secret] | None:
        """Return the user name and password that a program logs in to the registry with; None for nobody's.

        For an Entra identity that is a refresh token, for one with Basic credentials these. Climbs as far as it takes
        where nobody did yet, and again where the refresh token has ended; LookupError where the registry does not take
        the identity.
        """
        signed_in = self._sign_in(target)
        if signed_in.refresh_token is not None:
            return NULL_GUID, signed_in.refresh_token
        credential = signed_in.credential
        return (credential.user, credential.secret) if credential.secret is not None else None

    def client(self, target: Target, repository: str, actions: tuple[str, ...]) -> Client:
        """Return a client for the registry, with an access token for these actions on a repository.

        LookupError where the registry does not take the identity, or issues no token.
        """
        from pytest_acrauth.probes.http.own_requests import client_for

        narrowed = _narrowed(target, repository, actions)
        _, tokens = ask_again(self._sign_in(target), narrowed, self._connect(), self._timeout)
        if not tokens:
            raise LookupError(f"{target.registry.login_server} issued no access token for {repository}")
        return client_for(target.registry.login_server, tokens[0], self._connect(), self._timeout)

    def _sign_in(self, target: Target) -> SignedIn:
        """Return what the registry took, as it took it before or takes it now."""
        key = (target.identity, target.registry)
        if key not in self._signed_in or self._ended(self._signed_in[key]):
            self._signed_in.pop(key, None)
            self._climb([replace(target, references=())], None, tokens_only=True)
        if key not in self._signed_in:
            raise LookupError(f"{target.registry.login_server} does not take {target.identity.name}")
        return self._signed_in[key]

    def _ended(self, signed_in: SignedIn) -> bool:
        exchange = signed_in.transcript.exchange
        expires = exchange.claims.expires if exchange is not None and exchange.claims is not None else None
        return expires is not None and expires <= self.machine.now() + _SOON

    def check_client(
        self, name: str, targets: Sequence[Target] = (), climbed: Sequence[Transcript] = ()
    ) -> ClientRecord:
        """Check a client that must work on this machine, in no more time than a climb may take.

        Registries that az does not show, or whose stored login has ended, are looked at as evidence is: for one of the
        ``targets``, unless the evidence of a climb (``climbed``) has the look. What is wrong is in the record, never
        raised. Raises ValueError, naming the choices, for a client that is none.
        """
        from pytest_acrauth.probes.programs.clients import check_client

        began = time.monotonic()
        registries = tuple(dict.fromkeys(target.registry for target in targets))
        record = check_client(name, self.machine, self._timeout, registries)
        if self._evidence.method == OFF or not (record.unshown or record.ended):
            return record
        from pytest_acrauth.diagnosis.client import unplaced

        taken = ((each.target.registry.login_server, each.evidence.registry) for each in climbed)
        known = {server: look for server, look in taken if look is not None}
        looks = {server: known.get(server) for server in unplaced(record)}
        missing = [server for server, look in looks.items() if look is None]
        # The identity under test is the one to ask wherever it may: it comes before those that may not.
        by_right = sorted(targets, key=lambda target: target.identity.flow is Flow.ENTRA)
        asking = {target.registry.login_server: target for target in by_right}
        evidence = SharedLooks(self._connect(), self._evidence, self._timeout)
        left = self._timeout - (time.monotonic() - began)
        new = evidence.look_at([self._unclimbed(asking[server]) for server in missing], left)
        found = {server: look or new[server] for server, look in looks.items()}
        return replace(record, looks=tuple(RecordLook(*each) for each in found.items()))

    def look_ahead(self, wanted: Sequence[tuple[Expiring, Transcript]]) -> tuple[ExpiryRecord, ...]:
        """Look when credentials end, each with the climb of its target; asked as evidence is, side by side.

        What keeps anybody from looking is in the records, and a defect of this package in that of the credential.
        """
        return look_ahead(wanted, self.machine, self.secrets, self._ask_ahead)

    def _ask_ahead(self, wanted: Sequence[tuple[Need, Transcript]]) -> tuple[Look[Any], ...]:
        if self._evidence.method == OFF:
            return (Look(why="nobody is asked, as --acr-evidence off says"),) * len(wanted)
        return SharedLooks(self._connect(), self._evidence, self._timeout).look_ahead(wanted)

    def _climb(
        self,
        targets: Sequence[Target],
        watcher: Watcher | None,
        *,
        tokens_only: bool,
        all_of_them: bool = True,
    ) -> tuple[Transcript, ...]:
        try:
            connector = self._connect()
        except Exception as error:  # noqa: BLE001 - a defect of ours, which each target is told
            return tuple(self._failed(target, error) for target in targets)
        credentials = Credentials(self.machine.environ, self.secrets)
        identities = IdentityLegs(connector, self._timeout)
        evidence = SharedLooks(connector, self._evidence, self._timeout)
        waiting: queue.SimpleQueue[tuple[int, Target]] = queue.SimpleQueue()
        done: queue.SimpleQueue[tuple[int, Transcript | BaseException]] = queue.SimpleQueue()
        for numbered in enumerate(targets):
            waiting.put(numbered)

        def work() -> None:
            while True:
                try:
                    number, target = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    credential = credentials.read(target.identity, target.registry)
                    leg = identities.leg(target, credential)
                    keep = partial(self._signed_in.__setitem__, (target.identity, target.registry))
                    seen = climb(target, credential, connector, self._timeout, leg, tokens_only=tokens_only, keep=keep)
                    done.put((number, evidence.add(seen) if all_of_them or not _issued(seen) else seen))
                except BadAuth as error:
                    done.put((number, error))
                except Exception as error:  # noqa: BLE001 - a defect of ours: this target's failure, and no other's
                    done.put((number, self._failed(target, error)))
                except BaseException as error:  # noqa: BLE001 - raised again in the calling thread
                    done.put((number, error))

        # Daemon threads, not a pool: a pool holds the process after Ctrl-C until its running calls return.
        for number in range(min(as_many(self._jobs), len(targets))):
            threading.Thread(target=work, name=f"{THREADS}-climb-{number}", daemon=True).start()
        results: dict[int, Transcript] = {}
        while len(results) < len(targets):
            try:
                number, result = done.get(timeout=_GLANCE)
            except queue.Empty:
                continue
            if isinstance(result, BaseException):
                raise result
            results[number] = result
            if watcher is not None:
                watcher(len(results), len(targets))
        return tuple(results[number] for number in range(len(targets)))

    def _connect(self) -> Connector:
        if self._connector is None:
            self._connector = Connector.of(self.machine, self.secrets)
        return self._connector

    def _failed(self, target: Target, error: Exception) -> Transcript:
        """Return the transcript of a climb that a defect of ours ended before anything was recorded."""
        defect = Defect.of(error, "preparing the climb", secrets=self.secrets, rung=target.rungs[0])
        return replace(self._unclimbed(target), defect=defect)

    def _unclimbed(self, target: Target) -> Transcript:
        facts = CredentialFacts(kind=Kind.UNREAD)
        return Transcript(target=target, credential=facts, started=self.machine.now(), limit=self._timeout)


def _narrowed(target: Target, repository: str, must: tuple[str, ...], must_not: tuple[str, ...] = ()) -> Target:
    """Return a target that is about these rights on one repository and nothing else. Raises `BadName`."""
    return replace(target, references=(Reference.parse(repository),), must=must, must_not=must_not, apart=())


def _issued(transcript: Transcript) -> bool:
    """Whether an access token for the one repository was issued, whatever it grants."""
    return any(access.access_token is not None and access.access_token.issued for access in transcript.accesses)


def _turned_away(transcript: Transcript) -> bool:
    """Whether a registry that took an identity before takes it no more: its refresh token ended, or more changed."""
    tokens = (access.access_token for access in transcript.accesses)
    return any(token is None or token.reply is None or token.reply.status == 401 for token in tokens)
