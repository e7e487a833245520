// What a passkey (WebAuthn) gives: the holder's part of a key (extension PRF), or a signature over what is shown. Either goes to the server
// with the consent and is kept nowhere.
import { Trouble } from "./connection.js";
import { fromBase64Url, toBase64Url, toHex } from "./protocol.js";

/**
 * Asks the person's passkey for its output for the salt: 32 bytes, as 64 hexadecimal digits.
 *
 * The same passkey has one output with the person verified and another without; it is always asked for with.
 * @param {{salt: string, credentials: string[]}} asked
 */
export async function holderPart(asked, page = globalThis) {
  const container = page.navigator?.credentials;
  const Kind = page.PublicKeyCredential;
  if (!container?.get || !Kind) throw new Trouble("passkey_missing");
  const able = await Kind.getClientCapabilities?.().catch(() => undefined);
  if (able?.["extension:prf"] === false) throw new Trouble("passkey_missing");
  let credential;
  try {
    credential = await container.get({
      publicKey: {
        // Nobody checks the signature: the output is what proves that the passkey was there.
        challenge: page.crypto.getRandomValues(new Uint8Array(32)),
        allowCredentials: asked.credentials.map((id) => ({ type: "public-key", id: fromBase64Url(id) })),
        userVerification: "required",
        extensions: { prf: { eval: { first: fromBase64Url(asked.salt) } } },
      },
    });
  } catch (error) {
    throw new Trouble(error?.name === "NotSupportedError" ? "passkey_missing" : "passkey_refused", error);
  }
  const first = credential?.getClientExtensionResults().prf?.results?.first;
  if (first === undefined) throw new Trouble("passkey_without_prf");
  const bytes = new Uint8Array(ArrayBuffer.isView(first) ? first.buffer : first);
  if (bytes.length !== 32) throw new Trouble("passkey_without_prf");
  const part = toHex(bytes);
  bytes.fill(0);
  return part;
}

/**
 * Asks for the signature of the person's device key: the credential as the server reads it.
 *
 * No credential is named: the device finds those that were made for the relying party, and whoever looks at the page learns of none.
 * @param {{relying_party: string}} asked
 * @param {Uint8Array} challenge of the session and of what is shown
 */
export async function deviceKey(asked, challenge, page = globalThis) {
  const container = page.navigator?.credentials;
  if (!container?.get || !page.PublicKeyCredential) throw new Trouble("device_key_missing");
  let credential;
  try {
    credential = await container.get({ publicKey: { challenge, rpId: asked.relying_party, allowCredentials: [], userVerification: "required" } });
  } catch (error) {
    throw new Trouble(error?.name === "NotSupportedError" ? "device_key_missing" : "device_key_refused", error);
  }
  const { clientDataJSON, authenticatorData, signature } = credential?.response ?? {};
  if (!signature) throw new Trouble("device_key_refused");
  const text = (buffer) => toBase64Url(new Uint8Array(buffer));
  return {
    id: credential.id,
    response: { clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature) },
  };
}
