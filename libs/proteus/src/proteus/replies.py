"""Exceptions of redis-py -> the class of the reply behind them.

The table itself is in `proteus.errors`. All code that calls Redis and survives its errors uses this, so that an error
reply (OOM, READONLY, LOADING) is treated like a server that does not answer, and never as the caller's crash.
"""

from __future__ import annotations

from redis.exceptions import AuthenticationError, ConnectionError, RedisError, TimeoutError

from proteus.errors import DependencyUnavailable, ReplyClass, class_of_redis_reply


def class_of(error: BaseException) -> ReplyClass:
    """Return what `error`, raised by a call to a server, means: wait, reload or set aside.

    A group is `OURS` if any error in it is. An error that comes from no server (a bug, bad data) is `OURS`.
    """
    if isinstance(error, BaseExceptionGroup):
        classes = {class_of(one) for one in error.exceptions}
        return ReplyClass.OURS if ReplyClass.OURS in classes else ReplyClass.AWAY
    if isinstance(error, AuthenticationError):  # redis-py counts it among the connection errors.
        return ReplyClass.OURS
    if isinstance(error, (ConnectionError, TimeoutError, DependencyUnavailable, OSError)):
        return ReplyClass.AWAY
    if isinstance(error, RedisError):
        code, message = getattr(error, "status_code", None), str(error)
        return class_of_redis_reply(code or message.partition(" ")[0], message)
    return ReplyClass.OURS


def is_away(error: BaseException) -> bool:
    """Tell whether the server behind `error` cannot answer now, so that the same call may succeed later."""
    return class_of(error) is not ReplyClass.OURS
