// A crawler that goes on where it was killed. The journal holds one record a page, written when the
// page is done; what is still to do follows from the links in those records.
//
//   node resumable-crawler.mjs JOURNAL https://example.org/ [pages]
//
// Stop it however you like, kill -9 included, and start it again: no page that was printed as done
// is fetched twice.
import { Journal } from 'tidemark';

const [directory, start, most = '100'] = process.argv.slice(2);
if (directory === undefined || start === undefined) {
  console.error('usage: node resumable-crawler.mjs JOURNAL URL [pages]');
  process.exit(64);
}
const concurrency = 4;
const first = new URL(start);

const journal = await Journal.open(directory, { codec: 'json', application: 'crawler' });
const known = new Set([first.href]);
const done = new Set();
for await (const { value } of journal.read()) {
  done.add(value.url);
  for (const link of value.links) known.add(link);
}
console.error(`${done.size} pages are done already`);

/** The links of a page that stay on the site. */
function linksOf(html, base) {
  const links = new Set();
  for (const [, href] of html.matchAll(/<a\s[^>]*href="([^"]+)"/gi)) {
    if (!URL.canParse(href, base)) continue;
    const url = new URL(href, base);
    url.hash = '';
    if (url.origin === first.origin) links.add(url.href);
  }
  return [...links];
}

async function crawl(url) {
  const response = await fetch(url);
  const isPage = response.headers.get('content-type')?.startsWith('text/html');
  const links = isPage ? linksOf(await response.text(), url) : [];
  // From here on the page is done, whatever happens to this process.
  const seq = await journal.append({ url, status: response.status, links });
  done.add(url);
  for (const link of links) known.add(link);
  console.log(`${seq} ${response.status} ${url}`);
}

for (;;) {
  const room = Number(most) - done.size;
  const next = [...known].filter((url) => !done.has(url)).slice(0, Math.min(concurrency, room));
  if (next.length === 0) break;
  await Promise.all(next.map(crawl));
}
await journal.close();
