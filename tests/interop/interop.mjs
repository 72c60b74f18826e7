// Interoperability: authledger against servers that others wrote. Started by interop.sh, which sets everything up.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Site, authledger, kProgram } from './authledger.mjs';
import { Checks, expect } from './checks.mjs';
import { formChecks } from './form_checks.mjs';
import { PeerCase, clinicChecks } from './peer_checks.mjs';
import { endLeftovers, folder, serve, stopAll } from './processes.mjs';
import { roadChecks } from './road_checks.mjs';
import { isOfStories, smartChecks } from './smart_checks.mjs';
import { kShortLife, validatorChecks } from './validate_checks.mjs';
import { Written } from './written.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const { INTEROP_HAPI_CLASSPATH: classPath, INTEROP_MODULES: modules } = process.env;
const kNoHapi = process.env.INTEROP_HAPI_PROBLEM || 'the artifacts of HAPI are not installed';
const kNoMedplum = process.env.INTEROP_NPM_PROBLEM || 'the npm packages are not installed';

const startHapi = () =>
  serve('hapi', folder, 'java', (port) => [...kShortLife, '-Xmx2g', 'interop.HapiServer', port], { env: { CLASSPATH: classPath } });
const startMedplum = (name) =>
  serve(name, folder, process.execPath, (port) => [`${here}/medplum_server.mjs`, port]);

// Parts that are named on the command line ("hapi", "medplum", "smart") are run alone; the others count as not run.
// "stories" takes the story patients alone instead of the whole clinic, for a quick look while developing.
const asked = process.argv.slice(2).filter((word) => word !== 'stories');
const isSmall = process.argv.includes('stories');
const isAsked = (part) => asked.length === 0 || asked.includes(part);

const medplum = {
  name: 'Medplum',
  preset: 'medplum',
  bundleType: 'batch',
  problem: modules ? undefined : kNoMedplum,
  start: () => startMedplum('medplum'),
  // Checks that are not run for what Medplum's router lacks.
  noDeletions: 'Medplum offers no history of a type: deletions are seen by sweeps, below, and not by _lastUpdated',
  noExport: "Medplum's $export is part of its server package, which is not on npm",
  noNotifications: "Medplum's notifications are sent by its server package, which is not on npm",
};
const hapi = {
  name: 'HAPI JPA',
  preset: 'hapi',
  bundleType: 'transaction',
  problem: classPath ? undefined : kNoHapi,
  start: startHapi,
};

const checks = new Checks();
const written = new Written();
const peerChecks = [...clinicChecks, ...roadChecks];

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
  await written.addStanding('what stands at the sandbox', sandbox.base, new Set(reference.notices.map((row) => row.remote)));
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
    written.addSent(`what was sent to ${peer.name}`, it.front);
    const references = new Set(it.front.written.map((each) => each.reference).filter(Boolean));
    await checks.run(named('all that was written can be read again'), () =>
      written.addStanding(`what stands at ${peer.name}`, server.base, references)
    );
    it.close();
  }
  await server?.stop();
}

async function smartRun(clinic) {
  if (!isAsked('smart')) return checks.notRun('SMART: the flow, judged by jose', 'not asked for');
  if (!modules) return checks.notRun('SMART: the flow, judged by jose', kNoMedplum);
  const server = await startMedplum('medplum-smart');
  await smartChecks(checks, written, { ...medplum, base: server.base }, clinic, `${folder}/smart`);
  await server.stop();
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

  // HAPI takes its time to start: it does so while the sandbox runs.
  if (!hapi.problem && isAsked(hapi.preset)) {
    hapi.started = hapi.start();
    hapi.started.catch(() => {}); // Told by the check that awaits it.
  }
  let reference;
  const stands = await checks.run('the reference: the sample clinic on the sandbox', async () => {
    reference = await referenceRun(clinic);
    return `${reference.authorizations.length} authorization lines, ${reference.notices.length} notices`;
  });
  if (stands) {
    // Two at a time: each waits for its server half of the time.
    const theOthers = async () => {
      await peerRun(medplum, clinic, reference);
      await smartRun(clinic);
      await formChecks(checks, written, clinic, folder);
    };
    await Promise.all([peerRun(hapi, clinic, reference), theOthers()]);
    // Kept for a look at what was validated.
    fs.writeFileSync(`${folder}/written.ndjson`, written.all.map((each) => `${JSON.stringify(each.resource)}\n`).join(''));
    await validatorChecks(checks, written, classPath, kNoHapi, asked.length === 0);
  }
} catch (error) {
  await checks.run('the run itself', () => Promise.reject(error));
} finally {
  await stopAll();
}
await checks.run('no process is left behind', async () => {
  const left = await endLeftovers();
  expect(left.length === 0, () => left.map(({ pid, command }) => `${pid} ${command}`).join('; '));
});
checks.finish();
// Not when nothing is left to do: a front that a failed check left open would be listened to for ever.
process.exit(checks.counts.failed > 0 ? 1 : 0);
