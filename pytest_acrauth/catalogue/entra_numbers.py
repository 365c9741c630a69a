"""Entra's numbers, those that are met on the way to a registry: what each says in short, and the causes of it.

The one place to look a number up and to add one: symptoms, what causes are seen as, and a page of the documentation
follow from it. Entra lists most of them (https://learn.microsoft.com/entra/identity-platform/reference-error-codes);
those of federated credentials stand in the troubleshooting pages of Azure DevOps and of Azure workload identity. Both
say that numbers can change: one that is not here is left to Entra's own words.
"""

from __future__ import annotations

from typing import NamedTuple

_ID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


class Number(NamedTuple):
    """What a number of Entra's says, in short, and the ids of its causes.

    Of several causes the words of the message or evidence decide; a single one is proven by the number unless
    ``proves`` is False. ``phrases`` are patterns of the message, as programs print it without the number. With
    ``of_secret`` it is about a secret, and says nothing known of an identity that shows an assertion instead; with
    ``of_resource`` it names a resource in print, and counts where that is the registries'. With ``in_print`` it is
    about a request that no check of ours makes.
    """

    says: str
    causes: tuple[str, ...]
    proves: bool = True
    phrases: tuple[str, ...] = ()
    of_secret: bool = False
    of_resource: bool = False
    in_print: bool = False


_MFA = ("entra-mfa-required",)
_POLICY = ("entra-conditional-access-blocked",)
_RISK = ("entra-account-at-risk",)
_SESSION = ("entra-user-session-expired",)
_ACCOUNT = ("entra-user-credentials",)
_GUEST = ("entra-guest-or-tenant-restriction",)
_CONSENT = ("entra-consent-missing",)
_RESOURCE = ("entra-acr-resource-unavailable",)
_SCOPE = ("entra-scope-invalid",)
_BUSY = ("entra-throttled",)
_TENANT = ("entra-tenant-not-found",)
_CLOUD = ("entra-national-cloud-mismatch",)
_NOT_SENT = ("entra-secret-not-sent",)
_ASSERTION = ("entra-sp-certificate-invalid", "entra-sp-certificate-expired", "entra-assertion-malformed")
_SUBJECT = ("entra-fic-subject-mismatch", "entra-fic-propagating")
_ISSUER = ("entra-fic-issuer-mismatch", "entra-fic-propagating")
_NOT_NAMED = ("entra-tenant-not-named",)
_ENTRAS_TOKEN = ("entra-fic-entra-token",)
_NOT_TRUSTED_HERE = ("entra-fic-tenant-policy",)

#: Number -> what it says and means. The first of those with the same causes names their symptom.
NUMBERS: dict[int, Number] = {
    # An application and its secret, or the tenant.
    7000215: Number(
        "the client secret is not one of the application's",
        ("entra-sp-secret-wrong",),
        phrases=(
            r"Invalid client secret (?:is )?provided",
            r"is the client secret value, not the client secret ID",
        ),
        of_secret=True,
    ),
    7000222: Number(
        "the client secret has ended",
        ("entra-sp-secret-expired",),
        phrases=(rf"provided client secret keys(?: for app '(?P<client_id>{_ID})')? are expired",),
        of_secret=True,
    ),
    50012: Number(
        "authentication failed: the secret in older messages, the certificate of an assertion in newer ones",
        ("entra-sp-secret-wrong", *_ASSERTION),
    ),
    70002: Number("the credentials are not valid; words that follow say which", ("entra-sp-secret-wrong", *_ASSERTION)),
    700016: Number(
        "the application is not in the tenant that was asked",
        ("entra-app-not-found",),
        phrases=(
            rf"Application with identifier '(?P<client_id>{_ID})' was not found in the directory",
            r"Application with identifier '.{1,80}?' was not found in the directory",
        ),
    ),
    700011: Number("the application is not in the directory", ("entra-app-not-found",)),
    70001: Number(
        "the application is not in the directory, or is disabled", ("entra-app-not-found", "entra-app-disabled")
    ),
    7000112: Number(
        "the application is disabled",
        ("entra-app-disabled",),
        proves=False,  # Graph is to confirm it
        phrases=(r"Application '[0-9a-f-]{36}'\(.{0,120}?\) is disabled",),
    ),
    7000229: Number(
        "the application has no service principal in the tenant",
        ("entra-sp-missing",),
        phrases=(r"is missing service principal in the tenant",),
    ),
    7000218: Number(
        "neither a secret nor an assertion was sent, and the application needs one",
        _NOT_SENT,
        phrases=(r"must contain the following parameter: 'client_assertion' or 'client_secret'",),
    ),
    7000216: Number(
        "neither a secret nor an assertion was sent, and this way of asking needs one",
        _NOT_SENT,
        phrases=(r"is required for the 'client_credentials' grant type",),
    ),
    700025: Number(
        "the application is a public one, which has no secret, and one was sent",
        ("entra-public-client",),
        phrases=(r"Client is public so neither 'client_assertion' nor 'client_secret' should be presented",),
    ),
    90002: Number(
        "there is no such tenant",
        _TENANT,
        phrases=(r"Tenant '?.{1,80}?'? not found\. (?:Check to make sure|This may happen)",),
    ),
    900021: Number("the tenant's identifier is no valid one, such as one of zeros", _TENANT),
    900023: Number(
        "the tenant's identifier is neither an id nor a domain",
        _TENANT,
        phrases=(r"Specified tenant identifier '?.{1,80}?'? is neither a valid DNS name",),
    ),
    50059: Number(
        "no tenant was named, and nothing else tells which is meant",
        _NOT_NAMED,
        phrases=(r"No tenant-identifying information found in either the request",),
    ),
    90019: Number("the request does not tell which tenant is meant", _NOT_NAMED),
    50194: Number("the application belongs to one tenant, and that has to be named", _NOT_NAMED),
    90124: Number("the resource needs a tenant that is named", _NOT_NAMED),
    90130: Number("the application needs a tenant that is named", _NOT_NAMED),
    9001023: Number("this way to sign in needs a tenant that is named", _NOT_NAMED),
    50128: Number("the user's domain is unknown, and nothing else tells the tenant", (*_NOT_NAMED, *_TENANT)),
    90038: Number("the tenant belongs to another cloud", _CLOUD),
    900382: Number("an application cannot sign in across clouds", _CLOUD),
    900432: Number("an application cannot sign in across clouds", _CLOUD),
    1000104: Number("the cloud of the resource is not allowed to this tenant's identities", _CLOUD),
    # A person: second factor, policies, sessions, the account itself.
    50076: Number(
        "a second factor is needed, for a policy or from a new place",
        _MFA,
        phrases=(r"you must use multi-factor authentication to access",),
    ),
    50072: Number("a second factor has to be set up", _MFA),
    50074: Number("a second factor is needed, and was not given", _MFA),
    50078: Number("the second factor was given too long ago", _MFA),
    50079: Number(
        "a second factor has to be set up",
        _MFA,
        phrases=(r"you must enroll in multi-factor authentication",),
    ),
    53004: Number("a second factor has to be set up, and a risk keeps the user from it", _MFA),
    53010: Number("a second factor has to be set up, from certain places or devices only", _MFA),
    50158: Number("something beyond the password is asked for, by an outside provider or a policy", (*_MFA, *_POLICY)),
    53003: Number(
        "a Conditional Access policy blocks the sign-in",
        _POLICY,
        phrases=(
            r"blocked by Conditional Access policies",
            r"Your device is required to be managed",
            r"\bDevice is not in required device state",
        ),
    ),
    50005: Number("a policy does not admit this platform", _POLICY),
    50131: Number("a policy, or something suspicious about the request, blocks it", _POLICY),
    53000: Number("a policy wants a device that complies with the organisation's rules", _POLICY),
    53001: Number("a policy wants a device that is joined to the organisation's domain", _POLICY),
    53002: Number("a policy wants an application that it approves", _POLICY),
    530001: Number("a policy does not admit this browser or client", _POLICY),
    530002: Number("a policy wants a device that complies with the organisation's rules", _POLICY),
    530003: Number("a policy wants a device that the organisation manages", _POLICY),
    530004: Number("a policy wants a guest's device to comply, and the tenant takes nobody's word for it", _POLICY),
    530005: Number("a policy blocks the sign-in", _POLICY),
    530021: Number("a policy does not admit this application", _POLICY),
    530032: Number("a security policy of the tenant blocks the sign-in", _POLICY),
    530036: Number("a policy does not admit the way in which the login was obtained, such as a device code", _POLICY),
    530084: Number("a policy wants tokens that are bound to the device (token protection)", _POLICY),
    50097: Number("the device has to show which one it is", _POLICY, proves=False),
    50129: Number("the device has to be registered with the organisation", _POLICY, proves=False),
    50155: Number("the device could not show which one it is", _POLICY, proves=False),
    50187: Number("the device could not show which one it is", _POLICY, proves=False),
    530035: Number(
        "security defaults, the rules of a tenant without policies, block the sign-in", ("entra-security-defaults",)
    ),
    53011: Number("a policy blocks the account, which is at risk in its home tenant", _RISK),
    530034: Number("a delegated administrator's account is at risk in its home tenant", _RISK),
    700082: Number(
        "the stored login was not used for too long",
        _SESSION,
        phrases=(
            r"[Tt]he refresh token has expired",
            r"provided grant has expired due to it being revoked",
            r"refresh token has expired or is invalid due to sign-in frequency",
        ),
    ),
    700084: Number("the stored login has come to its fixed end", _SESSION),
    70008: Number("the stored login has ended or was revoked", _SESSION),
    70043: Number("the stored login is older than a policy allows", _SESSION),
    50173: Number("the stored login was revoked", _SESSION),
    50132: Number("the session ended with the password", _SESSION),
    50133: Number("the session ended with the password", _SESSION),
    50089: Number("the sign-in took too long, or its session has ended", _SESSION),
    50126: Number(
        "the user's name or password is wrong",
        _ACCOUNT,
        phrases=(r"Error validating credentials due to invalid username or password",),
    ),
    50055: Number("the user's password has expired", _ACCOUNT),
    50056: Number("the user has no password here, or it is wrong", _ACCOUNT),
    50057: Number("the user's account is disabled", _ACCOUNT),
    50064: Number("the user's name or password is wrong", _ACCOUNT),
    50144: Number("the user's password in the organisation's own directory has expired", _ACCOUNT),
    500341: Number(
        "the user's account was deleted",
        _ACCOUNT,
        phrases=(r"user account .{1,120}? has been deleted from the .{1,120}? directory",),
    ),
    50053: Number(
        "the account is locked, or the sign-in came from an address from which others are attacked",
        ("entra-user-credentials", "entra-address-blocked"),
    ),
    50020: Number(
        "the account is not in the tenant, and comes from another directory",
        _GUEST,
        phrases=(
            r"from identity provider '?.{1,120}?'? does not exist in tenant",
            r"[Tt]he user account .{1,120}? does not exist in the .{1,120}? directory",
        ),
    ),
    50034: Number("the account is not in the tenant, or its name is misspelt", _GUEST),
    51004: Number("the account is not in the tenant", _GUEST),
    50014: Number("the account is not in the tenant, or has not accepted its invitation", _GUEST),
    90072: Number("the account from outside is not in the tenant", _GUEST),
    16000: Number("the account from another directory is not in the tenant; another one has to be chosen", _GUEST),
    16003: Number("the account was not added to the tenant", _GUEST),
    500208: Number("an account of this kind, such as a personal one, does not belong to the tenant", _GUEST),
    50002: Number("this network's rule on tenants does not let the user in", _GUEST),
    500021: Number("this network's rule on tenants does not let the user in", _GUEST),
    500022: Number("this network's rule on tenants does not let the user in", _GUEST),
    500212: Number("the account's own tenant does not let it into this one", _GUEST),
    500213: Number("this tenant does not let accounts of the user's tenant in", _GUEST),
    # Consent, assignments, resources and scopes.
    65001: Number(
        "nobody has consented to the application",
        _CONSENT,
        phrases=(r"has not consented to use the application",),
    ),
    65004: Number("the user declined to consent to the application", _CONSENT),
    90008: Number("nobody has consented that the application reads the user's profile", _CONSENT),
    90094: Number("an administrator has to consent to the application", _CONSENT),
    90095: Number("an administrator has to be asked for consent", _CONSENT),
    650056: Number(
        "the application lists no permission for the resource, or an administrator has not consented",
        ("entra-resource-not-listed", "entra-consent-missing"),
    ),
    650057: Number("the application's permissions lack the resource", ("entra-resource-not-listed",), of_resource=True),
    65005: Number(
        "the application's permissions lack the resource, or the tenant does",
        ("entra-resource-not-listed", "entra-acr-resource-unavailable"),
        of_resource=True,
    ),
    50105: Number(
        "the user is not assigned to an application that asks for it",
        ("entra-assignment-required",),
        phrases=(r"is not assigned to a role for the application",),
    ),
    501051: Number("the application is not assigned to another that asks for it", ("entra-assignment-required",)),
    500011: Number(
        "the tenant has no such resource",
        _RESOURCE,
        phrases=(
            r"resource principal named .{0,80}?(?:containerregistry|azurecr\.).{0,120}? was not found in the tenant",
        ),
        of_resource=True,
    ),
    50001: Number("the resource is disabled, or does not exist", _RESOURCE, of_resource=True),
    650052: Number("the tenant has not enabled the service that the resource belongs to", _RESOURCE, of_resource=True),
    650054: Number("the resource was removed", _RESOURCE, of_resource=True),
    70011: Number("the scope is not valid", ("entra-scope-invalid", "entra-acr-resource-unavailable")),
    1002012: Number("an application's scope has to end in /.default", _SCOPE, in_print=True),
    28002: Number("the scope is not valid", _SCOPE, in_print=True),
    28003: Number("the scope is empty", _SCOPE, in_print=True),
    700022: Number("the scope names more than one resource", _SCOPE, in_print=True),
    700023: Number(
        "the scope names no resource; in other messages, the assertion's signature",
        (*_ASSERTION, "entra-scope-invalid"),
    ),
    # An assertion: signed with a certificate, or by an issuer that a federated credential names.
    700027: Number(
        "the assertion's signature is not accepted",
        _ASSERTION,
        phrases=(
            r"[Cc]lient assertion (?:contains an invalid signature|failed signature validation)",
            r"certificate used to sign the client assertion",
        ),
    ),
    700030: Number("the certificate's names are not among those that are accepted", _ASSERTION),
    700021: Number("the assertion was made for another application", _ASSERTION),
    50048: Number("the assertion's subject and issuer differ", _ASSERTION),
    50027: Number("the token cannot be read, or was made by or for somebody else", _ASSERTION),
    900384: Number("a token's signature is not accepted", _ASSERTION),
    50013: Number(
        "the assertion is not valid: its times, its signature or its form",
        ("entra-sp-certificate-invalid", "entra-fic-assertion-expired", "clock-skew"),
    ),
    500133: Number(
        "the assertion does not count at this time",
        ("entra-sp-certificate-invalid", "entra-fic-assertion-expired", "clock-skew"),
    ),
    700024: Number(
        "the assertion does not count yet, or no longer",
        ("entra-fic-assertion-expired", "clock-skew"),
        phrases=(r"[Cc]lient assertion is not within its valid time range",),
    ),
    70025: Number(
        "the application has no federated credential",
        ("entra-fic-missing", "entra-fic-propagating"),
        phrases=(r"has no configured federated identity credentials",),
    ),
    70021: Number(
        "no federated credential takes what was presented: issuer, subject or audience",
        (
            "entra-fic-subject-mismatch",
            "entra-fic-issuer-mismatch",
            "entra-fic-audience-mismatch",
            "entra-fic-propagating",
        ),
        # The text of the numbered siblings goes on after "assertion": with subject, issuer or audience.
        phrases=(r"presented assertion\. Assertion Issuer",),
    ),
    700213: Number(
        "no federated credential takes the subject",
        _SUBJECT,
        phrases=(r"record found for presented assertion subject",),
    ),
    7002131: Number("no federated credential's expression takes the subject", _SUBJECT),
    700211: Number(
        "no federated credential takes the issuer",
        _ISSUER,
        phrases=(r"record found for presented assertion issuer",),
    ),
    700222: Number(
        "a token that Entra issued is not taken as an assertion",
        _ENTRAS_TOKEN,
        phrases=(r"AAD-issued tokens may not be used for",),
    ),
    700226: Number(
        "of the tokens that Entra issues, only a managed identity's is taken as an assertion", _ENTRAS_TOKEN
    ),
    700229: Number(
        "a user's token is not taken as an assertion",
        _ENTRAS_TOKEN,
        phrases=(r"[Oo]nly app-only tokens can be used as [Ff]ederated",),
    ),
    700236: Number(
        "a token that Entra issued for another tenant is not taken as an assertion",
        _ENTRAS_TOKEN,
        phrases=(r"Entra ID tokens issued by issuer .{0,200}? may not be used for",),
    ),
    700223: Number("the tenant has switched federated credentials off", _NOT_TRUSTED_HERE),
    700238: Number("the tenant does not take this issuer's tokens", _NOT_TRUSTED_HERE),
    7002381: Number(
        "the tenant takes this issuer's tokens only of certain organisations (enterprise)",
        _NOT_TRUSTED_HERE,
        phrases=(r"registered in this tenant must contain the enterprise claim",),
    ),
    700212: Number(
        "the federated credential names another audience",
        ("entra-fic-audience-mismatch",),
        phrases=(r"record found for presented assertion audience",),
    ),
    7002121: Number("the federated credential names another audience", ("entra-fic-audience-mismatch",)),
    90061: Number(
        "Entra cannot fetch the keys of the assertion's issuer",
        ("entra-fic-issuer-unreachable",),
        phrases=(r"Request to External OIDC endpoint failed",),
    ),
    # Entra itself.
    50196: Number("one client asks the same thing in a loop", _BUSY),
    90055: Number("too many requests came for the tenant", _BUSY),
    90033: Number("Entra's directory is not available for a moment", _BUSY),
    90006: Number("Entra is not available for a moment", _BUSY),
    90012: Number("Entra took too long", _BUSY),
    90024: Number("Entra has a fault that passes", _BUSY),
    90090: Number("Entra is not available for a moment", _BUSY),
    50033: Number("Entra has a fault that passes", _BUSY),
}
