"""Recognisable secrets in the hands of a user's own tests, and the search for them in all that a run left behind."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

LOUD = ("-vv", "--showlocals", "--full-trace", "--log-level=DEBUG", "-rA")

# The environment's secrets are planted where a user's own tests, and the network, would spill them.
SPILL = """
import logging
import warnings
from base64 import b64encode
from urllib.parse import quote

import pytest

@pytest.fixture
def credential(acr, request):
    from pytest_acrauth.auth import variables
    from pytest_acrauth.plugin.climbing.stash import CLIMBS
    environ = request.config.stash[CLIMBS].plan.machine.environ
    found = [environ[name] for name in variables(acr.target.identity)][-2:]
    return found or pytest.skip("this identity has no secret")

@pytest.mark.acr_ready
def test_marked():
    pass

def test_requires(acr):
    acr.require("repository:team/app:pull")

def test_permissions(acr):
    assert acr.permissions("team/app") == {"everything"}

def test_spills(credential, record_property):
    who, secret = credential
    basic = b64encode(f"{who}:{secret}".encode()).decode()
    record_property("secret", secret)
    print(secret, quote(secret, safe=""), basic)
    warnings.warn(f"{secret} is no place for a secret")
    logging.getLogger("mine").warning("%s %s", secret, basic)
    headers = {"Authorization": f"Basic {basic}", "text": secret}
    raise ValueError(f"{secret} {headers}")
"""
#: What else reports are made of, without a word that a test prints or logs: nobody masks what goes straight out.
HANDS_OVER = """
import os
import unittest
import warnings
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from pytest_acrauth.auth import variables
from pytest_acrauth.plugin.climbing.stash import CLIMBS

def secret_of(config):
    plan = config.stash[CLIMBS].plan
    return plan.machine.environ[variables(plan.targets[0].identity)[-1]]

@dataclass
class Login:
    user: str
    password: str = field(repr=False)

def pytest_generate_tests(metafunc):
    if "parameter" in metafunc.fixturenames:
        metafunc.parametrize("parameter", [secret_of(metafunc.config)])

@pytest.fixture
def secret(request):
    return secret_of(request.config)

@pytest.fixture
def hands_over(secret, record_property, request):
    record_property("env", {"nested": [{"password": secret}], secret: 1})
    record_property("bytes", secret.encode())
    if not hasattr(request.config, "workerinput"):  # workers can send plain values only
        record_property("record", Login("me", secret))
    request.node.extra_keyword_matches.add(secret)

def test_fails(hands_over, secret):
    parts = {"bytes": secret.encode(), "login": Login("me", secret), "text": secret}
    assert parts == {}, parts

def test_passes(hands_over):
    pass

def test_named_after_it(parameter):
    assert parameter == ""

def test_skipped(secret):
    pytest.skip(f"not with {secret}")

def test_expected(secret):
    pytest.xfail(f"not with {secret}")

def test_warns(secret):
    warnings.warn(f"not with {secret.encode()}")
    warnings.warn(UserWarning({"password": secret}))

def test_subtests(request, secret):
    subtests = request.getfixturevalue("subtests")
    with subtests.test(secret, password=secret):
        assert secret == ""
    with subtests.test(msg="deep", env={"password": [secret]}):
        assert secret == ""

@pytest.fixture
def set_up(secret):
    raise ValueError({"password": secret.encode()})

def test_error_in_set_up(set_up):
    pass

@pytest.fixture
def torn_down(secret):
    yield
    raise ValueError(f"not with {secret}")

def test_error_in_tear_down(torn_down):
    pass

def test_chain(secret):
    try:
        raise LookupError(secret)
    except LookupError as error:
        raise ValueError("in a chain") from error

class TestCase(unittest.TestCase):
    def test_unit(self):
        from pytest_acrauth.plugin.climbing.stash import CLIMBS
        self.assertEqual(PASSWORDS[0], "")

@pytest.fixture(autouse=True)
def known(secret):
    PASSWORDS[:] = [secret]

PASSWORDS = []

@pytest.mark.acr_ready
def test_marked():
    pass

def test_requires(acr):
    acr.require("repository:team/app:pull")
"""
#: Another plugin, which adds to reports, and tells all that it finds in them.
TELLS = """
import json

@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    found = [value for value in getattr(item, "funcargs", {}).values() if isinstance(value, str)]
    raised = call.excinfo.value if call.excinfo else None
    # Workers can send plain values only.
    report.noted = {"arguments": found, "raised": str(raised) if hasattr(item.config, "workerinput") else raised}

def opened(value):
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, BaseException):
        return [value.args, str(value)]
    if type(value).__name__ in {"Login", "SubtestContext"} or type(value).__module__.startswith("_pytest._code"):
        names = getattr(value, "__dict__", None) or value.__dataclass_fields__
        return [{name: getattr(value, name) for name in names}, str(value)]
    return [repr(value), str(value)]

@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report):
    with open(f"told-{os.getpid()}.jsonl", "a") as file:
        for name, value in vars(report).items():
            if name not in {"node", "_from_json"}:
                file.write(name + " " + json.dumps(value, default=opened, skipkeys=True) + "\\n")
"""
TAKE = """import os

import json
import shutil
import pytest
from pytest_acrauth.plugin.climbing.distribution import FOLDER
from pytest_acrauth.plugin.commands.emulation import EMULATOR

@pytest.hookimpl(optionalhook=True, trylast=True)
def pytest_xdist_node_collection_finished(node):
    shutil.copytree(node.workerinput[FOLDER], node.config.rootpath / "exchanged", dirs_exist_ok=True)

def pytest_sessionfinish(session):
    emulator = session.config.stash.get(EMULATOR, None)
    if emulator is None:
        return
    cloud = emulator.world.cloud
    secrets = [value for name, value in emulator.environ.items() if name.endswith(("SECRET", "PASSWORD"))]
    secrets += [each.value for application in cloud.applications.values() for each in application.secrets]
    for registry in cloud.registries.values():
        secrets += registry.admin_passwords
        secrets += [each.value for token in registry.tokens.values() for each in token.passwords]
    (session.config.rootpath / "planted.json").write_text(json.dumps([text for text in secrets if text]))
"""


def forms(secret: str) -> Iterator[str]:
    """Return the spellings in which a secret could be found again."""
    yield from (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode().rstrip("="))


def search(folder: Path, result: pytest.RunResult) -> None:
    """Search everything that a run printed, and all files that it left, but for tests and configuration."""
    planted = json.loads((folder / "planted.json").read_text())
    assert len(set(planted)) >= 3
    places = {"stdout": result.stdout.str(), "stderr": result.stderr.str()}
    ours = {".py", ".pyc", ".ini"}
    left = [path for path in folder.rglob("*") if path.is_file() and path.suffix not in ours]
    places |= {str(path): path.read_bytes().decode("utf-8", "replace") for path in left if path.name != "planted.json"}
    for place, text in places.items():
        for secret in planted:
            assert not [form for form in forms(secret) if form in text], place
        assert "eyJ" not in text, place  # how every token begins
