// What the declarations promise to those who use them: compiled, never run.

import { Capture, Countenance, HolderPart, type Picture, ProblemError, TooMany, frameBytes } from "countenance";
import type { CaptureMessage, CompareAnswer, Decision, KeyCreated, SubjectListEntry } from "countenance/models";

const client = new Countenance({ url: "https://faces.example", key: "k", collection: "staff", retries: 1 });

export async function uses(picture: Picture, blob: Blob, bytes: Uint8Array): Promise<Decision> {
  const answer: CompareAnswer = await client.compare(picture, "today.jpg");
  const score: number | null | undefined = answer.score;
  const made: KeyCreated = await client.createKey(["compare", "scores"], { days: 3 });
  const holder: HolderPart = await HolderPart.generate();
  await client.verifySubject("ana", blob, { holder, signal: AbortSignal.timeout(100) });
  await client.enrollFaces("ana", [bytes, blob, picture], { replace: true });
  await client.grantConsent("ana", "verify", { textVersion: made.key, evidence: bytes, days: score ?? 1 });
  for await (const entry of client.subjects()) {
    const kind: SubjectListEntry["kind"] = entry.kind;
    if (kind === "holder_bound") continue;
  }
  const asked = { audience: "https://shop.example", nonce: "n", wayOut: "https://shop.example/other-way" };
  const opened = await client.openSession("verify", { ...asked, subject: "ana" });
  const result: string | null | undefined = (await client.showSession(opened.id)).result;
  const capture = new Capture({ session: opened.id, token: opened.token });
  const frame = { frame: 0, timeMs: performance.now(), picture: blob };
  const socket = capture.captureSocket();
  socket.onmessage = ({ data }) => {
    const message: CaptureMessage = JSON.parse(String(data));
    if (message.type === "prompt") console.log(message.kind, message.window_ms, result);
    // @ts-expect-error an `ack` has no prompt
    if (message.type === "ack") console.log(message.kind);
  };
  socket.send(await frameBytes(frame));
  for (const message of (await capture.captureFrames([frame])).messages) if (message.type === "done") break;
  // @ts-expect-error the way out is missing
  await client.openSession("presence", { audience: "a", nonce: "n" });
  // @ts-expect-error a capture has no key
  new Capture({ session: opened.id, token: opened.token, key: "k" });
  // @ts-expect-error no such scope
  await client.createKey(["everything"]);
  // @ts-expect-error the picture is missing
  await client.compare(picture);
  // @ts-expect-error no such decision
  if (answer.decision === "accepted") return "accept";
  // @ts-expect-error holder parts are no strings
  await client.addSubject("ana", { holder: "00" });
  // @ts-expect-error the text is not named
  await client.grantConsent("ana", "verify", { evidence: bytes });
  try {
    await client.listKeys();
  } catch (error) {
    if (error instanceof TooMany) return error.retryAfterS === 1 ? "reject" : "recapture";
    if (error instanceof ProblemError) throw new Error(error.code);
  }
  return answer.decision;
}
