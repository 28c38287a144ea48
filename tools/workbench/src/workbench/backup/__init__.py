"""Backups: what Postgres and the bucket hold, in a folder whose manifest is written last; Redis needs none.

`save` takes one from a running deployment, `restoring` puts one onto an empty deployment; `cli` is the commands.
"""
