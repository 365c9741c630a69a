"""The ends of credentials in a line each, for whoever is not failed by them; and why nobody could look."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_acrauth.catalogue.ending import clock_said, date, said
from pytest_acrauth.catalogue.facts import one_line
from pytest_acrauth.model.expiry import DAY, Ending
from pytest_acrauth.model.outlook import Outlook

_LONGEST = 400  # characters of what somebody may have named at will


def lines(outlook: Outlook, *, every: bool = False) -> Iterator[str]:
    """Yield a line for each credential whose end is near, or for ``every`` one; and one where nobody could look."""
    about = "expiry " + " ".join(outlook.record.parts)
    for each in outlook.record.found if every else outlook.told:
        late = " and was not renewed" if outlook.record.kind is Ending.FEDERATED_TOKEN and each in outlook.told else ""
        yield f"{about}: {one_line(said(each, outlook), _LONGEST)}{late}"
    if outlook.why:
        yield f"{about}: could not look: {why(outlook)}"
    if outlook.clock_off and (every or outlook.told):
        yield f"{about}: {clock_said(outlook.clock_off)}"


def properties(outlook: Outlook) -> dict[str, str]:
    """Return what is told of the credentials in question in a report's properties; days are those that are left."""
    shown = outlook.in_question or outlook.record.found
    left = [f"{(each.ends - outlook.moment) / DAY:.1f}" if each.ends is not None else "" for each in shown]
    found = {
        "credential": str(outlook.record.asked),
        "credential_name": ", ".join(each.name or each.id for each in shown),
        "expires": ", ".join(filter(None, (date(each.ends) for each in shown))),
        "days_left": ", ".join(filter(None, left)),
    }
    return {name: value for name, value in found.items() if value}


def not_seen(outlook: Outlook) -> tuple[str, tuple[str, ...]]:
    """Return what nobody could look at although somebody must, and what helps."""
    record = outlook.record
    return f"when the {record.asked} of {record.target.identity.name} ends: {why(outlook)}", (
        "Give whoever looks the right to read it: docs/how-to/evidence.md lists the rights.",
        "Or let somebody else look (--acr-evidence), or ask for no limit for this identity.",
    )


def why(outlook: Outlook) -> str:
    """Return why nobody could look, and who tried."""
    return f"{outlook.why}, as {outlook.record.who}" if outlook.record.who else outlook.why
