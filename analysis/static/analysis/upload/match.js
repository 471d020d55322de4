// Which patient, or which exercise, a file's name speaks of.
const plain = (text) => text.normalize("NFKC").toLowerCase();
const joined = (text) => plain(text).replace(/[^\p{L}\p{N}]+/gu, "");
const LETTER = /[a-z0-9]/;

// "P1" is in "P1-park" and in "0301_p1", and not in "P10-park".
const holds = (name, wanted) => {
  for (let at = name.indexOf(wanted); at >= 0; at = name.indexOf(wanted, at + 1)) {
    const before = name[at - 1] ?? " ";
    const after = name[at + wanted.length] ?? " ";
    const cutBefore = LETTER.test(wanted[0]) && LETTER.test(before);
    const cutAfter = LETTER.test(wanted.at(-1)) && LETTER.test(after);
    if (!cutBefore && !cutAfter) return true;
  }
  return false;
};

// The choice with the longest match; none where two are as long, or there is no match. One choice needs none.
export const matching = (fileName, choices) => {
  if (choices.length === 1) return choices[0].id;
  const name = plain(fileName.replace(/\.[^.]*$/, ""));
  const found = choices
    .map(({ id, match }) => ({ id, wanted: plain(match.trim()), bare: joined(match) }))
    .filter(({ wanted, bare }) => bare && (holds(name, wanted) || (/[^\x00-\x7f]/.test(bare) && joined(name).includes(bare))))
    .sort((a, b) => b.bare.length - a.bare.length);
  return found.length && found[0].bare.length !== found[1]?.bare.length ? found[0].id : "";
};
