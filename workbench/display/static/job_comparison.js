/*
 * The page of two jobs in the person's language (language.js); it is readable without this, in English.
 * Names, values, code and findings, which are the data's, are in no label.
 */

const LABELS = [
  '.wb-noun, .wb-tile dt, h4, thead th, caption, summary, figcaption, .wb-chip, .wb-label',
  '.wb-state, .wb-state .wb-hidden, p.wb-faint, svg title, .wb-num:not(.wb-plain), .wb-tile dd',
  'section > .wb-scroll:not([role]) tbody th'
].join();

function translatePage(root) {
  translate(root, LABELS);
}
