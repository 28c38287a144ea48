"""The command line `proteus`, for users and operators: over the API only, and small to install."""
