// What a program built with npm @medplum/core does; it prints what it got, for the test to judge.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { MedplumClient } from '@medplum/core';

const { baseUrl, token, orders, bundle, document } = JSON.parse(readFileSync(0, 'utf8'));
const client = new MedplumClient({
  baseUrl: baseUrl.replace(/fhir$/, ''), fhirUrlPath: 'fhir', fetch, cacheTime: 0,
});
client.setAccessToken(token);
const resourceType = 'ServiceRequest';
const refused = (call) => call.then(
  () => null,
  ({ outcome }) => ({ code: outcome.issue[0].code }),
);

const found = { created: [] };
for (const order of orders) found.created.push(await client.createResource(order));
const [first] = found.created;

found.read = await client.readResource(resourceType, first.id);
found.vread = await client.readVersion(resourceType, first.id, first.meta.versionId);
found.history = await client.readHistory(resourceType, first.id);

const numbers = orders.map((o) => `${o.identifier[0].system}|${o.identifier[0].value}`);
found.searched = await client.search(resourceType, { identifier: numbers.join() });
found.one = await client.searchOne(resourceType, { identifier: numbers[1] });
found.pages = [];
for await (const page of client.searchResourcePages(resourceType, { status: 'active', _count: 2 })) {
  found.pages.push(page);
}
found.again = await client.createResourceIfNoneExist(orders[1], `identifier=${numbers[1]}`);

const headers = { 'If-Match': `W/"${found.read.meta.versionId}"` };
const revised = { ...found.read, priority: 'urgent' };
found.updated = await client.updateResource(revised, { headers });
found.stale = await refused(client.updateResource(revised, { headers }));
found.missing = await refused(client.readResource(resourceType, '0'.repeat(32)));
found.transaction = await client.executeBatch(bundle);

const numbered = { identifier: numbers[2] };
found.put = await client.upsertResource({ ...orders[2], priority: 'urgent' }, numbered);
found.hastened = await client.patchResource(resourceType, found.put.id, [
  { op: 'replace', path: '/priority', value: 'stat' },
]);

const content = Buffer.from(document);
const parameter = [
  { name: 'sha256', valueString: createHash('sha256').update(content).digest('hex') },
  { name: 'size', valueUnsignedInt: content.length },
  { name: 'contentType', valueCode: 'text/plain' },
];
found.place = await client.post(
  client.fhirUrl('DocumentReference', '$upload'), { resourceType: 'Parameters', parameter },
);
found.timeline = await client.get(client.fhirUrl(resourceType, first.id, '$timeline'));

found.task = await client.readResource('Task', `${first.id}.a`);
found.patched = await client.patchResource('Task', `${first.id}.a`, [
  { op: 'replace', path: '/status', value: 'cancelled' },
  { op: 'add', path: '/statusReason', value: { text: 'Entered twice.' } },
]);
console.log(JSON.stringify(found));
