// The titles of the tests in a file, as its source says them.

const plain = (text) => text.replaceAll(/\\(.)/g, '$1');

/** Of TEST_CASE("…" "…") in C++; of it, test and their .each in TypeScript. */
export function titlesOf(file, source) {
  const titles = new Set();
  if (file.endsWith('.cpp')) {
    for (const [, literals] of source.matchAll(/\bTEST_CASE\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\)/g)) {
      const parts = [...literals.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text);
      titles.add(plain(parts.join('')));
    }
    return titles;
  }
  const title = /(?:\b(?:it|test)(?:\.\w+)*\(|\)\()\s*(['"`])((?:(?!\1)[^\\]|\\.)*)\1/g;
  for (const [, , text] of source.matchAll(title)) titles.add(plain(text));
  return titles;
}
