// What is asked of every server: the sample clinic over HTTP, and then a day's life in the EHR. The other roads between
// it and authledger are road_checks.mjs.

import { Site, comparable } from './authledger.mjs';
import { NotRun, expect, expectEqual, expectSameRows } from './checks.mjs';
import { Fhir } from './fhir.mjs';
import { Front } from './front.mjs';

// Rounds overlap by seconds, not minutes, so that these rounds, minutes apart, read only what changed; and no quota of a
// hosted server is to be spared.
const kOverlapSeconds = 2;
const kPace = { overlap: `${kOverlapSeconds}s`, requests_per_second_max: 1000 };

// authledger and the clinic on one server. `open` sets up, the checks follow in their order.
export class PeerCase {
  constructor(peer, clinic, folder) {
    this.peer = peer; // {name, preset, base, bundleType}
    this.clinic = clinic; // {day, resources}
    this.folder = folder;
  }

  async open() {
    this.people = new Fhir(this.peer.base);
    this.front = await Front.before(this.peer.base);
    this.endpoint = { base_url: this.front.base, preset: this.peer.preset, ...kPace };
    this.site = new Site(this.folder, this.clinic.day, this.endpoint, { visibility_window: '1s' });
  }

  close() {
    this.front?.close();
    this.hooks?.close();
  }

  // The Flags and Tasks that stand at the server, with authledger's tag or not.
  async notices() {
    return [...(await this.people.all('Flag?_count=200')), ...(await this.people.all('Task?_count=200'))];
  }

  async noticeOf(patient, kind) {
    const notice = (await this.site.notices()).find((row) => row.patient === `Patient/${patient}` && row.kind === kind);
    expect(notice, `no notice ${kind} of ${patient}`);
    return notice;
  }

  async authorizationOf(number) {
    return (await this.site.authorizations()).find((row) => row.authorization_number === number);
  }
}

const versions = (resources) => resources.map((each) => `${each.resourceType}/${each.id} ${each.meta.versionId}`).sort().join('\n');

// In the order in which they run; each says whether the ones after it need it.
export const clinicChecks = [
  {
    name: 'the sample clinic is loaded over HTTP',
    needed: true,
    async run(it) {
      await it.people.load(it.clinic.resources, it.peer.bundleType);
      // What is younger than the overlap when a round begins is read again by the next one.
      await new Promise((resolve) => setTimeout(resolve, (kOverlapSeconds + 1) * 1000));
      return `${it.clinic.resources.length} resources`;
    },
  },
  {
    name: 'the first round reads all of it and delivers every notice',
    needed: true,
    async run(it, reference) {
      const round = await it.site.sync();
      expectEqual(JSON.stringify(round.pulled), JSON.stringify(reference.round.pulled), 'pulled');
      expectEqual(round.facts.new, reference.round.facts.new, 'new facts');
      expectEqual(round.notices.created, reference.round.notices.created, 'notices created');
      return `${round.requests} requests`;
    },
  },
  {
    name: 'the authorizations are those of the sandbox',
    async run(it, reference) {
      const rows = await it.site.authorizations();
      expectSameRows(rows, reference.authorizations, 'authorizations');
      return `${rows.length} rows`;
    },
  },
  {
    name: 'the services are those of the sandbox',
    async run(it, reference) {
      const rows = await it.site.services();
      expectSameRows(rows, reference.services, 'services');
      return `${rows.length} rows`;
    },
  },
  {
    name: 'the notices are those of the sandbox',
    async run(it, reference) {
      const rows = await it.site.notices();
      expectSameRows(comparable(rows), comparable(reference.notices), 'notices');
      return `${rows.length} rows`;
    },
  },
  {
    name: 'each notice stands at the server once, with its text',
    async run(it) {
      const wanted = (await it.site.notices()).map((row) => [row.remote, row.text]);
      const textOf = (each) => (each.resourceType === 'Flag' ? each.code.text : each.description);
      const found = (await it.notices()).map((each) => [`${each.resourceType}/${each.id}`, textOf(each)]);
      expectSameRows(found, wanted, 'Flags and Tasks');
      return `${found.length} resources`;
    },
  },
  {
    name: 'a second round writes nothing',
    async run(it) {
      const before = versions(await it.notices());
      const written = it.front.written.length;
      const round = await it.site.sync();
      expectEqual(it.front.written.length - written, 0, 'writes over HTTP');
      expectEqual(versions(await it.notices()), before, 'versions at the server');
      const { created, updated, retired } = round.notices;
      expectEqual(created + updated + retired, 0, 'notices written');
      expectEqual(round.facts.new + round.facts.retracted + round.entries, 0, 'facts and journal entries');
      const read = Object.values(round.pulled).reduce((sum, count) => sum + count, 0);
      expectEqual(read, 0, 'resources read, where nothing changed');
      return `${round.requests} requests`;
    },
  },
  {
    name: 'a new visit is read by the next round alone, and the notices follow',
    async run(it) {
      const task = await it.noticeOf('story-03', 'units_low');
      const flag = await it.noticeOf('story-03', 'utilization');
      // What people write into a Task is theirs.
      const { etag, ...resource } = await it.people.read(task.remote);
      const owner = { reference: 'Practitioner/clinician-03' };
      const theirs = { status: 'in-progress', owner, note: [{ text: 'Renewal form requested.' }] };
      await it.people.write({ ...resource, ...theirs }, { 'if-match': etag });
      const made = await it.people.request('POST', 'Encounter', visitOf(it, 'story-03', undefined, 15));
      expectEqual(made.status, 201, 'POST Encounter');
      it.visit = made.body?.id ?? (await it.people.all('Encounter?patient=story-03&_count=50')).at(-1).id;
      const round = await it.site.sync();
      expectEqual(round.pulled.Encounter, 1, 'visits read');
      expectEqual((await it.authorizationOf('AL-S03')).used, 10, 'used');
      expectEqual((await it.people.read(flag.remote)).code.text.slice(0, 10), '10 of 12 v', 'the Flag');
      const changed = await it.people.read(task.remote);
      expectEqual(changed.description.slice(0, 4), '2 of', 'the Task');
      expectEqual(changed.status, 'in-progress', "the person's status");
      expectEqual(changed.owner?.reference, 'Practitioner/clinician-03', "the person's owner");
      expectEqual(changed.note?.[0].text, 'Renewal form requested.', "the person's note");
    },
  },
  {
    name: 'a visit that is deleted is reversed, and the notices with it',
    async run(it) {
      if (!it.visit) throw new NotRun('the visit was not made');
      const flag = await it.noticeOf('story-03', 'utilization');
      const { status } = await it.people.request('DELETE', `Encounter/${it.visit}`);
      expect(status < 300, `DELETE answered ${status}`);
      const round = await it.site.sync();
      if (round.facts.retracted === 0 && it.peer.noDeletions) throw new NotRun(it.peer.noDeletions);
      expectEqual(round.facts.retracted, 1, 'facts retracted');
      expectEqual((await it.authorizationOf('AL-S03')).used, 9, 'used');
      expectEqual((await it.people.read(flag.remote)).code.text.slice(0, 9), '9 of 12 v', 'the Flag');
      const { code, stderr } = await it.site.run('verify');
      expectEqual(code, 0, `verify said ${stderr.slice(0, 300)}`);
    },
  },
  {
    name: 'a Task that a person closes stays closed, and is not written again',
    async run(it) {
      const notice = await it.noticeOf('story-03', 'units_low');
      const { etag, ...task } = await it.people.read(notice.remote);
      await it.people.write({ ...task, status: 'completed' }, { 'if-match': etag });
      const late = await it.people.request('PUT', notice.remote, { ...task, status: 'rejected' }, { 'if-match': etag });
      expect(late.status === 412 || late.status === 409, `the server took an update of an old version: ${late.status}`);
      // A new visit changes what the Task would say, so that authledger has something to deliver.
      await it.people.write(visitOf(it, 'story-03', 'interop-visit-after-closing', 14));
      const written = it.front.written.length;
      await it.site.sync();
      expect(!it.front.written.slice(written).some((each) => each.path.endsWith(notice.remote)), 'the closed Task was written');
      expectEqual((await it.people.read(notice.remote)).status, 'completed', 'the Task');
      expectEqual((await it.noticeOf('story-03', 'units_low')).state, 'closed_by_person', 'the notice');
    },
  },
  {
    name: 'a conditional create that is sent twice makes one resource',
    async run(it) {
      const identifier = { system: 'urn:example:interop', value: 'once' };
      const flag = {
        resourceType: 'Flag',
        identifier: [identifier],
        status: 'entered-in-error',
        code: { text: 'Made by the interoperability test' },
        subject: { reference: 'Patient/story-01' },
      };
      const condition = { 'if-none-exist': `identifier=${encodeURIComponent(`${identifier.system}|${identifier.value}`)}` };
      const first = await it.people.request('POST', 'Flag', flag, condition);
      const second = await it.people.request('POST', 'Flag', flag, condition);
      expectEqual(`${first.status} ${second.status}`, '201 200', 'the two answers');
      const found = await it.people.all(`Flag?${condition['if-none-exist']}`);
      expectEqual(found.length, 1, 'Flags');
    },
  },
  {
    name: 'creates whose answers are lost are found again, not repeated',
    async run(it) {
      // Visits without an authorization: one new Task for each.
      const before = (await it.site.notices()).length;
      for (const hour of [13, 14, 15]) await it.people.write(visitOf(it, 'story-07', `interop-uncovered-${hour}`, hour));
      it.front.swallow = 3;
      // What was lost waits until a search can show it (visibility_window), and longer after each failure.
      let rows;
      for (let round = 0; round < 8; ++round) {
        await it.site.run('sync', '--on', it.clinic.day);
        rows = await it.site.notices();
        if (rows.every((row) => ['current', 'closed_by_person'].includes(row.state))) break;
        await new Promise((resolve) => setTimeout(resolve, 3000));
      }
      expectEqual(it.front.swallow, 0, 'answers still to be lost');
      const open = rows.filter((row) => !['current', 'closed_by_person'].includes(row.state));
      expect(open.length === 0, () => `${open.length} notices are not delivered, the first is ${JSON.stringify(open[0])}`);
      expectEqual(rows.length, before + 3, 'notices');
      const ids = (await it.notices()).flatMap((each) => each.identifier ?? []).map((one) => `${one.system}|${one.value}`);
      expectEqual(new Set(ids).size, ids.length, 'identifiers, each once');
      return '3 answers lost';
    },
  },
];

// What the clinic was loaded with.
export function visitsIn(clinic, patient) {
  return clinic.resources.filter((each) => each.resourceType === 'Encounter' && each.subject.reference === `Patient/${patient}`);
}

// One more finished visit of a story patient on the clinic's day.
export function visitOf(it, patient, id, hour) {
  const former = visitsIn(it.clinic, patient).at(-1);
  const at = (minute) => new Date(`${it.clinic.day}T${hour}:00:00Z`).toISOString().replace('00:00.000Z', `${minute}:00Z`);
  const { id: _, ...rest } = former;
  return { ...rest, ...(id ? { id } : {}), period: { start: at('00'), end: at('45') } };
}
