"""From workers' events to rows: the recorder, its rules, and the rounds that repair differences."""
