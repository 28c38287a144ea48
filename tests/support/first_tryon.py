"""What a guest's first try-on leaves behind: taken once from a real one, and given to guests of other tests.

To prepare a photo and a garment and to try it on costs a second of CPU, which a hundred tests need not spend.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from proteus.storage import ObjectStore
from workbench.stack.postgres import psql

TABLES = ("images", "tryons", "jobs", "job_needs", "events", "usage_records")
"""Those with a row of it, the ones that others refer to first."""

TIME = re.compile(r'"(\d{4}-\d\d-\d\dT[\d:.]+)(Z|\+00:00)"')

TYPES = {"png": "image/png", "json": "application/json"}


@dataclass(frozen=True)
class FirstTryon:
    """Rows and objects of one guest, and the two addresses with which he submits again."""

    user_id: str
    bucket: str
    taken: datetime
    rows: dict[str, str]
    objects: dict[str, bytes]
    person: str
    garment: str

    @classmethod
    def take(cls, user_id: str, person: str, garment: str, *, database_url: str, store: ObjectStore) -> FirstTryon:
        """Read what is there after it."""
        return cls(
            user_id=user_id,
            bucket=store.settings.bucket,
            taken=datetime.now(UTC),
            rows={table: psql(database_url, f"SELECT jsonb_agg(t) FROM {table} t").strip() for table in TABLES},
            objects={found.key: store.get(found.key) for found in store.list("")},
            person=person,
            garment=garment,
        )

    def give(self, user_id: str, *, database_url: str, store: ObjectStore) -> tuple[str, str]:
        """Leave the same for another guest, in a database without a picture or job, as if it had been a moment ago.

        Returns:
            The addresses of his photo and of his garment.
        """
        later = datetime.now(UTC) - self.taken

        def his(text: str) -> str:
            return text.replace(self.user_id, user_id).replace(self.bucket, store.settings.bucket)

        def put(key: str, body: bytes) -> None:
            kind = TYPES[key.rpartition(".")[2]]
            store.put(his(key), his(body.decode()).encode() if kind == TYPES["json"] else body, content_type=kind)

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(put, self.objects, self.objects.values()))
        rows = {table: TIME.sub(lambda at: moved(at, later), his(text)) for table, text in self.rows.items()}
        psql(
            database_url,
            ";".join(
                f"INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, $rows${text}$rows$)"
                for table, text in rows.items()
            ),
            f"UPDATE users SET last_seq = (SELECT max(seq) FROM events) WHERE id = '{user_id}'",
        )
        return his(self.person), his(self.garment)


def moved(at: re.Match[str], later: timedelta) -> str:
    """Return a time, in the form it has, that much later."""
    return f'"{(datetime.fromisoformat(at[1]) + later).isoformat(timespec="milliseconds")}{at[2]}"'
