"""Family ``expiry``: a credential still works, and its end is within the limit that somebody set."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode, Instruction
from pytest_acrauth.catalogue.steps import ADD_SECRET, GENERATE_PASSWORD
from pytest_acrauth.catalogue.symptoms import expiry

_FROM_THEN = "Nothing is wrong yet; from that moment on every sign-in with it is refused."
_RENEW_CERTIFICATE: tuple[Instruction, ...] = (
    "Unless it has a newer one, the application's owner adds the public part of one beside the others:",
    Command("az ad app credential reset --id {client_id} --cert @CERTIFICATE.pem --append -o none"),
    "Then put that certificate with its private key into {kept}.",
)
_LIST_CERTIFICATES: tuple[Instruction, ...] = (
    "See which certificates the application has registered:",
    Command(
        "az ad app credential list --id {client_id} --cert"
        ' --query "[].{{thumbprint:customKeyIdentifier,ends:endDateTime}}" -o table'
    ),
)

EXPIRY_SP_SECRET = FailureMode(
    id="expiry-sp-secret",
    title="{client_id}'s secret {ends}",
    brief="client secret about to end",
    seen=(expiry.SECRET_ENDS,),
    signs=(expiry.SECRET_ENDS,),
    certain="Microsoft Graph has the end date of every client secret, on the application and on its service principal.",
    means=f"A client secret is an application's password, and ends at a date of its own. {_FROM_THEN} Entra does not"
    " tell which of several secrets somebody signed in with.",
    look=(
        "See for whom each was made (of the service principal itself: az ad sp credential list):",
        Command(
            'az ad app credential list --id {client_id} --query "[].{{name:displayName,ends:endDateTime}}" -o table'
        ),
    ),
    fix=(
        *ADD_SECRET,
        "Then update every place that holds the old secret; it stays good until its end.",
    ),
    instead=("Sign in without a secret, so that none can expire: with a managed identity or a federated credential.",),
    page=pages.ACR + "container-registry-auth-service-principal#service-principal-renewal",
)
EXPIRY_SP_CERTIFICATE = FailureMode(
    id="expiry-sp-certificate",
    title="the registered certificate {ends}",
    brief="registered certificate about to end",
    seen=(expiry.CERTIFICATE_ENDS,),
    signs=(expiry.CERTIFICATE_ENDS,),
    certain="Microsoft Graph has until when the application's certificate is registered; its thumbprint tells which.",
    means="An application proves itself by a certificate that is registered with it until a date, which can be earlier"
    f" than the certificate's own. {_FROM_THEN}",
    look=_LIST_CERTIFICATES,
    fix=_RENEW_CERTIFICATE,
    instead=("Sign in without a certificate: with a managed identity or a federated credential.",),
    page=pages.ACR + "container-registry-auth-service-principal#use-with-certificate",
)
EXPIRY_CERTIFICATE_FILE = FailureMode(
    id="expiry-certificate-file",
    title="the certificate in the file {ends}",
    brief="certificate file about to end",
    seen=(expiry.CERTIFICATE_FILE_ENDS,),
    signs=(expiry.CERTIFICATE_FILE_ENDS,),
    certain="The certificate in the file says itself until when it is valid.",
    means=f"The application signs in with the certificate in this file, which has an end of its own. {_FROM_THEN}",
    look=_LIST_CERTIFICATES,
    fix=_RENEW_CERTIFICATE,
    instead=("Sign in without a certificate: with a managed identity or a federated credential.",),
    page=pages.ACR + "container-registry-auth-service-principal#use-with-certificate",
)
EXPIRY_SCOPE_MAP_PASSWORD = FailureMode(
    id="expiry-scope-map-password",
    title="{user_name}'s password {ends}",
    brief="password about to end",
    seen=(expiry.PASSWORD_ENDS,),
    signs=(expiry.PASSWORD_ENDS,),
    certain="Azure Resource Manager has the end date of every password of a scope-map token.",
    means="A scope-map token is a user of the registry's own, with up to two passwords, and each of them can have an"
    f" end date of its own. {_FROM_THEN} Which of two passwords a caller holds, nothing tells.",
    look=(
        Command(
            "az acr token show -n {user_name} -r {registry}"
            ' --query "credentials.passwords[].{{name:name,made:creationTime,ends:expiry}}" -o table'
        ),
    ),
    fix=(*GENERATE_PASSWORD, "Then update every place that holds the old one."),
    page=pages.ACR + "container-registry-token-based-repository-permissions#regenerate-token-passwords",
)
EXPIRY_CACHED_LOGIN = FailureMode(
    id="expiry-cached-login",
    title="the login at {login_server} {ends}",
    brief="cached login about to end",
    seen=(expiry.LOGIN_ENDS,),
    signs=(expiry.LOGIN_ENDS,),
    certain="The refresh token that is used as a password says itself when it ends.",
    means="az acr login stores a refresh token as docker's password. It lives three hours, and docker cannot renew it:"
    " what still works now does not in the next job.",
    fix=(
        "Log in again, directly before what needs it; where the token was copied to a variable, copy the new one:",
        Command("az acr login -n {login_name}"),
    ),
    instead=("For longer jobs use what does not end so soon: a service principal's secret, or a scope-map token.",),
    page=pages.ACR + "container-registry-authentication#authenticate-with-microsoft-entra-id",
)
