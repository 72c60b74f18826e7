// HAPI's instance validator on every resource that authledger wrote.

import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from './checks.mjs';
import { run } from './processes.mjs';

// For Java programs that live for minutes: the compiler that starts at once, and the small collector.
export const kShortLife = [
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  `-Dlogback.configurationFile=${fileURLToPath(new URL('./logback.xml', import.meta.url))}`,
];

// Warnings that have a reason: {location, message (patterns), reason}.
export const reasons = JSON.parse(fs.readFileSync(new URL('./validator_reasons.json', import.meta.url), 'utf8'));

// What the validator says of each of `resources`, in their order: lists of {severity, location, message}.
export async function validate(classPath, resources) {
  const input = `${resources.map((each) => JSON.stringify(each)).join('\n')}\n`;
  const { code, stdout, stderr } = await run('java', [...kShortLife, 'interop.Validate'], { input, env: { CLASSPATH: classPath } });
  expect(code === 0, () => `the validator ended with ${code}: ${stderr.slice(-500)}`);
  const lines = stdout.trim().split('\n').map((line) => JSON.parse(line));
  expect(lines.pop()?.validated === resources.length, 'the validator did not read every resource');
  const messages = resources.map(() => []);
  for (const { line, ...message } of lines) messages[line - 1].push(message);
  return messages;
}

// The entry of validator_reasons.json for a message. A warning may have a reason; an error never has.
export function reasonOf({ severity, location, message }) {
  if (severity !== 'warning') return undefined;
  return reasons.find((each) => new RegExp(each.location).test(location) && new RegExp(each.message).test(message));
}
