// Processes of a run: each ends with the run, also after Ctrl-C.

import { spawn } from 'node:child_process';
import fs from 'node:fs';

const kStartSecondsMax = 300; // HAPI takes 40 s on an idle machine of two cores.
const running = new Set();

async function stop(child) {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), 10000);
  await ended;
  clearTimeout(impatience);
}

export async function stopAll() {
  await Promise.all([...running].map(stop));
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await stopAll();
    process.exit(130);
  });
}

// Runs a command to its end. `input` goes to its standard input.
export function run(command, parameters, { cwd, input, env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(child);
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

// Starts a server that writes its port into a file, and waits for that. Returns {base, stop}.
export async function serve(name, folder, command, parametersOf, env) {
  const portFile = `${folder}/${name}.port`;
  const log = fs.openSync(`${folder}/${name}.log`, 'w');
  const child = spawn(command, parametersOf(portFile), { env: { ...process.env, ...env }, stdio: ['ignore', log, log] });
  running.add(child);
  const failed = new Promise((resolve) => {
    child.once('error', (error) => resolve(String(error)));
    child.once('exit', (code) => resolve(`it ended with ${code}`));
  });
  const started = Date.now();
  while (!fs.existsSync(portFile)) {
    const problem = await Promise.race([failed, new Promise((resolve) => setTimeout(resolve, 100, undefined))]);
    if (problem !== undefined || Date.now() - started > kStartSecondsMax * 1000) {
      await stop(child);
      throw new Error(`${name} did not start: ${problem ?? `no port in ${kStartSecondsMax} s`}; see ${folder}/${name}.log`);
    }
  }
  const port = fs.readFileSync(portFile, 'utf8').trim();
  return { base: `http://127.0.0.1:${port}/fhir`, stop: () => stop(child) };
}
