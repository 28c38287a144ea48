"""The yardstick for submits: a FastAPI route that checks a body, INSERTs one row and LPUSHes one payload."""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel
from redis.asyncio import Redis


class Snap(BaseModel):
    """The founding body."""

    user_photo_url: str
    cloth_clean_url: str


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=4, max_size=10)
    redis: Redis = Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
    yield {"pool": pool, "redis": redis}
    await redis.aclose()
    await pool.close()


app = FastAPI(lifespan=lifespan)


@app.post("/api/snap", status_code=202)
async def snap(request: Request, asked: Snap) -> dict[str, str]:
    """Keep a job and queue it."""
    job_id = f"job_{uuid4().hex}"
    await request.state.pool.execute(
        "INSERT INTO bare_jobs (id, person, garment, status) VALUES ($1, $2, $3, 'queued')",
        job_id,
        asked.user_photo_url,
        asked.cloth_clean_url,
    )
    payload = {"id": job_id, **asked.model_dump(), "created_at": int(time.time())}
    await request.state.redis.lpush("bare:jobs", json.dumps(payload))
    return {"job_id": job_id, "status": "queued"}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning", access_log=False)
