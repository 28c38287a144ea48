"""How large a fleet a shop needs and what it costs, from the simulator's rules: `proteus size`."""
