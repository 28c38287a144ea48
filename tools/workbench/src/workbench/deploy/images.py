"""Builds the services' images (`make images`) and prints their sizes; `--push REGISTRY` pushes them there.

`python -m workbench.deploy.images [--gpu] [--push registry.example.com/proteus]`
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from workbench.deploy.engine import Docker, DockerFailed, EngineUnavailable, docker
from workbench.deploy.manifests import ROOT
from workbench.deploy.standins import PYTHON, ensure_images

VERSION: Final = "0.1.0"
DOCKERFILES: Final = {
    "gateway": "services/gateway/Dockerfile",
    "tailor": "services/tailor/Dockerfile",
    "weaver": "services/weaver/Dockerfile",
    "arbitrator": "services/arbitrator/Dockerfile",
    "backup": "tools/workbench/Dockerfile",
}
GPU: Final = {"weaver-gpu": "services/weaver/Dockerfile.gpu"}
FOLDER: Final = Path(".proteus/docker")


def build(client: Docker, *, gpu: bool = False, wheels_url: str = "") -> dict[str, int]:
    """Build the images `proteus/<name>:<version>`; return their sizes in bytes.

    Args:
        client: The engine.
        gpu: Also the GPU weaver's.
        wheels_url: A page of this machine that lists wheels for the GPU weaver's build; empty: pip's own sources only.

    Raises:
        DockerFailed: A build failed; the message carries its last output.
    """
    sizes: dict[str, int] = {}
    for name, dockerfile in {**DOCKERFILES, **(GPU if gpu else {})}.items():
        print(f"building proteus/{name} …", flush=True)
        tag = f"proteus/{name}:{VERSION}"
        arguments = ["--build-arg", f"PYTHON_IMAGE={PYTHON}", "--build-arg", f"VERSION={VERSION}"]
        if name in GPU and wheels_url:
            arguments += ["--network", "host", "--build-arg", f"PIP_FIND_LINKS={wheels_url}"]
        client.run("build", "-q", "-f", dockerfile, "-t", tag, *arguments, ".", cwd=ROOT)
        sizes[name] = int(client.run("image", "inspect", "-f", "{{.Size}}", tag).stdout)
    return sizes


def push(client: Docker, registry: str, names: list[str]) -> None:
    """Tag the images for a registry and push them; the caller must be logged in."""
    for name in names:
        target = f"{registry.rstrip('/')}/{name}:{VERSION}"
        client.run("tag", f"proteus/{name}:{VERSION}", target)
        print(f"pushing {target} …", flush=True)
        client.run("push", "-q", target)


def main() -> int:
    """Parse, build, push if requested."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gpu", action="store_true", help="also the GPU weaver (several GB of CUDA wheels)")
    parser.add_argument("--push", metavar="REGISTRY", help="push there when built")
    asked = parser.parse_args()
    try:
        with docker(FOLDER.resolve()) as client:
            for image, how in ensure_images(client).items():
                print(f"{image}: {how}")
            sizes = build(client, gpu=asked.gpu)
            for name, size in sizes.items():
                print(f"proteus/{name:12} {size / 1e6:8.0f} MB")
            if asked.push:
                push(client, asked.push, list(sizes))
    except EngineUnavailable as error:
        print(error, file=sys.stderr)
        return 3
    except DockerFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
