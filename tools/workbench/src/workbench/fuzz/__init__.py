"""Invented and broken requests, frames and pictures against a real stack, by owners, strangers, thieves and nobody.

    people (guests, shops, operator, expired, revoked, nobody) ──┐
    cases (schemathesis, from docs/openapi.json) ─▶ requests ────┼─▶ the gateway ─▶ judge ─▶ bars, one line of JSON
    sockets (frames), pictures (mutated files) ──────────────────┘

Whatever an answer names is remembered with its owner, so later requests use real ids: the sender's own, and others'.
"""
