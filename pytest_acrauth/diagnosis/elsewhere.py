"""Whether the words of a sign-in are about something else than a registry: another service, or a program's own users.

Entra and the credentials of the SDKs say the same whatever a token is wanted for. What wanted it stands around them.
"""

from __future__ import annotations

import re

_BEFORE, _AFTER = 1000, 400  # how far from the words it is looked for

#: What has to do with a registry: where one of these stands near, the words count whatever else does.
_OURS = re.compile(
    r"(?i:azurecr\.|container[ ._-]?registr|\bacr(?![a-z])|\bdocker (?:login|pull|push|build)\b|pull(?:ing)? image)"
    r"|\b[aA]cr[A-Z]|\bACR[A-Z]|6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26"
)
_HOSTS = (
    *(r"vault\.azure\.(?:net|cn)", r"database\.windows\.net", r"graph\.(?:microsoft|windows)\.(?:com|net|us)"),
    *(r"sharepoint\.com", r"dynamics\.com", r"powerbi\.com", r"analysis\.windows\.net", r"teams\.microsoft\.com"),
    *(r"outlook\.office(?:365)?\.com", r"servicebus\.windows\.net", r"documents\.azure\.com", r"openai\.azure\.com"),
    *(r"cognitiveservices\.azure\.com", r"azuredatabricks\.net", r"search\.windows\.net", r"azconfig\.io"),
    *(r"kusto\.windows\.net", r"(?:blob|queue|table|file|dfs)\.core\.(?:windows\.net|chinacloudapi\.cn)"),
    *(r"digitaltwins\.azure\.net", r"database\.azure\.com", r"ossrdbms-aad\.database\.windows\.net"),
)
# As Entra lists them: Graph, Exchange, SharePoint, Power BI, Dynamics, SQL, Key Vault, storage, DevOps, AKS, Databricks.
_RESOURCES = (
    *("00000003-0000-0000-c000-000000000000", "00000002-0000-0ff1-ce00-000000000000"),
    *("00000003-0000-0ff1-ce00-000000000000", "00000009-0000-0000-c000-000000000000"),
    *("00000007-0000-0000-c000-000000000000", "022907d3-0f1b-48f7-badc-1ba6abab6d66"),
    *("cfa8b339-82a2-471a-a3c9-0fc0be7a4093", "e406a681-f3d4-42a8-90b6-c2b029497af1"),
    *("499b84ac-1321-427f-aa17-267ca6975798", "6dae42f8-4368-4678-94ff-3960e28e3630"),
    "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d",
)
_PROGRAMS = (
    r"\bMicrosoft\.Graph\b|\bGraph(?:ServiceClient|RbacManagement)|\bmsgraph\b|\bGet-Mg[A-Z]",
    r"\bConnect-(?:MgGraph|PnPOnline|ExchangeOnline|SPOService|MicrosoftTeams|PowerBI|AzureAD|MsolService|IPPSSession)",
    r"\bSql(?:Client|Exception|Connection)\b|\bODBC Driver \d\d for SQL Server\b|\bSQLServerException\b|\bsqlcmd\b",
    r"\b[Aa]zure\.(?:[Ss]torage|[Ss]ecurity|[Kk]ey[Vv]ault|[Mm]essaging|[Ss]ervice[Bb]us|[Ee]vent[Hh]ub|[Cc]osmos|AI)\b",
    r"\bcom\.azure\.(?:storage|security|messaging|cosmos|data|ai|spring)\b|@azure/(?:storage|keyvault|service-bus|cosmos)",
    r"\bazure/(?:storage|keyvault|servicebus|eventhub|cosmos)\b|\b(?:azblob|azsecrets|azkeys|azservicebus|azcosmos)\b",
    r"\baz (?:keyvault|storage|sql|cosmosdb|servicebus|eventhubs|appconfig|devops|boards|repos|ad) ",
    r"\bkubelogin\b|\bKey Vault\b|\bKeyVault(?:Error|Client)|\bSecretClient\b|\bBlob(?:Service|Container)?Client\b",
    r"\bPower ?BI\b|\bSharePoint\b|\bExchange Online\b|\bMicrosoft (?:Teams|Graph)\b|\bOffice ?365\b|\bDynamics\b",
    # a program's own users
    r"/signin-oidc\b|\.auth/login/aad\b|/login/oauth2/code/|\bIDW10\d{3}\b|\bMicrosoft\.Identity\.Web\b",
    r"\bOpenIdConnect|\bOAuth2AuthenticationException\b|\bpassport-azure-ad\b|\bmsal-(?:browser|react|angular)\b",
)
_OTHERS = re.compile("|".join((rf"(?<![\w-])(?:[\w-]{{1,63}}\.)?(?:{'|'.join(_HOSTS)})", *_RESOURCES, *_PROGRAMS)))
# The application that a person signs in to, by its name; those that lead to a registry are Microsoft's own.
_NAMED = re.compile(
    r"(?:\bconfigured the application |\baccess the application '[\w-]{1,40}' ?\(|\bwith ID '[\w-]{1,40}' named )'?"
    r"(?!(?:Microsoft|Windows|Visual Studio|Azure)\b)(?=[^'()]{0,40}?[A-Za-z])"
)


def about_another(flat: str, start: int, end: int) -> bool:
    """Return whether words between two offsets of a flat text are about another service's or program's sign-in."""
    begin, behind = max(0, start - _BEFORE), end + _AFTER
    if _OURS.search(flat, begin, behind):
        return False
    return _OTHERS.search(flat, begin, behind) is not None or _NAMED.search(flat, start, behind) is not None
