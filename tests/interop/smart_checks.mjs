// SMART Backend Services against an authorization server whose judge is the npm library jose, in front of a real server.

import { createRequire } from 'node:module';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { Site, authledger } from './authledger.mjs';
import { expect, expectEqual } from './checks.mjs';
import { Fhir } from './fhir.mjs';
import { Front } from './front.mjs';

const kClient = 'authledger-interop';
const kJku = 'https://keys.example/jwks.json';
const kTokensARound = 1; // Shared by what is read and what is written.
const kAssertionSecondsMax = 300; // SMART App Launch 2, section 4.1.5: exp no more than five minutes in the future.

// The token endpoint. It takes an assertion only as SMART demands, and keeps what it saw.
class AuthorizationServer {
  seen = []; // {header, payload, scope, form} of every assertion that was taken.
  refused = []; // Why, of each that was not.
  ahead = 0; // Seconds by which its clock is ahead of this machine's.
  requests = 0;
  rejected = 0; // FHIR requests without a token that holds.
  #used = new Set();
  #tokens = new Map();

  constructor(front, jose, jwks, { life = 300, takesNone = false, audience } = {}) {
    this.front = front;
    this.jose = jose;
    this.keys = jose.createLocalJWKSet(jwks);
    this.life = life;
    this.takesNone = takesNone;
    this.tokenUrl = `${front.origin}/auth/token`;
    this.audience = audience ?? this.tokenUrl;
    front.answers.set('/fhir/.well-known/smart-configuration', async () => this.#json(200, this.#discovery()));
    front.answers.set('/auth/token', (request, body) => this.#token(request, new URLSearchParams(body)));
    front.admit = (request) => this.#admit(request);
  }

  revokeAll() {
    this.#tokens.clear();
  }

  #discovery() {
    return {
      token_endpoint: this.tokenUrl,
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
      grant_types_supported: ['client_credentials'],
      scopes_supported: ['system/*.rs', 'system/*.cruds'],
      capabilities: ['client-confidential-asymmetric', 'permission-v2'],
    };
  }

  #json(status, body) {
    return { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body: JSON.stringify(body) };
  }

  async #token(request, form) {
    this.requests += 1;
    try {
      const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
      expect(request.method === 'POST' && isForm, 'no form was posted');
      expectEqual(form.get('grant_type'), 'client_credentials', 'grant_type');
      expectEqual(form.get('client_assertion_type'), 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', 'client_assertion_type');
      const { payload, protectedHeader: header } = await this.jose.jwtVerify(form.get('client_assertion'), this.keys, {
        algorithms: ['RS384', 'ES384'],
        audience: this.audience,
        currentDate: new Date(Date.now() + this.ahead * 1000),
        issuer: kClient,
        subject: kClient,
        typ: 'JWT',
        requiredClaims: ['exp', 'jti'],
      });
      expect(typeof header.kid === 'string', 'no kid');
      expect(payload.aud === this.audience, 'aud is not the token URL alone');
      expect(payload.exp <= Date.now() / 1000 + kAssertionSecondsMax + 5, 'exp is more than five minutes away');
      expect(!this.#used.has(payload.jti), 'a jti came twice');
      this.#used.add(payload.jti);
      this.seen.push({ header, payload, scope: form.get('scope'), form: form.toString() });
    } catch (error) {
      this.refused.push([error.claim, error.code ?? error.message].filter(Boolean).join(': '));
      return this.#json(401, { error: 'invalid_client', error_description: error.message });
    }
    const token = randomBytes(24).toString('base64url');
    if (!this.takesNone) this.#tokens.set(token, Date.now() + this.life * 1000);
    return this.#json(200, { access_token: token, token_type: 'bearer', expires_in: this.life, scope: form.get('scope') });
  }

  #admit(request) {
    if (request.url.split('?')[0] === '/fhir/metadata') return undefined;
    const ends = this.#tokens.get(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]);
    if (ends !== undefined && Date.now() < ends) return undefined;
    this.rejected += 1;
    return { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } };
  }
}

// What belongs to the sample clinic's story patients, and what they refer to.
export function isOfStories(resource) {
  return /^(Organization|Practitioner)$/.test(resource.resourceType) || resource.id.startsWith('story-');
}

// What becomes of a form that is posted (again): the reason for which it is refused, or 'taken'.
async function judged(server, form) {
  const refused = server.refused.length;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const { status } = await fetch(server.tokenUrl, { method: 'POST', headers, body: form });
  const isRefused = status === 401 && server.refused.length === refused + 1;
  return isRefused ? server.refused.at(-1) : 'taken';
}

// The checks on one server, which holds the story patients then. What authledger wrote there goes to `written`.
export async function smartChecks(checks, written, peer, clinic, folder) {
  const jose = await import(createRequire(`${process.env.INTEROP_MODULES}/`).resolve('jose'));
  fs.mkdirSync(folder, { recursive: true });
  await new Fhir(peer.base).load(clinic.resources.filter(isOfStories), peer.bundleType);

  const newKey = async (name, algorithm) => {
    fs.rmSync(`${folder}/${name}.jwk`, { force: true });
    const { code, stdout, stderr } = await authledger('keys', 'new', '--alg', algorithm, '--out', `${folder}/${name}.jwk`);
    expect(code === 0, `keys new: ${stderr}`);
    return JSON.parse(stdout);
  };
  // Runs `body` with a front, an authorization server that knows `jwks`, and a site with its own ledger.
  const withServer = async (name, jwks, options, body) => {
    const front = await Front.before(peer.base);
    try {
      const server = new AuthorizationServer(front, jose, jwks, options);
      const auth = { kind: 'smart_backend', client_id: kClient, secret_file: `${folder}/${options.key ?? name}.jwk`, ...options.auth };
      const endpoint = { base_url: front.base, preset: 'generic', auth, page_size: 20, timeouts: { request: '20s' } };
      const site = new Site(`${folder}/${name}`, clinic.day, endpoint, {
        identifier_system: `https://sample-clinic.example/${name}`,
        owner: 'Organization/clinic',
      });
      return await body(server, site, front);
    } finally {
      written.addSent('what was sent with SMART tokens', front);
      front.close();
    }
  };

  for (const algorithm of ['RS384', 'ES384']) {
    const name = algorithm.toLowerCase();
    await checks.run(`SMART: jose accepts ${algorithm} assertions, and a round goes through`, async () => {
      const jwks = await newKey(name, algorithm);
      await withServer(name, jwks, { auth: { jwks_url: kJku } }, async (server, site) => {
        const round = await site.sync();
        expect(round.notices.created > 0, 'no notice was written');
        expectEqual(server.refused.length, 0, `assertions refused (${server.refused[0]})`);
        expectEqual(server.rejected, 0, 'FHIR requests without a token');
        expectEqual(server.seen.length, kTokensARound, 'tokens for a round shorter than one lives');
        const { header } = server.seen[0];
        expectEqual(`${header.alg} ${header.kid} ${header.jku}`, `${algorithm} ${jwks.keys[0].kid} ${kJku}`, 'the header');
        expect(/system\/Flag\.\w+/.test(server.seen[0].scope), `scope ${server.seen[0].scope}`);
        const { form } = server.seen[0];
        await checks.run(`SMART: an ${algorithm} assertion holds once, for one token endpoint, for five minutes`, async () => {
          expectEqual(await judged(server, form), 'a jti came twice', 'the same assertion again');
          await withServer(`${name}-elsewhere`, jwks, { key: name }, async (other) => {
            expectEqual(await judged(other, form), 'aud: ERR_JWT_CLAIM_VALIDATION_FAILED', 'the assertion at another token endpoint');
          });
          server.ahead = kAssertionSecondsMax + 1;
          expectEqual(await judged(server, form), 'exp: ERR_JWT_EXPIRED', 'the assertion five minutes later');
        });
      });
    });
  }
  await checks.run('SMART: a token is renewed before it ends, each time with a new assertion', async () => {
    await withServer('renewed', await newKey('renewed', 'ES384'), { life: 1 }, async (server, site, front) => {
      front.pause = 100;
      await site.sync();
      expect(server.seen.length > kTokensARound, 'the round was too short to need a second token');
      expectEqual(server.refused.length, 0, `assertions refused (${server.refused[0]})`);
    });
  });
  await checks.run('SMART: a token that is revoked is renewed once, and the round goes on', async () => {
    await withServer('revoked', await newKey('revoked', 'RS384'), {}, async (server, site, front) => {
      const admit = front.admit;
      front.admit = (request) => {
        if (front.requests === 30) server.revokeAll();
        return admit(request);
      };
      await site.sync();
      expectEqual(server.seen.length, kTokensARound + 1, 'tokens');
      expectEqual(server.rejected, 1, 'requests refused');
    });
  });
  await checks.run('SMART: tokens that the server never takes end the round, without a loop', async () => {
    await withServer('never', await newKey('never', 'ES384'), { takesNone: true }, async (server, site, front) => {
      const { code } = await site.run('sync', '--on', clinic.day);
      expectEqual(code, 4, 'exit code');
      const isFew = server.requests <= 2 * kTokensARound && front.requests < 40;
      expect(isFew, `${server.requests} token requests, ${front.requests} FHIR requests`);
      return `${server.requests} token requests`;
    });
  });
  await checks.run('SMART: a key that is not registered is refused by jose, and authledger says what to do', async () => {
    await newKey('stranger', 'RS384');
    await withServer('stranger', await newKey('registered', 'RS384'), { key: 'stranger' }, async (server, site) => {
      const { code, stdout, stderr } = await site.run('probe');
      expectEqual(code, 4, 'exit code');
      expect(/invalid_client/.test(stdout + stderr), `it said ${stderr}`);
      expectEqual(server.refused[0], 'ERR_JWKS_NO_MATCHING_KEY', "jose's reason");
    });
  });
  await checks.run('SMART: a token endpoint that goes by another name than the EHR states is named in what authledger says', async () => {
    const options = { audience: 'https://ehr.example/auth/token' };
    await withServer('renamed', await newKey('renamed', 'ES384'), options, async (server, site) => {
      const { code, stdout, stderr } = await site.run('probe');
      expectEqual(code, 4, 'exit code');
      expect((stdout + stderr).includes(server.tokenUrl), `it said ${stderr}`);
      expectEqual(server.refused[0], 'aud: ERR_JWT_CLAIM_VALIDATION_FAILED', "jose's reason");
    });
  });
}
