"""``--acr-prove-push``: a check that opens an upload and cancels it, where push must be held."""

from __future__ import annotations

import pytest
from conftest import Inner, outcomes

PUSHER = """
    from pytest_acrauth.emulator.scenarios.changes import with_role
    from pytest_acrauth.plugin.commands.emulation import EMULATOR

    def pytest_collection_modifyitems(config):
        if EMULATOR in config.stash:
            config.stash[EMULATOR].change(with_role("AcrPush"))

    def pytest_terminal_summary(terminalreporter, config):
        for each in config.stash[EMULATOR].requests:
            if "/blobs/uploads/" in each.path:
                terminalreporter.write_line(f"asked: {each.method} {each.status}")
"""
MUST = ("--acr-repository", "team/app", "--acr-must", "pull,push")
CHECK = "acr::myacr.azurecr.io::service-principal::upload::team/app"


def test_push_is_proven(inner: Inner) -> None:
    """By one request that opens an upload, and one that cancels it; ``-v`` says so."""
    inner.pytester.makeconftest(PUSHER)
    result = inner.emulate("healthy", *MUST, "--acr-prove-push")
    result.assert_outcomes(passed=10)
    assert outcomes(result)[CHECK] == "PASSED"
    assert [line for line in result.outlines if line.startswith("asked: ")] == ["asked: POST 202", "asked: DELETE 204"]
    result.stdout.fnmatch_lines(["acr: repository team/app*; push proven by an upload (*", "*(push by an upload)*"])


def test_otherwise_the_token_tells(inner: Inner) -> None:
    """No upload is opened, and there is no check of one."""
    inner.pytester.makeconftest(PUSHER)
    result = inner.emulate("healthy", *MUST)
    result.assert_outcomes(passed=9)
    assert CHECK not in outcomes(result)
    assert not [line for line in result.outlines if line.startswith("asked: ")]


def test_who_may_not_push_uploads_nothing(inner: Inner) -> None:
    """The token says it already: the check of the upload is not reached."""
    result = inner.emulate("healthy", *MUST, "--acr-prove-push")
    assert outcomes(result)[CHECK] == "SKIPPED"
    result.stdout.fnmatch_lines(["FAILED acr::*::access_token::team/app - scope-not-granted: *push*"])


def test_an_upload_that_stays_open_is_told(inner: Inner) -> None:
    """In the check's own words and at the end of the run; the right is proven, and the run passes."""
    inner.pytester.makeconftest(
        PUSHER
        + """
    from pytest_acrauth.emulator.azure import uploads
    from pytest_acrauth.emulator.azure.answers import Answer

    async def cannot(self, request):
        return Answer(500, [("Content-Type", "text/plain")], b"not now")

    uploads.Uploads._cancel = cannot
"""
    )
    # In a process of its own: the emulator that this conftest breaks would be that of other tests, too.
    result = inner.apart("--acr-registry", "myacr", "--acr-emulate", "healthy", *MUST, "--acr-prove-push", "-rP")
    result.assert_outcomes(passed=10)
    said = "the upload to team/app that proved push was not cancelled (500 not now); it holds nothing"
    assert result.stdout.str().count(said) == 2


@pytest.mark.parametrize("arguments", [(), ("--acr-repository", "team/app"), ("--acr-must", "push")])
def test_where_there_is_nothing_to_prove_it_is_a_usage_error(inner: Inner, arguments: tuple[str, ...]) -> None:
    """It names what is lacking."""
    result = inner.emulate("healthy", "--acr-prove-push", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --acr-*"])
