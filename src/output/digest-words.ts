/**
 * A digest as words that two people can read to each other, or one can compare on two screens:
 * proquints (arXiv:0901.4016), each of which stands for 16 bits.
 */
const CONSONANTS = 'bdfghjklmnprstvz';
const VOWELS = 'aiou';
/** 64 bits: nobody finds a second request with the same words while the first one waits. */
const WORDS = 4;

/** `lusab-babad-gutih-tugad`, of the first bits of a digest in hex. */
export const renderDigestWords = (digest: string): string =>
  Array.from({ length: WORDS }, (_, index) =>
    proquint(Number.parseInt(digest.slice(index * 4, index * 4 + 4), 16)),
  ).join('-');

const proquint = (bits: number): string =>
  [
    CONSONANTS[(bits >> 12) & 15],
    VOWELS[(bits >> 10) & 3],
    CONSONANTS[(bits >> 6) & 15],
    VOWELS[(bits >> 4) & 3],
    CONSONANTS[bits & 15],
  ].join('');
