"""Whatever stands in docs/tasks and in examples/ works as it stands there, against a real gateway."""

from __future__ import annotations

import asyncio
import io
import os
import re
import shutil
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from access import made_key
from client_package import missing, node, packed
from fleet_of_cards import weavers
from gateway.settings import LimitSettings, WebhookSettings
from waiting import until
from webhooks_of_a_shop import made
from workbench.stack.ports import free_port

ROOT = Path(__file__).parents[3]
FENCE = re.compile(r"^```(\w+)( receiver)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SAYS = {
    "upload": "image_url: http", "follow": "saved tryon.png", "outfit": "pictures: 2", "batch": "saved pictures.zip",
    "webhook": "secret: whsec_",
}  # fmt: skip
"""Page -> what each of its programs prints in the end."""

MOST_SECONDS = 60


@dataclass(frozen=True)
class Program:
    name: str
    language: str
    text: str
    receiver: bool = False
    words: tuple[str, ...] = ()
    says: str = ""


def programs() -> list[Program]:
    found = [
        Program(page.stem, language, text, bool(receiver), says=SAYS.get(page.stem, ""))
        for page in sorted((ROOT / "docs" / "tasks").glob("*.md"))
        if page.stem in SAYS
        for language, receiver, text in FENCE.findall(page.read_text())
    ]
    three = ("person.jpg", "garment.jpg", "out.png")
    examples = [
        ("python/tryon.py", "python", three, "out.png"),
        ("python/many.py", "python", ("person.jpg", "garment.jpg", "jeans.jpg"), "look-2.png"),
        ("typescript/tryon.mjs", "ts", three, "out.png"),
    ]
    return found + [
        Program(Path(name).stem, language, (ROOT / "examples" / name).read_text(), words=words, says=says)
        for name, language, words, says in examples
    ]


ALL = programs()


def test_every_task_has_a_program_in_every_language_and_every_example_is_run() -> None:
    assert {(one.name, one.language) for one in ALL if not one.words} == {
        (page, language) for page in SAYS for language in ("bash", "python", "ts")
    }
    programs = {path.name for kind in ("python", "typescript") for path in (ROOT / "examples" / kind).iterdir()}
    assert programs == {"tryon.py", "many.py", "tryon.mjs"}


@pytest.fixture
def gateway_settings(gateway_settings):
    return gateway_settings.model_copy(
        update={
            "webhooks": WebhookSettings(allowed_networks="127.0.0.0/8"),
            "limits": LimitSettings(uploads_per_minute=1_000, submits_per_minute=1_000),
        }
    )


def photo(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (96, 128), colour).save(file, "JPEG")
    return file.getvalue()


PHOTOS = {"person.jpg": photo("tan"), "garment.jpg": photo("navy"), "jeans.jpg": photo("teal")}


def prepare(program: Program, folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, data in PHOTOS.items():
        (folder / name).write_bytes(data)
    (folder / "program.mjs").write_text(program.text)


@asynccontextmanager
async def started(program: Program, folder: Path, environment: dict[str, str]):
    """Run a program in a folder of its own with photos in it; it does not outlive the block."""
    prepare(program, folder)
    match program.language:
        case "bash":
            command = ["bash", "-euo", "pipefail", "-c", program.text]
        case "python":
            command = [sys.executable, "-W", "error", "-c", program.text]
        case _:
            command = [node(), "program.mjs"]
    process = await asyncio.create_subprocess_exec(
        *command, *program.words, cwd=folder, env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def run(program: Program, folder: Path, environment: dict[str, str], turns: asyncio.Semaphore) -> None:
    async with turns, started(program, folder, environment) as process, asyncio.timeout(MOST_SECONDS):
        out, err = await process.communicate()
        assert process.returncode == 0, f"{program.name} in {program.language}: {err.decode()}"
        assert program.says in out.decode(), f"{program.name} in {program.language} printed {out.decode()}"


async def opens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


@pytest.mark.long
@pytest.mark.parametrize("languages", [("bash", "python"), ("ts",)], ids=["curl and Python", "TypeScript"])
async def test_every_program_of_the_pages_and_examples_does_what_it_says(
    gateway, hands, redis, owner, account, tmp_path, languages
) -> None:
    if "bash" in languages and not (shutil.which("jq") and shutil.which("curl")):
        missing("curl or jq")
    place = packed(tmp_path) if "ts" in languages else tmp_path
    key = (await made_key(owner, scopes=["webhooks"]))["key"]
    shop = gateway.bearer(key, "user_acme")
    # Webhooks tell of a tenant's try-ons, so they are made by its account.
    environment = {
        "PROTEUS_URL": gateway.url, "PROTEUS_TOKEN": owner.token, "PROTEUS_KEY": key,
        "WEBHOOK_URL": f"http://127.0.0.1:{free_port()}/nobody",
    }  # fmt: skip
    turns = asyncio.Semaphore(3)
    mine = [one for one in ALL if one.language in languages]
    async with AsyncExitStack() as stack:
        heard = []
        for program in (one for one in mine if one.receiver):
            port = free_port()
            hook = await made(shop, f"http://127.0.0.1:{port}/")
            more = {"PORT": str(port), "WEBHOOK_SECRET": hook["secret"]}
            heard.append(
                await stack.enter_async_context(
                    started(program, place / f"receiver-{program.language}", environment | more)
                )
            )
            await until(partial(opens, port), what="the receiver")
        async with weavers(redis, 2), hands.working():
            rest = [one for one in mine if not one.receiver]
            async with asyncio.TaskGroup() as group:
                for n, program in enumerate(rest):
                    group.create_task(run(program, place / f"{n}-{program.name}", environment, turns))
        for process in heard:
            async with asyncio.timeout(MOST_SECONDS):
                line = (await process.stdout.readline()).decode()
            assert re.fullmatch(r"msg_\w+ tryon\.completed completed\n", line), line
