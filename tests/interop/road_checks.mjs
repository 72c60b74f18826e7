// The roads between authledger and a server beside search by _lastUpdated: sweeps, small pages, probes, bulk exports,
// Subscriptions; and what patients are told. They run on what peer_checks.mjs left.

import fs from 'node:fs';
import { Site, kProgram } from './authledger.mjs';
import { NotRun, expect, expectEqual, expectSameRows } from './checks.mjs';
import { Front } from './front.mjs';
import { visitOf, visitsIn } from './peer_checks.mjs';
import { addressInLog, serve } from './processes.mjs';

const kExportSecondsMax = 300;
const kWakeSecondsMax = 60;

const typesOf = (reference) => reference.round.feeds.map((feed) => feed.resource_type);

// A site beside the first one, with a ledger of its own: of the feeds it has only `feeds`, and it writes nothing unless
// `delivery` is given.
function siteBeside(it, name, reference, { feeds, endpoint, delivery, rules }) {
  const off = Object.fromEntries(typesOf(reference).map((type) => [type, 'off']));
  return new Site(
    `${it.folder}/${name}`,
    it.clinic.day,
    { ...it.endpoint, ...endpoint, feeds: { ...off, ...feeds }, deliver: delivery !== undefined },
    delivery ?? { enabled: false },
    rules ? { rules } : {}
  );
}

// The same for one patient: a roster, and a search of each of `types` for who is on it.
function siteOfPatient(it, name, reference, patient, types, { delivery, rules } = {}) {
  const feeds = Object.fromEntries(types.map((type) => [type, { strategy: 'per_patient' }]));
  const site = siteBeside(it, name, reference, { feeds, endpoint: { roster: { file: 'roster.txt' } }, delivery, rules });
  fs.writeFileSync(`${site.folder}/roster.txt`, `${patient}\n`);
  return site;
}

// Without the authorizations whose visits the checks changed.
function unchanged(rows) {
  return rows.filter((row) => !['AL-S03', 'AL-S14-a', 'AL-S14-b'].includes(row.authorization_number));
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// In the order in which they run.
export const roadChecks = [
  {
    name: 'a sweep by patient sees what was written a moment ago, and what was deleted',
    async run(it, reference) {
      const site = siteOfPatient(it, 'sweep', reference, 'story-14', ['Encounter']);
      const before = (await site.sync()).pulled.Encounter;
      const visit = visitOf(it, 'story-14', 'interop-visit-of-a-moment-ago', 16);
      await it.people.write(visit);
      // HAPI would answer the same search again from results that are up to a minute old.
      expectEqual((await site.sync()).pulled.Encounter, before + 1, 'visits read');
      const { status } = await it.people.request('DELETE', `Encounter/${visit.id}`);
      expect(status < 300, `DELETE answered ${status}`);
      expectEqual((await site.sync()).facts.retracted, 1, 'facts retracted');
    },
  },
  {
    name: 'small pages give the same ledger',
    async run(it, reference) {
      const pageSize = Math.max(10, Math.ceil(it.clinic.resources.length / 200));
      const endpoint = { ...it.endpoint, page_size: pageSize, deliver: false };
      const site = new Site(`${it.folder}/pages`, it.clinic.day, endpoint, { enabled: false });
      const round = await site.sync();
      expectSameRows(unchanged(await site.authorizations()), unchanged(reference.authorizations), 'authorizations');
      return `pages of ${pageSize}, ${round.requests} requests`;
    },
  },
  {
    name: 'probe finds by test what the statement claims, writes on a test patient among it',
    async run(it) {
      const { code, stdout, stderr } = await it.site.run('probe', '--allow-writes', '--patient', 'story-14');
      expectEqual(code, 0, `probe said ${stderr.slice(0, 400)}`);
      const [plan] = JSON.parse(stdout);
      expect(plan.complete, 'something has no road');
      const guessed = plan.sources.filter((source) => source.strategy !== 'last_updated');
      expect(guessed.length === 0, () => `${guessed[0].resource_type}: ${guessed[0].strategy} ${guessed[0].reason}`);
      for (const type of ['Flag', 'Task']) {
        const finding = plan.findings?.find((each) => each.resource_type === type) ?? {};
        expect(finding.conditional_create === true && finding.guards_update === true, () => `${type}: ${JSON.stringify(finding)}`);
      }
      return plan.software;
    },
  },
  {
    name: 'a first load by bulk export gives the same ledger',
    async run(it, reference) {
      const { body: statement } = await it.people.request('GET', 'metadata');
      const { operation = [], resource } = statement.rest[0];
      const operations = [...operation, ...resource.flatMap((each) => each.operation ?? [])].map((each) => each.name);
      if (!operations.includes('export')) throw new NotRun(it.peer.noExport ?? 'its statement names no export');
      const bulk = Object.fromEntries(typesOf(reference).map((type) => [type, { strategy: 'bulk' }]));
      // A server that asks for a long pause is asked again by the next round.
      const site = siteBeside(it, 'bulk', reference, { feeds: bulk, endpoint: { retry_after_max: '5s' } });
      const asked = it.front.paths.length;
      let rounds = 0;
      for (const deadline = Date.now() + kExportSecondsMax * 1000; Date.now() < deadline; ) {
        rounds += 1;
        const round = await site.sync();
        if (Object.values(round.pulled).some((count) => count > 0)) break;
        await pause(2000);
      }
      const paths = it.front.paths.slice(asked);
      expect(paths.some((path) => path.includes('$export?')), 'no export was asked for');
      expect(paths.some((path) => path.includes('/Binary/')), 'no file of an export was read');
      // One search of one entry tests whether the server heeds _lastUpdated, by which the rounds after the export go.
      const searched = paths.find((path) => path.includes('/Encounter?') && !path.includes('_count=1&'));
      expect(!searched, `visits were searched for: ${searched}`);
      expectSameRows(unchanged(await site.authorizations()), unchanged(reference.authorizations), 'authorizations');
      return `${rounds} rounds, ${paths.filter((path) => path.includes('/Binary/')).length} files`;
    },
  },
  {
    name: 'a patient who consented is told by a Communication, which ends with its cause',
    async run(it, reference) {
      // The plan pays for as many visits as story-01 has had.
      const visits = visitsIn(it.clinic, 'story-01').length;
      const rules = (quantity) => ({
        rollout: 'active',
        roles: { patient: { consent: true } },
        benefits: [{ name: 'visits of a lifetime', quantity, measure: 'visit', per: 'lifetime' }],
      });
      const delivery = { identifier_system: 'https://sample-clinic.example/patients', visibility_window: '1s' };
      const types = ['Coverage', 'Claim', 'ClaimResponse', 'Encounter'];
      const site = siteOfPatient(it, 'patients', reference, 'story-01', types, { delivery, rules: rules(visits) });
      await site.sync();
      const told = (await site.notices()).find((row) => row.kind === 'benefit_for_patient');
      expect(told?.remote?.startsWith('Communication/'), () => `the notice: ${JSON.stringify(told)}`);
      const sent = await it.people.read(told.remote);
      expectEqual(sent.payload?.[0].contentString, told.text, 'the text');
      expectEqual(sent.recipient?.[0].reference, 'Patient/story-01', 'the recipient');
      const writes = it.front.written.length;
      await site.sync();
      expectEqual(it.front.written.length - writes, 0, 'writes of a second round');
      site.configure({ rules: rules(10 * visits) });
      await site.sync();
      expectEqual((await it.people.read(told.remote)).status, 'stopped', 'the Communication');
    },
  },
  {
    name: 'Subscriptions are asked for once',
    async run(it) {
      // Where the server reaches authledger: a front, since `serve` takes its port after the config is written.
      it.hooks = await Front.before('http://127.0.0.1:9/');
      fs.writeFileSync(`${it.site.folder}/hook.secret`, 'a-secret-of-the-interoperability-run\n', { mode: 0o600 });
      const subscriptions = { hook_url: `${it.hooks.origin}/hooks/ehr`, secret_file: 'hook.secret' };
      it.site.configure({
        endpoints: it.site.members.endpoints.map((each) => ({ ...each, subscriptions })),
        server: { listen: '127.0.0.1:0', sync_interval: '1h' },
      });
      const done = (rows) => [...new Set(rows.map((row) => row.done))].join(', ');
      const created = await it.site.rows('subscriptions', 'create');
      expectEqual(done(created), 'created', 'the first time');
      expectEqual(done(await it.site.rows('subscriptions', 'create')), 'there already', 'the second time');
      return `${created.length} Subscriptions`;
    },
  },
  {
    name: 'a change at the server wakes authledger, and the Flag follows',
    async run(it) {
      if (it.peer.noNotifications) throw new NotRun(it.peer.noNotifications);
      const isActive = async () => (await it.site.run('subscriptions', 'list')).code === 0;
      for (const deadline = Date.now() + kWakeSecondsMax * 1000; !(await isActive()); await pause(1000)) {
        expect(Date.now() < deadline, 'the Subscriptions do not become active');
      }
      const flag = await it.noticeOf('story-01', 'utilization');
      const command = () => ['--config', it.site.config, 'serve'];
      const server = await serve('authledger-serve', it.site.folder, kProgram, command, { address: addressInLog });
      try {
        it.hooks.leadTo(server.base);
        const isReady = async () => (await fetch(`${server.base}/health/ready`)).status === 200;
        for (const deadline = Date.now() + kWakeSecondsMax * 1000; !(await isReady()); await pause(200)) {
          expect(Date.now() < deadline, 'the first round of serve does not end');
        }
        const { code } = await it.people.read(flag.remote);
        const heard = it.hooks.requests;
        await it.people.write(visitOf(it, 'story-01', 'interop-visit-that-wakes', 14));
        const written = Date.now();
        for (const deadline = written + kWakeSecondsMax * 1000; ; await pause(100)) {
          if ((await it.people.read(flag.remote)).code.text !== code.text) break;
          expect(Date.now() < deadline, `the Flag still says: ${code.text}; ${it.hooks.requests - heard} notifications came`);
        }
        const seconds = ((Date.now() - written) / 1000).toFixed(1);
        expect(it.hooks.requests > heard, 'the Flag changed, and nothing was heard');
        return `${seconds} s from the write to the Flag`;
      } finally {
        await server.stop();
      }
    },
  },
];
