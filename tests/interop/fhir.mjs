// A plain FHIR client for what people do in an EHR while authledger runs.

import { expect } from './checks.mjs';

const kHeaders = { accept: 'application/fhir+json', 'content-type': 'application/fhir+json', 'cache-control': 'no-cache' };

export class Fhir {
  constructor(base) {
    this.base = base;
  }

  async request(method, path, body, headers = {}) {
    const answer = await fetch(path.startsWith('http') ? path : `${this.base}/${path}`, {
      method,
      headers: { ...kHeaders, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    const isJson = text !== '' && /json/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, etag: answer.headers.get('etag'), body: isJson ? JSON.parse(text) : undefined, text };
  }

  async read(reference) {
    const { status, body, etag } = await this.request('GET', reference);
    expect(status === 200, `GET ${reference} answered ${status}`);
    return { ...body, etag };
  }

  async write(resource, headers) {
    const { etag, ...body } = resource;
    const answer = await this.request('PUT', `${body.resourceType}/${body.id}`, body, headers);
    expect(answer.status < 300, () => `PUT ${body.resourceType}/${body.id} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    return answer;
  }

  // Every resource that a search finds, over all its pages.
  async all(search) {
    const found = [];
    for (let url = search; url; ) {
      const { status, body } = await this.request('GET', url);
      expect(status === 200, `GET ${url} answered ${status}`);
      found.push(...(body.entry ?? []).filter((entry) => entry.search?.mode !== 'outcome').map((entry) => entry.resource));
      url = body.link?.find((link) => link.relation === 'next')?.url;
    }
    return found;
  }

  // Loads resources with the ids they have, in their order, so that references point backwards.
  async load(resources, bundleType) {
    for (let at = 0; at < resources.length; at += 250) {
      const entry = resources.slice(at, at + 250).map((resource) => ({
        resource,
        request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
      }));
      const { status, body, text } = await this.request('POST', '', { resourceType: 'Bundle', type: bundleType, entry });
      expect(status === 200, () => `loading answered ${status}: ${text.slice(0, 300)}`);
      const refused = body.entry.find((each) => !/^20[01]/.test(each.response.status));
      expect(!refused, () => `loading refused an entry: ${JSON.stringify(refused).slice(0, 300)}`);
    }
  }
}
