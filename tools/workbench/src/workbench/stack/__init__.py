"""The local stack: a Redis-compatible server, Postgres and an S3 server from Python wheels, and a supervisor.

`Valkey`, `Postgres` and `S3` each describe how to prepare, start, probe and stop one server; `Process` runs what they
describe. The supervisor (`proteus up`) and the tests' fixtures both use them: one way to start real servers.
"""
