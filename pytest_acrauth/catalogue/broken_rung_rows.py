"""What was seen at a broken rung, in labelled rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_acrauth.catalogue.facts import (
    Row,
    broken_part,
    one_line,
    peer,
    reply,
    told_once,
    trouble,
    trouble_text,
    word,
)
from pytest_acrauth.catalogue.shape import Break
from pytest_acrauth.model.credential import CredentialFacts
from pytest_acrauth.model.observation import Data, Dns, Entra, NotObserved, Reply, Tcp, Tls, Trouble
from pytest_acrauth.model.stage import Rung
from pytest_acrauth.model.target import Flow, Identity
from pytest_acrauth.model.transcript import Transcript

# The ids that services write into what they say, and the times beside them.
_IDS = re.compile(
    r" *\b(?:CorrelationId|Correlation ID|Trace ID|Request ?Id|Timestamp): ?[\w:.-]{1,60}(?: \d\d:\d\d:\d\dZ)?\.?",
    re.IGNORECASE,
)


def rows_of(seen: Break) -> Iterator[Row]:
    """Yield the rows in the order in which they are printed: the answer, the wait, the way, who asked, the stages."""
    yield from _exchange(seen)
    yield from _waited(seen)
    yield from _way(seen)
    yield from _who(seen)
    yield from _stages(seen)


def _exchange(seen: Break) -> Iterator[Row]:
    found = reply(seen)
    if found is not None:
        yield Row("answer", f"{found.status} {_said(found)} (to {found.method} {found.url})")
        if found.detail:
            yield Row("detail", found.detail, detail=True)
        if found.correlation_id:
            yield Row("correlation id", found.correlation_id)
    if (why := trouble(seen)) is not None:
        said = told_once(str(why), trouble_text(seen))
        waited = why in {Trouble.TIMEOUT, Trouble.OUT_OF_TIME}
        after = f" after {seen.observation.elapsed:.1f} s" if waited else ""
        yield Row("trouble", f"{seen.stage.words} at {peer(seen)}: {said}{after}")
    if isinstance(seen.observation, Entra) and seen.observation.codes:
        yield Row("authority", seen.observation.authority, detail=True)
        yield Row("Entra codes", ", ".join(f"AADSTS{code}" for code in seen.observation.codes), detail=True)
        yield Row("Entra trace id", seen.observation.trace_id or "none", detail=True)


def _waited(seen: Break) -> Iterator[Row]:
    """Yield what became of the wait for this to take effect, where one was wanted."""
    waited = seen.transcript.waited
    if waited is None:
        return
    over = f"{waited.no_delay} is no delay" if waited.no_delay else ""
    over = f"{waited.asked:g} s of silence were asked for, and less was left" if waited.asked else over
    took = f"{round(waited.seconds, 1):g} of {waited.limit:g} s, {waited.attempts} attempts"
    if waited.attempts == 1:
        yield Row("not waited", over, detail=not waited.asked)
    elif over:
        yield Row("waited", f"{took}, then no longer: {over}")
    else:
        network = f"after {round(waited.network, 1):g} s" if waited.network else "at once"
        held = "did not hold" if waited.network is None else f"held {network}, permission did not"
        yield Row("waited", f"{took}: the network {held}")


def _said(found: Reply) -> str:
    """Return what was answered; without the ids in it where one has a row of its own, so that there is one to quote."""
    return _IDS.sub("", found.words).strip() if found.correlation_id else found.words


def _who(seen: Break) -> Iterator[Row]:
    transcript = seen.transcript
    registry, identity, credential = transcript.target.registry, transcript.target.identity, transcript.credential
    yield Row("identity", one_line(_identity(identity, credential), 600))
    yield Row("registry", f"{registry.login_server} ({registry.cloud.name})", detail=True)
    if identity.flow is Flow.ENTRA and (tenant := one_line(word(credential.tenant_id))):
        yield Row("tenant", tenant, detail=True)
    if credential.also:
        yield Row("not used", f"the environment also holds a credential for {', '.join(credential.also)}", detail=True)
    if transcript.proxy:
        yield Row("proxy", transcript.proxy)
    for host, seconds in transcript.held_back:
        yield Row("held back", f"{seconds:.1f} s: {host} had asked for silence before", detail=True)


def _identity(identity: Identity, credential: CredentialFacts) -> str:
    """Say who signs in, by which method, and from where its credential was read."""
    who = " ".join(filter(None, [str(credential.kind), credential.user_name or credential.client_id]))
    told = who if identity.name == identity.method else f"{identity.name} = {who}"
    # The secret's own variable stands last in the list of them, and tells most.
    read = credential.source or ", ".join(reversed(credential.variables))
    return f"{told}, from {read}" if read else told


def _way(seen: Break) -> Iterator[Row]:
    observation, part = seen.observation, broken_part(seen)
    if isinstance(observation, Data) and observation.redirect:
        yield Row("redirected to", f"{observation.redirect} {observation.refused}".strip())
    if isinstance(part, Dns) and part.resolution is not None:
        yield Row("look-up", f"{part.host}: {part.resolution.text or part.resolution.outcome}")
        if part.resolution.chain is not None:
            yield Row("aliases", " → ".join(part.resolution.chain), detail=True)
    if isinstance(part, Tcp):
        tried = [f"{attempt.address} ({attempt.trouble or 'connected'})" for attempt in part.attempts]
        yield Row("tried", f"{part.host} port {part.port}: {', '.join(tried) or 'no address'}")
    if isinstance(part, Tls):
        if part.certificate is not None:
            shown = part.certificate
            told = f"for {', '.join(shown.names) or shown.subject}, from {shown.issuer}"
            yield Row("certificate", told)
            yield Row("valid", f"{shown.not_before} to {shown.not_after}", detail=True)
        yield Row("trust store", part.trust, detail=True)
        if part.verify_code is not None:
            yield Row("verification", f"code {part.verify_code}", detail=True)


def _stages(seen: Break) -> Iterator[Row]:
    """Yield how far the climb came: the shared stages, and those of the repository that this is about."""
    transcript = seen.transcript
    rungs = [rung for rung in transcript.target.rungs if seen.rung.reference is None or rung.reference in _about(seen)]
    groups: dict[str, list[str]] = {"passed": [], "broken": [], "not reached": [], "not observed": []}
    for rung in rungs:
        groups[_state(transcript, rung)].append(str(rung.stage))
    told = [f"{' '.join(dict.fromkeys(stages))} {state}" for state, stages in groups.items() if stages]
    yield Row("stages", "; ".join(told))
    about = [each.text for each in transcript.target.references if seen.rung.reference in {None, each.text}]
    if not transcript.target.references:
        yield Row("rights", "none was proven: no repository was named")
    elif any("push" in each.must and not each.pushes for each in map(transcript.target.rights, about)):
        yield Row("rights", "push is judged by the access token alone; --acr-prove-push opens an upload", detail=True)
    timed = [(rung.stage, transcript.at(rung)) for rung in rungs]
    took = [f"{stage} {each.elapsed:.2f} s" for stage, each in timed if not isinstance(each, NotObserved | None)]
    yield Row("seconds", ", ".join(dict.fromkeys(took)), detail=True)
    for stage, each in timed:
        if isinstance(each, NotObserved):
            yield Row("not observed", f"{stage} ({each.reason})", detail=True)


def _about(seen: Break) -> set[str | None]:
    return {None, seen.rung.reference}


def _state(transcript: Transcript, rung: Rung) -> str:
    observation = transcript.at(rung)
    if observation is None:
        return "not reached"
    if isinstance(observation, NotObserved):
        return "not observed"
    return "passed" if observation.ok else "broken"
