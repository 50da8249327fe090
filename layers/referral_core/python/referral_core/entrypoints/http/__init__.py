"""The HTTP API: each use case one module, FHIR in and out."""
