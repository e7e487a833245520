// What the declarations promise to those who use them: compiled, never run.

import { Countenance, HolderPart, type Picture, ProblemError, TooMany } from "countenance";
import type { CompareAnswer, Decision, KeyCreated, SubjectListEntry } from "countenance/models";

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
