// A real server for a test file, a server that answers as a test says, and a way on which answers get lost.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createTcpServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Countenance } from "countenance";

const { COUNTENANCE, COUNTENANCE_PHOTOS } = process.env;
/** Why tests on a real server are skipped, or false. */
export const skip =
  COUNTENANCE && COUNTENANCE_PHOTOS
    ? false
    : "COUNTENANCE names no program: no real server was asked (tests/sdk/run.sh PROGRAM does it)";

/** The environment without what names a server. */
export function clean(more = {}) {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("COUNTENANCE"));
  return { ...Object.fromEntries(kept), ...more };
}

/** A server on a throw-away folder. */
export class House {
  static async start() {
    const house = new House();
    house.folder = await mkdtemp(join(tmpdir(), "countenance-js-"));
    const flags = ["serve", "--data", "vault", "--listen", "127.0.0.1:0", "--log", "error", "--payment-limits", "EUR=5000/20000"];
    house.process = spawn(COUNTENANCE, flags, {
      cwd: house.folder,
      env: clean(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const line of createInterface({ input: house.process.stdout })) {
      const found = /https?:\/\/\S+/.exec(line);
      if (found) {
        house.url = found[0];
        break;
      }
    }
    if (!house.url) throw new Error("the server does not start");
    house.key = (await readFile(join(house.folder, "vault.admin-key"), "utf8")).trim();
    return house;
  }

  async stop() {
    this.process.kill();
    await once(this.process, "exit");
    await rm(this.folder, { recursive: true });
  }

  client(options = {}) {
    return new Countenance({ url: this.url, key: this.key, ...options });
  }

  photo(name) {
    return join(COUNTENANCE_PHOTOS, name);
  }
}

/** A server that gives the answers of a list, one after the other, and remembers what it was asked. */
export class Script {
  answers = [];
  asked = [];

  static async start() {
    const script = new Script();
    script.server = createServer(async (request, response) => {
      const body = [];
      for await (const part of request) body.push(part);
      const { method, url, headers } = request;
      script.asked.push({ method, url, headers, body: Buffer.concat(body) });
      const [status, content, more] = script.answers.shift();
      response.writeHead(status, { "content-type": "application/json", ...more });
      response.end(content);
    });
    script.server.listen(0, "127.0.0.1");
    await once(script.server, "listening");
    script.url = `http://127.0.0.1:${script.server.address().port}`;
    return script;
  }

  says(status, content = "{}", headers = {}) {
    this.answers.push([status, content, headers]);
  }

  refuses(status, code, headers = {}) {
    const problem = { type: "x", title: "T", status, code, detail: "D" };
    this.says(status, JSON.stringify(problem), { "content-type": "application/problem+json", ...headers });
  }

  async stop() {
    this.server.closeAllConnections?.();
    this.server.close();
    await once(this.server, "close");
  }
}

/**
 * Carries connections to a server. As often as told it takes the request there, waits until the answer comes, and hangs
 * up without passing it on.
 */
export async function losing(url, times) {
  const { hostname, port } = new URL(url);
  const way = { lost: 0, left: times };
  const ends = new Set();
  const server = createTcpServer((near) => {
    const loses = way.left-- > 0;
    const far = connect(Number(port), hostname);
    for (const end of [near, far]) {
      ends.add(end);
      end.on("error", () => {});
      end.on("close", () => [near, far].forEach((one) => one.destroy()));
    }
    near.pipe(far);
    if (loses) {
      far.once("data", () => {
        way.lost += 1;
        near.destroy();
      });
    } else {
      far.pipe(near);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  way.url = `http://127.0.0.1:${server.address().port}`;
  way.stop = async () => {
    ends.forEach((end) => end.destroy());
    server.close();
    await once(server, "close");
  };
  return way;
}
