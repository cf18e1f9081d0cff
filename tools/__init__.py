"""What `make` runs: environment of kernels, building, testing, tidying. No part of the package."""
