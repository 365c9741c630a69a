"""People who sign in at Entra: whether it issues a token to the login that one of them has stored."""

from __future__ import annotations

from pytest_acrauth.emulator.azure.assertions import Fault
from pytest_acrauth.emulator.world.cloud import DAY, Cloud
from pytest_acrauth.emulator.world.directory import User, moment

_LASTS = 90 * DAY


def admit(cloud: Cloud, user: User, audience: str) -> None:
    """Return where a person gets a token for an audience. Raises `Fault` where not."""
    rules = cloud.rules
    if not user.enabled:
        raise Fault(400, "invalid_grant", 50057, "The user account is disabled.")
    if user.at_risk:
        raise Fault(400, "invalid_grant", 53011, "User blocked due to risk on home tenant.")
    if user.idle >= _LASTS:
        issued = moment(cloud.now() - user.idle)
        text = (
            f"The refresh token has expired due to inactivity. The token was issued on {issued} and was inactive for "
            "90.00:00:00."
        )
        raise Fault(400, "invalid_grant", 700082, text)
    if audience in rules.closed_from_here:
        text = (
            "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."
        )
        raise Fault(400, "invalid_grant", 53003, text)
    if audience in rules.second_factor:
        text = (
            "Due to a configuration change made by your administrator, or because you moved to a new location, you "
            f"must use multi-factor authentication to access '{audience}'."
        )
        raise Fault(400, "interaction_required", 50076, text)
