"""Every promise of docs/openapi.json is kept by a running gateway: statuses, parameters, headers and examples.

Each operation is asked with its own examples by whoever may ask it, once for every parameter. What these cannot bring
about (a job that ended in time, a 304) is asked for by hand in `Walk.scenes`. What nobody asked for fails.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from gateway.settings import DatabaseSettings, WebhookSettings
from hands import png, until
from promise_book import Book, described, examples_of, openapi, unmet_headers, unmet_parameters, unmet_statuses
from promise_shop import batches_of, hooks_of, mask_of
from proteus.jobs import WorkerId
from proteus.keys import JOBS, WEAVER_REPLICAS, QueueKeys
from proteus.queue import Failure
from proteus.registry import WorkerCard, WorkerState, register
from receiver import Receiver, receiving
from workbench.stack.ports import free_port

LAST = re.compile(r"delete|logout|drop|revoke|reset|drain|intake|consent|cancel")
"""Operations that change what the others need come after them."""


DESTROYING = {
    ("delete", path)
    for path in ("/users/{user_id}", "/v1/consent", "/v1/tryons/{job_id}", "/v1/images/{image_id}", "/vtons/{vton_id}")
}
"""They end whoever asks, or what the others need."""


STREAMS = ("/events", "/live")
"""They end only with whoever reads them."""


def test_every_example_is_valid_against_its_own_schema() -> None:
    document = openapi()
    schemas = document["components"]
    checked = 0
    places: list[tuple[str, Mapping[str, Any], list[Any]]] = [
        (name, schema, schema.get("examples", [])) for name, schema in schemas["schemas"].items()
    ]
    for place, operation in described():
        for one in operation.get("parameters", []):
            shown = [*one["schema"].get("examples", []), *(e["value"] for e in one.get("examples", {}).values())]
            places.append((f"{place} {one['name']}", one["schema"], shown))
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in (content for body in bodies for content in body.get("content", {}).values()):
            shown = [content["example"]] if "example" in content else []
            places.append((f"{place}", content.get("schema", {}), shown))
    for name, schema, shown in places:
        for example in shown:
            errors = list(Draft202012Validator({**schema, "components": schemas}).iter_errors(example))
            assert errors == [], (name, example)
            checked += 1
    assert checked > 80


@pytest.fixture
def gateway_settings(gateway_settings):
    return gateway_settings.model_copy(update={"webhooks": WebhookSettings(allowed_networks="127.0.0.0/8")})


@pytest.fixture
async def walk(gateway, hands, ready, tokens, redis, account, prepare) -> AsyncIterator[Walk]:
    """Whoever asks a gateway, and what is noted."""
    shop = await prepare(gateway, await account(gateway, "acme", scopes=["keys", "tokens", "usage"]))
    made = Walk(gateway, Book(), tokens, ready, hands, redis, shop)
    yield made
    await made.close()


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(400)
async def test_every_status_parameter_header_and_example_is_kept(walk, serve, hands, gateway_settings, redis) -> None:
    book = walk.book
    await redis.set(WEAVER_REPLICAS, "0")
    await walk.prepare_people()
    async with hands.working(), receiving() as receiver:
        await walk.prepare(receiver)
        await walk.examples()
        await walk.scenes()
    await walk.idle()
    away = DatabaseSettings(url=f"postgresql+asyncpg://x:x@127.0.0.1:{free_port()}/x")
    async with serve(gateway_settings.model_copy(update={"database": away})) as broken:
        await walk.without_postgres(broken.url)

    missing = [*unmet_statuses(book), *unmet_parameters(book), *unmet_headers(book)]
    assert missing == [], "\n" + "\n".join(missing)
    assert book.malformed == [], "examples that the gateway itself refuses"


class Walk:
    """Asks every operation."""

    def __init__(self, gateway: Any, book: Book, tokens: Any, ready: Any, hands: Any, redis: Any, shop: Any) -> None:
        self.gateway, self.book, self.ready, self.hands, self._tokens = gateway, book, ready, hands, tokens
        self.redis, self.shop = redis, shop
        self.pair = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
        self.known: dict[str, Any] = {}
        self.clients: dict[str, httpx.AsyncClient] = {}

    def client(self, name: str, token: str | None) -> httpx.AsyncClient:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        hooks = {"response": [self.book.note]}
        made = httpx.AsyncClient(base_url=self.gateway.url, timeout=30, headers=headers, event_hooks=hooks)
        made.headers.pop("accept")
        self.clients[name] = made
        return made

    async def close(self) -> None:
        for one in self.clients.values():
            await one.aclose()

    async def prepare_people(self) -> None:
        """Bring who asks, and what needs to be made before the workers work: a picture's mask, a batch that waits."""
        guest = self.client("guest", self.ready.guest.token)
        owner = self.client("owner", self.shop.guest.token)
        ops = await self.gateway.guest()
        scopes = ["admin", "priority:high", "keys", "tokens", "usage"]
        self.client("operator", self._tokens.mint(ops.user_id, tenant="ops", scopes=scopes, seconds=600))
        self.client("nobody", None)
        self.client("garbage", "e30.e30.e30")
        self.client("key", (await owner.post("/v1/keys", json={"name": "server"})).json()["key"])
        hooks = await owner.post("/v1/keys", json={"name": "hooks", "scopes": ["webhooks", "usage"]})
        self.client("hooks", hooks.json()["key"])
        await mask_of(guest, self.pair, self.hands)
        self.known["batch_id"] = await batches_of(self.shop, owner)

    async def prepare(self, receiver: Receiver) -> None:
        """Bring a job, a photo, a draft, a key and a webhook whose ids the examples' are exchanged for."""
        guest, owner, operator = (self.clients[name] for name in ("guest", "owner", "operator"))
        job = (await guest.post("/v1/tryons", json=self.pair, params={"wait": 20})).json()
        cut = {"image_url": (await guest.get("/v1/images")).json()["items"][0]["image_url"]}
        cut = (await guest.post("/v1/segmentations", json=cut, params={"wait": 20})).json()
        image = (await guest.get("/v1/images")).json()["items"][0]
        key = (await owner.post("/v1/keys", json={"name": "walk"})).json()
        await operator.put("/v1/tenants/acme", json={})
        self.known |= {
            **self.pair, "seg_id": cut["job_id"], "image_url": self.ready.person,
            "job_id": job["job_id"], "vton_id": job["vton_id"], "n": "1",
            "image_id": image["image_id"], "key_id": key["key_id"], "tenant": "acme", "user_id": "me",
            "persons": [self.shop.person], "garments": [self.shop.garment],
            "worker_id": "weaver-1", "next_cursor": "", **await hooks_of(self.clients["hooks"], receiver),
        }  # fmt: skip

    async def examples(self) -> None:
        """Ask every operation with its examples, and with each of its parameters."""
        for place, operation in sorted(described(), key=lambda one: bool(LAST.search("".join(one[0])))):
            for asked in self.requests(place, operation):
                for person in ("guest", "owner", "key", "hooks", "operator"):
                    if await self.ask(self.clients[person], place, asked):
                        break
            if not place[1].endswith(STREAMS):
                await self.clients["garbage"].request(place[0].upper(), self.path(place[1]))
            if place[1].startswith("/v1/") and not place[1].endswith(STREAMS):
                await self.clients["guest"].request(place[0].upper(), self.path(place[1]), params={"nobody_knows": "1"})
        await self.clients["operator"].put("/v1/queue/intake", json={"paused": False})

    def path(self, pattern: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: self.known[found[1]], pattern)

    def requests(self, place: tuple[str, str], operation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the plainest request, then one with each parameter that may be left out."""
        parameters = [one for one in operation.get("parameters", []) if one["in"] != "path"]
        plain: dict[str, Any] = {"params": {}, "headers": {}}
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            if media == "application/json":
                (plain["json"], *_) = examples_of(content["schema"]) or [{}]
                plain["json"] = {name: self.known.get(name, value) for name, value in plain["json"].items()}
        for one in parameters:
            if one.get("required"):
                plain["params"][one["name"]] = self.known.get(one["name"], examples_of(one["schema"])[0])
        yield plain
        for one in parameters:
            where = "headers" if one["in"] == "header" else "params"
            value = next(
                iter([e["value"] for e in one.get("examples", {}).values()] or examples_of(one["schema"])), None
            )
            if one.get("style") == "deepObject":
                yield {**plain, "params": {**plain["params"], **{f"{one['name']}[{k}]": v for k, v in value.items()}}}
            elif one["name"] == "Idempotency-Key":
                yield {**plain, "headers": {one["name"]: "-".join(place)}}
            elif value is not None and one["name"] not in ("cursor", "wait", "If-None-Match", "Last-Event-ID"):
                yield {**plain, where: {**plain[where], one["name"]: str(value) if where == "headers" else value}}

    async def ask(self, client: httpx.AsyncClient, place: tuple[str, str], asked: Mapping[str, Any]) -> bool:
        """Ask an operation; return whether it did what was asked."""
        if place in DESTROYING or place[1].endswith(STREAMS):
            return True  # By hand; streams do not end.
        answer = await client.request(place[0].upper(), self.path(place[1]), **asked)
        if "json" in asked and answer.status_code == 422 and '"pointer":"/body' in answer.text:
            self.book.malformed.append(f"{place} {asked}: {answer.text[:300]}")
        return answer.status_code < 400

    async def without_postgres(self, url: str) -> None:
        """Ask every operation while the database is away."""
        for name in ("operator", "nobody"):
            self.clients[name].base_url = httpx.URL(url)

        async def ask(place: tuple[str, str], operation: Mapping[str, Any]) -> None:
            asked = next(self.requests(place, operation))
            for name in ("operator", "nobody"):
                await self.clients[name].request(place[0].upper(), self.path(place[1]), **asked)

        places = list(described())
        for first in range(0, len(places), 8):
            await asyncio.gather(*(ask(*one) for one in places[first : first + 8]))

    async def scenes(self) -> None:
        """Bring about by hand what examples do not, while workers work."""
        guest, owner, operator = (self.clients[name] for name in ("guest", "owner", "operator"))
        pair, job, seg = self.pair, self.known["job_id"], self.known["seg_id"]
        photo = {"file": ("g.png", png((64, 64)), "image/png")}

        async def taken() -> bool:
            """Every gateway hears within a second that intake goes on."""
            return (await guest.post("/v1/tryons", json=pair)).status_code == 202

        await until(taken)
        for path in ("/v1/tryons", "/api/snap"):
            await guest.post(path, json=pair, params={"wait": 20}, headers={"Cancel-After": "2h"})
        for path in ("/v1/segmentations", "/segformer/segmentOutfitPic"):
            await guest.post(path, json={"image_url": self.known["image_url"]}, params={"wait": 20})
        await guest.post("/api/upload/cloth", files=photo, params={"wait": 20}, headers={"Prefer": "wait=20"})
        person = self.ready.person.rpartition("/")[2]
        await guest.get(f"/v1/images/{person}/area", params={"category": "upper"})
        await guest.post("/v1/verify", files={"image": photo["file"]})
        await guest.post("/api/upload/cloth", files=photo, headers={"Idempotency-Key": "photo"})
        await operator.put("/v1/tenants/acme", json={})
        draft = (await guest.post("/vtons", json=pair, params={"wait": 1})).json()
        await guest.post("/catvton/transferOutfit", json={"vton_id": draft["vton_id"]}, params={"wait": 20})
        await guest.post(f"/v1/tryons/{job}/cancel", params={"wait": 1}, headers={"Prefer": "wait=1"})
        await guest.get(f"/v1/results/{job}/1", headers={"Accept": "application/json"})
        await guest.get(f"/v1/results/{job}/1", params={"download": True}, headers={"Accept": "image/png"})
        for path in (f"/api/status/{job}", f"/v1/tryons/{job}", f"/v1/segmentations/{seg}"):
            await guest.get(path, params={"wait": 0.1}, headers={"Prefer": "wait=1", "If-None-Match": "*"})
        for path in ("/v1/events", f"/v1/tryons/{job}/events", "/v1/queue/live"):
            for client in (operator if path.endswith("/live") else guest, self.clients["garbage"]):
                async with client.stream("GET", path, headers={"Last-Event-ID": "0"}):
                    pass

        await self.operate()
        word, email = "a long password", "ada@shop.example"
        account = self.client("account", None)
        session = (await account.post("/v1/auth/register", json={"email": email, "password": word})).json()
        await account.post("/v1/auth/refresh", json={"refresh_token": session["refresh_token"]})
        session = (await account.post("/v1/auth/login", json={"email": email, "password": word})).json()
        account.headers["Authorization"] = f"Bearer {session['access_token']}"
        change = {"current_password": word, "new_password": "another long one"}
        session = (await account.post("/v1/auth/password", json=change)).json()
        account.headers["Authorization"] = f"Bearer {session['access_token']}"
        await account.post("/v1/auth/logout")
        made = (await operator.post("/v1/accounts", json={"email": "b@shop.example", "tenant": "acme"})).json()
        await operator.post(f"/v1/accounts/{made['user_id']}/reset")
        key = (await owner.post("/v1/keys", json={"name": "short"})).json()["key_id"]
        await owner.post(f"/v1/keys/{key}/rotate", json={})
        await owner.post(f"/v1/keys/{key}/revoke")
        await owner.put("/v1/tenants/acme/consent", json={"version": "1", "text": "May we?"})
        shopper = (await self.clients["key"].post("/v1/tokens", json={"subject": "one"})).json()["access_token"]
        asked = self.client("shopper", shopper)
        await asked.post("/v1/consent", json={"version": "1", "scope": ["photos"], "region": "DE"})
        await asked.delete("/v1/consent")
        await owner.delete("/v1/tenants/acme/consent")
        await operator.put("/v1/queue/intake", json={"paused": False})
        leaving = self.client("leaving", (await self.gateway.guest()).token)
        await leaving.delete("/users/me")
        await leaving.delete("/users/me")
        for place, operation in described():
            if any(one["name"] == "cursor" for one in operation.get("parameters", [])):
                await self.turn_the_page(place[1])

    async def operate(self) -> None:
        """Drain a worker that is there, and read what came within a year."""
        operator = self.clients["operator"]
        card = WorkerCard(id=WorkerId("weaver-1"), state=WorkerState.READY, engines=("puppet",), seconds_per_batch={})
        await register(self.redis, QueueKeys(JOBS), card)
        await operator.post("/v1/fleet/workers/weaver-1/drain")
        await operator.delete("/v1/fleet/workers/weaver-1/drain")
        year = {"since": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"}
        await operator.get("/v1/queue/arrivals", params=year)

    async def idle(self) -> None:
        """Bring about what only happens while no worker works: statuses that stay, jobs that wait."""
        guest, operator = self.clients["guest"], self.clients["operator"]
        jobs = []
        for path in ("/v1/tryons", "/api/snap"):
            jobs.append((await guest.post(path, json=self.pair, params={"wait": 0.1})).json())
        draft = (await guest.post("/vtons", json=self.pair)).json()
        await guest.post("/catvton/transferOutfit", json={"vton_id": draft["vton_id"]}, params={"wait": 0.1})
        image = await self.ready.guest.upload(png((40, 40)), kind="garment")
        cut = (await guest.post("/v1/segmentations", json={"image_url": image}, params={"wait": 0.1})).json()
        await guest.post("/segformer/segmentOutfitPic", json={"image_url": image}, params={"wait": 0.1})
        await guest.post(
            "/api/upload/cloth", files={"file": ("g.png", png((72, 72)), "image/png")}, params={"wait": 0.1}
        )
        job = jobs[0]["job_id"]
        for path in (
            f"/api/status/{job}", f"/v1/tryons/{job}", f"/v1/segmentations/{cut['job_id']}",
            f"/vtons/{jobs[0]['vton_id']}", f"/v1/images/{image.rpartition('/')[2]}",
        ):  # fmt: skip
            wait = {} if "/vtons" in path or "/images" in path else {"wait": 0.1}
            await guest.get(path, params=wait)
            await guest.get(path, params=wait, headers={"If-None-Match": "*"})
        await guest.post(f"/v1/tryons/{jobs[1]['job_id']}/cancel")
        broken = await self.hands.take()
        failure = Failure(id=broken.id, token=broken.token, code="engine_failed", message="Boom.", retryable=False)
        await self.hands.queues[JOBS].fail(self.hands.worker, [failure])

        async def retried() -> bool:
            return (await operator.post(f"/v1/queue/jobs/{broken.id}/retry")).status_code == 202

        await until(retried)
        running = await self.hands.take()
        await guest.post(f"/v1/tryons/{running.id}/cancel", params={"wait": 0.1})
        await operator.post(f"/v1/queue/jobs/{cut['job_id']}/drop")
        await guest.delete(f"/v1/tryons/{jobs[1]['job_id']}")
        await guest.delete(f"/vtons/{draft['vton_id']}")
        await guest.delete(f"/v1/images/{image.rpartition('/')[2]}")

    async def turn_the_page(self, path: str) -> None:
        """Ask for the second page of a list, as whoever has one."""
        since = {"since": "2026-01-01T00:00:00Z"} if path.endswith("arrivals") else {}
        state = {"state": "completed"} if path == "/v1/queue/jobs" else {}
        for name in ("operator", "owner", "hooks", "guest"):
            first = await self.clients[name].get(path, params={"limit": 1, **since, **state})
            if first.status_code < 400 and (cursor := first.json().get("next_cursor")):
                await self.clients[name].get(path, params={"limit": 1, "cursor": cursor, **since, **state})
