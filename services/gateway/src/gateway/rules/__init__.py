"""Pure rules: admission, options, limits, tokens, text."""
