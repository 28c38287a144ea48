"""The tailor's settings, composed once in `__main__`. The environment is read nowhere else."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from proteus.checked_settings import CheckedSettings
from proteus.secret_files import SecretSettings, refuse_published
from proteus.settings import (
    AnyWorkerSettings,
    LeaseSettings,
    LogSettings,
    MarkSettings,
    ProbeSettings,
    RedisSettings,
    SafetySettings,
    StorageSettings,
    TracingSettings,
    fresh_worker_id,
)


class TailorSettings(CheckedSettings):
    """How this tailor works."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="TAILOR_", extra="ignore")

    parser: Literal["classic", "clean", "isnet", "segformer"] = "classic"
    """`TAILOR_PARSER`. `classic` needs pose weights only; `clean`, `isnet` and `segformer` their own, too."""

    weights_dir: str = ""
    """`TAILOR_WEIGHTS_DIR`. Folder with one folder of weights per parser; empty: `.proteus/models`."""

    weights_source: str = ""
    """`TAILOR_WEIGHTS_SOURCE`. Where the tailor fetches `weights_dir` from at start when that is empty:
    `s3://bucket/prefix`, read with the object storage's credentials, or `owner/name[@revision]` on the model hub
    (`HF_TOKEN` for gated ones); empty: it fetches nothing."""

    segformer_backend: Literal["onnxruntime", "openvino", "torch"] = "onnxruntime"
    """`TAILOR_SEGFORMER_BACKEND`. `torch` is the published network, the reference; the default is exact, too.
    `openvino` is approximate: half precision, once it has proven itself near and faster on this CPU, else refused."""

    segformer_threads: int = Field(default=1, ge=1, le=64)
    """`TAILOR_SEGFORMER_THREADS`. Threads for one photo; with one per slot, slots do not slow each other."""

    slots: int = Field(default=2, ge=1, le=32)
    """`TAILOR_SLOTS`. Jobs at once, each in a thread with a parser of its own (about 40 MB each for `classic`)."""

    image_bytes_most: int = Field(default=384 * 1024 * 1024, ge=64 * 1024 * 1024)
    """`TAILOR_IMAGE_BYTES_MOST`, in bytes. Memory that decoding one picture may take; a picture that would take more is
    refused by its header (`image_too_large`). Each slot has this much; slots that the memory limit has no room for are
    left out. The default takes 64 megapixels of a PNG."""

    http_host: str = "0.0.0.0"  # noqa: S104 - the pod's address is not known before it runs
    """`TAILOR_HTTP_HOST`. Address to listen on."""

    http_port: int = Field(default=8081, ge=0, le=65535)
    """`TAILOR_HTTP_PORT`. `POST /segment`, health and metrics; 0: none of them."""

    poll_seconds: float = Field(default=1.0, gt=0)
    """`TAILOR_POLL_SECONDS`. Interval of the safety poll beside the wake-up channel."""

    step_seconds: float = Field(default=10.0, gt=0)
    """`TAILOR_STEP_SECONDS`. Time one job should take at most; after three times that without a result it is freed."""

    store_patience_seconds: float = Field(default=60.0, gt=0)
    """`TAILOR_STORE_PATIENCE_SECONDS`. How long a silent object store is retried before the job is handed back."""


class SegmentSettings(SecretSettings):
    """Access to `POST /segment`."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="TAILOR_", extra="ignore")

    token: SecretStr = SecretStr("")
    """`TAILOR_TOKEN`. Callers send it as `Authorization: Bearer …`. Empty: a tailor that listens on loopback serves
    every caller, and one that listens elsewhere none (503); it does its jobs from the queue all the same."""

    @field_validator("token")
    @classmethod
    def _is_a_secret(cls, value: SecretStr) -> SecretStr:
        refuse_published(value.get_secret_value())
        return value


class PoseSettings(CheckedSettings):
    """Where the pose weights are."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="POSE_", extra="ignore", protected_namespaces=())

    model_dir: str = ".proteus/models/pose"
    """`POSE_MODEL_DIR`. Folder with `pose_detection.tflite` and `pose_landmark_full.tflite`."""


class WorkerSettings(AnyWorkerSettings):
    """This tailor's identity in its deployment."""

    worker_id: str = Field(default_factory=lambda: fresh_worker_id("tailor"))
    """`PROTEUS_WORKER_ID`. Unique in the fleet; by default the host and a random part."""


class Settings(BaseModel):
    """All settings, grouped."""

    model_config = ConfigDict(frozen=True)

    tailor: TailorSettings = Field(default_factory=TailorSettings)
    segment: SegmentSettings = Field(default_factory=SegmentSettings)
    pose: PoseSettings = Field(default_factory=PoseSettings)
    worker: WorkerSettings = Field(default_factory=WorkerSettings)
    safety: SafetySettings = Field(default_factory=SafetySettings)
    redis: RedisSettings = Field(default_factory=RedisSettings)
    storage: StorageSettings = Field(default_factory=StorageSettings)
    lease: LeaseSettings = Field(default_factory=LeaseSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    marks: MarkSettings = Field(default_factory=MarkSettings)
    tracing: TracingSettings = Field(default_factory=TracingSettings)
    probe: ProbeSettings = Field(default_factory=ProbeSettings)
