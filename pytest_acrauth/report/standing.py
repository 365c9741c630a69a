"""How a registry that is ready stands for an identity: the facts, in one line. Loads nothing of the catalogue."""

from __future__ import annotations

from pytest_acrauth.model.observation import Tcp, Upload
from pytest_acrauth.model.stage import Rung
from pytest_acrauth.model.target import Target
from pytest_acrauth.model.transcript import Transcript


def ready(transcript: Transcript) -> str:
    """Return the facts of a climb in which nothing is broken, without claiming a right that was not proven."""
    target = transcript.target
    who = f"{target.registry.login_server} {target.identity.name}: ready"
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
