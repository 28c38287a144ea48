"""The page at `/ui` in a real Chromium: real uploads from the browser (so CORS is real), the real socket, no stubs."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from PIL import Image

from workbench import assets, pages
from workbench.stack.plan import Plan


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    program = await asyncio.to_thread(pages.chromium)
    async with running(program, tmp_path / "profile") as tab:
        yield tab


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_two_chosen_pictures_become_a_try_on(fleet: Plan, page: Page, tmp_path: Path) -> None:
    await page.open(f"{fleet.gateway_url}/ui")
    await page.choose_file("#person", assets.PERSON)
    await page.choose_file("#garment", assets.GARMENT)
    await page.until("!document.querySelector('#go').disabled")
    await page.evaluate("document.querySelector('#go').click()")
    ended = "!document.querySelector('#done').hidden || document.querySelector('#work').className == 'bad'"
    await page.until(ended, seconds=60)
    assert await page.evaluate("document.querySelector('#work').className") == ""
    with Image.open(assets.PERSON) as photo:
        assert await page.evaluate("document.querySelector('#after').naturalWidth") == photo.width
    tmp_path.joinpath("page.png").write_bytes(await page.screenshot())
    assert page.complaints == []


class Page:
    """One tab of Chromium over its DevTools socket."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.complaints: list[str] = []
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def read(self) -> None:
        async for raw in self._socket:
            message = json.loads(raw)
            if "id" in message:
                self._answers.pop(message["id"]).set_result(message)
            elif message["method"] in {"Runtime.exceptionThrown", "Log.entryAdded"}:
                self.complaints.append(json.dumps(message["params"]))

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        async with asyncio.timeout(90):
            answer = await self._answers[number]
        assert "error" not in answer, answer
        return dict(answer["result"])

    async def open(self, url: str) -> None:
        for domain in ("Page", "Runtime", "Log", "DOM"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=url)
        await self.until("document.readyState === 'complete' && document.querySelector('#form')")

    async def evaluate(self, expression: str) -> Any:
        found = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def until(self, condition: str, *, seconds: float = 20) -> None:
        """Let the page itself look again and again, and answer once."""
        look = f"const look = () => ({condition}) ? yes(1) : performance.now() > end ? yes(0) : setTimeout(look, 50)"
        script = f"new Promise((yes) => {{ const end = performance.now() + {seconds * 1000}; {look}; look(); }})"
        answer = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert answer["result"].get("value") == 1, f"it never happened: {condition}"

    async def choose_file(self, selector: str, path: Path) -> None:
        root = (await self.call("DOM.getDocument"))["root"]["nodeId"]
        node = (await self.call("DOM.querySelector", nodeId=root, selector=selector))["nodeId"]
        await self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    async def screenshot(self) -> bytes:
        shot = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])


@asynccontextmanager
async def running(program: str, profile: Path) -> AsyncIterator[Page]:
    flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
    process = await asyncio.create_subprocess_exec(
        program,
        *flags,
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
        "about:blank",
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(30):
            while b"DevTools listening on" not in (line := await process.stderr.readline()):
                assert line, "Chromium ended"
        port = line.decode().split("127.0.0.1:")[1].split("/")[0]
        async with httpx.AsyncClient() as http:
            tabs = (await http.get(f"http://127.0.0.1:{port}/json")).json()
        address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
        async with websockets.connect(address, max_size=2**26) as socket, asyncio.TaskGroup() as group:
            page = Page(socket)
            reading = group.create_task(page.read())
            yield page
            reading.cancel()
    finally:
        process.terminate()
        await process.wait()
