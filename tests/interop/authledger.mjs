// authledger as its users run it: a config file, a folder, the command line. Its private PostgreSQL comes with it.

import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from './checks.mjs';
import { run } from './processes.mjs';

export const kProgram = fileURLToPath(new URL('../../build/release/authledger', import.meta.url));

export function authledger(...parameters) {
  return run(kProgram, parameters);
}

export class Site {
  // `endpoint`, `delivery` and what `rest` holds are members of the config; JSON is YAML.
  constructor(folder, day, endpoint, delivery = {}, rest = {}) {
    fs.mkdirSync(folder, { recursive: true });
    this.folder = folder;
    this.day = day;
    this.config = `${folder}/authledger.yaml`;
    this.members = {
      tenant: { name: 'sample-clinic', time_zone: 'America/New_York' },
      endpoints: [{ name: 'ehr', ...endpoint }],
      delivery: { identifier_system: 'https://sample-clinic.example/authledger', ...delivery },
    };
    this.configure(rest);
  }

  // Other members of the config from now on.
  configure(members) {
    Object.assign(this.members, members);
    fs.writeFileSync(this.config, `${JSON.stringify(this.members, null, 2)}\n`);
  }

  run(...parameters) {
    return run(kProgram, ['--config', this.config, '--format', 'json', ...parameters]);
  }

  // One round; what it did. Anything but success is an error with what authledger said.
  async sync(...parameters) {
    const { code, stdout, stderr } = await this.run('sync', '--on', this.day, ...parameters);
    fs.appendFileSync(`${this.folder}/sync.log`, stdout + stderr);
    expect(code === 0, () => {
      const said = stderr.split('\n').filter((line) => line.startsWith('authledger:'));
      return `sync ended with ${code}: ${said.join(' ') || stderr.slice(-600)}`;
    });
    return JSON.parse(stdout);
  }

  async rows(command, ...parameters) {
    const { code, stdout, stderr } = await this.run(command, ...parameters);
    expect(code === 0, () => `${command} ended with ${code}: ${stderr.slice(-600)}`);
    return JSON.parse(stdout);
  }

  authorizations() {
    return this.rows('authorizations', '--on', this.day);
  }

  services() {
    return this.rows('services', '--on', this.day);
  }

  notices() {
    return this.rows('notices');
  }
}

// What two runs must agree on: all of a notice but its key (made from the order in which patients were met) and the id
// that the server gave it.
export function comparable(notices) {
  return notices.map(({ key, remote, ...rest }) => rest);
}
