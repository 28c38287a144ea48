"""`make digests`: third parties' images and actions, resolved to digests and commits; none is typed by hand.

    docker buildx imagetools, git ls-remote ─▶ deploy/digests.json ─▶ workflows, deploy/digests.env, the chart's values

An image or action that cannot be resolved (no network) keeps its record and is named. Compose takes the file with
`--env-file .env --env-file deploy/digests.env`, Helm with `-f deploy/helm/proteus/values-digests.yaml`.
`--check` writes nothing and fails where a tag has moved away from its record.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Final

import yaml

from workbench.deploy.locks import ROOT

RECORD: Final = ROOT / "deploy" / "digests.json"
WORKFLOWS: Final = ROOT / ".github" / "workflows"
ENVIRONMENT: Final = ROOT / "deploy" / "digests.env"
VALUES: Final = ROOT / "deploy" / "helm" / "proteus" / "values-digests.yaml"

_IMAGE: Final = re.compile(r"\$\{([A-Z_]+_IMAGE):-([^}]+)\}")
_ACTION: Final = re.compile(r"uses: (?P<name>[\w.-]+/[\w.-]+)@(?:(?P<commit>[0-9a-f]{40}) # )?(?P<tag>v[\w.]+)")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_IN_CHART: Final = {"REDIS_IMAGE": "redis", "POSTGRES_IMAGE": "postgres", "OBJECT_STORAGE_IMAGE": "objectStorage"}

Record = dict[str, dict[str, str]]


def images() -> dict[str, str]:
    """Return setting -> image of every image that docker-compose.yml does not build."""
    return dict(_IMAGE.findall((ROOT / "docker-compose.yml").read_text()))


def actions() -> set[str]:
    """Return `owner/name@tag` of every action in the workflows."""
    texts = [path.read_text() for path in sorted(WORKFLOWS.glob("*.yml"))]
    return {f"{found['name']}@{found['tag']}" for text in texts for found in _ACTION.finditer(text)}


def digest_of(image: str) -> str | None:
    """Return the digest of an image's tag in its registry; None: no registry answers."""
    said = _said(["docker", "buildx", "imagetools", "inspect", "--format", "{{.Manifest.Digest}}", image])
    return said if _DIGEST.fullmatch(said) else None


def commit_of(action: str) -> str | None:
    """Return the commit of an action's tag; None: no server answers."""
    name, _, tag = action.partition("@")
    refs = [f"refs/tags/{tag}", f"refs/tags/{tag}^{{}}"]
    lines = _said(["git", "ls-remote", f"https://github.com/{name}", *refs]).splitlines()
    # git lists an annotated tag twice, its commit last.
    return lines[-1].split()[0] if lines else None


def recorded() -> Record:
    """Return the recorded digests and commits."""
    found: Record = json.loads(RECORD.read_text())
    return found


def resolved() -> Record:
    """Return the digests and commits that can be resolved now."""
    found_images = {image: digest for image in images().values() if (digest := digest_of(image))}
    found_actions = {action: commit for action in actions() if (commit := commit_of(action))}
    return {"images": found_images, "actions": found_actions}


def files(record: Record) -> dict[str, str]:
    """Return path under the root -> text of the files made from a record."""
    told = {
        str(path.relative_to(ROOT)): pinned(path.read_text(), record["actions"]) for path in WORKFLOWS.glob("*.yml")
    }
    if record["images"]:
        by_digest = {
            name: f"{image}@{record['images'][image]}" for name, image in images().items() if image in record["images"]
        }
        values = {_IN_CHART[name]: {"image": image} for name, image in by_digest.items() if name in _IN_CHART}
        told[str(ENVIRONMENT.relative_to(ROOT))] = "".join(f"{name}={image}\n" for name, image in by_digest.items())
        told[str(VALUES.relative_to(ROOT))] = yaml.safe_dump(values)
    return told


def pinned(workflow: str, commits: Mapping[str, str]) -> str:
    """Return a workflow with every action at its recorded commit, the tag beside it."""

    def at_commit(found: re.Match[str]) -> str:
        commit = commits.get(f"{found['name']}@{found['tag']}")
        return f"uses: {found['name']}@{commit} # {found['tag']}" if commit else found[0]

    return _ACTION.sub(at_commit, workflow)


def unresolved(record: Record) -> list[str]:
    """Return the images and actions without a recorded digest or commit."""
    return sorted((set(images().values()) - record["images"].keys()) | (actions() - record["actions"].keys()))


def moved(record: Record, now: Record) -> list[str]:
    """Return a sentence for each tag that has moved from its record."""
    return [
        f"{name} is {now[kind][name]} now, recorded is {known}"
        for kind in ("images", "actions")
        for name, known in sorted(record[kind].items())
        if name in now[kind] and now[kind][name] != known
    ]


def _said(command: list[str]) -> str:
    try:
        done: subprocess.CompletedProcess[Any] = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return str(done.stdout).strip() if done.returncode == 0 else ""


def main(arguments: list[str]) -> int:
    """Resolve, write, report; return the exit status."""
    before, now = recorded(), resolved()
    gone_astray = moved(before, now)
    for sentence in gone_astray:
        print(sentence)
    if arguments == ["--check"]:
        checked = sum(name in now[kind] for kind in before for name in before[kind])
        print(f"{checked} of {sum(map(len, before.values()))} recorded digests were checked")
    else:
        before = {kind: dict(sorted({**before[kind], **now[kind]}.items())) for kind in before}
        RECORD.write_text(json.dumps(before, indent=2) + "\n")
        for name, text in files(before).items():
            (ROOT / name).write_text(text)
    for name in unresolved(before):
        print(f"unresolved: {name}")
    return 1 if arguments == ["--check"] and gone_astray else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
