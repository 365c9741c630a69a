"""What changed between two runs: who newly fails or is repaired, and which address, certificate or right is another."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from pytest_acrauth.model.observation import Dns, Tls
from pytest_acrauth.model.outlook import Verdict
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.report.document import Change, Check, Client, Climbed, Credential, Diagnosed, Document, End, Kind

T = TypeVar("T")
_FAILS, _PASSES = str(Verdict.FAILS), str(Verdict.PASSES)


def changes(before: Document, now: Document) -> tuple[Change, ...]:
    """Return what changed, failures first. What an unfinished run did not come to is not called gone, or new."""
    whole = before.complete and now.complete
    found = [
        *_of(before.climbed, now.climbed, _who, _climb, whole=whole),
        *_of(before.clients, now.clients, lambda client: f"client {client.name}", _judged, whole=whole),
        *_of(before.credentials, now.credentials, _which, _ends, whole=whole),
        *_of(_own(before), _own(now), lambda check: check.id, _check, whole=False),
    ]
    order = list(Kind)
    return tuple(sorted(found, key=lambda change: order.index(change.kind)))


def _of(
    before: Iterable[T],
    now: Iterable[T],
    name: Callable[[T], str],
    compare: Callable[[str, T, T], Iterator[Change]],
    *,
    whole: bool,
) -> Iterator[Change]:
    old, new = {name(each): each for each in before}, {name(each): each for each in now}
    for about, each in new.items():
        if about in old:
            yield from compare(about, old[about], each)
        elif whole:
            yield Change(kind=Kind.NEW, about=about)
    if whole:
        yield from (Change(kind=Kind.GONE, about=about) for about in old if about not in new)


def _who(climbed: Climbed) -> str:
    return f"{climbed.registry} {climbed.identity}"


def _climb(about: str, before: Climbed, now: Climbed) -> Iterator[Change]:
    if before.expected and now.expected:  # whether it was refused as it should be, the refusal's own check tells
        was, refused = _ids(before.diagnoses), _ids(now.diagnoses)
        if was and refused and was != refused:
            yield Change(kind=Kind.CHANGED, about=about, what=f"refused by {refused}, was {was}")
    elif not now.expected:  # who was to be refused the last time did not fail for it
        yield from _judged(about, replace(before, ready=True, diagnoses=()) if before.expected else before, now)
    old, new = dict(_facts(before.transcript)), dict(_facts(now.transcript))
    for name, value in new.items():
        if name in old and old[name] != value:
            yield Change(kind=Kind.CHANGED, about=about, what=f"{name} {value}, was {old[name]}")


def _judged(about: str, before: Climbed | Client, now: Climbed | Client) -> Iterator[Change]:
    was, says = _ids(before.diagnoses), "; ".join(each.explanation.headline for each in now.diagnoses)
    if before.ready and not now.ready:
        yield Change(kind=Kind.FAILING, about=about, what=says)
    elif now.ready and not before.ready:
        yield Change(kind=Kind.REPAIRED, about=about, what=f"was {was}")
    elif was != _ids(now.diagnoses):
        yield Change(kind=Kind.OTHERWISE, about=about, what=f"{says}, was {was}")


def _ids(diagnoses: Iterable[Diagnosed]) -> str:
    return ", ".join(dict.fromkeys(each.explanation.id for each in diagnoses))


def _facts(transcript: Transcript) -> Iterator[tuple[str, str]]:
    """Yield what is worth a line where it is another thing than before, as far as this climb came to it."""
    if isinstance(transcript.dns, Dns) and transcript.dns.resolution is not None and transcript.dns.ok:
        yield "address", ", ".join(sorted(transcript.dns.resolution.addresses))
    if isinstance(transcript.tls, Tls) and transcript.tls.certificate is not None:
        shown = transcript.tls.certificate
        yield "certificate", f"from {shown.issuer} until {shown.not_after}"
    for access in transcript.accesses:
        token = access.access_token
        if token is not None and token.granted is not None:
            yield f"rights on {access.reference.repository}", ", ".join(sorted(token.granted)) or "none"
    roles = transcript.evidence.roles
    if roles is not None and roles.value is not None:
        yield "roles", ", ".join(sorted({each.role for each in roles.value.assignments})) or "none"


def _which(credential: Credential) -> str:
    return f"expiry {' '.join(credential.id.split('::'))}"


def _ends(about: str, before: Credential, now: Credential) -> Iterator[Change]:
    """Yield what is another end, and of what is told anyway the days that are left.

    A name is what people call a credential, which two can share: where all have ids, these tell them apart.
    """
    said = "; ".join(now.lines)
    if now.verdict != before.verdict and now.verdict == _FAILS:
        yield Change(kind=Kind.FAILING, about=about, what=said)
    elif now.verdict == _PASSES and before.verdict == _FAILS:  # what nobody could look at is not repaired
        yield Change(kind=Kind.REPAIRED, about=about, what=said)
    elif now.verdict != before.verdict:
        yield Change(kind=Kind.CHANGED, about=about, what=said)
    every = (*before.ends, *now.ends)
    by_id = all(each.id for each in every)
    old, new = ({each.id if by_id else each.name: each for each in ends} for ends in (before.ends, now.ends))
    shared = {one.name for one in every for other in every if by_id and one.name == other.name and one.id != other.id}
    for key, each in new.items():
        name = _called(each, shared)
        if key not in old:
            yield Change(kind=Kind.CHANGED, about=about, what=f"{name} is new, ends {each.ends or 'never'}")
        elif old[key].ends != each.ends:
            was = old[key].ends or "never"
            yield Change(kind=Kind.CHANGED, about=about, what=f"{name} ends {each.ends or 'never'}, was {was}")
        elif each.near and each.days_left is not None and (left := old[key].days_left) is not None:
            days = f"{name} has {each.days_left:g} days left, was {left:g}"
            yield Change(kind=Kind.CHANGED, about=about, what=days)
    gone = [_called(each, shared) for key, each in old.items() if key not in new]
    yield from (Change(kind=Kind.CHANGED, about=about, what=f"{name} is gone") for name in gone)


def _called(end: End, shared: Container[str]) -> str:
    return f"{end.name} ({end.id})" if end.name in shared else end.name


def _own(document: Document) -> Iterator[Check]:
    """Yield the tests that are no check of ours, which is told by what it is about, and the checks of refusals."""
    return (check for check in document.checks if check.of_refusal or not check.ours)


def _check(about: str, before: Check, now: Check) -> Iterator[Change]:
    if now.failed and not before.failed:
        yield Change(kind=Kind.FAILING, about=about, what=now.why)
    elif now.outcome == "passed" and before.failed:
        yield Change(kind=Kind.REPAIRED, about=about)
