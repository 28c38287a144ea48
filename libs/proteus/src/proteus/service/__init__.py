"""The common parts of every service: settings, telemetry, supervised loops, lifecycle, probes, clock."""
