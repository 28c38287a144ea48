"""Webhooks: from recorded events to tenants' own servers: endpoints, outbox, signatures, and the guarded sender."""
