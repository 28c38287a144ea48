"""Discrete events over the real admission, batching, estimates and policies: `proteus simulate`.

`traces` make arrivals, `curves` say what batches cost, `systems` decide (ours: the code that runs in production;
rivals: their published rules), `scaling` models KEDA, the HPA, pods, nodes and the bill, `world` lets time pass,
`outcome` counts, `scenarios` and `bars` say what is compared, `plots` and `page` show it.
"""
