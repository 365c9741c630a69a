"""Whether the words of a sign-in are about something else than a registry: another service, or a program's own users.

Entra and the credentials of the SDKs say the same whatever a token is wanted for. What wanted it stands around them.
"""

from __future__ import annotations

import re

from pytest_acrauth.catalogue.symptoms.words import GUID

_BEFORE, _AFTER = 1000, 400  # how far from the words it is looked for

#: What has to do with a registry: where one of these stands near, the words count whatever else does. The claim of that
#: name, of how somebody signed in, has not.
_OURS = re.compile(
    r"azurecr\.|container[ ._-]?registr|\bacr(?![a-z]|_values|['\"] ?[:,\]]| (?:claim|value|level))"
    r"|\bdocker (?:login|pull|push|build)\b|pull(?:ing)? image|6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26"
)
_OUR_NAMES = re.compile(r"\b(?:[aA]cr|ACR)[A-Z]")
_OURS_HOLD = ("acr", "azurecr.", "registr", "docker ", "image", "6a0ec4d3")  # what ``_OURS`` never matches without

# What others are known by, in small letters.
#: Hosts.
_HOSTS = (
    "vault.azure.", "database.windows.net", "database.azure.com", "graph.microsoft.", "graph.windows.net",
    "sharepoint.com", "dynamics.com", "powerbi.com", "analysis.windows.net", "teams.microsoft.com", ".office.com",
    ".office365.com", "b2clogin.com", "servicebus.windows.net", "documents.azure.com", "openai.azure.com",
    "cognitiveservices.azure.com", "azuredatabricks.net", "search.windows.net", "azconfig.io", "kusto.windows.net",
    "blob.core.", "queue.core.", "table.core.", "file.core.", "dfs.core.", "digitaltwins.azure.net",
)  # fmt: skip
#: Resources: Graph, Exchange, SharePoint, Power BI, Dynamics, SQL, Key Vault, storage, Azure DevOps, AKS, Databricks.
_RESOURCES = (
    "00000003-0000-0000-c000-000000000000", "00000002-0000-0ff1-ce00-000000000000",
    "00000003-0000-0ff1-ce00-000000000000", "00000009-0000-0000-c000-000000000000",
    "00000007-0000-0000-c000-000000000000", "022907d3-0f1b-48f7-badc-1ba6abab6d66",
    "cfa8b339-82a2-471a-a3c9-0fc0be7a4093", "e406a681-f3d4-42a8-90b6-c2b029497af1",
    "499b84ac-1321-427f-aa17-267ca6975798", "6dae42f8-4368-4678-94ff-3960e28e3630",
    "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d",
)  # fmt: skip
#: Services by their names, and what their clients are called.
_SERVICES = (
    "microsoft graph", "microsoft.graph", "graphserviceclient", "msgraph", "get-mg", "connect-mggraph", "power bi",
    "powerbi", "sharepoint", "exchange online", "microsoft teams", "office 365", "dynamics 365", "outlook",
    "connect-pnponline", "connect-exchangeonline", "connect-sposervice", "connect-azuread", "connect-msolservice",
    "sqlclient", "sqlexception", "sqlserverexception", "sqlconnection", "for sql server", "sqlcmd", "key vault",
    "keyvault", "secrets-store", "secretclient", "azsecrets", "azkeys", "azure.storage", "azure/storage", "azblob",
    "blobclient", "blobserviceclient", "blobcontainerclient", "listblobs", "azure.messaging", "azservicebus",
    "servicebus", "service bus", "service-bus", "eventhub", "event hub", "azure.cosmos", "azcosmos", "cosmosdb",
    "cosmos db", "az storage ", "az sql ", "az appconfig ", "az devops ", "az boards ", "az repos ", "az ad ",
    "mssparkutils", "kubelogin", "auth/azure/login", "azure monitor", "monitor.azure.com", "log analytics",
    "virtualmachines", "dynamics-365", "dynamics365", "dataverse", "powerplatform", "power platform",
    "appconfiguration", "app configuration", "eventgrid", "event grid", "signalr", "databricks", "kusto", "purview",
)  # fmt: skip
#: Programs that change other resources.
_PROGRAMS = (
    "cert-manager", "external-dns", "azuredns", "velero", "cluster-autoscaler", 'backend "azurerm"',
)  # fmt: skip
#: A program's own users.
_SIGN_INS = (
    "/signin-oidc", ".auth/login/aad", "/login/oauth2/code/", "idw10", "microsoft.identity.web", "openidconnect",
    "oauth2authenticationexception", "passport-azure-ad", "msal-browser", "msal-react", "msal-angular",
    "oauth2 callback", "/oauth2/callback", "redeeming code", "redeem the", "oauthlogin", "oauth2-proxy",
    "oauth.azuread", "omniauth", "samlre", "identifier 'http",
)  # fmt: skip
_OTHERS = (*_HOSTS, *_RESOURCES, *_SERVICES, *_PROGRAMS, *_SIGN_INS)

# A scope, as credentials ask for it, or a resource, as the metadata endpoint is asked for it.
_NOT_OURS = r"(?!management\.|[\w.-]{0,60}?containerregistry)[\w.-]{3,80}"
_SCOPE = re.compile(rf"https://{_NOT_OURS}/{{1,2}}\.default\b|[?&]resource=https(?::|%3a)(?:/|%2f){{2}}{_NOT_OURS}")
# The application that a person signs in to, by its name; those that lead to a registry are Microsoft's own.
_NAMED = re.compile(
    r"(?:\bconfigured the application |\b(?:access|for) the application '(?:[\w-]{1,40}' ?\()?"
    r"|\bwith ID '[\w-]{1,40}' named |\bApp name: |\bResource: )'?"
    rf"(?!(?:Microsoft|Windows Azure|Visual Studio|Azure)\b|https:|{GUID})(?=[^'()]{{0,40}}?[A-Za-z])"
)


def about_another(flat: str, start: int, end: int) -> bool:
    """Return whether words between two offsets of a flat text are about another service's or program's sign-in."""
    near = flat[max(0, start - _BEFORE) : end + _AFTER]
    small = near.lower()
    if any(each in small for each in _OURS_HOLD) and (_OURS.search(small) or _OUR_NAMES.search(near)):
        return False
    if any(each in small for each in _OTHERS):
        return True
    asked = (".default" in small or "resource=" in small) and _SCOPE.search(small)
    return bool(asked) or _NAMED.search(flat, start, end + _AFTER) is not None
