"""The object that the ``acr`` fixture delivers: one registry under test, as one identity sees it."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable
from functools import wraps
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, ParamSpec, TypeVar

import pytest

from pytest_acrauth.auth import BadAuth
from pytest_acrauth.model.observation import AccessToken
from pytest_acrauth.model.secret import as_bytes
from pytest_acrauth.model.target import ACTIONS, BadName, Reference, Registry, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.plugin.asked.naming import NotChecked, a_text, as_identity, at_registry
from pytest_acrauth.plugin.checks.failures import NotReady, diagnoses_of, own_defects

if TYPE_CHECKING:
    from pytest_acrauth.diagnosis.conclusion import Diagnosis
    from pytest_acrauth.plugin.climbing.climbs import Climbs
    from pytest_acrauth.probes.http.own_requests import Client

P = ParamSpec("P")
T = TypeVar("T")
_SCOPE = re.compile(r"repository:(?P<repository>[^:]+):(?P<actions>[^:]+)")


def plainly(method: Callable[P, T]) -> Callable[P, T]:
    """Let a mistake in the arguments be shown where the test makes it, without this package's own frames."""

    @wraps(method)
    def called(*args: P.args, **named: P.kwargs) -> T:
        __tracebackhide__ = True
        try:
            return method(*args, **named)
        except (BadName, BadAuth) as error:
            raise error.with_traceback(None) from None

    return called


class DockerLogin(NamedTuple):
    """The user name and password with which ``docker login`` and its like log in."""

    user_name: str
    password: str

    def __repr__(self) -> str:
        return f"DockerLogin(user_name={self.user_name!r}, password=***)"


class RegistryUnderTest:
    """A registry and an identity, with what their climb recorded. Looking at it never fails a test."""

    def __init__(self, target: Target, climbs: Climbs) -> None:
        self._target = target
        self._climbs = climbs

    def __repr__(self) -> str:
        return f"<acr {self._target.id}>"

    @property
    def target(self) -> Target:
        """The registry, the identity, and what it is judged on."""
        return self._target

    @property
    def login_server(self) -> str:
        """The registry's host name, as image references begin with."""
        return self._target.registry.login_server

    @property
    def transcript(self) -> Transcript:
        """What the climb recorded, stage by stage; free of secrets."""
        return self._climbs.of(self._target)

    @property
    def diagnoses(self) -> tuple[Diagnosis, ...]:
        """What is wrong, one diagnosis per broken stage; empty when the registry is ready."""
        return diagnoses_of(self.transcript)

    @plainly
    def of(self, registry: str | None = None, *, identity: str | None = None) -> RegistryUnderTest:
        """Return another registry of this run, or this one, as the identity of that name sees it.

        Without a name as this identity does, or the first that is checked there.

        Skips the test where this run does not check it, or is an error if ``--acr-on-missing error`` says so. Raises
        `pytest_acrauth.BadName` for a text that no registry can be called.
        """
        __tracebackhide__ = True
        plan = self._climbs.plan
        wanted = self.login_server if registry is None else a_text("registry", registry)
        Registry.parse(wanted, self._target.registry.cloud)
        try:
            found = at_registry(wanted, plan.targets if identity is None else plan.every_target)
            found = found if identity is None else as_identity(identity, found)
        except NotChecked as error:
            if plan.on_missing == "skip":
                pytest.skip(str(error))
            raise NotReady(str(error)) from None
        own = (target for target in found if target.identity == self._target.identity)
        return RegistryUnderTest(next(own, found[0]), self._climbs)

    @plainly
    def expect(self, *names: str, repository: str | None = None) -> None:
        """Fail the test unless the registry refuses this identity, and for one of the named reasons alone.

        ``names`` are ids of causes, families of them, or common checks, as ``acr_expect`` takes them. With a
        repository the refusal of its access token counts too. Raises `pytest_acrauth.BadName` for a name
        that is none of these.
        """
        __tracebackhide__ = True
        from pytest_acrauth.plugin.asked.refusals import Expectation
        from pytest_acrauth.plugin.checks.refusals import outcome

        expectation = Expectation(names, repository)
        with own_defects("judging what is expected", self._climbs.run.secrets):
            met = outcome(expectation, self._target, self._climbs)
            if met.against:
                raise NotReady.telling(met.against)
            for note in met.notes:
                print(f"acr: {self._target.id}: {note}")  # noqa: T201 - captured with what the test itself prints

    @plainly
    def require(self, scope: str | None = None) -> None:
        """Fail the test, with the explanation, if the registry is not ready.

        With a scope such as ``repository:team/app:pull,push`` the registry is asked for it, once per scope and
        process; then what it grants decides. Raises `pytest_acrauth.BadName` for a text that is no scope.
        """
        __tracebackhide__ = True
        with own_defects("asking whether the registry is ready", self._climbs.run.secrets):
            if found := self.unmet(scope):
                raise NotReady.by(found)

    def unmet_permissions(
        self, repository: str, must: tuple[str, ...], must_not: tuple[str, ...]
    ) -> tuple[Diagnosis, ...]:
        """Return why the identity lacks what it must have on a repository, or has what it must not; else nothing."""
        shared = tuple(found for found in self.diagnoses if not found.broken.stage.per_repository)
        return shared or diagnoses_of(self._climbs.ask(self._target, repository, must, must_not))

    def unmet(self, scope: str | None) -> tuple[Diagnosis, ...]:
        """Return what keeps the registry from being ready, or from granting a scope; empty where nothing does."""
        if scope is None:
            return self.diagnoses
        return self.unmet_permissions(*parse_scope(scope), ())

    @plainly
    def client(self, scope: str) -> Client:
        """Return an HTTP client for the registry with an access token for a scope; to be closed, as by ``with``.

        Its relative addresses are the registry's, as in ``client.get("/v2/team/app/tags/list")``. Names, certificates
        and proxies are those of the climb; redirects are followed where a request says so, and no other host sees the
        token. Fails the test, with the explanation, unless the scope is granted. Raises
        `pytest_acrauth.BadName` for a text that is no scope.
        """
        __tracebackhide__ = True
        repository, actions = parse_scope(scope)
        self.require(scope)
        with own_defects("making a client", self._climbs.run.secrets):
            return self._climbs.run.client(self._target, repository, actions)

    @plainly
    def login(self) -> DockerLogin:
        """Return what programs log in to the registry with: for an Entra identity, as ``az acr login`` does.

        The password of an Entra identity is a refresh token, which counts for some hours. Fails the test, with the
        explanation, if the registry is not ready. Raises `pytest_acrauth.auth.BadAuth` for an anonymous identity.
        """
        __tracebackhide__ = True
        self.require()
        with own_defects("logging in", self._climbs.run.secrets):
            found = self._climbs.run.login(self._target)
        if found is None:
            raise BadAuth(f"{self._target.identity.name} has no login: it asks without a credential")
        user, secret = found
        return DockerLogin(user, secret.reveal())

    def docker_config(self, folder: str | PathLike[str]) -> Path:
        """Write a docker configuration that holds this login alone, and return its folder, for ``DOCKER_CONFIG``.

        The folder is made if need be, and readable for nobody else. Fails as `login` does. Raises FileExistsError
        where it has a configuration already.
        """
        __tracebackhide__ = True
        user, password = self.login()
        place = Path(folder)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        pair = base64.b64encode(as_bytes(f"{user}:{password}")).decode()
        with open(place / "config.json", "x", opener=_private, encoding="ascii") as file:
            json.dump({"auths": {self.login_server: {"auth": pair}}}, file)
        return place

    @plainly
    def permissions(self, repository: str) -> frozenset[str]:
        """Return the actions that the registry grants this identity on a repository.

        The registry is asked for every action there is, and the token it issues is read. Fails the test, with the
        explanation, if there is no token or none that can be read. A test that fails after it has compared the set
        gets the explanation of what was missing or too many.
        """
        __tracebackhide__ = True
        from pytest_acrauth.plugin.written.comparing import granted

        wanted = Reference.parse(a_text("repository", repository)).text
        with own_defects("asking for permissions", self._climbs.run.secrets):
            transcript = self._climbs.ask(self._target, wanted, ACTIONS, all_of_them=False)
            token: AccessToken | None = transcript.accesses[0].access_token if transcript.accesses else None
            if token is None or not token.issued or token.granted is None:
                raise NotReady.by(diagnoses_of(transcript))
            every = ACTIONS if "*" in token.granted else token.granted
            return granted(self._climbs, self._target, repository, every)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def parse_scope(text: str) -> tuple[str, tuple[str, ...]]:
    """Split ``repository:NAME:ACTIONS`` into name and actions. Raises `BadName` naming the value and the choices."""
    match = _SCOPE.fullmatch(a_text("scope", text))
    if match is None:
        raise BadName(f"scope {text!r} is not repository:NAME:ACTIONS, as in repository:team/app:pull,push")
    actions = tuple(match["actions"].split(","))
    for action in actions:
        if action not in ACTIONS:
            raise BadName(f"scope {text!r}: unknown action {action!r}; choose from {', '.join(ACTIONS)}")
    return Reference.parse(match["repository"]).repository, actions
