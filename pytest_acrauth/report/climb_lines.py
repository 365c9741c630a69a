"""How a registry that is ready stands for an identity: the facts, in one line. Loads nothing of the catalogue."""

from __future__ import annotations

from pytest_acrauth.model.observation import Tcp, Upload
from pytest_acrauth.model.stage import Rung
from pytest_acrauth.model.target import Target
from pytest_acrauth.model.transcript import Transcript, Waited


def ready(transcript: Transcript) -> str:
    """Return the facts of a climb in which nothing is broken, without claiming a right that was not proven."""
    target = transcript.target
    who = ready_in_short(transcript)
    parts = [f"address {address}" for address in _address(transcript)]
    parts += [f"signed in as {_signed_in(transcript)}"]
    for access in transcript.accesses:
        if access.access_token is not None and access.access_token.granted is not None:
            granted = ", ".join(access.access_token.granted) or "nothing"
            by = " (push by an upload)" if access.upload is not None and access.upload.ok else ""
            parts.append(f"granted {granted} on {access.reference.text}{by}")
    if not target.references:
        parts.append("no right was proven: no repository was named")
    return "; ".join([who, *parts])


def ready_in_short(transcript: Transcript) -> str:
    """Return who is ready, and how long either leg took where it was waited for."""
    target, waited = transcript.target, transcript.waited
    who = f"{target.registry.login_server} {target.identity.name}: ready"
    if waited is None:
        return who
    legs = f"network {_since(waited.network)}, permission {_since(waited.permission)}"
    return f"{who} after {_seconds(waited.seconds)} of waiting ({legs}; {waited.attempts} attempts)"


def waited_in_vain(waited: Waited | None, *, verbose: bool) -> str:
    """Return, to stand behind what is broken, that it was waited for; where ``verbose``, why it was not."""
    if waited is None:
        return ""
    if waited.attempts > 1:
        return f" (waited {_seconds(waited.seconds)}, {waited.attempts} attempts)"
    if waited.asked:
        return f" (not waited: {_seconds(waited.asked)} of silence were asked for)"
    return f" (not waited: {waited.no_delay} is no delay)" if verbose else ""


def _since(seconds: float | None) -> str:
    return f"after {_seconds(seconds)}" if seconds else "at once"


def _seconds(seconds: float) -> str:
    return f"{round(seconds, 1):g} s"


def left_open(target: Target, rung: Rung, upload: Upload) -> str:
    """Say that an upload that was opened to prove a right could not be cancelled, and what becomes of it."""
    return (
        f"{target.registry.login_server}: the upload to {rung.reference} that proved push was not cancelled"
        f" ({upload.left_open}); it holds nothing, and the registry ends it by itself"
    )


def reached(transcript: Transcript) -> str:
    """Return by which address a registry was reached, and as whom."""
    address = "".join(f"at {each}, " for each in _address(transcript))
    return f"{address}signed in as {_signed_in(transcript)}"


def _address(transcript: Transcript) -> tuple[str, ...]:
    """Return the address that was connected to, as far as this machine knows it."""
    tried = transcript.tcp.attempts if isinstance(transcript.tcp, Tcp) else ()
    return tuple(each.address for each in tried if each.trouble is None)[:1]


def _signed_in(transcript: Transcript) -> str:
    credential = transcript.credential
    return " ".join(filter(None, [str(credential.kind), credential.user_name or credential.client_id]))
