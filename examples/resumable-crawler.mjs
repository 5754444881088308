// A crawler that goes on where it was killed. Every page is a target of a scan: it is marked when it is
// done, and its links are kept with the mark; what is still to do follows from them.
//
//   node resumable-crawler.mjs SCAN https://example.org/ [pages]
//
// Stop it however you like, kill -9 included, and start it again: no page that was printed as done
// is fetched twice, and those that failed are tried again.
import { Scan } from 'tidemark';

const [directory, start, most = '100'] = process.argv.slice(2);
if (directory === undefined || start === undefined) {
  console.error('usage: node resumable-crawler.mjs SCAN URL [pages]');
  process.exit(64);
}
const first = new URL(start);

const scan = await Scan.open(directory, { id: `crawl of ${first.href}` });
const known = new Set([first.href]);
for (const { detail } of scan.targets('complete')) {
  for (const link of JSON.parse(detail).links) known.add(link);
}
console.error(`${scan.counts.complete} pages are done already`);

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

async function crawl(url, { signal }) {
  const response = await fetch(url, { signal });
  const isPage = response.headers.get('content-type')?.startsWith('text/html');
  const links = isPage ? linksOf(await response.text(), url) : [];
  // From here on the page is done, whatever happens to this process.
  await scan.markComplete(url, { detail: JSON.stringify({ status: response.status, links }) });
  for (const link of links) known.add(link);
  console.log(`${response.status} ${url}`);
}

const tried = new Set();
for (;;) {
  const room = Number(most) - scan.counts.complete;
  const next = [...known].filter((url) => !tried.has(url) && !scan.isComplete(url)).slice(0, room);
  if (room <= 0 || next.length === 0) break;
  for (const url of next) tried.add(url);
  await scan.run(next, crawl, { concurrency: 4 });
}
const { complete, failed } = scan.counts;
await scan.close();
console.error(`${complete} pages are done, ${failed} failed`);
