"""The climbs of a run, and the checks of its clients: taken once, kept, and taken again for a check that is run again.

Who asks for them, and when, is not known here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from pytest_acrauth.model.client_record import ClientRecord
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.evidence import Look, RegistryFacts
from pytest_acrauth.model.expiry import Expiring, ExpiryRecord
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import Identity, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.plugin.asked.plan import Plan
from pytest_acrauth.plugin.climbing.progress import Progress
from pytest_acrauth.probes.descriptors import as_many
from pytest_acrauth.running.run import Run


class Needs(NamedTuple):
    """What tests need before they run: targets climbed, clients checked, and credentials looked at."""

    targets: tuple[Target, ...] = ()
    clients: tuple[str, ...] = ()
    expiring: tuple[Expiring, ...] = ()


class _Question(NamedTuple):
    """What a registry is asked beside a climb."""

    target: Target
    repository: str
    must: tuple[str, ...]
    must_not: tuple[str, ...]
    all_of_them: bool


class Compared(NamedTuple):
    """What a test compared granted actions with: the actions that were missing then, and those that were too many."""

    target: Target
    repository: str
    missing: tuple[str, ...]
    excess: tuple[str, ...]


def run_of(plan: Plan, secrets: Secrets) -> Run:
    """Return what climbs as a plan says; ``secrets`` is the register of what it must not show."""
    return Run(
        plan.machine, timeout=plan.timeout, jobs=plan.jobs, evidence=plan.evidence, secrets=secrets, wait=plan.wait
    )


class Climbs:
    """The transcripts of a run: climbed on demand, kept, and climbed again when a failed check is run again."""

    def __init__(self, plan: Plan, run: Run, expiring: Iterable[Expiring] = ()) -> None:
        self.plan = plan
        self.expiring = tuple(expiring)
        self.run = run
        self._transcripts: dict[str, Transcript] = {}
        self._to_be_refused = {each.target for each in plan.refusals} - {*plan.targets}
        self._waited_for: set[Target] = set()
        self._clients: dict[str, ClientRecord] = {}
        self._ahead: dict[str, ExpiryRecord] = {}
        self._asked: dict[_Question, Transcript] = {}
        self.compared: list[Compared] = []
        self._records: dict[Target, Look[RegistryFacts]] = {}

    def of(self, target: Target) -> Transcript:
        """Return a target's transcript, climbing if nobody did yet."""
        self.gather([target])
        return self._transcripts[target.id]

    def seen(self, target: Target) -> Transcript | None:
        """Return a target's transcript; None where nobody climbed yet."""
        return self._transcripts.get(target.id)

    @property
    def climbed(self) -> tuple[Transcript, ...]:
        """What was seen of every target that was climbed, in the order of the plan."""
        found = map(self.seen, self.plan.targets)
        return tuple(transcript for transcript in found if transcript is not None)

    @property
    def every(self) -> tuple[Transcript, ...]:
        """What was seen of every target that was climbed, those that must be refused among them."""
        found = (self._transcripts.get(target.id) for target in self.plan.every_target)
        return tuple(transcript for transcript in found if transcript is not None)

    @property
    def checked(self) -> tuple[ClientRecord, ...]:
        """What was seen of every client that was checked."""
        return tuple(self._clients.values())

    def longest(self, needs: Needs) -> float:
        """Return how many seconds it takes at most to gather all that tests need.

        Where a run waits, an attempt can begin as late as at the end of that.
        """
        climbing = math.ceil(len(needs.targets) / as_many(self.plan.jobs)) * self.plan.timeout
        waiting = self.plan.wait + climbing if self.plan.wait and needs.targets else 0.0
        rounds = len(needs.clients) + bool(needs.expiring)
        return climbing + waiting + rounds * self.plan.timeout

    def gather_all(self, needs: Needs, progress: Progress | None = None) -> None:
        """Climb the targets and check the clients that tests need, as far as nobody did yet."""
        self.gather(needs.targets, progress)
        for name in needs.clients:
            self.client(name)
        self.look_ahead(needs.expiring)

    def gather(self, targets: Iterable[Target], progress: Progress | None = None) -> None:
        """Climb those of the targets that were not climbed yet, side by side."""
        missing = [target for target in dict.fromkeys(targets) if target.id not in self._transcripts]
        if missing:
            self.keep(self.run.check(missing, progress, at_once=self._to_be_refused))

    def keep(self, transcripts: Iterable[Transcript]) -> None:
        """Take over transcripts, in the place of older ones."""
        for transcript in transcripts:
            self._transcripts[transcript.target.id] = transcript
            self._note(transcript)

    def _note(self, transcript: Transcript) -> None:
        """Remember whom this run has waited for."""
        if transcript.waited is not None and transcript.waited.attempts > 1:
            self._waited_for.add(transcript.target)

    def client(self, name: str) -> ClientRecord:
        """Return what the check of a client recorded, checking it if nobody did yet."""
        if name not in self._clients:
            try:
                record = self.run.check_client(name, self.plan.targets, self.climbed)
            except Exception as error:  # noqa: BLE001 - a defect of ours: this client's failure, and nobody else's
                defect = Defect.of(error, f"checking {name}", secrets=self.run.secrets)
                record = ClientRecord(client=name, checked_at=self.plan.machine.now(), defect=defect)
            self._clients[name] = record
        return self._clients[name]

    def client_again(self, name: str) -> ClientRecord:
        """Check a client once more and return what was seen now."""
        self._clients.pop(name, None)
        return self.client(name)

    def keep_clients(self, records: Iterable[ClientRecord]) -> None:
        """Take over what client checks recorded."""
        self._clients |= {record.client: record for record in records}

    @property
    def looked_ahead(self) -> tuple[ExpiryRecord, ...]:
        """What was seen of the end of every credential that was looked at, in their order."""
        found = (self._ahead.get(each.id) for each in self.expiring)
        return tuple(record for record in found if record is not None)

    def look_ahead(self, expiring: Iterable[Expiring]) -> None:
        """Look when those of the credentials end that nobody looked at yet, once their targets are climbed."""
        missing = [each for each in expiring if each.id not in self._ahead]
        if missing:
            from pytest_acrauth.diagnosis.expiry import by_the_clock

            self.gather(each.target for each in missing)
            found = self.run.look_ahead([(each, self.of(each.target)) for each in missing])
            self.keep_ahead(by_the_clock(record, self.of(record.target)) for record in found)

    def ahead(self, one: Expiring) -> ExpiryRecord:
        """Return what was seen of a credential's end, looking where nobody did yet."""
        self.look_ahead([one])
        return self._ahead[one.id]

    def ahead_again(self, one: Expiring) -> ExpiryRecord:
        """Sign in and look once more, and return what was seen now."""
        self.again(one.target)
        self._ahead.pop(one.id, None)
        return self.ahead(one)

    def keep_ahead(self, records: Iterable[ExpiryRecord]) -> None:
        """Take over what was seen of the ends of credentials."""
        self._ahead |= {record.id: record for record in records}

    def ask(
        self,
        target: Target,
        repository: str,
        must: tuple[str, ...],
        must_not: tuple[str, ...] = (),
        *,
        all_of_them: bool = True,
    ) -> Transcript:
        """Ask the registry, live, for actions on a repository, as `Run.ask` does; once for the same question."""
        question = _Question(target, repository, must, must_not, all_of_them)
        if question not in self._asked:
            climbed = self._transcripts.get(target.id)
            self._asked[question] = self.run.ask(
                target, repository, must, must_not, all_of_them=all_of_them, climbed=climbed
            )
        return self._asked[question]

    def record(self, target: Target) -> Look[RegistryFacts]:
        """Return a look at the record of a target's registry: that of its climb, or of the first who asks.

        Another registry's of the same name is none.
        """
        kept = self._records.get(target) or self.of(target).evidence.registry
        if kept is None:
            kept = self.run.look_at_registry(target)
        if kept.value is not None and kept.value.is_namesake(target.registry.global_endpoint):
            why = f"the registry of that name that is shown is another one, {kept.value.login_server}"
            kept = Look(who=kept.who, why=why)
        self._records[target] = kept
        return kept

    def without_credential(self, target: Target) -> Transcript:
        """Return the transcript of whoever asks a target's registry without a credential, climbing if nobody did yet.

        Nothing is waited for: that nobody gets in is what is hoped for.
        """
        nobody = _nobody_at(target)
        if nobody.id not in self._transcripts:
            self.keep(self.run.check([nobody], at_once={nobody}))
        return self._transcripts[nobody.id]

    def forget(self, target: Target) -> None:
        """Let every question about a target be asked again; climb again what was broken."""
        self._forget_answers(target)
        if any(self.of(target).broken()):
            self.again(target)

    def _forget_answers(self, target: Target) -> None:
        self._records.pop(target, None)
        if _nobody_at(target) not in self.plan.every_target:
            self._transcripts.pop(_nobody_at(target).id, None)
        self._asked = {asked: answer for asked, answer in self._asked.items() if asked.target != target}

    def again(self, target: Target) -> Transcript:
        """Climb once more and return what was seen; it replaces the old transcript only where it broke nothing new.

        Checks that were judged on the old one relied on others to fail, and these may be over. What was waited for once
        is not waited for again: each check that is run again would.
        """
        before = set(self.of(target).broken())
        self._forget_answers(target)
        (transcript,) = self.run.check([target], at_once=self._waited_for | self._to_be_refused)
        self._note(transcript)
        if before >= set(transcript.broken()):
            self.keep([transcript])
        return transcript


def _nobody_at(target: Target) -> Target:
    return Target(target.registry, Identity.of("anonymous"))
