// What authledger writes only where a site asks for it, written once at the sandbox, so that HAPI's validator sees every
// form: each kind of notice for each role, today and when it is closed later, by each channel; Subscriptions by topic;
// Claim/$inquire.

import fs from 'node:fs';
import { Site, kProgram } from './authledger.mjs';
import { expect, expectEqual } from './checks.mjs';
import { Front } from './front.mjs';
import { serve } from './processes.mjs';
import { isOfStories } from './smart_checks.mjs';

// Types that authledger can write. One that is missing among what was validated fails the run.
export const kWrittenTypes = ['Flag', 'Task', 'Communication', 'DocumentReference', 'Subscription', 'Bundle'];

const kLater = 45; // Days: windows end, requests are late, and what was raised is closed.
const kTopics = 'https://sample-clinic.example/SubscriptionTopic';

// All roles are told of everything; the plan pays for few visits.
function rulesOf() {
  const roles = ['operations', 'biller', 'clinician'];
  const ofUnits = ['expiring', 'units_low', 'exhausted', 'booked_beyond', 'uncovered_service', 'benefit_low'];
  const kinds = [...ofUnits, 'decision_overdue', 'count_differs', 'conflict', 'update_due'];
  return {
    roles: { patient: { consent: true }, biller: { owner: 'Organization/clinic' } },
    notices: Object.fromEntries(kinds.map((kind) => [kind, roles])),
    benefits: [{ name: 'visits of a lifetime', quantity: 12, measure: 'visit', per: 'lifetime' }],
    warnings: { days_left: [60, 30, 14, 7, 0], units_left: 3 },
  };
}

async function onSandbox(name, clinic, folder, options, body) {
  const file = `${folder}/${name}.ndjson`;
  fs.writeFileSync(file, clinic.resources.filter(isOfStories).map((each) => `${JSON.stringify(each)}\n`).join(''));
  const sandbox = await serve(name, folder, kProgram, (port) => [
    'sandbox', '--empty', '--listen', '127.0.0.1:0', '--port-file', port, '--load', file, ...options,
  ]);
  const front = await Front.before(sandbox.base);
  try {
    return await body(front);
  } finally {
    front.close();
    await sandbox.stop();
  }
}

// Runs the checks; what was written goes to `written`.
export async function formChecks(checks, written, clinic, folder) {
  // `channel`: the only one that the site allows; left out: the shipped order.
  const everyKind = (name, channel) =>
    onSandbox(name, clinic, folder, [], async (front) => {
      const channels = channel ? { channels: { all: [channel] } } : {};
      const site = new Site(
        `${folder}/${name}-site`,
        clinic.day,
        { base_url: front.base },
        { identifier_system: `https://sample-clinic.example/${name}`, owner: 'Organization/clinic', patients_share_max: 1, ...channels },
        { rules: rulesOf() }
      );
      const first = await site.sync();
      const kinds = new Set((await site.notices()).map((row) => row.kind));
      site.day = new Date(Date.parse(clinic.day) + kLater * 86400000).toISOString().slice(0, 10);
      const second = await site.sync();
      const { created, updated, retired } = second.notices;
      expect(retired > 0 && updated > 0, () => `the later round: ${JSON.stringify(second.notices)}`);
      written.addSent(`what was sent of every kind and role${channel ? ` by ${channel}` : ''}`, front);
      return `${kinds.size} kinds, ${first.notices.created + created} created, ${updated} updated, ${retired} retired`;
    });
  await checks.run('the forms: every kind of notice, for every role, until it is closed', () => everyKind('forms'));
  for (const channel of ['Communication', 'DocumentReference']) {
    await checks.run(`the forms: the same by ${channel} alone`, () => everyKind(`by-${channel.toLowerCase()}`, channel));
  }
  await checks.run('the forms: Subscriptions by topic', () =>
    onSandbox('topics', clinic, folder, [], async (front) => {
      const topics = { Encounter: `${kTopics}/encounter`, ClaimResponse: `${kTopics}/answer` };
      const site = new Site(`${folder}/topics-site`, clinic.day, {
        base_url: front.base,
        subscriptions: { hook_url: 'http://127.0.0.1:9/hooks/ehr', secret_file: 'hook.secret', topics },
      });
      fs.writeFileSync(`${site.folder}/hook.secret`, 'a-secret-of-the-interoperability-run\n', { mode: 0o600 });
      const created = await site.rows('subscriptions', 'create');
      expect(created.every((row) => row.done === 'created'), () => JSON.stringify(created));
      written.addSent('Subscriptions as they were asked for', front);
      return `${created.length} Subscriptions`;
    })
  );
  await checks.run('the forms: an inquiry of a request that waits', () =>
    onSandbox('payer', clinic, folder, ['--inquiry'], async (front) => {
      const site = new Site(`${folder}/payer-site`, clinic.day, { base_url: front.base, deliver: false }, { enabled: false });
      await site.sync();
      const pended = (await site.authorizations()).filter((row) => row.decision === 'pended');
      expect(pended.length > 0, 'no request waits');
      const payers = [...new Set(pended.map((row) => row.payer))];
      const feeds = { ClaimResponse: { strategy: 'inquire', payers, mappings: ['pas_claim_response'] } };
      site.configure({ endpoints: site.members.endpoints.map((each) => ({ ...each, feeds })) });
      const round = await site.sync();
      const inquiries = front.written.filter((each) => each.path.endsWith('/Claim/$inquire')).length;
      expectEqual(inquiries, pended.length, 'inquiries');
      expect(round.facts.quarantined === 0, 'the answer was not understood');
      written.addSent('inquiries as they were asked', front);
      return `${inquiries} inquiries`;
    })
  );
}
