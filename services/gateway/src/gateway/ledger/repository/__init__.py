"""Every statement the gateway sends to Postgres. `Reads` only look; `Writes` change, inside one transaction.

The edge commits (`Ledger.write`); nothing here does. Rows are locked in one order everywhere, so transactions do not
wait for each other in circles: jobs (tailor's before try-ons', then by id), try-ons, users.
"""

from gateway.ledger.repository.reads import Reads, material_of
from gateway.ledger.repository.submit_ready import Ready
from gateway.ledger.repository.writes import Writes

__all__ = ["Reads", "Ready", "Writes", "material_of"]
