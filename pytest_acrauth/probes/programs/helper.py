"""Asking a docker credential helper for one registry's login.

The helper gets the registry's host name on its standard input and answers in JSON
(https://github.com/docker/docker-credential-helpers).
"""

from __future__ import annotations

from dataclasses import replace

from pytest_acrauth.auth import Credential, login_with
from pytest_acrauth.auth.docker_config import helper_answer, helper_words
from pytest_acrauth.auth.programs import find_program
from pytest_acrauth.model.observation import Trouble
from pytest_acrauth.model.target import Registry
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.network import Connector
from pytest_acrauth.probes.programs.running import run_program


def ask_helper(credential: Credential, registry: Registry, connector: Connector, deadline: Deadline) -> Credential:
    """Return the credential that the helper of one tells, or the same with why it told none in ``trouble``."""
    environ, helper = connector.machine.environ, credential.helper
    program = find_program(helper, environ)
    if not program:
        words = f"{helper}: executable file not found in $PATH"
        return replace(credential, trouble=Trouble.UNAVAILABLE, text=words)
    ended = run_program([program, "get"], environ, deadline.next_wait(), given=registry.login_server.encode())
    answer = helper_answer(ended.out)
    if answer is not None:
        user, secret = answer
        connector.secrets.add(secret, user=user)
        if ended.exit_code == 0:
            told = login_with(user, secret, registry, connector.secrets, source=credential.facts.source)
            return replace(told, facts=replace(told.facts, also=credential.facts.also))
    if ended.timed_out:
        trouble = Trouble.OUT_OF_TIME if deadline.left() <= 0.0 else Trouble.UNAVAILABLE
        return replace(credential, trouble=trouble, text=f"{helper} did not end in time")
    # A helper says on its standard output what it could not do. What it says when it succeeds is never shown.
    said = ended.trouble or " ".join(map(helper_words, (ended.out, ended.err))) if ended.exit_code else ""
    text = connector.secrets.clean(said) or f"no login, exit code {ended.exit_code}"
    return replace(credential, trouble=Trouble.UNAVAILABLE, text=f"{helper}: {text}")
