"""Jobs of CI systems, as plain data: what such a system knows of a job that may ask it for id tokens."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_acrauth.emulator.world.tokens import Signer

#: The application that stands for Entra's own token exchange in the tokens that Entra itself issues for it.
ENTRAS_EXCHANGE = "fb60f99c-7a34-4190-8149-302f77469936"


@dataclass
class Job:
    """A job that runs, and the path at which its system gives it id tokens; ``signer`` signs these.

    The system takes the ``request_token`` until it ``ends`` (seconds since the epoch). ``issuer`` and ``subject`` are
    what its id tokens say. Azure Pipelines gives them for the service ``connection`` alone, and there it is the
    connection that says for whom they are, by its ``audience``; in GitHub Actions ('') whoever asks says it. ``life``
    is how long they are good, and ``slow`` by how much the system's clock is, both in seconds.
    """

    path: str
    request_token: str
    ends: float
    issuer: str
    subject: str
    signer: Signer
    connection: str = ""
    audience: str = ""
    life: float = 300.0
    slow: float = 0.0
