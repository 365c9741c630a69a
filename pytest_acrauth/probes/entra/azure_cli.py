"""A token from az, which decides itself whether it shows one of its cache."""

from __future__ import annotations

import time

from pytest_acrauth.auth.programs import find_program
from pytest_acrauth.model.claims import aadsts_codes
from pytest_acrauth.model.observation import Entra, Trouble
from pytest_acrauth.model.secret import Secret
from pytest_acrauth.probes.entra.request import EntraRequest, Refusal, recorded
from pytest_acrauth.probes.http.replies import parse_json
from pytest_acrauth.probes.programs.running import Ended, run_program

_LIMIT = 15.0  # seconds; it starts slowly where its files are cold
_QUIET = {
    "AZURE_CORE_COLLECT_TELEMETRY": "0",
    "AZURE_CORE_NO_COLOR": "true",
    "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
    "AZURE_CORE_SURVEY_MESSAGE": "false",
}


def ask_az(request: EntraRequest) -> tuple[Entra, Secret | None]:
    """Ask az for a token."""
    began = time.monotonic()
    token: Secret | None = None
    trouble: Trouble | None = Trouble.UNAVAILABLE
    program = find_program("az", request.connector.machine.environ)
    if not program:
        text = "Azure CLI not found on path"  # azure-identity's words for the same
    else:
        ended = _run_az(program, request)
        token = _printed_token(ended, request)
        trouble, text = (None, "") if token is not None else _why_none(ended, request)
    refusal = Refusal(codes=aadsts_codes({"error_description": text}))
    return recorded(request, token, elapsed=time.monotonic() - began, trouble=trouble, text=text, refusal=refusal)


def _run_az(program: str, request: EntraRequest) -> Ended:
    command = [program, "account", "get-access-token", "--output", "json", "--scope", request.scope]
    # Only where a variable says so: az refuses the tenant of some logins, even if it is their own.
    tenant = request.variables.value("TENANT_ID")
    if tenant and not request.at_home:
        command += ["--tenant", tenant]
    environ = {**request.connector.machine.environ, **_QUIET}
    return run_program(command, environ, min(request.deadline.left(), _LIMIT))


def _printed_token(ended: Ended, request: EntraRequest) -> Secret | None:
    found = parse_json(ended.out) if ended.exit_code == 0 else None
    value = found.get("accessToken") if isinstance(found, dict) else None
    return request.connector.secrets.issued(value) if isinstance(value, str) and value else None


def _why_none(ended: Ended, request: EntraRequest) -> tuple[Trouble, str]:
    said = ended.err.decode("utf-8", "replace").strip()
    if ended.timed_out:
        late = request.deadline.left() <= 0.0
        return Trouble.OUT_OF_TIME if late else Trouble.UNAVAILABLE, f"az did not end in time {said}".strip()
    return Trouble.UNAVAILABLE, ended.trouble or said or f"az printed no token, exit code {ended.exit_code}"
