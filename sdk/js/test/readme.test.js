// The first lines of the README work as they stand.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { House, clean, skip } from "./house.js";

const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
const here = dirname(dirname(fileURLToPath(import.meta.url)));
let house;
before(async () => {
  house = skip ? undefined : await House.start();
});
after(() => house?.stop());

function blocks(text) {
  return [...text.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
}

async function run(code) {
  const folder = await mkdtemp(join(tmpdir(), "countenance-readme-"));
  const photos = { "passport.jpg": "obama.jpg", "today.jpg": "obama2.jpg", "monday.jpg": "obama.jpg" };
  for (const [name, photo] of Object.entries(photos)) await cp(house.photo(photo), join(folder, name));
  await cp(join(house.folder, "vault.admin-key"), join(folder, "vault.admin-key"));
  await writeFile(join(folder, "form.pdf"), "signed");
  await writeFile(join(folder, "readme.mjs"), code);
  await mkdir(join(folder, "node_modules"));
  await symlink(here, join(folder, "node_modules", "countenance"));
  // The server of the README is on the default port; this one is where there was room.
  const env = clean({ COUNTENANCE_URL: house.url });
  const child = spawn(process.execPath, ["readme.mjs"], { cwd: folder, env });
  let said = "";
  let failed = "";
  child.stdout.on("data", (data) => (said += data));
  child.stderr.on("data", (data) => (failed += data));
  const [status] = await once(child, "close");
  assert.equal(status, 0, failed);
  return said;
}

test("the first ten lines work as they stand", { skip }, async () => {
  const first = readme.split("\n").slice(0, 10).join("\n");
  assert.equal(await run(blocks(`${first}\n`)[0]), "accept\n");
});

test("every block of the README works after those before it", { skip }, async () => {
  const found = blocks(readme);
  assert.ok(found.length >= 3);
  await run(found.join("\n"));
});
