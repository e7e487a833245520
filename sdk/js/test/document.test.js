// The package says all that the OpenAPI document says.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Capture, ConsentLink, Countenance } from "countenance";
import * as operations from "../src/operations.js";

const source = process.env.COUNTENANCE_DOCUMENT ?? new URL("../../../docs/spec/openapi.json", import.meta.url);
const document = JSON.parse(await readFile(source, "utf8"));
// What a method calls otherwise than the document, because it can do more.
const OTHERWISE = { photo: "photos" };

function camel(name) {
  return name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
}

function fields(schema, schemas) {
  if (schema.$ref) return fields(schemas[schema.$ref.split("/").at(-1)], schemas);
  if (schema.allOf) return schema.allOf.flatMap((part) => fields(part, schemas));
  return Object.keys(schema.properties ?? {});
}

/** What the document has and the package has not. */
function missing(document) {
  const found = [];
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, given] of Object.entries(methods)) {
      const name = camel(given.operationId);
      const opened = (/** @type {string} */ by) => given.security.some((/** @type {object} */ one) => by in one);
      const of = opened("capture") ? Capture : opened("consents") ? ConsentLink : Countenance;
      const call = of.prototype[name];
      const written = operations[name];
      if (typeof call !== "function" || !written) {
        found.push(`no method ${name}`);
        continue;
      }
      const wanted = new Set();
      for (const one of given.parameters ?? []) {
        // What is at hand already is a cache's affair.
        if (one.name === "If-None-Match") continue;
        const header = { "Countenance-Holder": "holder", "Idempotency-Key": "idempotencyKey" }[one.name];
        wanted.add(header ?? camel(one.name));
      }
      for (const { schema } of Object.values(given.requestBody?.content ?? {})) {
        for (const field of fields(schema, document.components.schemas)) wanted.add(OTHERWISE[field] ?? camel(field));
      }
      const text = call.toString();
      const lacking = [...wanted].filter((word) => !new RegExp(`\\b${word}\\b`).test(text)).sort();
      if (lacking.length > 0) found.push(`${name} does not take ${lacking.join(", ")}`);
      if (written.capture !== (of === Capture) || written.link !== (of === ConsentLink)) found.push(`${name} asks with something else`);
      if (written.path !== path || written.method !== method.toUpperCase()) found.push(`${name} asks something else`);
      if (!text.includes(`operations.${name}`)) found.push(`${name} asks another operation`);
    }
  }
  return found.sort();
}

test("every operation and parameter of the document has its place", () => {
  assert.deepEqual(missing(document), []);
  assert.ok(Object.keys(operations).length >= 39);
});

test("an operation or parameter that is new in the document is missed", () => {
  const changed = structuredClone(document);
  changed.paths["/v1/new"] = { get: { ...changed.paths["/policy"].get, operationId: "some_novelty" } };
  changed.paths["/v1/keys"].get.parameters = [{ in: "query", name: "wish", schema: {} }];
  changed.components.schemas.KeyRequest.properties.wish = { type: "string" };
  assert.deepEqual(missing(changed), [
    "createKey does not take wish",
    "listKeys does not take wish",
    "no method someNovelty",
  ]);
});

test("no operation is left that the document does not have", () => {
  const known = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  assert.deepEqual(Object.keys(operations).sort(), known.map((given) => camel(given.operationId)).sort());
});
