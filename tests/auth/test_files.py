"""Files that somebody names: a regular one is read to a limit; nobody waits for what stands in its place."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from pytest_acrauth.auth import BadAuth, Variables, choose
from pytest_acrauth.auth.azure_cli import read_azure_login
from pytest_acrauth.auth.docker_config import UnreadableConfig, read_config
from pytest_acrauth.auth.federation import read_federated_token
from pytest_acrauth.auth.files import read_regular
from pytest_acrauth.auth.programs import find_program
from pytest_acrauth.model.target import Registry
from pytest_acrauth.probes.machine import BadVariable, RealMachine

PIPES = pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes in folders")
APPLICATION = {"AZURE_TENANT_ID": "contoso.example", "AZURE_CLIENT_ID": "0b6f4f0e-5a57-4d0c-9d0a-7c1b8e2f3a4d"}


def test_a_file_is_read_to_its_end(tmp_path):
    """A file at the limit is whole, one beyond it is refused instead of cut."""
    path = tmp_path / "file"
    path.write_bytes(b"\x00\r\n\x1a" * 3)
    assert read_regular(path, 12) == b"\x00\r\n\x1a" * 3
    with pytest.raises(OSError, match="larger than 11 bytes"):
        read_regular(path, 11)
    (tmp_path / "link").symlink_to(path)
    assert read_regular(tmp_path / "link", 12)


def test_what_is_no_file(tmp_path):
    """What is missing and what is a folder is told as the system does; no descriptor is left open."""
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir())) if descriptors.exists() else 0
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "nothing", 1)
    with pytest.raises(OSError, match="directory"):
        read_regular(tmp_path, 1)
    with pytest.raises(OSError, match="no regular file"):
        read_regular(Path(os.devnull), 1)
    assert (len(list(descriptors.iterdir())) if descriptors.exists() else 0) == before


@PIPES
def test_a_docker_config_that_is_a_pipe(tmp_path):
    """Nobody waits for who would write to it: the config cannot be read, and that is said."""
    os.mkfifo(tmp_path / "config.json")
    with pytest.raises(UnreadableConfig, match="no regular file"):
        read_config({"DOCKER_CONFIG": str(tmp_path)})


@PIPES
def test_a_profile_that_is_a_pipe(tmp_path):
    """Nobody is signed in with a profile that cannot be read."""
    os.mkfifo(tmp_path / "azureProfile.json")
    assert read_azure_login({"AZURE_CONFIG_DIR": str(tmp_path)}) is None


@PIPES
@pytest.mark.parametrize("variable", ["AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE"])
def test_a_variable_that_names_a_pipe(tmp_path, variable):
    """The variable is named, and nothing hangs."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadAuth, match=f"{variable}: cannot read .* no regular file"):
        choose(["default"], {**APPLICATION, variable: str(tmp_path / "pipe")}, [Registry.parse("myacr")])


@PIPES
def test_a_ca_bundle_that_is_a_pipe(tmp_path):
    """It cannot be used, as one that is missing."""
    os.mkfifo(tmp_path / "bundle.pem")
    with pytest.raises(OSError, match="no regular file"):
        RealMachine(tmp_path / "bundle.pem")


@PIPES
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSLKEYLOGFILE"])
def test_a_variable_of_tls_that_names_a_pipe(tmp_path, monkeypatch, variable):
    """What the system opens by itself would wait for whoever writes, before any limit holds."""
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv(variable, str(tmp_path / "pipe"))
    with pytest.raises(BadVariable, match=f"{variable} names a pipe"):
        RealMachine()


def test_a_file_that_has_nothing_to_read_now(tmp_path, monkeypatch):
    """A file of the system's own can be called regular, and yet have nothing for who does not wait."""

    class Silent(io.BytesIO):
        def read(self, _limit):
            return None

    def opened(descriptor, _mode):
        os.close(descriptor)
        return Silent()

    (tmp_path / "file").touch()
    monkeypatch.setattr("pytest_acrauth.auth.files.os.fdopen", opened)
    with pytest.raises(OSError, match="temporarily unavailable"):
        read_regular(tmp_path / "file", 10)


@pytest.mark.parametrize("folder", ["loop", "file/inside", "y" * 5000, "\x01", "half\udcff", "nul\0"])
def test_a_part_of_the_path_that_is_none(tmp_path, folder):
    """Whatever stands in the PATH, the programs of its other folders are found."""
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "file").touch()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "az").touch(0o700)
    environ = {"PATH": os.pathsep.join([str(tmp_path / folder), str(tmp_path / "bin")])}
    assert find_program("az", environ) == str(tmp_path / "bin" / "az")


def test_a_federated_token_is_given_a_moment(tmp_path, monkeypatch):
    """A file that is empty while it is written anew is read again; one that stays empty is refused."""
    path = tmp_path / "token"
    path.touch()
    variables = Variables("AZURE", {"AZURE_FEDERATED_TOKEN_FILE": str(path)})
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    with pytest.raises(BadAuth, match="is empty"):
        read_federated_token(variables)
    assert waits
    monkeypatch.setattr("time.sleep", lambda _seconds: path.write_text("a-token\n"))
    assert read_federated_token(variables).reveal() == "a-token"


@pytest.mark.parametrize("name", ["DOCKER_CONFIG", "AZURE_CONFIG_DIR"])
def test_a_folder_with_control_characters(name):
    """What a variable names is told on its own line, without what a terminal or a CI system would heed."""
    folder = "/nowhere/\x1b[31m\r\n##vso[task.complete]\udcff"
    with pytest.raises(BadAuth) as refused:
        choose(["default"], {name: folder, "HOME": "/nowhere"}, [Registry.parse("myacr")])
    assert "/nowhere/" in str(refused.value)
    assert not {"\x1b", "\r", "\n", "\udcff"} & set(str(refused.value).replace("\n  ", " "))
    assert "##vso[" not in str(refused.value)
    (chosen,) = choose(["azure-cli"], {name: folder, "HOME": "/nowhere"})
    assert "\x1b" not in "".join(chosen.notes)


def test_a_login_in_a_folder_with_control_characters(tmp_path):
    """A config that is found is told the same way: in the notes, and as the source of a credential."""
    folder = tmp_path / "\x1b[31m\n::error::x"
    folder.mkdir()
    (folder / "config.json").write_text('{"auths": {"myacr.azurecr.io": {"username": "me", "password": "planted"}}}')
    (chosen,) = choose(["default"], {"DOCKER_CONFIG": str(folder)}, [Registry.parse("myacr")])
    assert chosen.identity.method == "docker-config"
    assert chosen.notes
    assert not [note for note in chosen.notes if "\x1b" in note or "\n" in note]
