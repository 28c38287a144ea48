"""The local stack: a Redis-compatible server, Postgres and an S3 server from Python wheels, and a supervisor.

`Valkey`, `Postgres` and `S3` each describe how to prepare, start, ask and stop one server; `Process` runs what they
describe. The supervisor (`proteus up`) and the tests' fixtures both use them: one way to start real servers.
"""

from workbench.stack.errors import StackError
from workbench.stack.postgres import Postgres
from workbench.stack.process import Process, Program
from workbench.stack.s3 import S3
from workbench.stack.valkey import Valkey

__all__ = ["S3", "Postgres", "Process", "Program", "StackError", "Valkey"]
