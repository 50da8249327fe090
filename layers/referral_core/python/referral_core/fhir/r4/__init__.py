"""FHIR R4 as it is: data types, resources, and whether a body is what it says."""
