"""A Kubernetes API server on loopback, as far as the operator and kopf call it.

Discovery, a custom resource with its own schema, defaults, CEL and sub-resources, watches, server-side apply, RBAC,
garbage collection, and faults on demand.
"""

import asyncio
import json
from contextlib import asynccontextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from aiohttp import web

from custom_resource import CustomResource, Refused
from server_side_apply import FieldManagers, merged

Object = dict[str, Any]

NAMESPACE = "shop"
TOKEN = "token-of-the-arbitrator"
RESOURCES = {
    ("", "v1"): {"namespaces": False, "pods": True, "events": True},
    ("apiextensions.k8s.io", "v1"): {"customresourcedefinitions": False},
    ("keda.sh", "v1alpha1"): {"scaledobjects": True},
    ("proteus.dev", "v1alpha1"): {"weaverfleets": True},
}
KINDS = {"scaledobjects": "ScaledObject", "weaverfleets": "WeaverFleet", "pods": "Pod", "events": "Event"}


class KubernetesDouble:
    """The server's store and its HTTP face.

    Attributes:
        requests: Method and path of every call, in order.
        role: Rules of a Role; None: everything is allowed.
        watchers: The open watches.
        used: Group, resource and verb of every call that was allowed.
    """

    def __init__(self, crd: Object, role: list[Object] | None = None) -> None:
        self.custom = CustomResource(crd)
        self.role = role
        self.objects: dict[tuple[str, str], Object] = {}
        self.owned: dict[tuple[str, str], FieldManagers] = {}
        self.requests: list[tuple[str, str]] = []
        self.used: set[tuple[str, str, str]] = set()
        self.refused: list[str] = []
        self.url = ""
        self.away = False
        self._version = 1
        self._counter = 0
        self._log: list[tuple[int, str, Object]] = []
        self._oldest = 0
        self.watchers: set[asyncio.Queue[tuple[str, Object] | None]] = set()
        self._faults: list[list[Any]] = []

    # What a test does to the cluster.

    def fail(self, method: str, part: str, status: int, *, times: int = 1) -> None:
        """Answer the next calls of this kind with an error."""
        self._faults.append([method, part, status, times])

    def create(self, body: Object) -> Object:
        """What `kubectl apply` of a new WeaverFleet does."""
        name = body["metadata"]["name"]
        made = self.custom.admitted(body, None)
        made["metadata"] = {"namespace": NAMESPACE, "uid": f"uid-{self._next()}", "generation": 1} | made["metadata"]
        made["metadata"]["creationTimestamp"] = "2026-11-28T00:00:00Z"
        return self._store("weaverfleets", name, made, "ADDED")

    def update(self, name: str, spec: Object) -> Object:
        """What `kubectl patch --type merge` of a spec does."""
        old = self.objects["weaverfleets", name]
        return self._replace("weaverfleets", name, self.custom.admitted(merged(old, {"spec": spec}), old))

    def delete(self, name: str, *, orphan: bool = False) -> None:
        """Delete a WeaverFleet; the garbage collector then removes its dependents, or takes their owner away."""
        gone = self.objects.pop(("weaverfleets", name))
        self._version += 1
        self._tell("DELETED", gone)
        for key, one in list(self.objects.items()):
            owners = one["metadata"].get("ownerReferences", [])
            if [owner["uid"] for owner in owners] == [gone["metadata"]["uid"]]:
                if orphan:
                    del one["metadata"]["ownerReferences"]
                else:
                    del self.objects[key]

    def put(self, plural: str, body: Object, *, manager: str = "") -> Object:
        """Store an object of any other kind, for example what Helm applied."""
        name = body["metadata"]["name"]
        body["metadata"].setdefault("uid", f"uid-{self._next()}")
        if manager:
            self.owned[plural, name] = FieldManagers.of(manager, body)
        return self._store(plural, name, body, "ADDED")

    def get(self, plural: str, name: str) -> Object | None:
        return self.objects.get((plural, name))

    def all(self, plural: str) -> list[Object]:
        return [one for (kind, _), one in sorted(self.objects.items()) if kind == plural]

    def forget_history(self) -> None:
        """Compact: every open watch ends with 410, and old versions cannot be watched from."""
        self._oldest = self._version
        for queue in self.watchers:
            queue.put_nowait(None)

    # How it answers.

    def _next(self) -> int:
        self._counter += 1
        return self._counter

    def _store(self, plural: str, name: str, body: Object, event: str) -> Object:
        self._version += 1
        body["metadata"]["resourceVersion"] = str(self._version)
        self.objects[plural, name] = body
        if plural == "weaverfleets":
            self._tell(event, body)
        return body

    def _replace(self, plural: str, name: str, body: Object) -> Object:
        old = self.objects[plural, name]
        if {**body, "metadata": None} == {**old, "metadata": None} and body["metadata"] == old["metadata"]:
            return old
        if body.get("spec") != old.get("spec"):
            body["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
        return self._store(plural, name, body, "MODIFIED")

    def _tell(self, event: str, body: Object) -> None:
        self._log.append((self._version, event, deepcopy(body)))
        for queue in self.watchers:
            queue.put_nowait((event, deepcopy(body)))

    def _allowed(self, verb: str, group: str, resource: str) -> bool:
        return self.role is None or any(
            verb in rule["verbs"] and group in rule["apiGroups"] and resource in rule["resources"] for rule in self.role
        )

    def _guard(self, request: web.Request, verb: str, group: str, resource: str) -> None:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Refused(401, "Unauthorized")
        inside = request.match_info.get("namespace") == NAMESPACE
        if self.role is not None and not (inside and self._allowed(verb, group, resource)):
            self.refused.append(f"{verb} {resource}")
            raise Refused(403, f"{resource} is forbidden: cannot {verb} resource {resource!r} in API group {group!r}")
        self.used.add((group, resource, verb))

    @web.middleware
    async def _edge(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests.append((request.method, request.path_qs))
        if self.away:
            request.transport.close()
            return web.Response(status=500)
        for fault in self._faults:
            method, part, status, times = fault
            if times and method == request.method and part in request.path_qs:
                fault[3] -= 1
                return self._error(status, f"the test ordered a {status}")
        try:
            return await handler(request)
        except Refused as error:
            return self._error(error.status, str(error))

    def _error(self, status: int, message: str) -> web.Response:
        return web.json_response(
            {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status, "message": message},
            status=status,
        )

    async def _discover(self, request: web.Request) -> web.Response:
        group, version = request.match_info.get("group", ""), request.match_info.get("version", "")
        if request.path == "/api":
            return web.json_response({"versions": ["v1"]})
        if not version:
            groups = [
                {"name": name, "versions": [{"version": one}], "preferredVersion": {"version": one}}
                for name, one in RESOURCES
                if name
            ]
            return web.json_response({"groups": groups})
        known = RESOURCES.get((group, version))
        if known is None:
            raise Refused(404, "no such group")
        listed = []
        for plural, namespaced in known.items():
            kind = KINDS.get(plural, plural)
            verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
            singular = kind.lower()
            listed.append(
                {"name": plural, "singularName": singular, "kind": kind, "namespaced": namespaced, "verbs": verbs}
            )
            if plural == "weaverfleets":
                listed.append(listed[-1] | {"name": f"{plural}/status"})
        return web.json_response({"resources": listed})

    async def _list(self, request: web.Request) -> web.StreamResponse:
        group, plural = request.match_info.get("group", ""), request.match_info["plural"]
        watching = request.query.get("watch") == "true"
        self._guard(request, "watch" if watching else "list", group, plural)
        if watching:
            return await self._watch(request)
        wanted = dict(one.split("=") for one in request.query.get("labelSelector", "").split(",") if one)
        found = [one for one in self.all(plural) if wanted.items() <= one["metadata"].get("labels", {}).items()]
        return web.json_response({"metadata": {"resourceVersion": str(self._version)}, "items": found})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        since = int(request.query.get("resourceVersion", "0"))
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        queue: asyncio.Queue[tuple[str, Object] | None] = asyncio.Queue()
        for version, event, body in self._log:
            if version > since:
                queue.put_nowait((event, body))
        if since < self._oldest:
            queue.put_nowait(None)
        self.watchers.add(queue)
        try:
            while (news := await queue.get()) is not None:
                event, body = news
                await answer.write(json.dumps({"type": event, "object": body}).encode() + b"\n")
            gone = {"kind": "Status", "code": 410, "message": "too old resource version"}
            await answer.write(json.dumps({"type": "ERROR", "object": gone}).encode() + b"\n")
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.watchers.discard(queue)
        return answer

    async def _patch(self, request: web.Request) -> web.Response:
        info = request.match_info
        group, plural, name, part = info.get("group", ""), info["plural"], info["name"], info.get("part", "")
        self._guard(request, "patch", group, f"{plural}/{part}" if part else plural)
        body = json.loads(await request.text())
        if request.content_type == "application/apply-patch+yaml":
            return web.json_response(self._applied(request, group, plural, name, body))
        if request.content_type != "application/merge-patch+json":
            raise Refused(415, f"unsupported media type {request.content_type}")
        old = self.objects.get((plural, name))
        if old is None:
            raise Refused(404, f"{plural} {name!r} not found")
        if part == "status":
            new = {**old, "metadata": dict(old["metadata"]), "status": merged(old.get("status"), body.get("status"))}
            new = self.custom.admitted(new, old)
        else:
            new = merged(old, {key: value for key, value in body.items() if key != "status"})
        return web.json_response(self._replace(plural, name, new))

    def _applied(self, request: web.Request, group: str, plural: str, name: str, body: Object) -> Object:
        old = self.objects.get((plural, name))
        if old is None:
            self._guard(request, "create", group, plural)
        fields = self.owned.setdefault((plural, name), FieldManagers())
        force = request.query.get("force") == "true"
        new = fields.apply(old, body, manager=request.query["fieldManager"], force=force)
        if old is not None:
            return self._replace(plural, name, new)
        new["metadata"].setdefault("uid", f"uid-{self._next()}")
        return self._store(plural, name, new, "ADDED")

    async def _create(self, request: web.Request) -> web.Response:
        group, plural = request.match_info.get("group", ""), request.match_info["plural"]
        self._guard(request, "create", group, plural)
        body = json.loads(await request.text())
        name = body["metadata"].get("name") or f"{body['metadata']['generateName']}{self._next():05}"
        body["metadata"]["name"] = name
        return web.json_response(self._store(plural, name, body, "ADDED"), status=201)

    def application(self) -> web.Application:
        application = web.Application(middlewares=[self._edge])
        routes = application.router
        for path in ("/api", "/apis", "/api/{version}", "/apis/{group}/{version}"):
            routes.add_get(path, self._discover)
        for root in ("/api/{version}", "/apis/{group}/{version}"):
            routes.add_get(root + "/{plural}", self._list)
            routes.add_get(root + "/namespaces/{namespace}/{plural}", self._list)
            routes.add_post(root + "/namespaces/{namespace}/{plural}", self._create)
            routes.add_patch(root + "/namespaces/{namespace}/{plural}/{name}", self._patch)
            routes.add_patch(root + "/namespaces/{namespace}/{plural}/{name}/{part}", self._patch)
        return application


@asynccontextmanager
async def serving(double: KubernetesDouble, account: Path) -> Any:
    """Serve a double on loopback, and write the files of a service account that may call it."""
    runner = web.AppRunner(double.application(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    _, port = runner.addresses[0]
    double.url = f"http://127.0.0.1:{port}"
    (account / "token").write_text(TOKEN)
    (account / "namespace").write_text(NAMESPACE)
    try:
        yield double
    finally:
        double.forget_history()
        await runner.cleanup()
