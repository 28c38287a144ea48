"""Pure rules that turn an observation into a decision."""
