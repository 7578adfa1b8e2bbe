"""Servers for tests and proofs: private, on free ports of 127.0.0.1, killed and started again at will."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

POSTGRES = Path("/usr/lib/postgresql/15/bin")
NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
WITH_US = ["setpriv", "--pdeathsig=KILL"]           # a server does not outlive whoever started it
READY_SECONDS = 40.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def has_postgres() -> bool:
    return (POSTGRES / "initdb").exists()


def has_influx() -> bool:
    return shutil.which("influxd") is not None


def has_victoria() -> bool:
    return shutil.which("victoria-metrics") is not None


class Server:
    """A process of its own group, in a folder of its own, that no other user has business with."""

    def __init__(self, name: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"rig-{name}-"))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, or start it again; back when it answers."""
        until = time.monotonic() + READY_SECONDS
        while not self._started(until):
            time.sleep(0.2)                         # what is left of the killed one is in its way still

    def _started(self, until: float) -> bool:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.words(), stdout=log, stderr=log, cwd=self.folder, start_new_session=True
            )
        while not self.answers():
            if time.monotonic() > until:
                said = (self.folder / "log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{self.words()} did not start: {said}")
            if self._process.poll() is not None and time.monotonic() < until - READY_SECONDS / 2:
                return False
            time.sleep(0.05)
        return True

    def kill(self) -> None:
        """SIGKILL, to its children too."""
        if self._process is not None:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def words(self) -> Sequence[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError


class Postgres(Server):
    """PostgreSQL 15. ``url``: TCP, with a password, as its owner ``rig``."""

    PASSWORD = "for/tests only"

    def __init__(self, *, synced: bool = False) -> None:
        super().__init__("postgres")
        self._synced = synced
        self._as: list[str] = NOBODY if os.getuid() == 0 else []
        if self._as:
            shutil.chown(self.folder, "nobody", "nogroup")
        word = self.folder / "password"
        word.write_text(self.PASSWORD)
        word.chmod(0o644)
        subprocess.run(
            [*self._as, str(POSTGRES / "initdb"), "-D", str(self.folder / "data"), "-U", "rig", "--no-sync",
             "--no-locale", "-E", "UTF8", "--auth-local=trust", "--auth-host=scram-sha-256",
             f"--pwfile={word}"],
            check=True, stdout=subprocess.DEVNULL, cwd=self.folder,
        )

    @property
    def address(self) -> str:
        """Without the password."""
        return f"postgresql://rig@127.0.0.1:{self.port}/postgres"

    @property
    def url(self) -> str:
        return self.address.replace("rig@", "rig:for%2Ftests%20only@")

    def words(self) -> Sequence[str]:
        settings = ["listen_addresses=127.0.0.1", f"port={self.port}", "max_connections=40",
                    f"unix_socket_directories={self.folder}", "shared_buffers=32MB"]
        if not self._synced:
            settings += ["fsync=off", "full_page_writes=off"]
        # the death signal is told last: who changes its user forgets it
        return [*self._as, *WITH_US, str(POSTGRES / "postgres"), "-D", str(self.folder / "data"),
                *(word for setting in settings for word in ("-c", setting))]

    def answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


class HttpServer(Server):
    """One that answers over HTTP."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return bytes(answer.read())

    def post(self, path: str) -> bytes:
        request = urllib.request.Request(self.url + path, method="POST", data=b"")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bytes(answer.read())

    def answers(self) -> bool:
        try:
            self.get("/ping" if isinstance(self, Influx) else "/health")
        except (urllib.error.URLError, OSError):
            return False
        return True


class Influx(HttpServer):
    """InfluxDB 1.6, database ``rig``; what it took is in its write-ahead log."""

    def __init__(self) -> None:
        super().__init__("influx")
        (self.folder / "influxdb.conf").write_text(
            f'reporting-disabled = true\nbind-address = "127.0.0.1:{free_port()}"\n'
            f'[meta]\ndir = "{self.folder}/meta"\n'
            f'[data]\ndir = "{self.folder}/data"\nwal-dir = "{self.folder}/wal"\n'
            f'[http]\nbind-address = "127.0.0.1:{self.port}"\nlog-enabled = false\n'
            "[monitor]\nstore-enabled = false\n"
        )

    def words(self) -> Sequence[str]:
        return [*WITH_US, "influxd", "-config", str(self.folder / "influxdb.conf")]


class Victoria(HttpServer):
    """VictoriaMetrics, single node."""

    def __init__(self) -> None:
        super().__init__("victoria")

    def words(self) -> Sequence[str]:
        return [*WITH_US, "victoria-metrics", f"-httpListenAddr=127.0.0.1:{self.port}",
                f"-storageDataPath={self.folder}/data", "-retentionPeriod=1200"]


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether it came true in time."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
