"""The names that fill the catalogue's format strings, taken from a client check's record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from pytest_acrauth.model.client_record import ClientRecord, Ran, Socket
from pytest_acrauth.model.target import BadName, Registry


def client_facts(record: ClientRecord) -> dict[str, str]:
    """Return what a record shows, by the keys of `catalogue.facts`; what it does not show is left out."""
    server = next(iter((*record.lacking, *(record.login_servers if not record.lacking else ()))), "")
    values = {
        "program": record.wanted or record.client,
        "answer": client_answer(record),
        "login_server": server,
        "host": server,
        "registry": _registry(server),
    }
    if record.daemon is not None:
        values["endpoint"] = record.daemon.endpoint
        values["answers"] = "yes" if record.daemon.socket is Socket.LISTENS or _answered(record) else "no"
    if record.config is not None:
        values["config"] = record.config.path
        values["helper"] = next((helper.name for helper in record.config.helpers if not helper.ok), "")
    if record.ended:
        ended = record.ended[0]
        values["not_after"] = date(ended.expires)
    return values


def client_answer(record: ClientRecord) -> str:
    """Say in one line what a client check got: the words of the first program that failed, or of what is wrong."""
    if record.config is not None and record.config.trouble:
        return record.config.trouble
    if record.misspelt:
        return ", ".join(record.misspelt)
    noisy = record.run("ps")
    for ran in record.runs:
        if not ran.ok:
            return said(ran)
    return noisy.stderr if noisy is not None else ""


def said(ran: Ran) -> str:
    """Say how a program ended, and what it printed."""
    how = ran.trouble or ("took too long" if ran.exit_code is None else f"exit code {ran.exit_code}")
    words = " ".join((ran.stderr or ran.stdout).split())
    return f"{how}: {words}" if words else how


def client_rows(record: ClientRecord) -> Iterator[tuple[str, str]]:
    """Yield what a client check saw as labelled lines."""
    yield "client", record.client
    if record.wanted:
        yield "program", record.command or f"{record.wanted}: not found"
    if record.refused:
        yield "not run", record.refused
    if record.daemon is not None:
        yield "daemon", f"{record.daemon.endpoint} (from {record.daemon.source}): {record.daemon.socket}"
    for ran in record.runs:
        yield " ".join(ran.arguments[:2]), said(ran)
    if record.config is None:
        return
    yield "docker config", record.config.path if record.config.found else f"{record.config.path}: none"
    for helper in record.config.helpers:
        where = helper.command or "not found"
        yield "helper", f"{helper.name}: {where}{f', {said(helper.listed)}' if helper.listed else ''}"
    for login in record.config.logins:
        until = f", until {date(login.expires)}" if login.expires is not None else ""
        yield "stored login", f"{login.key}: user {login.user_name or 'unnamed'}, {login.secret}{until}"
    if record.config.keys:
        yield "in the helper", ", ".join(record.config.keys)


def date(moment: float | None) -> str:
    """Return a moment as it is printed, to the minute; '' for none, or one that no calendar holds."""
    try:
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC") if moment is not None else ""
    except (ValueError, OverflowError, OSError):
        return ""


def _answered(record: ClientRecord) -> bool:
    ps = record.run("ps")
    return ps is not None and ps.ok


def _registry(server: str) -> str:
    try:
        return Registry.parse(server).name
    except BadName:
        return ""
