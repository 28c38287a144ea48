"""`helm test`: one try-on through the release's own gateway, from a token to a picture; says where it stopped.

The pod's environment: BASE (the gateway), STORE (host:port of the bundled object storage; empty: as the signed address
says), GUESTS (`auth.guests`), PICTURE (`yes`; `no`: stop at the cut-out, no weaver is woken), SECONDS (to wait for a
stage). Photos lie beside this file. What was made is deleted.
"""

import base64
import http.client
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BASE, STORE, GUESTS = os.environ["BASE"], os.environ.get("STORE", ""), os.environ["GUESTS"]
PICTURE, SECONDS = os.environ["PICTURE"] == "yes", float(os.environ["SECONDS"])
HERE = Path(__file__).parent


class Failed(Exception):
    """A step that did not do what it should."""


def call(method: str, path: str, token: str = "", body: Any = None) -> Any:
    """Return the gateway's answer, read as JSON; a problem document becomes the failure's text."""
    head = {"Accept": "application/json", "Content-Type": "application/json"}
    if token:
        head["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, data=data, headers=head, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
    except urllib.error.HTTPError as refused:
        problem = json.loads(refused.read() or b"{}")
        raise Failed(f"{method} {path}: {refused.code} {problem.get('code')}: {problem.get('detail')}") from None
    except OSError as away:
        raise Failed(f"{method} {path}: the gateway does not answer: {away}") from None
    return json.loads(text) if text else {}


def must_be_refused(code: str, *asked: Any) -> None:
    """Call, and fail unless the gateway refuses with this code."""
    try:
        call(*asked)
    except Failed as refused:
        if f" {code}:" in str(refused):
            return
        raise
    raise Failed(f"{asked[0]} {asked[1]} was accepted, and had to be refused as {code}")


def make_token() -> str:
    """Become a guest; where guests are refused, sign a token of the tenant `helm-test`."""
    if GUESTS == "open":
        return str(call("POST", "/v1/auth/guest", body={})["access_token"])
    must_be_refused("guests_disabled", "POST", "/v1/auth/guest", "", {})
    command = [sys.executable, "-m", "gateway", "token", "--tenant", "helm-test", "--seconds", "1800"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]


def stored(method: str, url: str, data: bytes | None = None, kind: str = "") -> bytes:
    """Use a signed address; the bundled store is reached inside the cluster, with the signed host."""
    parts = urlsplit(url)
    make = http.client.HTTPConnection if STORE or parts.scheme == "http" else http.client.HTTPSConnection
    connection = make(STORE or parts.netloc, timeout=30)
    head = {"Host": parts.netloc} | ({"Content-Type": kind} if kind else {})
    try:
        connection.request(method, f"{parts.path}?{parts.query}", body=data, headers=head)
        answer = connection.getresponse()
        content = answer.read()
    except OSError as away:
        raise Failed(f"the object storage at {STORE or parts.netloc} does not answer: {away}") from None
    if answer.status != 200:
        raise Failed(f"the object storage answered {answer.status} to {method}: {content[:300]!r}")
    return content


def upload(token: str, kind: str) -> str:
    """Upload a photo that lies beside this file; return its address."""
    data = (HERE / f"{kind}.jpg").read_bytes()
    query = f"kind={kind}&content_type=image/jpeg&size_bytes={len(data)}"
    signed = call("GET", f"/images/presignedUpUrl?{query}", token)
    stored("PUT", signed["upload_url"], data, "image/jpeg")
    return str(signed["image_url"])


def ended(token: str, job: Any, what: str) -> Any:
    """Wait until the job ends; say each stage once."""
    until, seen = time.monotonic() + SECONDS, ""
    while job["status"] not in ("completed", "failed", "canceled", "expired"):
        stage = f"{job['status']}, {job.get('stage')}"
        if stage != seen:
            print(f"  {what}: {stage}", flush=True)
            seen = stage
        if time.monotonic() > until:
            raise Failed(f"the {what} is still {stage} after {SECONDS:.0f} s; look at the pods of tailor and weaver")
        time.sleep(1)
        job = call("GET", f"/api/status/{job['job_id']}", token)
    if job["status"] != "completed":
        raise Failed(f"the {what} ended as {job['status']}: {json.dumps(job.get('error'))}")
    return job


def run() -> None:
    """Go the way of a client."""
    token = make_token()
    engines = [engine["engine"] for engine in call("GET", "/v1/models", token)["items"]]
    print(f"gateway answers; engines: {', '.join(engines)}", flush=True)
    foreign = {
        "user_photo_url": "https://elsewhere.example/a.jpg",
        "cloth_clean_url": "https://elsewhere.example/b.png",
    }
    must_be_refused("foreign_url", "POST", "/api/snap", token, foreign)
    try:
        person, garment = upload(token, "person"), upload(token, "garment")
        print("two photos uploaded", flush=True)
        cut = ended(token, call("POST", "/v1/segmentations", token, {"image_url": garment}), "cut-out")
        print("garment cut out", flush=True)
        if not PICTURE:
            print("no picture was asked for: it would wake a weaver (test.picture=true does)")
            return
        photos = {"user_photo_url": person, "cloth_clean_url": cut["cloth_clean_url"]}
        done = ended(token, call("POST", "/api/snap", token, photos), "try-on")
        picture = stored("GET", call("GET", f"/v1/results/{done['job_id']}/1", token)["download_url"])
        print(f"picture made by {done.get('engine')}: {len(picture)} bytes")
    finally:
        claims = token.split(".")[1]
        user = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
        call("DELETE", f"/users/{user}", token)


try:
    run()
except Failed as failure:
    raise SystemExit(f"FAILED: {failure}") from None
print("ok")
