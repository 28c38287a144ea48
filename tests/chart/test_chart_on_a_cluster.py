"""What only a live cluster shows: fields that are left out, passwords that people choose, nodes that are small."""

import base64
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from helm_python import Chart, HelmError

from .conftest import CHART, Objects, Values, profile_values, render

KEDA = '.Capabilities.APIVersions.Has "keda.sh/v1alpha1"'
CHOSEN = "N3w-p@ss/w:rd#1 %+&?="


def with_other_words(folder: Path, file: str, words: str, others: str) -> Path:
    """A copy of the chart in which a template finds something else: rendering reaches no cluster to look at."""
    copy = folder / "proteus"
    shutil.copytree(CHART, copy)
    text = (copy / "templates" / file).read_text()
    assert words in text
    (copy / "templates" / file).write_text(text.replace(words, others))
    return copy


def rendered(chart: Path, values: Values, **how: bool) -> Objects:
    texts = Chart.load(str(chart)).render(values, name="demo", namespace="proteus", **how)
    manifests = [text for path, text in texts.items() if path.endswith(".yaml")]
    return [document for text in manifests for document in yaml.safe_load_all(text) if document]


def weaver_replicas(objects: Objects) -> Any:
    [weaver] = [o for o in objects if o["kind"] == "Deployment" and o["metadata"]["name"] == "demo-weaver"]
    return weaver["spec"].get("replicas")


def test_an_install_at_zero_asks_for_no_gpu_node_and_an_upgrade_leaves_the_number_to_keda(tmp_path: Path) -> None:
    chart = with_other_words(tmp_path, "shared/refusals.yaml", KEDA, "eq 1 1")
    at_zero, one = (profile_values("gpu", scaling={"assumeKeda": False, "minReplicas": n}) for n in (0, 1))
    assert weaver_replicas(rendered(chart, at_zero, is_install=True)) == 0
    assert weaver_replicas(rendered(chart, at_zero, is_upgrade=True)) is None
    assert weaver_replicas(rendered(chart, one, is_install=True)) is None
    # GitOps renders every time as if it installed: a number would be set back at each sync.
    assert weaver_replicas(rendered(chart, profile_values("gpu"), is_install=True)) is None


def test_a_password_of_any_characters_is_the_same_in_its_url(tmp_path: Path) -> None:
    encoded = base64.b64encode(CHOSEN.encode()).decode()
    chart = with_other_words(tmp_path, "_helpers.tpl", "randAlphaNum 40", f'b64dec "{encoded}"')
    secrets = [o["stringData"] for o in rendered(chart, profile_values("cpu")) if o["kind"] == "Secret"]
    urls = [url for data in secrets for name, url in data.items() if name == "DATABASE_URL" or "_URL_" in name]
    assert len(urls) == 7
    for url in urls:
        parts = urlsplit(url)
        assert unquote(parts.password or "") == CHOSEN, url
        assert parts.hostname in ("demo-postgres", "demo-redis.proteus.svc")
        assert parts.port in (5432, 6379)


LIVE = 'lookup "apps/v1" "StatefulSet" $.Release.Namespace (printf "%s-%s" $.Release.Name $name)'
MADE = """`{"spec":{"volumeClaimTemplates":[{"spec":{"resources":{"requests":{"storage":"%s"}}}}]}}` | fromJson"""


@pytest.mark.parametrize(
    ("over", "sentence"),
    [
        (
            {"redis": {"storage": "3Gi"}},
            'redis.storage and storageClassName are 3Gi "", but StatefulSet demo-redis was',
        ),
        ({"objectStorage": {"storageClassName": "fast"}}, 'objectStorage.storage and storageClassName are 2Gi "fast"'),
    ],
)
def test_a_volume_that_kubernetes_would_not_change_is_refused_with_the_way_to_grow_it(
    tmp_path: Path, over: dict[str, Any], sentence: str
) -> None:
    chart = with_other_words(tmp_path, "shared/refusals.yaml", LIVE, MADE % "2Gi")
    same = {name: {"storage": "2Gi"} for name in ("redis", "postgres", "objectStorage")}
    rendered(chart, profile_values("cpu", **same), is_upgrade=True)
    other = {name: values | over.get(name, {}) for name, values in same.items()}
    with pytest.raises(HelmError, match=re.escape(sentence)) as refused:
        rendered(chart, profile_values("cpu", **other), is_upgrade=True)
    assert "--cascade=orphan, then upgrade" in str(refused.value)


def test_a_redis_of_a_private_authority_is_known_to_keda_and_to_every_service() -> None:
    redis = {"bundled": False, "existingSecret": "r", "tls": True, "caSecret": "redis-ca"}
    objects = render(profile_values("cpu", redis=redis))
    [authentication] = [o for o in objects if o["kind"] == "TriggerAuthentication"]
    assert {"parameter": "ca", "name": "redis-ca", "key": "ca.crt"} in authentication["spec"]["secretTargetRef"]
    pods = {o["metadata"]["name"]: o["spec"]["template"]["spec"] for o in objects if o["kind"] == "Deployment"}
    assert len(pods) == 4
    for pod in pods.values():
        mounts = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        assert mounts["redis-ca"] == "/etc/proteus/redis"
        assert volumes["redis-ca"]["secret"]["secretName"] == "redis-ca"


SECRET = 'lookup "v1" "Secret" .Release.Namespace .Values.marks.certificateSecret'


def pods_that_sign(chart: Path) -> dict[str, Any]:
    fleets = {"owner": "operator", "fleets": {"spot": {"minReplicas": 0, "maxReplicas": 2}}}
    values = profile_values("cpu", scaling=fleets, marks={"certificateSecret": "signer", "label": "AI: made, 100 %"})
    return {o["metadata"]["name"].removeprefix("demo-"): o["spec"]["template"]
            for o in rendered(chart, values) if o["kind"] == "Deployment"}  # fmt: skip


def test_a_certificate_is_a_file_of_every_worker_and_of_nobody_else() -> None:
    pods = pods_that_sign(CHART)
    assert len(pods) == 5
    for name, pod in pods.items():
        [container] = pod["spec"]["containers"]
        told = {entry["name"]: entry.get("value") for entry in container["env"] if entry["name"].startswith("MARKS_")}
        mounts = [mount for mount in container["volumeMounts"] if mount["name"] == "marks"]
        volumes = [volume for volume in pod["spec"].get("volumes", ()) if volume["name"] == "marks"]
        if name in ("gateway", "arbitrator"):
            assert (told, mounts, volumes) == ({}, [], []), name
            continue
        files = {f"MARKS_{what}_FILE": f"/etc/proteus/marks/tls.{end}"
                 for what, end in (("CERTIFICATE", "crt"), ("KEY", "key"))}  # fmt: skip
        assert told == files | ({} if name == "tailor" else {"MARKS_LABEL": "AI: made, 100 %"}), name
        assert mounts == [{"name": "marks", "mountPath": "/etc/proteus/marks", "readOnly": True}], name
        items = [{"key": "tls.crt", "path": "tls.crt"}, {"key": "tls.key", "path": "tls.key"}]
        assert volumes == [{"name": "marks", "secret": {"secretName": "signer", "items": items}}], name


def test_another_certificate_replaces_the_workers_and_half_a_secret_is_refused(tmp_path: Path) -> None:
    def checksums(folder: str, data: str) -> dict[str, str | None]:
        chart = with_other_words(tmp_path / folder, "_helpers.tpl", SECRET, f"""fromJson `{{"data":{data}}}`""")
        pods = pods_that_sign(chart)
        return {name: pod["metadata"]["annotations"].get("checksum/certificate") for name, pod in pods.items()}

    old, new = (checksums(word, f'{{"tls.crt":"{word}","tls.key":"k"}}') for word in ("old", "new"))
    assert old["gateway"] is old["arbitrator"] is None
    assert len(set(old.values()) | set(new.values())) == 3  # None, the old one's and the new one's.
    assert all(old[name] != new[name] for name in ("tailor", "weaver", "weaver-spot"))
    assert set(pods_that_sign(CHART)["tailor"]["metadata"]["annotations"]) == {"checksum/config"}
    for number, data in enumerate(("null", "{}", '{"tls.crt":"c"}', '{"tls.key":"k"}')):
        with pytest.raises(HelmError, match=r"signer, which lacks tls\.crt or tls\.key"):
            checksums(f"half-{number}", data)


def millicores(text: str) -> int:
    return int(text[:-1]) if text.endswith("m") else round(float(text) * 1000)


@pytest.mark.parametrize(("profile", "most"), [("cpu", 1000), ("ci", 500)])
def test_a_small_profile_fits_a_node_of_two_cores_even_at_its_most(profile: str, most: int) -> None:
    objects = render(profile_values(profile))
    at_most = {o["spec"]["scaleTargetRef"]["name"]: o["spec"]["maxReplicaCount"] for o in objects
               if o["kind"] == "ScaledObject"}  # fmt: skip
    total = 0
    for one in objects:
        if one["kind"] in ("Deployment", "StatefulSet"):
            pods = at_most.get(one["metadata"]["name"], one["spec"].get("replicas", 1))
            containers = one["spec"]["template"]["spec"]["containers"]
            total += pods * sum(millicores(c["resources"]["requests"]["cpu"]) for c in containers)
    assert 0 < total <= most
