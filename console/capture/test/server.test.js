import assert from "node:assert/strict";
import { test } from "node:test";
import { TestServer } from "./server.js";

/** As much of a JPEG as says its size. */
function jpeg(width, height, length = 64) {
  const bytes = Buffer.alloc(length);
  Buffer.of(0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, height >> 8, height & 255, width >> 8, width & 255).copy(bytes);
  return bytes;
}

test("the server of these tests notices each thing that a page may not do", async () => {
  const server = await TestServer.start();
  const wrongs = (send) => {
    const session = server.open();
    session.state = "capturing";
    session.greet({ say() {}, close() {} });
    send(session);
    return session.wrongs.join();
  };
  try {
    assert.equal(wrongs((session) => session.frame(0, 5, jpeg(480, 640))), "");
    assert.match(wrongs((session) => Object.assign(session, { state: "created" }).frame(0, 5, jpeg(640, 480))), /sent while created/);
    assert.match(wrongs((session) => session.frame(1, 5, jpeg(640, 480))), /expected 0/);
    assert.match(wrongs((session) => [0, 1].forEach((number) => session.frame(number, 5, jpeg(640, 480)))), /time does not rise/);
    assert.match(wrongs((session) => session.frame(0, 5, jpeg(640, 640))), /size 640,640/);
    assert.match(wrongs((session) => session.frame(0, 5, Buffer.alloc(64))), /size null/);
    assert.match(wrongs((session) => session.frame(0, 5, jpeg(640, 480, 131073))), /131073 bytes/);
    assert.match(wrongs((session) => [0, 1, 2].forEach((number) => session.frame(number, number, jpeg(640, 480)))), /too many in flight/);
    assert.match(
      wrongs((session) => {
        for (let number = 0; number < 25; number += 1) {
          session.frame(number, number, jpeg(640, 480));
          session.waiting = 0;
        }
      }),
      /within a second/,
    );
    const { session, token } = { session: server.open(), token: "x".repeat(43) };
    const refused = await fetch(`${server.base}/v1/capture/${session.id}`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(refused.status, 401);
  } finally {
    await server.stop();
  }
});
