/**
 * The holder's part of a holder-bound subject's key: 32 bytes that belong to the person, for instance on their device.
 * Without them nobody opens what is stored, and the server never keeps them. They cannot be made up again once lost.
 */
export class HolderPart {
    /** A new one. */
    static generate(): Promise<HolderPart>;
    /**
     * Made of 64 hexadecimal digits, as `hex` gives them and the command line writes them.
     * @param {string} digits
     */
    static fromHex(digits: string): HolderPart;
    /** @param {Uint8Array} part 32 bytes. */
    constructor(part: Uint8Array);
    /** The 64 digits: a secret. */
    hex(): string;
    /** Nothing of it. */
    toString(): string;
    /** A holder part does not slip into JSON. */
    toJSON(): void;
    #private;
}
