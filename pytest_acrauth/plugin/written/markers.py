"""What this plugin's markers do: their arguments, the targets they are about, and what they find there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pytest

from pytest_acrauth.auth import BadAuth
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.target import ACTIONS, CLOUDS, BadName, Reference, Registry, Target
from pytest_acrauth.plugin.asked.naming import NotChecked, a_text, as_identity, at_registry
from pytest_acrauth.plugin.asked.refusals import Expectation
from pytest_acrauth.plugin.checks.failures import NotReady, defective, tell
from pytest_acrauth.plugin.checks.refusals import Outcome, outcome
from pytest_acrauth.plugin.written.fixture import RegistryUnderTest, parse_scope

if TYPE_CHECKING:
    from pytest_acrauth.plugin.asked.plan import Plan
    from pytest_acrauth.plugin.climbing.climbs import Climbs

#: The private fixture whose parameter is the target; only the plugin's own ``acr`` asks for it.
PARAMETER = "_acr_target"


class BadMark(ValueError):
    """A marker that cannot be meant; the text names its value and the choices."""


class Mark(Protocol):
    """A marker with its arguments read. ``registry`` and ``identity`` are those that it names, None for the test's."""

    registry: str | None
    identity: str | None

    def judge(self, acr: RegistryUnderTest, climbs: Climbs) -> Outcome:
        """Return how it stands for a target."""
        ...


class Ready:
    """``acr_ready``: the registry is ready, and grants a scope if one is given."""

    def __init__(self, *, registry: str | None = None, identity: str | None = None, scope: str | None = None) -> None:
        self.registry, self.identity = _named(registry), _identity(identity)
        self.scope = None if scope is None else a_text("scope", scope)
        if self.scope is not None:
            parse_scope(self.scope)

    def judge(self, acr: RegistryUnderTest, climbs: Climbs) -> Outcome:  # noqa: ARG002 - as every marker
        return Outcome(tuple(map(tell, acr.unmet(self.scope))))


class Permissions:
    """``acr_permissions``: on a repository the identity has what it must have, and nothing that it must not."""

    def __init__(
        self,
        repository: str,
        *,
        must: str | Sequence[str] = (),
        must_not: str | Sequence[str] = (),
        registry: str | None = None,
        identity: str | None = None,
    ) -> None:
        self.registry, self.identity = _named(registry), _identity(identity)
        self.repository = Reference.parse(a_text("repository", repository)).repository
        self.must, self.must_not = _actions("must", must), _actions("must_not", must_not)
        if not self.must and not self.must_not:
            raise BadName("it takes must=… or must_not=…, or both")
        if both := set(self.must) & set(self.must_not):
            raise BadName(f"{', '.join(sorted(both))} stands in must and in must_not")

    def judge(self, acr: RegistryUnderTest, climbs: Climbs) -> Outcome:  # noqa: ARG002 - as every marker
        return Outcome(tuple(map(tell, acr.unmet_permissions(self.repository, self.must, self.must_not))))


class Expect:
    """``acr_expect``: the registry refuses this identity, and for no other reason than those that are named."""

    def __init__(
        self,
        *names: str,
        repository: str | None = None,
        registry: str | None = None,
        identity: str | None = None,
    ) -> None:
        self.registry, self.identity = _named(registry), _identity(identity)
        self.expectation = Expectation(names, repository)

    def judge(self, acr: RegistryUnderTest, climbs: Climbs) -> Outcome:
        return outcome(self.expectation, acr.target, climbs)


#: The markers by their names; what pytest lists of each stands in the plugin itself, which is loaded at every start.
MARKERS: dict[str, type[Ready | Permissions | Expect]] = {
    "acr_ready": Ready,
    "acr_permissions": Permissions,
    "acr_expect": Expect,
}


class Verdict(NamedTuple):
    """What becomes of a marked test before its fixtures: how it fails, or why it is skipped; and what is noted."""

    failure: NotReady | None = None
    skipped: str = ""
    notes: tuple[str, ...] = ()


def read(mark: pytest.Mark) -> Mark:
    """Read a marker. Raises `BadMark`."""
    try:
        return MARKERS[mark.name](*mark.args, **mark.kwargs)
    except TypeError as error:
        given = ", ".join([*map(repr, mark.args), *(f"{name}={value!r}" for name, value in mark.kwargs.items())])
        raise BadMark(f"{mark.name}({given}): it takes {_SIGNATURES[mark.name]}") from error
    except BadName as error:
        raise BadMark(f"{mark.name}: {error}") from error


_SIGNATURES = {
    "acr_ready": "registry=…, identity=… and scope=…, by name",
    "acr_permissions": "a repository, and must=…, must_not=…, registry=… and identity=… by name",
    "acr_expect": "names, and repository=…, registry=… and identity=… by name",
}


def _named(registry: object) -> str | None:
    """Return a registry's name if it can be one. Raises `BadName`."""
    if registry is None:
        return None
    Registry.parse(a_text("registry", registry), CLOUDS[0])  # a host of no known suffix can be one, in some cloud
    return str(registry)


def _identity(name: object) -> str | None:
    return None if name is None else a_text("identity", name)


def _actions(name: str, value: object) -> tuple[str, ...]:
    """Return actions, given as one text with commas or as several. Raises `BadName`."""
    if isinstance(value, str):
        found = tuple(each.strip() for each in value.split(","))
    elif isinstance(value, Iterable):
        found = tuple(a_text(name, each) for each in value)
    else:
        raise BadName(f"{name}={value!r} are no actions")
    for each in found:
        if each not in ACTIONS:
            raise BadName(f"{name}={value!r}: unknown action {each!r}; choose from {', '.join(ACTIONS)}")
    return tuple(dict.fromkeys(found))


def marks(item: pytest.Item) -> Iterator[pytest.Mark]:
    """Yield the markers of this plugin that a test has, by whatever way it has them."""
    return (mark for mark in item.iter_markers() if mark.name in MARKERS)


def targets_of(item: pytest.Item, mark: Mark, plan: Plan) -> tuple[Target, ...]:
    """Return whom a marker is about: whom it names, else the test's own target, else all. Raises `NotChecked`.

    Who must be refused is meant by name only.
    """
    own = parameter(item)
    if mark.registry is None and mark.identity is None:
        return (own,) if own is not None else plan.targets
    found = plan.every_target if mark.identity is not None or not plan.targets else plan.targets
    if mark.registry is not None:
        found = at_registry(mark.registry, found)
    elif own is not None:
        found = at_registry(own.registry.login_server, found)
    return as_identity(mark.identity, found) if mark.identity is not None else found


def parameter(item: pytest.Item) -> Target | None:
    """Return the target of a test that uses the plugin's ``acr`` fixture."""
    callspec = getattr(item, "callspec", None)
    found = callspec.params.get(PARAMETER) if callspec is not None else None
    return found if isinstance(found, Target) else None


def needs(item: pytest.Item, plan: Plan) -> tuple[Target, ...]:
    """Return the targets that must be climbed before a test, for its fixture and its markers."""
    own = parameter(item)
    found = [own] if own is not None else []
    for mark in marks(item):
        try:
            found += targets_of(item, read(mark), plan)
        except (BadMark, NotChecked):
            continue  # the test ends for that before it asks anything
    return tuple(found)


def ask_again(item: pytest.Item, climbs: Climbs) -> None:
    """Let a test that is run again meet what is the case now: nothing of its targets is believed that was not ready."""
    for target in needs(item, climbs.plan):
        climbs.forget(target)


def misspelt(marks: Iterable[pytest.Mark]) -> str | None:
    """Return what is wrong with markers, as far as that can be told without a registry; None if nothing is."""
    try:
        for mark in marks:
            read(mark)
    except BadMark as error:
        return str(error)
    return None


def judge(item: pytest.Item, marks: Iterable[pytest.Mark], climbs: Climbs) -> Verdict:
    """Return what becomes of a test by markers that it has."""
    found: list[Outcome] = []
    unread: list[NotReady] = []
    try:
        every = [read(mark) for mark in marks]
        for mark in every:
            own = targets_of(item, mark, climbs.plan)
            for target in own:
                try:
                    found.append(mark.judge(RegistryUnderTest(target, climbs), climbs))
                except NotReady as error:  # a setting that nobody could read
                    unread.append(error)
    except NotChecked as error:
        return Verdict(skipped=str(error))
    except (BadAuth, BadMark, BadName) as error:
        return Verdict(NotReady(str(error)))
    except Exception as error:  # noqa: BLE001 - a defect of ours: the test fails for it, and is no error of its own
        return Verdict(defective(Defect.of(error, "asking whether the registry is ready", secrets=climbs.run.secrets)))
    # What is known to be wrong can be what keeps from looking.
    against = [told for met in found for told in met.against] or [told for error in unread for told in error.told]
    notes = tuple(note for met in found for note in met.notes)
    return Verdict(NotReady.telling(against) if against else None, notes=notes)
