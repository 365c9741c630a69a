"""A credential whose end is near, as the subject of a diagnosis, and how its dates are said."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime

from pytest_acrauth.catalogue.facts import Row, login_name
from pytest_acrauth.model.expiry import DAY, Dated
from pytest_acrauth.model.outlook import Outlook
from pytest_acrauth.model.target import GUID

_UNITS = (("days", DAY), ("hours", 3600.0), ("minutes", 60.0))
_PASSWORDS = ("password1", "password2")  # the two that a scope-map token can have


@dataclass(frozen=True, slots=True)
class EndingCredential:
    """The credential in use, or where that cannot be told all that it can be; the last of them to end counts."""

    outlook: Outlook

    quoted = False
    assured = True
    broken = None
    shared_by: tuple[Hashable, ...] | None = None

    @property
    def last(self) -> Dated:
        """The one that ends last, which is when nothing is left."""
        return max(self.outlook.failing, key=lambda each: each.ends or 0.0)

    @property
    def facts(self) -> dict[str, str]:
        record, target = self.outlook.record, self.outlook.record.target
        return {
            "registry": target.registry.name,
            "login_server": target.registry.login_server,
            "login_name": login_name(target.registry),
            "identity": target.identity.name,
            "user_name": record.user_name,
            "client_id": next(filter(GUID.fullmatch, (record.client_id, record.user_name)), ""),
            "kept": record.source,
            "answer": self.answer,
            "ends": ends(self.last, self.outlook.moment),
            "not_after": date(self.last.ends),
            "spare_password": self._spare,
        }

    @property
    def answer(self) -> str:
        """Which credential ends, when, and who says so."""
        every = len(self.outlook.in_question)
        which = f"The last of {every} of which one is in use" if every > 1 else "The one in use"
        return f"{which}, {called(self.last)}, {dated(self.last, self.outlook.moment)}"

    @property
    def rows(self) -> tuple[Row, ...]:
        outlook, record = self.outlook, self.outlook.record
        limit = outlook.limits.fail
        kind = str(record.kind).replace("-", " ")
        kept = (Row("kept in", record.source),) if record.source else ()
        clock = (Row("clock", clock_said(outlook.clock_off)),) if outlook.clock_off else ()
        return (
            *(Row(kind, said(each, outlook)) for each in record.found),
            Row("read by", record.who or "this machine"),
            Row("limit", f"{limit:g} days"),
            *kept,
            Row("identity", f"{record.target.identity.name} at {record.target.registry.login_server}"),
            *clock,
        )

    @property
    def _spare(self) -> str:
        """The password that nobody can be using: ended, or never made; '' where each may be in use."""
        found = self.outlook.record.found
        used = {each.name for each in found if each.ends is None or each.ends > self.outlook.moment}
        return next((name for name in _PASSWORDS if name not in used), "") if all(used) else ""


def called(each: Dated) -> str:
    """Return what a credential is called, and its id where that says more."""
    return f"{each.name} ({each.id})" if each.name and each.id else each.name or each.id or "one without a name"


def said(each: Dated, outlook: Outlook) -> str:
    """Return a credential with its end, and whether it is in use as far as that is told."""
    if each == outlook.in_use:
        use = "in use"
    elif each in outlook.in_question:
        use = "perhaps in use"
    else:
        use = "not in use here"
    return f"{called(each)} {dated(each, outlook.moment)}, {use}"


def dated(each: Dated, moment: float) -> str:
    """Return when a credential ends, as a date and counted from a moment."""
    if not each.readable:
        return "has an end that is no date"
    if each.ends is None:
        return "has no end"
    return f"{'ended' if each.ends <= moment else 'ends'} {date(each.ends)}, {_counted(each.ends - moment)}"


def ends(each: Dated, moment: float) -> str:
    """Return when a credential ends, counted from a moment."""
    if each.ends is None:
        return ""
    return f"{'ended' if each.ends <= moment else 'ends'} {_counted(each.ends - moment)}"


def clock_said(off: float) -> str:
    """Say that a clock is off, and by which one is counted."""
    way = "ahead of" if off > 0 else "behind"
    # Two clocks are compared to the second at best: the nearest number is told, where `_span` never says too much.
    unit = next((unit for _, unit in _UNITS if abs(off) + 1 >= 2 * unit), 1.0)
    about = round(abs(off) / unit) * unit
    return f"this machine's clock is {_span(about)} {way} that of the services, by which the days are counted"


def date(moment: float | None) -> str:
    """Return a moment as it is printed, to the minute; '' for none, or one that no calendar holds."""
    try:
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC") if moment is not None else ""
    except (ValueError, OverflowError, OSError):
        return ""


def _counted(seconds: float) -> str:
    return f"in {_span(seconds)}" if seconds > 0 else f"{_span(-seconds)} ago"


def _span(seconds: float) -> str:
    """Return a span of time in the largest unit that it has two of; never more than there is."""
    for name, unit in _UNITS:
        if seconds >= 2 * unit:
            return f"{int(seconds // unit)} {name}"
    return f"{int(seconds)} seconds"
