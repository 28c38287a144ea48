"""A discrete-event simulation of the real admission, batching, estimates and policies: `proteus simulate`.

`traces` make arrivals, `curves` hold what batches cost, `systems` decide (ours: the production code; rivals: their
published rules), `scaling` models KEDA, the HPA, pods, nodes and the bill, `world` advances time, `outcome` counts,
`scenarios` and `bars` define the comparison, `plots` and `page` show it.
"""
