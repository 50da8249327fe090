"""FHIR R4 at the edge: what we accept, what we understand of it, what we answer with."""
