"""The model engines' tests need requirements-models.txt; without it this folder is left out, as `make test` says."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") and find_spec("diffusers") else ["test_*.py"]

if find_spec("torch"):
    import torch

    # The networks here are tiny: on a busy machine, threads that wait for each other take three times as long as one.
    torch.set_num_threads(1)
