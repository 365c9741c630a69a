"""A client check as the subject of a diagnosis: what it shows by name, in a line, and in labelled rows."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_acrauth.catalogue.ending import date
from pytest_acrauth.catalogue.facts import Row, login_name
from pytest_acrauth.model.client_record import ClientRecord, Ran, Socket
from pytest_acrauth.model.target import BadName, Registry

_UNIX = "unix://"


@dataclass(frozen=True, slots=True)
class CheckedClient:
    """A client check's record that speaks for itself."""

    record: ClientRecord

    quoted = False
    assured = True
    broken = None
    shared_by = None

    @property
    def facts(self) -> dict[str, str]:
        return _facts(self.record)

    @property
    def answer(self) -> str:
        return _answer(self.record)

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(_rows(self.record))


def _facts(record: ClientRecord) -> dict[str, str]:
    server = next(iter((*record.lacking, *record.ended_at, *record.login_servers)), "")
    values = {
        "program": record.wanted or record.client,
        "answer": _answer(record),
        "login_server": server,
        "host": server,
        **_registry(server),
    }
    if record.daemon is not None:
        values["endpoint"] = record.daemon.endpoint
        if record.daemon.endpoint.startswith(_UNIX):
            values["socket"] = shlex.quote(record.daemon.endpoint.removeprefix(_UNIX))
        values["answers"] = "yes" if record.daemon.socket is Socket.LISTENS or _listed(record) else "no"
    if record.misspelt:
        values["other_keys"] = ", ".join(map(shlex.quote, record.misspelt))
    if record.config is not None:
        values["config"] = shlex.quote(record.config.path)
        values["helper"] = next((helper.name for helper in record.config.helpers if not helper.ok), "")
    if record.ended:
        ended = record.ended[0]
        values["not_after"] = date(ended.expires)
    return values


def _answer(record: ClientRecord) -> str:
    """Return the words of the first program that failed, or what is wrong."""
    if record.config is not None and record.config.trouble:
        return record.config.trouble
    if record.misspelt:
        return ", ".join(record.misspelt)
    noisy = record.run("ps")
    for ran in record.runs:
        if not ran.ok:
            return _said(ran)
    return noisy.stderr if noisy is not None else ""


def _said(ran: Ran) -> str:
    """Say how a program ended, and what it printed."""
    how = ran.trouble or ("took too long" if ran.exit_code is None else f"exit code {ran.exit_code}")
    words = " ".join((ran.stderr or ran.stdout).split())
    return f"{how}: {words}" if words else how


def _rows(record: ClientRecord) -> Iterator[Row]:
    yield Row("client", record.client)
    if record.wanted:
        yield Row("program", record.command or f"{record.wanted}: not found")
    if record.refused:
        yield Row("not run", record.refused)
    if record.daemon is not None:
        yield Row("daemon", f"{record.daemon.endpoint} (from {record.daemon.source}): {record.daemon.socket}")
    for ran in record.runs:
        yield Row(" ".join(ran.arguments[:2]), _said(ran))
    if record.config is None:
        return
    yield Row("docker config", record.config.path if record.config.found else f"{record.config.path}: none")
    for helper in record.config.helpers:
        where = helper.command or "not found"
        yield Row("helper", f"{helper.name}: {where}{f', {_said(helper.listed)}' if helper.listed else ''}")
    for login in record.config.logins:
        until = f", until {date(login.expires)}" if login.expires is not None else ""
        yield Row("stored login", f"{login.key}: user {login.user_name or 'unnamed'}, {login.secret}{until}")
    if record.config.keys:
        yield Row("in the helper", ", ".join(record.config.keys))


def _listed(record: ClientRecord) -> bool:
    ps = record.run("ps")
    return ps is not None and ps.ok


def _registry(server: str) -> dict[str, str]:
    try:
        registry = Registry.parse(server)
    except BadName:
        return {}
    return {"registry": registry.name, "login_name": login_name(registry)}
