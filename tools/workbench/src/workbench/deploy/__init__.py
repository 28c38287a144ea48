"""Tools around the chart: plain manifests made from it, and the images built and tried."""
