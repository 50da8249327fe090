// What a program built with npm fhir-kit-client does; it prints what it got, for the test to judge.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Client } from 'fhir-kit-client';

const { baseUrl, token, orders, bundle, document } = JSON.parse(readFileSync(0, 'utf8'));
const client = new Client({ baseUrl, bearerToken: token });
const resourceType = 'ServiceRequest';
const answer = (of) => Client.httpFor(of).response;
const refused = (call) => call.then(
  () => null,
  ({ response }) => ({ status: response.status, code: response.data.issue?.[0].code }),
);

const found = { capabilities: await client.capabilityStatement() };
found.created = [];
for (const body of orders) found.created.push(await client.create({ resourceType, body }));
const [first] = found.created;
const known = { resourceType, id: first.id };

found.read = await client.read(known);
const etag = answer(found.read).headers.get('etag');
found.vread = await client.vread({ ...known, version: first.meta.versionId });
found.history = await client.history(known);

const identifier = orders.map((o) => `${o.identifier[0].system}|${o.identifier[0].value}`).join();
found.searched = await client.search({
  resourceType, searchParams: { identifier }, options: { postSearch: true },
});
found.pages = [];
let page = await client.search({ resourceType, searchParams: { status: 'active', _count: 2 } });
while (page) {
  found.pages.push(page);
  page = await client.nextPage({ bundle: page });
}

const body = { ...found.read, priority: 'urgent' };
const options = { headers: { 'If-Match': etag } };
found.updated = await client.update({ ...known, body, options });
found.stale = await refused(client.update({ ...known, body, options }));
found.missing = await refused(client.read({ resourceType, id: '0'.repeat(32) }));

found.resolved = await client.resolve({ reference: `${baseUrl}/ServiceRequest/${first.id}` });
found.transaction = await client.transaction({ body: bundle });

const searchParams = { identifier: identifier.split(',')[2] };
found.put = await client.update({
  resourceType, searchParams, body: { ...orders[2], priority: 'urgent' },
});
found.hastened = await client.patch({
  resourceType, id: found.put.id, jsonPatch: [{ op: 'replace', path: '/priority', value: 'stat' }],
});

const content = Buffer.from(document);
const parameter = [
  { name: 'sha256', valueString: createHash('sha256').update(content).digest('hex') },
  { name: 'size', valueUnsignedInt: content.length },
  { name: 'contentType', valueCode: 'text/plain' },
];
found.place = await client.operation({
  name: 'upload', resourceType: 'DocumentReference', input: { resourceType: 'Parameters', parameter },
});
found.timeline = await client.operation({ ...known, name: 'timeline', method: 'GET' });

const task = { resourceType: 'Task', id: `${first.id}.a` };
found.task = await client.read(task);
found.patched = await client.patch({
  ...task,
  jsonPatch: [
    { op: 'replace', path: '/status', value: 'cancelled' },
    { op: 'add', path: '/statusReason', value: { text: 'Entered twice.' } },
  ],
});
console.log(JSON.stringify(found));
