// Which languages there are. A further one is a file beside `en.js` with the same keys, and a line here.
import en from "./en.js";

/** Languages by their BCP 47 tag; each is loaded when it is asked for. */
export const languages = {
  en: async () => en,
  de: async () => (await import("./de.js")).default,
};

/**
 * The first language of those wished that there is: `de-AT` is served with `de`. English when there is none.
 * @param {readonly string[]} wished
 */
export function choose(wished) {
  for (const tag of wished) {
    const base = tag.toLowerCase().split("-")[0];
    if (Object.hasOwn(languages, base)) return base;
  }
  return "en";
}

/**
 * Looks up texts. A text that a catalogue lacks is given in English: a person is never shown a key.
 * @param {string} language
 */
export async function catalogue(language) {
  const texts = await languages[language]();
  return (key, values = {}) =>
    (texts[key] ?? en[key] ?? "").replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}
