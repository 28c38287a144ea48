"""`proteus replay`: what another policy would have done with the recorded arrivals.

gateway (rows) ──▶ record ──▶ trace ──▶ the simulator, once with each policy ──┐
Redis (decisions, t(b)) ──▶ ruling, costs ──▶                                  ├──▶ comparison
                   record ──▶ what was measured ───────────────────────────────┘
"""
