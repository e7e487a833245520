import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection, Trouble } from "../connection.js";
import { deviceKey, holderPart } from "../passkey.js";

const TICKET = { session: "a-Jk3vQ2m8Xw0cT5rP1uYs7A", token: "t".repeat(43) };
const HELLO = { type: "hello", ends_in_ms: 1000, frames: { per_second: 15, in_flight: 2, batch: 3 } };

class FakeSocket {
  static made = [];
  sent = [];
  constructor(address, protocols) {
    Object.assign(this, { address, protocols });
    FakeSocket.made.push(this);
  }
  send(bytes) {
    this.sent.push(bytes);
  }
  close() {
    this.onclose?.({ code: 1000 });
  }
  say(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }
}

function connect(answer = () => Response.json({})) {
  const asked = [];
  const fetch = async (address, options) => {
    asked.push({ address, ...options });
    return answer(asked.length, options);
  };
  FakeSocket.made = [];
  return { asked, connection: new Connection(TICKET, { base: "https://node.example", language: "de", fetch, WebSocket: FakeSocket }) };
}

test("the token is in headers and sub-protocols and in no address", async () => {
  const { asked, connection } = connect((nth) => (nth === 3 ? new Response(null, { status: 204 }) : Response.json({ messages: [] })));
  await connection.read();
  await connection.agree({ sha256: "0", calm: true });
  await connection.decline();
  connection.postLine(() => {}, () => {}).close();
  connection.socketLine(() => {}, () => {});
  const addresses = [...asked.map(({ address }) => address), FakeSocket.made[0].address];
  assert.equal(addresses.length, 5);
  for (const address of addresses) assert.ok(!address.includes(TICKET.token), address);
  for (const { headers } of asked) assert.equal(headers.Authorization, `Bearer ${TICKET.token}`);
  for (const request of asked) assert.deepEqual([request.credentials, request.redirect, request.referrerPolicy], ["omit", "error", "no-referrer"]);
  assert.equal(FakeSocket.made[0].address, "wss://node.example/v1/capture/a-Jk3vQ2m8Xw0cT5rP1uYs7A/frames");
  assert.deepEqual(FakeSocket.made[0].protocols, ["countenance.capture.v1", `token.${TICKET.token}`]);
  assert.equal(asked[0].address, "https://node.example/v1/capture/a-Jk3vQ2m8Xw0cT5rP1uYs7A?lang=de");
  assert.ok(asked[2].keepalive, "the way out is told even when the page is left at once");
});

test("each refusal has its name, and a network that is down is not a refusal", async () => {
  const cases = [
    [401, "capture_token_invalid", "ticket"], [404, "session_unknown", "ticket"], [409, "session_over", "over"], [409, "capture_busy", "elsewhere"],
    [422, "value_invalid", "refused"], [503, "overloaded", "server"], [500, undefined, "server"],
  ];
  for (const [status, code, named] of cases) {
    const { connection } = connect(() => Response.json({ code }, { status }));
    await assert.rejects(connection.read(), (error) => error instanceof Trouble && error.code === named, code);
  }
  const { connection } = connect(() => {
    throw new TypeError("failed to fetch");
  });
  await assert.rejects(connection.read(), { code: "network" });
  const { connection: proxied } = connect(() => new Response("<html>", { status: 502 }));
  await assert.rejects(proxied.read(), { code: "server" });
});

test("nothing is sent before the server says hello, and no more than it allows", () => {
  const { connection } = connect();
  const heard = [];
  const line = connection.socketLine((message) => heard.push(message.type), () => {});
  const [socket] = FakeSocket.made;
  assert.ok(!line.isReady(0));
  line.send(0, Uint8Array.of(1));
  assert.equal(socket.sent.length, 0);
  socket.say(HELLO);
  socket.say({ type: "dance" });
  for (let at = 0; at < 10; at += 1) if (line.isReady(at * 100)) line.send(at * 100, Uint8Array.of(at));
  assert.equal(socket.sent.length, 2);
  socket.say({ type: "ack", frame: 0 });
  assert.ok(line.isReady(2000));
  assert.deepEqual(heard, ["hello", "ack"]);
});

test("a line closes once, and says nothing after", () => {
  const { connection } = connect();
  const closed = [];
  const heard = [];
  const line = connection.socketLine((message) => heard.push(message), (trouble) => closed.push(trouble));
  const [socket] = FakeSocket.made;
  socket.say(HELLO);
  socket.onclose({ code: 4408 });
  socket.say({ type: "prompt", id: 1, kind: "hold" });
  line.close();
  assert.deepEqual(closed, ["network"]);
  assert.equal(heard.length, 1);
});

test("without a socket frames go in batches, one request at a time, begun by an empty one", async () => {
  let running = 0;
  let most = 0;
  const answers = [[HELLO], [{ type: "ack", frame: 0 }, { type: "ack", frame: 1 }, { type: "prompt", id: 1, kind: "smile" }], [{ type: "done", state: "judged" }]];
  const { asked, connection } = connect(async (nth) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
    return Response.json({ messages: answers[nth - 1] ?? [] });
  });
  const heard = [];
  const line = connection.postLine((message) => {
    heard.push(message.type);
    if (message.type === "hello") for (const at of [10, 90, 170]) if (line.isReady(at)) line.send(at, Uint8Array.of(at));
    if (message.type === "done") line.close();
  }, () => {});
  while (line.isOpen) await new Promise((resolve) => setTimeout(resolve, 5));
  const sent = asked.map(({ body }) => JSON.parse(body).frames);
  assert.deepEqual(sent[0], []);
  assert.deepEqual(sent[1].map(({ frame, time_ms: time }) => [frame, time]), [[0, 10], [1, 90]]);
  assert.deepEqual(heard, ["hello", "ack", "ack", "prompt", "done"]);
  assert.equal(most, 1);
});

test("a passkey's output becomes the holder part, and each way to have none has its name", async () => {
  const asked = { salt: Buffer.alloc(32, 7).toString("base64url"), credentials: ["c2FtcGxl"] };
  const page = (get, Kind = class {}) => ({ navigator: { credentials: { get } }, PublicKeyCredential: Kind, crypto });
  const given = (results) => async () => ({ getClientExtensionResults: () => results });
  let options;
  const part = await holderPart(asked, page(async (with_) => {
    options = with_.publicKey;
    return { getClientExtensionResults: () => ({ prf: { results: { first: new Uint8Array(32).fill(0xab).buffer } } }) };
  }));
  assert.equal(part, "ab".repeat(32));
  assert.deepEqual([...options.extensions.prf.eval.first], Array(32).fill(7));
  assert.equal(Buffer.from(options.allowCredentials[0].id).toString(), "sample");
  assert.equal(options.userVerification, "required");
  const refusal = (name) => async () => {
    throw new DOMException("no", name);
  };
  const unable = class {
    static getClientCapabilities = async () => ({ "extension:prf": false });
  };
  await assert.rejects(holderPart(asked, page(given({}))), { code: "passkey_without_prf" });
  await assert.rejects(holderPart(asked, page(given({ prf: { results: { first: new ArrayBuffer(16) } } }))), { code: "passkey_without_prf" });
  await assert.rejects(holderPart(asked, page(refusal("NotAllowedError"))), { code: "passkey_refused" });
  await assert.rejects(holderPart(asked, page(given({}), unable)), { code: "passkey_missing" });
  await assert.rejects(holderPart(asked, { navigator: {} }), { code: "passkey_missing" });
});

test("a device key gives its signature, names no credential, and each way to have none has its name", async () => {
  const asked = { relying_party: "pay.example", nonce: "" };
  const challenge = new Uint8Array(32).fill(5);
  const page = (get) => ({ navigator: { credentials: { get } }, PublicKeyCredential: class {} });
  const bytes = (...of) => Uint8Array.from(of).buffer;
  let options;
  const signed = await deviceKey(asked, challenge, page(async (with_) => {
    options = with_.publicKey;
    return { id: "aWQ", response: { clientDataJSON: bytes(251, 255), authenticatorData: bytes(1), signature: bytes(2, 3) } };
  }));
  assert.deepEqual(signed, { id: "aWQ", response: { clientDataJSON: "-_8", authenticatorData: "AQ", signature: "AgM" } });
  assert.deepEqual(options, { challenge, rpId: "pay.example", allowCredentials: [], userVerification: "required" });
  const refusal = (name) => async () => {
    throw new DOMException("no", name);
  };
  await assert.rejects(deviceKey(asked, challenge, page(refusal("NotAllowedError"))), { code: "device_key_refused" });
  await assert.rejects(deviceKey(asked, challenge, page(refusal("NotSupportedError"))), { code: "device_key_missing" });
  await assert.rejects(deviceKey(asked, challenge, page(async () => null)), { code: "device_key_refused" });
  await assert.rejects(deviceKey(asked, challenge, { navigator: {} }), { code: "device_key_missing" });
});
