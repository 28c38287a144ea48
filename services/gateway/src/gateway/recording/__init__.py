"""From workers' events to rows: the recorder, its rules, and the rounds that put right what differs."""
