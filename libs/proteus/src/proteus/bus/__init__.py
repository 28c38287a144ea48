"""Following the queues: the event streams for truth, pub/sub for wake-up."""

from proteus.bus.events import GROUP, EventReader, list_bad_events, parse_event
from proteus.bus.subscriptions import Message, Subscription, SubscriptionGap, subscribe

__all__ = [
    "GROUP",
    "EventReader",
    "Message",
    "Subscription",
    "SubscriptionGap",
    "list_bad_events",
    "parse_event",
    "subscribe",
]
