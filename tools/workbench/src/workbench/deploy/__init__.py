"""Tools for deployment: manifests made from the chart, images, locks, licences, audits and trials in Docker."""
