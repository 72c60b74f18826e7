// A front between authledger and a server: it counts, keeps what is written, demands a token when told to, and can
// swallow answers. Servers build their links from the Host header, which it passes on.

import http from 'node:http';

export class Front {
  paths = []; // Of every request that was passed on or refused here.
  written = []; // {method, path, status, body, reference} of every create, update and operation that succeeded.
  swallow = 0; // So many answers to writes are lost after the server has done them.
  pause = 0; // Milliseconds before each request is passed on.
  admit = undefined; // (request) => undefined, or {status, headers, body} for who is not let in.
  answers = new Map(); // path => async (request, body) => {status, headers, body}; not passed on.
  #target;
  #server;

  static async before(base) {
    const front = new Front();
    front.leadTo(base);
    front.#server = http.createServer((request, response) => front.#pass(request, response));
    await new Promise((resolve) => front.#server.listen(0, '127.0.0.1', resolve));
    front.origin = `http://127.0.0.1:${front.#server.address().port}`;
    front.base = front.origin + front.#target.pathname;
    return front;
  }

  // What comes from now on goes to `base`, a server that starts after its front for instance.
  leadTo(base) {
    this.#target = new URL(base);
  }

  get requests() {
    return this.paths.length;
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #pass(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const send = ({ status, headers = {}, body: text = '' }) => {
      response.writeHead(status, headers);
      response.end(text);
    };
    const own = this.answers.get(new URL(request.url, this.origin).pathname);
    if (own) return send(await own(request, body.toString()));
    this.paths.push(request.url);
    const refused = this.admit?.(request);
    if (refused) return send(refused);
    if (this.pause > 0) await new Promise((resolve) => setTimeout(resolve, this.pause));

    const onward = http.request(
      { host: this.#target.hostname, port: this.#target.port, path: request.url, method: request.method, headers: request.headers },
      (answer) => {
        const isWrite = request.method !== 'GET';
        if (isWrite && answer.statusCode < 300) {
          const place = request.method === 'POST' ? answer.headers.location : request.url;
          const reference = /([A-Z][A-Za-z]+\/[A-Za-z0-9.-]+)(\/_history\/[^/]+)?$/.exec(place ?? '')?.[1];
          this.written.push({ method: request.method, path: request.url, status: answer.statusCode, body: body.toString(), reference });
        }
        if (isWrite && this.swallow > 0) {
          this.swallow -= 1;
          answer.resume();
          answer.on('end', () => request.socket.destroy());
          return;
        }
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      }
    );
    onward.on('error', () => send({ status: 502 }));
    onward.end(body);
  }
}
