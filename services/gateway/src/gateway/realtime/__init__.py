"""Committed changes reach clients: relay (ledger -> subscribers), server (Socket.IO), streams (SSE, long poll)."""
