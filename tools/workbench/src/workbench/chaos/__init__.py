"""A fleet under attack, counted from outside.

    scenario ─▶ fleet (real servers, real services) ◀─ faults (kill, stop, empty, away)
                  ▲                                       │ whom it hit, and when
    load ─▶ shoppers (public API, sockets)                ▼
                  └── what they received ─┐   watch (Postgres rows, S3 objects) ─▶ count ─▶ bars, one line of JSON

No count relies on the code under test: this package reads jobs, events and results from Postgres and S3 with its own
statements, and compares them with the clients' notes.
"""
