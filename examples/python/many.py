"""One person in many garments at once: python many.py person.jpg garment.jpg …; writes look-1.png and so on."""

import asyncio
import os
import sys

from proteus_client import AsyncProteus, JobEnded, TryOn


async def main(person: str, garments: list[str]) -> None:
    """Upload the person once, try everything on at once, save what was made."""
    async with AsyncProteus(os.environ["PROTEUS_URL"], token=os.environ.get("PROTEUS_TOKEN")) as proteus:
        person_url = await proteus.upload(person, kind="person")
        found = await asyncio.gather(
            *(proteus.tryon(person_url, garment) for garment in garments), return_exceptions=True
        )
    for n, look in enumerate(found, start=1):
        if isinstance(look, TryOn):
            print(look.save(f"look-{n}.png"))
        elif isinstance(look, JobEnded):
            print(f"{garments[n - 1]}: {look.message} {look.hint}", file=sys.stderr)
        else:
            raise look


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
