// Processes of a run: each ends with the run, also after Ctrl-C, and also when this process is killed.

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

export const folder = fileURLToPath(new URL('../../build/interop/run', import.meta.url)); // What this run makes.

const kStartSecondsMax = 300; // HAPI takes 40 s on an idle machine of two cores.
const kMark = 'INTEROP_RUN'; // In the environment of everything that this run starts.
const kRun = randomUUID();
const running = new Set();
let isEnding = false;

// The kernel tells the child when this process is gone, however it went. It has a process group of its own, so that
// Ctrl-C comes to it once, from here: authledger takes a second signal as an order to drop everything.
function start(command, parameters, { cwd, env, stdio }) {
  if (isEnding) throw new Error('the run is ending');
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', command, ...parameters], {
    cwd,
    env: { ...process.env, ...env, [kMark]: kRun },
    stdio,
    detached: true,
  });
  running.add(child);
  return child;
}

async function stop(child) {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), 20000);
  await ended;
  clearTimeout(impatience);
}

export async function stopAll() {
  isEnding = true;
  await Promise.all([...running].map(stop));
}

// What is still there of this run: {pid, command}. A private PostgreSQL has an environment of its own, and its cluster
// for a working folder.
function leftovers() {
  const read = (pid, file) => fs.readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
  const found = [];
  for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid) continue;
    try {
      const isOurs = read(pid, 'environ').includes(`${kMark}=${kRun}`) || fs.readlinkSync(`/proc/${pid}/cwd`).startsWith(`${folder}/`);
      if (isOurs) found.push({ pid: Number(pid), command: read(pid, 'cmdline').join(' ').slice(0, 120) });
    } catch {
      // It ended meanwhile, or is somebody else's.
    }
  }
  return found;
}

// Ends what is left, in an orderly way first, and returns what it was.
export async function endLeftovers() {
  const left = leftovers();
  const tell = (signal) => leftovers().forEach(({ pid }) => process.kill(pid, signal));
  if (left.length > 0) tell('SIGINT'); // PostgreSQL's fast shutdown.
  for (let tries = 0; tries < 50 && leftovers().length > 0; ++tries) await new Promise((resolve) => setTimeout(resolve, 200));
  tell('SIGKILL');
  return left;
}

let isToldToEnd = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, async () => {
    if (isToldToEnd) return;
    isToldToEnd = true;
    await stopAll();
    await endLeftovers();
    process.exit(130);
  });
}

// Runs a command to its end. `input` goes to its standard input.
export function run(command, parameters, { cwd, input, env } = {}) {
  return new Promise((resolve, reject) => {
    const child = start(command, parameters, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
    const out = [];
    const errors = [];
    child.stdout.on('data', (chunk) => out.push(chunk));
    child.stderr.on('data', (chunk) => errors.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      running.delete(child);
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(errors).toString() });
    });
    child.stdin.on('error', () => {}); // A command that ends before it has read everything says so by its exit code.
    child.stdin.end(input ?? '');
  });
}

// Starts a server and waits until `address` finds where it listens: in the port file whose name `parametersOf` was
// given, or in what it printed. Returns {base, stop}.
export async function serve(name, place, command, parametersOf, { env, address = addressInFile } = {}) {
  const portFile = `${place}/${name}.port`;
  const logFile = `${place}/${name}.log`;
  const log = fs.openSync(logFile, 'w');
  const child = start(command, parametersOf(portFile), { env, stdio: ['ignore', log, log] });
  fs.closeSync(log);
  const failed = new Promise((resolve) => {
    child.once('error', (error) => resolve(String(error)));
    child.once('exit', (code) => resolve(`it ended with ${code}`));
  });
  const started = Date.now();
  for (;;) {
    const base = address({ portFile, logFile });
    if (base) return { base, stop: () => stop(child) };
    const problem = await Promise.race([failed, new Promise((resolve) => setTimeout(resolve, 100, undefined))]);
    if (problem !== undefined || Date.now() - started > kStartSecondsMax * 1000) {
      await stop(child);
      throw new Error(`${name} did not start: ${problem ?? `no port in ${kStartSecondsMax} s`}; see ${logFile}`);
    }
  }
}

function addressInFile({ portFile }) {
  return fs.existsSync(portFile) ? `http://127.0.0.1:${fs.readFileSync(portFile, 'utf8').trim()}/fhir` : undefined;
}

// Of the line in which `authledger serve` says where it listens.
export function addressInLog({ logFile }) {
  return /on (http:\/\/127\.0\.0\.1:\d+) /.exec(fs.readFileSync(logFile, 'utf8'))?.[1];
}
