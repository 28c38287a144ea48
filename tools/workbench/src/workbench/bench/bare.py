"""The yardstick for submits: a FastAPI route that checks a body, INSERTs one row and LPUSHes one payload.

`DRIVER` selects the Postgres driver: `asyncpg`, the fastest, or `sqlalchemy`, which the gateway uses.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

Keep = Callable[[str, str, str], Awaitable[object]]


class Snap(BaseModel):
    """The smallest body of `POST /api/snap`."""

    user_photo_url: str
    cloth_clean_url: str


@asynccontextmanager
async def keeper() -> AsyncIterator[Keep]:
    """Yield the function that inserts one row."""
    url = os.environ["DATABASE_URL"]
    if os.environ.get("DRIVER") == "sqlalchemy":
        engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"), pool_size=20)
        insert = text("INSERT INTO bare_jobs (id, person, garment, status) VALUES (:id, :person, :garment, 'queued')")

        async def keep(job_id: str, person: str, garment: str) -> None:
            async with engine.begin() as connection:
                await connection.execute(insert, {"id": job_id, "person": person, "garment": garment})

        yield keep
        await engine.dispose()
        return
    pool = await asyncpg.create_pool(url, min_size=4, max_size=20)
    statement = "INSERT INTO bare_jobs (id, person, garment, status) VALUES ($1, $2, $3, 'queued')"
    yield lambda *values: pool.execute(statement, *values)
    await pool.close()


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    """Open the connections that the route needs."""
    redis: Redis = Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
    async with keeper() as keep:
        yield {"keep": keep, "redis": redis}
    await redis.aclose()


app = FastAPI(lifespan=lifespan)


@app.post("/api/snap", status_code=202)
async def snap(request: Request, asked: Snap) -> dict[str, str]:
    """Insert a job and queue it."""
    job_id = f"job_{uuid4().hex}"
    await request.state.keep(job_id, asked.user_photo_url, asked.cloth_clean_url)
    payload = {"id": job_id, **asked.model_dump(), "created_at": int(time.time())}
    await request.state.redis.lpush("bare:jobs", json.dumps(payload))
    return {"job_id": job_id, "status": "queued"}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning", access_log=False)
