"""A fleet under attack, counted from outside.

    scenario ─▶ fleet (real servers, real services) ◀─ faults (kill, stop, empty, away)
                  ▲                                       │ whom it hit, and when
    load ─▶ shoppers (public API, sockets)                ▼
                  └── what they received ─┐   watch (Postgres rows, S3 objects) ─▶ count ─▶ bars, one line of JSON

Nothing that is counted is asked of the code under test: jobs, events and results are read from Postgres and S3 by
statements of this package's own, and compared with what the clients wrote down.
"""
