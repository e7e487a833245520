/**
 * Reads JSON. Numbers that are not written as integers come as Fraction; objects have no prototype.
 * @param {string} text
 * @returns {unknown}
 */
export function parseOnce(text: string): unknown;
/** A number that is not written as an integer. */
export class Fraction {
    /** @param {string} text */
    constructor(text: string);
    value: number;
}
