"""The HTTP face and the patient's replies: each use case one module, FHIR in and out."""
