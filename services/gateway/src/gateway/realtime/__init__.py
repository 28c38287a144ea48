"""What is committed reaches clients: relay (ledger -> subscribers), server (Socket.IO), streams (SSE, long poll)."""
