import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const folder = new URL("../", import.meta.url);
const given = [...readdirSync(folder), ...readdirSync(new URL("messages/", folder)).map((name) => `messages/${name}`)]
  .filter((name) => /\.(js|css|html|svg)$/.test(name))
  .map((name) => [name, readFileSync(new URL(name, folder), "utf8")]);

/** What no file that a browser gets may have in it, with a text that has it: a check that finds nothing must be able to. */
const REFUSED = [
  ["a request to elsewhere", /(?:https?:)?\/\/[a-z0-9-]+\.[a-z]/i, 'src="https://cdn.example/x.js"'],
  ["markup out of text", /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser/, "x.innerHTML = text"],
  ["code out of text", /\beval\s*\(|new Function\b|setTimeout\(\s*["'`]/, "eval(text)"],
  ["a log", /\bconsole\./, "console.log(token)"],
  ["storage that outlives the tab", /localStorage|sessionStorage|indexedDB|document\.cookie|caches\./, "localStorage.token = token"],
  ["a script or style that strict policies refuse", /<style|\sstyle=|<script>|\son[a-z]+="|javascript:|setAttribute\("style"/, '<p style="x">'],
];

test("nothing that a browser gets asks elsewhere, logs, stores, or makes code of text", () => {
  assert.ok(given.length >= 12);
  for (const [what, pattern, example] of REFUSED) {
    assert.match(example, pattern);
    for (const [name, text] of given) {
      const found = pattern.exec(text.replaceAll("http://www.w3.org/2000/svg", ""));
      assert.equal(found, null, `${name} has ${what}: ${found?.[0]}`);
    }
  }
});

test("everything that is imported or linked is there, and nothing has a dependency", () => {
  const names = new Set(given.map(([name]) => name));
  const found = given.flatMap(([name, text]) => {
    const base = new URL(name, folder);
    const imports = [...text.matchAll(/(?:from |import |import\()"([^"]+)"/g)].filter(() => name.endsWith(".js"));
    const sheets = [...text.matchAll(/new URL\("([^"]+)", import\.meta\.url\)/g)];
    const links = name.endsWith(".html") ? [...text.matchAll(/(?:href|src)="capture\/([^"]+)"/g)] : [];
    return [...imports, ...sheets, ...links].map(([, to]) => [name, new URL(to, base).href.slice(folder.href.length), to]);
  });
  assert.ok(found.length > 15);
  for (const [name, file, to] of found) {
    assert.ok(names.has(file), `${name} asks for ${to}`);
    if (name.endsWith(".js")) assert.match(to, /^\.\.?\//, `${name} imports ${to}`);
  }
  const { dependencies } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
  assert.equal(dependencies, undefined);
});
