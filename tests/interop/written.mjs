// Everything that authledger wrote, whatever its type: as it was sent, and as it stands at the servers. HAPI's validator
// judges all of it at the end.

import { Fhir } from './fhir.mjs';

const kCountMax = 200; // Of a page; HAPI's largest.

export class Written {
  all = []; // {origin, resource}

  // What went through a front, with success; the Bundle of an operation is one of them.
  addSent(origin, front) {
    for (const { body } of front.written) {
      if (body !== '') this.all.push({ origin, resource: JSON.parse(body) });
    }
  }

  // What a server holds now at `references`: with what the server added, and with what people wrote into it.
  async addStanding(origin, base, references) {
    const types = new Set([...references].map((reference) => reference.split('/')[0]));
    const people = new Fhir(base);
    for (const type of types) {
      for (const resource of await people.all(`${type}?_count=${kCountMax}`)) {
        if (references.has(`${type}/${resource.id}`)) this.all.push({ origin, resource });
      }
    }
  }

  origins() {
    return [...new Set(this.all.map((each) => each.origin))];
  }

  // "582 Flag, 12 Task"
  countsOf(origin) {
    const counts = new Map();
    for (const { resource } of this.all.filter((each) => each.origin === origin)) {
      counts.set(resource.resourceType, (counts.get(resource.resourceType) ?? 0) + 1);
    }
    return [...counts].map(([type, count]) => `${count} ${type}`).join(', ');
  }
}
