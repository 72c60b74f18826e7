// Interoperability: authledger against servers that others wrote. Started by interop.sh, which sets everything up.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Site, authledger, kProgram } from './authledger.mjs';
import { Checks, expect } from './checks.mjs';
import { Fhir } from './fhir.mjs';
import { PeerCase, peerChecks } from './peer_checks.mjs';
import { serve, stopAll } from './processes.mjs';
import { isOfStories, smartChecks } from './smart_checks.mjs';
import { kShortLife, reasonOf, reasons, validate } from './validate_checks.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const folder = path.resolve(here, '../../build/interop/run');
const { INTEROP_HAPI_CLASSPATH: classPath, INTEROP_MODULES: modules } = process.env;
const kNoHapi = process.env.INTEROP_HAPI_PROBLEM || 'the artifacts of HAPI are not installed';
const kNoMedplum = process.env.INTEROP_NPM_PROBLEM || 'the npm packages are not installed';
const kNoHistory = 'Medplum offers no history of a type, and this authledger sees deletions nowhere else';

const startHapi = () =>
  serve('hapi', folder, 'java', (port) => [...kShortLife, '-Xmx2g', 'interop.HapiServer', port], { CLASSPATH: classPath });
const startMedplum = (name) =>
  serve(name, folder, process.execPath, (port) => [`${here}/medplum_server.mjs`, port]);

// Parts that are named on the command line ("hapi", "medplum", "smart") are run alone; the others count as not run.
// "stories" takes the story patients alone instead of the whole clinic, for a quick look while developing.
const asked = process.argv.slice(2).filter((word) => word !== 'stories');
const isSmall = process.argv.includes('stories');
const isAsked = (part) => asked.length === 0 || asked.includes(part);

const peers = [
  { name: 'Medplum', preset: 'medplum', bundleType: 'batch', problem: modules ? undefined : kNoMedplum, start: () => startMedplum('medplum'), noDeletions: kNoHistory },
  { name: 'HAPI JPA', preset: 'hapi', bundleType: 'transaction', problem: classPath ? undefined : kNoHapi, start: startHapi },
];

const checks = new Checks();
const written = []; // {origin, resource}: everything that authledger wrote, as it was sent and as it stands.

function keepWritten(origin, writes) {
  for (const { body } of writes) {
    const resource = JSON.parse(body);
    if (resource.resourceType !== 'Bundle') written.push({ origin, resource });
  }
}

// The Flags and Tasks of a server.
async function standing(base) {
  const people = new Fhir(base);
  return [...(await people.all('Flag?_count=200')), ...(await people.all('Task?_count=200'))];
}

// The clinic on the sandbox: what every other server must agree with.
async function referenceRun(clinic) {
  const sandbox = await serve('sandbox', folder, kProgram, (port) => [
    'sandbox', '--empty', '--listen', '127.0.0.1:0', '--port-file', port, '--load', clinic.file,
  ]);
  const site = new Site(`${folder}/reference`, clinic.day, { base_url: sandbox.base });
  const round = await site.sync();
  expect(round.notices.created > 0, 'the sandbox run delivered nothing');
  const reference = {
    round,
    authorizations: await site.authorizations(),
    services: await site.services(),
    notices: await site.notices(),
  };
  for (const resource of await standing(sandbox.base)) written.push({ origin: 'what stands at the sandbox', resource });
  await sandbox.stop();
  return reference;
}

async function peerRun(peer, clinic, reference) {
  const named = (name) => `${peer.name}: ${name}`;
  const problem = isAsked(peer.preset) ? peer.problem : 'not asked for';
  if (problem) {
    for (const { name } of peerChecks) checks.notRun(named(name), problem);
    return;
  }
  let server;
  let it;
  let isBroken = !(await checks.run(named('the server starts'), async () => {
    server = await (peer.started ?? peer.start());
    it = new PeerCase({ ...peer, base: server.base }, clinic, `${folder}/${peer.preset}`);
    await it.open();
  }));
  for (const { name, needed, run } of peerChecks) {
    if (isBroken) {
      checks.notRun(named(name), 'a check before it failed');
    } else {
      const passed = await checks.run(named(name), () => run(it, reference));
      if (needed && !passed) isBroken = true;
    }
  }
  if (it) {
    keepWritten(`what was sent to ${peer.name}`, it.front.written);
    // As the server returns them: with what it added.
    for (const resource of await standing(server.base).catch(() => [])) written.push({ origin: `what stands at ${peer.name}`, resource });
    it.close();
  }
  await server?.stop();
}

async function smartRun(clinic) {
  if (!isAsked('smart')) return checks.notRun('SMART: the flow, judged by jose', 'not asked for');
  if (!modules) return checks.notRun('SMART: the flow, judged by jose', kNoMedplum);
  const server = await startMedplum('medplum-smart');
  keepWritten('what was sent with SMART tokens', await smartChecks(checks, { ...peers[0], base: server.base }, clinic, `${folder}/smart`));
  await server.stop();
}

async function validatorRun() {
  // Kept for a look at what was validated.
  fs.writeFileSync(`${folder}/written.ndjson`, written.map((each) => `${JSON.stringify(each.resource)}\n`).join(''));
  const about = (name) => `HAPI's validator (R4): ${name}`;
  const origins = [...new Set(written.map((each) => each.origin))];
  const names = ['it can tell a wrong Task', ...origins, 'each reason is still needed'].map(about);
  if (!classPath) return names.forEach((name) => checks.notRun(name, kNoHapi));

  let messages = [];
  const stands = await checks.run(names[0], async () => {
    const { intent, ...wrong } = { ...written.find((each) => each.resource.resourceType === 'Task').resource, status: 'open' };
    const all = await validate(classPath, [wrong, ...written.map((each) => each.resource)]);
    const errors = all.shift().filter((message) => message.severity === 'error').map((message) => message.location);
    expect(errors.includes('Task.status') && errors.includes('Task'), `its errors are at: ${errors.join(', ') || 'none'}`);
    messages = all;
  });
  if (!stands) return names.slice(1).forEach((name) => checks.notRun(name, 'the validator did not do its work'));

  const used = new Set();
  for (const origin of origins) {
    await checks.run(about(origin), () => {
      const said = written.flatMap((each, at) => (each.origin === origin ? messages[at].map((message) => ({ ...message, resource: each.resource })) : []));
      const unexplained = said.filter((message) => !reasonOf(message));
      for (const message of said) used.add(reasonOf(message));
      expect(unexplained.length === 0, () => {
        const { severity, location, message, resource } = unexplained[0];
        return `${unexplained.length} messages without a reason, the first: ${severity} at ${location}: ${message} in ${JSON.stringify(resource).slice(0, 600)}`;
      });
      return `${written.filter((each) => each.origin === origin).length} resources, ${said.length} warnings with a reason`;
    });
  }
  await checks.run(names.at(-1), () => {
    for (const reason of reasons) expect(used.has(reason), `nothing is warned of any more: ${reason.message}`);
  });
}

fs.rmSync(folder, { recursive: true, force: true });
fs.mkdirSync(folder, { recursive: true });
try {
  const day = new Date().toLocaleDateString('sv-SE', { timeZone: 'America/New_York' });
  const clinic = { day, file: `${folder}/clinic.ndjson` };
  const { code, stderr } = await authledger('sandbox', '--today', day, '--write', clinic.file);
  expect(code === 0, `the clinic could not be written: ${stderr}`);
  clinic.resources = fs.readFileSync(clinic.file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  if (isSmall) {
    clinic.resources = clinic.resources.filter(isOfStories);
    fs.writeFileSync(clinic.file, clinic.resources.map((each) => `${JSON.stringify(each)}\n`).join(''));
  }

  let reference;
  // HAPI takes its time to start: it does so while the others run.
  const hapi = peers.find((peer) => peer.preset === 'hapi');
  if (!hapi.problem && isAsked('hapi')) {
    hapi.started = hapi.start();
    hapi.started.catch(() => {}); // Told by the check that awaits it.
  }
  const stands = await checks.run('the reference: the sample clinic on the sandbox', async () => {
    reference = await referenceRun(clinic);
    return `${reference.authorizations.length} authorization lines, ${reference.notices.length} notices`;
  });
  if (stands) {
    for (const peer of peers) await peerRun(peer, clinic, reference);
    await smartRun(clinic);
    await validatorRun();
  }
} catch (error) {
  await checks.run('the run itself', () => Promise.reject(error));
} finally {
  await stopAll();
}
checks.finish();
process.exitCode = checks.counts.failed > 0 ? 1 : 0;
