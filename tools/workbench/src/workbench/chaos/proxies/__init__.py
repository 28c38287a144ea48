"""Proxies before Redis, Postgres and the store that answer instead of them: error replies, half answers, slow ones."""

from workbench.chaos.proxies.postgres import PostgresProxy
from workbench.chaos.proxies.redis import RedisProxy
from workbench.chaos.proxies.store import StoreProxy
from workbench.chaos.proxies.tcp import Answer, Proxy

__all__ = ["Answer", "PostgresProxy", "Proxy", "RedisProxy", "StoreProxy"]
