// Which languages there are. A further one is a file beside `en.js` with the same keys, and a line here.
import en from "./en.js";

/** Languages by their BCP 47 tag; each is loaded when it is asked for. */
export const languages = {
  en: async () => en,
  ar: async () => (await import("./ar.js")).default,
  de: async () => (await import("./de.js")).default,
  es: async () => (await import("./es.js")).default,
  fr: async () => (await import("./fr.js")).default,
  it: async () => (await import("./it.js")).default,
  ja: async () => (await import("./ja.js")).default,
  nl: async () => (await import("./nl.js")).default,
  pt: async () => (await import("./pt.js")).default,
};

/**
 * Which way a language is written, as the attribute `dir` has it.
 * @param {string} language
 */
export function direction(language) {
  return language === "ar" ? "rtl" : "ltr";
}

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
  // Where texts run the other way, a name in other letters stands for itself and turns nothing around it: U+2068 and U+2069 say so.
  const [from, to] = direction(language) === "rtl" ? ["\u2068", "\u2069"] : ["", ""];
  return (key, values = {}) =>
    (texts[key] ?? en[key] ?? "").replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? `${from}${values[name]}${to}` : whole));
}
