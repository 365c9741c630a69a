"""Readiness files for tests: a whole one, and mistakes with what is told of each."""

from __future__ import annotations

WHOLE = """\
# An environment of three registries.
[run]
timeout = 20
wait = 1.5
client = ["docker", "az"]
mask_ids = true
evidence = "service-principal:ACR_READER"

[expiry]
warn = 30

[identity.puller]
method = "service-principal"
prefix = "ACR_PULLER"
expiry = { warn = 60, fail = 7 }

[identity."build.er"]
method = "workload-identity"

[registry.shop]
name = "${ACR_SHOP}"

[[registry.shop.access]]
identities = ["puller"]
repositories = ["team/app:1.0", "team/web"]
must_not = ["push"]

[[registry.shop.access]]
identities = ["build.er"]
repositories = ["team/app"]
must = ["pull", "push"]
prove_push = true

[registry.myacr]

[registry.vault]
refusal = [
    { expect = ["network-shut-out"] },  # from here
    { identities = ["puller"], expect = ["push-denied", "identity-kept-out"], repositories = ["team/app"] },
]
"""
ENVIRON = {"ACR_SHOP": "shopacr"}

MISTAKES = [
    ("[registry.myacr]\nnmae = 'x'", "line 2: registry.myacr.nmae: there is no such key; did you mean name?"),
    (
        "[registry.myacr]\nzzz = 1",
        "line 2: registry.myacr.zzz: there is no such key; choose from name, access, refusal",
    ),
    ("[registri.myacr]", "line 1: registri: there is no such key; did you mean registry?"),
    ("", "line 1: the file: it names no registry: add [registry.NAME]"),
    ("[registry]", "line 1: registry: it is empty: give a table for each NAME, or leave it out"),
    ("registry = 3", "line 1: registry: a table of tables is expected: write [registry.NAME]"),
    ("[registry]\nmyacr = 3", "line 2: registry.myacr: a table is expected: write [registry.myacr]"),
    (
        "[registry.myacr.azurecr.io]",
        'line 1: registry.myacr: a name with dots stands in quotes: [registry."myacr.azurecr.io"]',
    ),
    (
        "[[registry.myacr.azurecr.io.access]]\nrepositories = ['a']",
        'line 1: registry.myacr: a name with dots stands in quotes: [registry."myacr.azurecr.io"]',
    ),
    ("[registry.myacr.acces]", "line 1: registry.myacr.acces: there is no such key; did you mean access?"),
    (
        "[registry.'my acr']",
        "line 1: registry.my acr: a name has letters, digits and . _ -, and begins with a letter or digit",
    ),
    (
        "[registry.myacr]\naccess = 3",
        "line 2: registry.myacr.access: a list of tables is expected: write [[registry.myacr.access]]",
    ),
    (
        "[registry.myacr.access]",
        "line 1: registry.myacr.access: a list of tables is expected: write [[registry.myacr.access]]",
    ),
    (
        "[[registry.myacr.access]]\nrepositories = ['a']\nmust = 'pull'",
        "line 3: registry.myacr.access[1].must: a list of texts is expected",
    ),
    (
        "[[registry.myacr.access]]\nrepositories = ['a']\nmust = ['pull', 3]",
        "line 3: registry.myacr.access[1].must: a list of texts is expected",
    ),
    (
        "[[registry.myacr.access]]\nrepositories=['a']\n\n[[registry.myacr.access]]\nrepositories=['b']\nmust=['pul']",
        "line 6: registry.myacr.access[2].must: 'pul' is none of its values; did you mean pull?",
    ),
    ("[run]\ntimeout = '20'\n[registry.myacr]", "line 2: run.timeout: a number above 0 is expected"),
    ("[run]\ntimeout = true\n[registry.myacr]", "line 2: run.timeout: a number above 0 is expected"),
    ("[run]\nmask_ids = 1\n[registry.myacr]", "line 2: run.mask_ids: true or false is expected"),
    ("[run]\ncloud = ''\n[registry.myacr]", "line 2: run.cloud: it is empty: leave it out, or say what is meant"),
    ("[run]\nclient = []\n[registry.myacr]", "line 2: run.client: it is empty: leave it out, or say what is meant"),
    ("[run]\nregistry = ['x']\n[registry.myacr]", "line 2: run.registry: there is no such key; choose from "),
    ("[run]\nclient = ['az', 'az']\n[registry.myacr]", "line 2: run.client: az stands twice"),
    ("[run]\n\ntimeout = 1\ntimeout = 2\n[registry.myacr]", "line 4: run.timeout: it stands twice"),
    ("[registry.myacr]\n\n[registry.myacr]", "line 3: registry.myacr: it stands twice"),
    (
        "[registry.myacr]\naccess = [{ must = ['pull'], must = [] }]",
        "line 2: registry.myacr.access[1]: this is no TOML: ",
    ),
    ("[registry.myacr]\nname = myacr", "line 2: registry.myacr.name: this is no TOML: "),
    ("[registry.myacr", "line 1: this is no TOML: "),
    ("[registry.myacr]\nname = '''", "line 2: registry.myacr.name: this is no TOML: "),
    ("[identity.a]\n[registry.myacr]", "line 1: identity.a: method is missing: how, as in --acr-auth"),
    (
        "[identity.a]\nmethod='azure_cli'\n[registry.myacr]",
        "line 2: identity.a.method: 'azure_cli' is none of its values; did you mean azure-cli?",
    ),
    (
        "[identity.a]\nmethod='azure-cli'\n[[registry.myacr.access]]\nidentities=['b']",
        "line 4: registry.myacr.access[1].identities: there is no identity 'b' in this file; it has a",
    ),
    (
        "[identity.a]\nmethod='azure-cli'\n[identity.b]\nmethod='anonymous'\n[[registry.myacr.access]]\nidentities=['a']",
        "line 3: identity.b: nothing in this file uses it",
    ),
    (
        "[identity.a]\nmethod='service-principal'\nprefix='PROD'\n[registry.myacr]",
        (
            "line 3: identity.a.prefix: 'PROD' is not what variables of a readiness file begin with: ACR, "
            "ACR_ and more in capitals, or what acr_config_variables lists"
        ),
    ),
    (
        "[[registry.myacr.access]]\nmust = ['push']",
        "line 2: registry.myacr.access[1].must: actions are held on repositories: name them with repositories",
    ),
    (
        "[[registry.myacr.access]]\nrepositories=['a']\nmust=['pull']\nmust_not = ['pull']",
        "line 4: registry.myacr.access[1].must_not: pull stands in must as well",
    ),
    (
        "[[registry.myacr.access]]\nrepositories=['a']\nprove_push = true",
        "line 3: registry.myacr.access[1].prove_push: push is proven where it must be held: add it to must",
    ),
    (
        "[[registry.myacr.access]]\nrepositories=['Team']",
        "line 2: registry.myacr.access[1].repositories: 'Team' is no repository reference: ",
    ),
    (
        "[[registry.myacr.access]]\nrepositories=['myacr.azurecr.io/a']",
        (
            "line 2: registry.myacr.access[1].repositories: leave out myacr.azurecr.io"
            ": the table it stands in names the registry"
        ),
    ),
    (
        "[[registry.myacr.access]]\nrepositories=['a']\n[[registry.myacr.access]]\nrepositories=['a']\nmust=['push']",
        "line 3: registry.myacr.access[2]: the rights on a stand in another access as well",
    ),
    (
        "[[registry.myacr.refusal]]",
        "line 1: registry.myacr.refusal[1]: expect is missing: reasons, any of which is right",
    ),
    (
        "[registry.x]\nname = '${ACR_NONE}'",
        "line 2: registry.x.name: the environment variable ACR_NONE is not set: set and export it",
    ),
    (
        "[registry.x]\nname = '${HOME}'",
        "line 2: registry.x.name: a readiness file names environment variables that begin with ACR_, not HOME: ",
    ),
    (
        "[registry.x]\nname = '${ACR_PASSWORD}'",
        "line 2: registry.x.name: ACR_PASSWORD is called as a variable that holds a secret",
    ),
    ("[registry.x]\nname = '${}'", "line 2: registry.x.name: ${} names no environment variable"),
    (
        "[expiry]\nwarn = 7\nfail = 30\n[registry.x]",
        "line 2: expiry.warn: nothing is told of that does not fail anyway: ",
    ),
    ("[expiry]\nfail = 0\n[registry.x]", "line 2: expiry.fail: a number above 0 is expected"),
    ("[expiry]\nfail = nan\n[registry.x]", "line 2: expiry.fail: a number above 0 is expected"),
    ("[run]\ntimeout = 1e99\n[registry.x]", "line 2: run.timeout: it is more than 1000000000"),
    (
        "[identity.a]\nmethod='service-principal'\nprefix='a8Q~not-a-real-one'\n[registry.myacr]",
        "line 3: identity.a.prefix: this is not what variables of a readiness file begin with: ACR, ",
    ),
    ("[expiry]\n[registry.x]", "line 1: expiry: it is empty: give warn or fail, or leave it out"),
]
