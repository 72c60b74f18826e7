// HAPI's instance validator on every resource that authledger wrote.

import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from './checks.mjs';
import { kWrittenTypes } from './form_checks.mjs';
import { run } from './processes.mjs';

// For Java programs that live for minutes: the compiler that starts at once, and the small collector.
export const kShortLife = [
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  `-Dlogback.configurationFile=${fileURLToPath(new URL('./logback.xml', import.meta.url))}`,
];

// Warnings that have a reason: {location, message (patterns), reason}.
const reasons = JSON.parse(fs.readFileSync(new URL('./validator_reasons.json', import.meta.url), 'utf8'));

// What the validator says of each of `resources`, in their order: lists of {severity, location, message}.
async function validate(classPath, resources) {
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
function reasonOf({ severity, location, message }) {
  if (severity !== 'warning') return undefined;
  return reasons.find((each) => new RegExp(each.location).test(location ?? '') && new RegExp(each.message).test(message));
}

// `isWhole`: every part of the run was asked for, so that every type and every reason must have come up.
export async function validatorChecks(checks, written, classPath, whyNot, isWhole) {
  const about = (name) => `HAPI's validator (R4): ${name}`;
  const names = ['it can tell a wrong Task', ...written.origins(), 'every type was among it', 'each reason is still needed'].map(about);
  if (!classPath) return names.forEach((name) => checks.notRun(name, whyNot));

  let messages = [];
  const stands = await checks.run(names[0], async () => {
    const { intent, ...wrong } = { ...written.all.find((each) => each.resource.resourceType === 'Task').resource, status: 'open' };
    const all = await validate(classPath, [wrong, ...written.all.map((each) => each.resource)]);
    const errors = all.shift().filter((message) => message.severity === 'error').map((message) => message.location);
    expect(errors.includes('Task.status') && errors.includes('Task'), `its errors are at: ${errors.join(', ') || 'none'}`);
    messages = all;
  });
  if (!stands) return names.slice(1).forEach((name) => checks.notRun(name, 'the validator did not do its work'));

  const used = new Set();
  for (const origin of written.origins()) {
    await checks.run(about(origin), () => {
      const ofIt = written.all.map((each, at) => ({ ...each, messages: messages[at] })).filter((each) => each.origin === origin);
      const said = ofIt.flatMap(({ resource, messages: all }) => all.map((message) => ({ ...message, resource })));
      const unexplained = said.filter((message) => !reasonOf(message));
      for (const message of said) used.add(reasonOf(message));
      expect(unexplained.length === 0, () => {
        const { severity, location, message, resource } = unexplained[0];
        const first = `${severity} at ${location}: ${message} in ${JSON.stringify(resource).slice(0, 600)}`;
        return `${unexplained.length} messages without a reason, the first: ${first}`;
      });
      return `${written.countsOf(origin)}; ${said.length} warnings with a reason`;
    });
  }
  if (!isWhole) return names.slice(-2).forEach((name) => checks.notRun(name, 'parts of the run were not asked for'));
  await checks.run(names.at(-2), () => {
    const types = new Set(written.all.map((each) => each.resource.resourceType));
    for (const type of kWrittenTypes) expect(types.has(type), `no ${type} was written`);
    return [...types].join(', ');
  });
  await checks.run(names.at(-1), () => {
    for (const reason of reasons) expect(used.has(reason), `nothing is warned of any more: ${reason.message}`);
  });
}
