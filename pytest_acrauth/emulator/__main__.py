"""``python -m pytest_acrauth.emulator``: the emulator for other programs, until it is interrupted."""

from __future__ import annotations

import argparse
import io
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Self

from pytest_acrauth.auth import BadAuth, azure_cli, docker_login
from pytest_acrauth.emulator import lacking
from pytest_acrauth.emulator.programs.folder import Folder
from pytest_acrauth.model.target import BadName

if TYPE_CHECKING:
    from pytest_acrauth.emulator import Emulator

#: Who reads the file named: OpenSSL and Go, Python's requests (azure-cli), curl.
_CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy")
#: How the names of variables begin that say who one is; the emulated machine's others are not this machine's.
_IDENTITY = ("ACR_", "AZURE_", "IDENTITY_", "ACTIONS_", "GITHUB_ACTIONS", "AZURESUBSCRIPTION_", "SYSTEM_", "TF_BUILD")
_MOST = 1000  # requests of a step
#: The signals that end this: of a terminal, of whoever started it, of a terminal that is closed.
_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class _Ended(BaseException):
    """A signal came that ends the waiting for it."""


class _Signals:
    """The signals that end this, kept until somebody takes them: whatever is being made or removed gets finished.

    Those that whoever started it lets it ignore, as nohup does, stay ignored.
    """

    def __init__(self) -> None:
        self.came: list[int] = []
        self._taken: Callable[[int], None] | None = None

    def __enter__(self) -> Self:
        ending = [number for number in _ENDING if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._come) for number in ending}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _come(self, number: int, _frame: FrameType | None) -> None:
        self.came.append(number)
        if self._taken is not None:
            self._taken(number)

    def take(self, taken: Callable[[int], None]) -> None:
        """Call a function with every signal, those among them that came already."""
        self._taken = taken
        for number in list(self.came):
            taken(number)

    def wait(self) -> None:
        """Wait for the first."""

        def end(_number: int) -> None:
            self._taken = None
            raise _Ended

        with suppress(_Ended):
            self.take(end)
            threading.Event().wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, print the environment to export, and return 0 at SIGINT, SIGTERM or SIGHUP, at whatever moment.

    With ``--exec`` a command is run in that environment instead, and its exit code is returned: 128 and the number
    where a signal ended it, as shells have it. A wrong argument, a command that cannot be started, a dependency that is
    not installed, or a machine that has no room for it, is told in a line, with the exit code 2.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what an encoding lacks is no reason to end in a traceback
            stream.reconfigure(errors="backslashreplace")
    try:
        with _Signals() as signals:
            return _main(arguments, signals)
    except OSError as error:  # no place for a file, no port, no descriptor left
        _say(f"the emulator cannot be served here: {error.strerror or error}")
        return 2


def _main(arguments: Sequence[str] | None, signals: _Signals) -> int:
    try:
        from pytest_acrauth.emulator import REGISTRIES, Emulator
        from pytest_acrauth.emulator.emulator import LONGEST_LATENCY
        from pytest_acrauth.emulator.scenarios.entries import UnknownScenario
    except ImportError as error:
        _say(lacking(error))
        return 2
    parser = argparse.ArgumentParser(
        prog="python -m pytest_acrauth.emulator",
        description="Serve the emulator for other programs, until it is interrupted: prints the environment to export.",
    )
    changes = (
        "change the healthy world by failure-mode ids, in order; those with a number hold for so many requests, one "
        "after another, and then the world is as it was"
    )
    parser.add_argument("--scenario", metavar="ID[:TIMES][,ID…]", default="healthy", help=changes)
    requests = "which requests TIMES counts, * for anything; without it, those at which the scenario is met first"
    parser.add_argument("--count", metavar="HOST/PATH", default="", help=requests)
    slow = f"let answers take longer, those of a host or all; {LONGEST_LATENCY:g} at most; repeatable"
    parser.add_argument("--latency", metavar="[HOST=]SECONDS", action="append", default=[], help=slow)
    who = "what programs sign in with, beside or in the place of the usual credentials; repeatable"
    parser.add_argument("--auth", metavar="METHOD[:PREFIX]", action="append", default=[], help=who)
    more = f"a registry to have beside {' and '.join(REGISTRIES)}: name, login server or resource id; repeatable"
    parser.add_argument("--registry", metavar="NAME", action="append", default=[], help=more)
    command = "run a command, with all arguments behind it, where programs find the emulator; end when it ends"
    parser.add_argument("--exec", metavar="COMMAND", nargs=argparse.REMAINDER, dest="command", help=command)
    chosen = parser.parse_args(arguments)
    if chosen.command == []:
        parser.error("--exec: name the command to run")
    try:
        lasting, steps = _scenarios(chosen.scenario)
        if chosen.count and not steps:
            parser.error("--count says which requests count: say with --scenario ID:TIMES how many")
        emulator = Emulator(*lasting, registries=chosen.registry, identities=chosen.auth)
        emulator.latency = _latency(chosen.latency)
    except BadAuth as error:
        parser.error(f"--auth: {error}")
    except UnknownScenario as error:
        parser.error(f"--scenario: {error}; pytest --acr-emulate list prints all")
    except (ValueError, BadName) as error:
        parser.error(str(error))
    with emulator, closing(Folder()) as folder:
        try:
            _play(emulator, steps, chosen.count)
        except ValueError as error:
            parser.error(str(error))
        exported = environment(emulator, folder.path)
        if chosen.command is not None:
            return _run(chosen.command, exported, signals)
        return _serve(emulator, exported, signals)


def _scenarios(text: str) -> tuple[list[str], list[str]]:
    """Return the scenarios that hold for good, and those of each step, one for a request. Raises ValueError."""
    lasting: list[str] = []
    steps: list[str] = []
    for each in text.split(","):
        scenario, colon, times = (part.strip() for part in each.partition(":"))
        if not colon:
            lasting.append(scenario)
        elif times.isdecimal() and 1 <= int(times) <= _MOST:
            steps += [scenario] * int(times)
        else:
            raise ValueError(f"--scenario {each.strip()}: behind the colon is a number of requests, 1 to {_MOST}")
    return lasting, steps


def _latency(texts: Sequence[str]) -> dict[str, float]:
    """Return the latency of each host that is named, in seconds. Raises ValueError."""
    found: dict[str, float] = {}
    for text in texts:
        host, _, seconds = text.rpartition("=")
        try:
            found[host.strip() or "*"] = float(seconds)
        except ValueError:
            raise ValueError(f"--latency {text}: {seconds!r} is no number of seconds") from None
    return dict(sorted(found.items(), key=lambda each: "*" in each[0]))


def _play(emulator: Emulator, steps: Sequence[str], count: str) -> None:
    """Begin the sequence of these steps, where there are any. Raises ValueError."""
    if steps:
        host, slash, path = count.partition("/")
        emulator.sequence([*steps, "healthy"], host=host, path=f"{slash}{path}" if path or not host else "")


def _serve(emulator: Emulator, exported: dict[str, str], signals: _Signals) -> int:
    """Print the environment, wait for a signal, and return the exit code: 2 where nobody can read what is printed."""
    lines = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in exported.items())
    if kept_from := _print(os.fsencode(lines)):
        _say(f"the environment cannot be written to standard output: {kept_from}")
        return 2
    hosts = ", ".join(each.login_server for each in emulator.world.cloud.registries.values())
    _say(f"serving {hosts}; interrupt to end")
    signals.wait()
    return 0


def _print(text: bytes) -> str:
    """Write bytes to standard output, as the system has them for a path: a shell takes them back in any encoding.

    Returns what kept it from that, '' where nothing did.
    """
    if sys.stdout is None:
        return "it is closed"
    try:
        # Without a buffer, which would be written again, and fail again, at the very end.
        with open(sys.stdout.fileno(), "wb", buffering=0, closefd=False) as out:
            out.write(text)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _say(line: str) -> None:
    """Write a line for a person, who may have closed his terminal."""
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()


def _run(command: Sequence[str], exported: dict[str, str], signals: _Signals) -> int:
    """Run a command in the environment, none of this machine's own credentials in it, and return its exit code."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_IDENTITY)}
    if signals.came:
        return 128 + signals.came[0]
    try:
        running = subprocess.Popen(command, env=kept | exported)  # noqa: S603 - whoever starts this says what
    except OSError as error:
        _say(f"--exec: cannot run {command[0]}: {error.strerror}")
        return 2
    # A terminal's interrupt reaches the command as well, which then says how it ends.
    signals.take(lambda number: running.send_signal(number) if number != signal.SIGINT else None)
    code = running.wait()
    return code if code >= 0 else 128 - code


def environment(emulator: Emulator, folder: Path) -> dict[str, str]:
    """Return what leads a program to a served emulator, makes it trust it, and logs it in; files go into the folder.

    ``ACR_EMULATOR_CERTS`` names a folder in the form of ``/etc/docker/certs.d``: a docker daemon reads no variable.
    ``AZURE_CONFIG_DIR`` is an empty folder, because the Azure CLI keeps tokens, which no other emulator would accept.
    """
    bundle, certificates, config = folder / "ca.pem", folder / "certs.d", folder / "azure"
    config.mkdir()
    bundle.write_text(emulator.ca_pem, encoding="ascii")
    for registry in emulator.world.cloud.registries.values():
        home = certificates / registry.login_server
        home.mkdir(parents=True)
        (home / "ca.crt").write_text(emulator.ca_pem, encoding="ascii")
    named = tuple(f"{each.prefix}_" for each in emulator.identities if each.prefix)
    return {
        **dict.fromkeys(_PROXY_VARIABLES, emulator.proxy_url),
        **dict.fromkeys(_CA_VARIABLES, str(bundle)),
        **{name: value for name, value in emulator.environ.items() if name.startswith((*_IDENTITY, *named))},
        "ACR_EMULATOR_CERTS": str(certificates),
        "AZURE_CONFIG_DIR": str(config),
        **_places(emulator, folder),
    }


def _places(emulator: Emulator, folder: Path) -> dict[str, str]:
    """Return what leads to the logins that no variable holds, where an identity is asked for that has one of them."""
    found: dict[str, str] = {}
    places = {each.row.place for each in emulator.identities}
    if docker_login.CONFIG in places:
        found["DOCKER_CONFIG"] = emulator.environ["DOCKER_CONFIG"]
    if azure_cli.PROFILE in places:  # the real az has no tokens of this world; the other programs stay the real ones
        programs = folder / "bin"
        programs.mkdir()
        (programs / "az").symlink_to(Path(emulator.environ["PATH"]) / "az")
        found["PATH"] = os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)])
        found["AZURE_CONFIG_DIR"] = emulator.environ["AZURE_CONFIG_DIR"]
    return found


if __name__ == "__main__":
    sys.exit(main())
