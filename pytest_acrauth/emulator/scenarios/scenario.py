"""What a scenario is: a change of a world, and what is expected of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_acrauth.auth import METHODS, Method, method_named
from pytest_acrauth.emulator.world import Change

#: What a world is diagnosed as in which nothing is broken.
READY = "ready"
#: The options of a world in which somebody never answers: less than the usual limit, and a third of it, which is what
#: one peer is given, is well over what a busy machine takes for an answer that comes.
SHORT = {"timeout": "12"}


@dataclass(frozen=True)
class Scenario:
    """A named change of a world, with the options without which it stays unseen, and what is expected of it.

    ``options`` are values of the plugin's options by the options' names, as they are written on a command line; they
    hold where nobody gives others. ``seen_by`` are the methods by which it shows at all, where `methods` does not tell
    them without that.

    ``diagnosed`` is what it is diagnosed as with evidence, where that is not the cause of its own id: another cause,
    ``<stage>-unrecognised`` where none is known, or `READY` for a world that only looks broken. ``like`` is the id of
    a scenario that looks the same at first sight. ``beside`` is the cause that its climbs show, where it breaks a
    client's check and these, too. ``undecided`` are the causes that stay possible beside its own, whoever may look.

    The rest is what tests hold it to. ``shows`` is what a plain client meets first that knows nothing of scenarios:
    the stage and what is wrong there, or what it is granted. ``needs_evidence`` says that a climb alone leaves the
    cause open. ``record`` is the status with which ARM answers the user of the Azure CLI who asks for a registry's
    record, None where nobody gets as far as asking.
    """

    id: str
    change: Change
    options: Mapping[str, str] = field(default_factory=dict)
    seen_by: tuple[str, ...] = ()
    diagnosed: str = ""
    like: str = ""
    beside: str = ""
    undecided: tuple[str, ...] = ()
    shows: str = "granted pull"
    needs_evidence: bool = False
    record: int | None = 200

    @property
    def cause(self) -> str:
        """What it is diagnosed as."""
        return self.diagnosed or self.id

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods by which it shows: where it does not say, all, or those that read what that of its options reads.

        ``admin`` reads what ``basic`` does.
        """
        auth = self.options.get("auth")
        own = _read_by(method_named(auth)) if auth else None
        return self.seen_by or tuple(each.name for each in METHODS if own in (None, _read_by(each)))

    @property
    def ahead(self) -> bool:
        """Whether it breaks nothing yet, and shows where it is looked at when credentials end."""
        return "expiry-fail" in self.options

    @property
    def client(self) -> str:
        """The client whose check it breaks, '' where it breaks a climb or nothing."""
        return self.options.get("client", "")


def _read_by(method: Method) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    return method.prefix, method.suffixes, method.given
