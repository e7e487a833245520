// The package runs where there is no Node.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, readdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { House, clean, skip } from "./house.js";

const source = new URL("../src/", import.meta.url);
let house;
before(async () => {
  house = skip ? undefined : await House.start();
});
after(() => house?.stop());

test("no module imports anything of Node before it is known to run there, nor any other package", async () => {
  let found = 0;
  for (const name of await readdir(source)) {
    const text = await readFile(new URL(name, source), "utf8");
    const imported = [...text.matchAll(/^(?:import|export|\}).*from ["'](.+)["'];$/gm)].map(([, from]) => from);
    found += imported.length;
    assert.deepEqual(imported.filter((from) => !from.startsWith("./")), [], name);
    assert.doesNotMatch(text, /\bBuffer\b|[^.]\bprocess\./, name);
  }
  assert.ok(found > 10);
});

test("without Node's `process` pictures are compared, and paths are refused", { skip }, async () => {
  const code = `
    const { readFileSync } = process.getBuiltinModule?.("node:fs") ?? await import("node:fs");
    const [, url, key, one, other] = process.argv;
    const photos = [one, other].map((path) => new Blob([readFileSync(path)]));
    const { exit } = process;
    await fetch("data:,"); // Node's own takes what it needs.
    delete globalThis.process;
    const { Countenance } = await import("${new URL("index.js", source)}");
    const client = new Countenance({ url, key });
    const { decision } = await client.compare(...photos);
    const refused = await client.compare(one, other).catch((error) => error.message);
    console.log(JSON.stringify({ decision, refused, made: (await client.addSubject("page")).id }));
    exit(0);
  `;
  const given = [house.url, house.key, house.photo("obama.jpg"), house.photo("obama2.jpg")];
  const flags = ["--input-type=module", "--eval", code, ...given];
  const child = spawn(process.execPath, flags, { env: clean(), cwd: fileURLToPath(source) });
  let said = "";
  let failed = "";
  child.stdout.on("data", (data) => (said += data));
  child.stderr.on("data", (data) => (failed += data));
  await once(child, "close");
  assert.ok(said, failed);
  const { decision, refused, made } = JSON.parse(said);
  assert.deepEqual([decision, made], ["accept", "page"]);
  assert.match(refused, /a page cannot open paths/);
});
