"""What every service is: settings, telemetry, supervised loops, lifecycle, probes, clock."""
