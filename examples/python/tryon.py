"""A try-on with progress: python tryon.py person.jpg garment.jpg out.png.

The server is PROTEUS_URL; who asks is PROTEUS_TOKEN, else a guest.
"""

import os
import sys

from proteus_client import ClientError, Job, Proteus


def show(job: Job) -> None:
    """Print where the try-on is."""
    steps = f" {job.progress.step}/{job.progress.steps}" if job.progress else ""
    print(f"{job.status} {job.stage or ''}{steps}", file=sys.stderr)


def main() -> int:
    """Make the picture; return the exit status."""
    person, garment, out = sys.argv[1:]
    with Proteus(os.environ["PROTEUS_URL"], token=os.environ.get("PROTEUS_TOKEN")) as proteus:
        try:
            done = proteus.tryon(person, garment, on_progress=show, timeout=300)
        except ClientError as error:
            print(f"{error.message} {error.hint}", file=sys.stderr)
            return 1
        print(done.save(out))
        for warning in done.result.warnings:
            print(f"{warning.message} {warning.hint}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
