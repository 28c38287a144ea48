"""The contract: what two services must agree on, and nothing else."""
