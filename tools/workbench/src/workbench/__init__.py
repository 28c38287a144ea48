"""Acts on the fleet: the local stack, the command line, simulation, benchmarks."""
