"""A stage is added in three files: here `quality`, between cut and try-on. Everything else follows from them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from proteus.settings import StorageSettings

ROOT = Path(__file__).parents[3]
SCENARIO = Path(__file__).parent / "new_stage" / "scenario.py"
SOURCES = {"proteus": ROOT / "libs/proteus/src/proteus", "tailor": ROOT / "services/tailor/src/tailor"}

EDITS = {
    "proteus/stages.py": [
        ('    TRYON = "tryon"\n', '    QUALITY = "quality"\n    TRYON = "tryon"\n'),
        ("    ParseWork,\n", "    ParseWork,\n    QualityResult,\n    QualityWork,\n"),
        (
            "    JobKind.TRYON: PipelineStage(",
            "    JobKind.QUALITY: PipelineStage(\n"
            "        queue=TAILOR, work=QualityWork, result=QualityResult, needs=(Need(kind=JobKind.CUT),)\n"
            "    ),\n"
            "    JobKind.TRYON: PipelineStage(",
        ),
        (
            "            Need(kind=JobKind.CUT, photo=Photo.GARMENT),\n",
            "            Need(kind=JobKind.CUT, photo=Photo.GARMENT),\n"
            "            Need(kind=JobKind.QUALITY, photo=Photo.GARMENT),\n",
        ),
    ],
    "proteus/payloads.py": [
        (
            "@dataclass(frozen=True, kw_only=True, slots=True)\nclass Result(Message):",
            '''@dataclass(frozen=True, kw_only=True, slots=True)
class QualityWork(TailorWork):
    """A cut-out to be judged before anything is woven of it."""

    _constants = _tailor_constants("quality")

    image_key: Text
    cut_key: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Result(Message):''',
        ),
        (
            "@dataclass(frozen=True, kw_only=True, slots=True)\nclass TryonResult(Result):",
            '''@dataclass(frozen=True, kw_only=True, slots=True)
class QualityResult(Result):
    """A cut-out that will do."""

    score: Number


@dataclass(frozen=True, kw_only=True, slots=True)
class TryonResult(Result):''',
        ),
    ],
    "tailor/tasks.py": [
        ("    ParseWork,\n", "    ParseWork,\n    QualityResult,\n    QualityWork,\n"),
        ("    NotFound,\n", "    NotFound,\n    PhotoRejected,\n"),
        (
            "            return parse(store, work, parser, bench.pose_model)\n",
            "            return parse(store, work, parser, bench.pose_model)\n"
            "        case QualityWork():\n"
            "            return judge(store, work)\n",
        ),
        (
            "OF_UPLOADS: Final",
            '''def judge(store: ObjectStore, work: QualityWork) -> QualityResult:
    """Refuse what no garment's photo looks like; score the cut-out."""
    height, width = imaging.load(store.get(work.image_key), "RGB").shape[:2]
    if width >= 4 * height:
        raise PhotoRejected("The photo is four times as wide as high.")
    return QualityResult(score=imaging.load(store.get(work.cut_key), "RGBA")[..., 3].mean() / 255)


OF_UPLOADS: Final''',
        ),
    ],
}


@pytest.fixture
def servers(redis_server_url: str, postgres_url: str, s3_settings: StorageSettings) -> dict[str, str]:
    """This process's servers, for another pytest (tests/conftest.py)."""
    return {
        "PROTEUS_TEST_REDIS_URL": redis_server_url,
        "PROTEUS_TEST_DATABASE_URL": postgres_url,
        "PROTEUS_TEST_S3_ENDPOINT": s3_settings.endpoint,
        "PROTEUS_TEST_S3_ACCESS_KEY": s3_settings.access_key,
        "PROTEUS_TEST_S3_SECRET_KEY": s3_settings.secret_key.get_secret_value(),
        "PROTEUS_TEST_S3_REGION": s3_settings.region,
    }


@pytest.mark.long
def test_a_stage_is_added_in_three_files_and_planned_composed_queued_and_recorded(tmp_path: Path, servers) -> None:
    for package, source in SOURCES.items():
        shutil.copytree(source, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, edits in EDITS.items():
        text = (tmp_path / name).read_text()
        for before, after in edits:
            assert text.count(before) == 1, f"{name}: {before!r}"
            text = text.replace(before, after)
        (tmp_path / name).write_text(text)
    assert len(EDITS) == 3

    environment = {**os.environ, **servers, "PYTHONPATH": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(SCENARIO)],
        check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-6_000:]
    assert "2 passed" in ran.stdout
