"""The developers' tools: local stack, demo, chaos, simulation, replay, benchmarks, deployment."""
