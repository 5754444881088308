// The picture of a journal: one HTML page without any outside resource. Every frame is one shape,
// drawn to scale; sections that are not in view are not laid out (content-visibility), so that a
// thousand segments open at once.

import type { VerifyProblem } from '../recovery/index';
import * as format from './format';
import { script, style } from './inspect-page-assets';
import type { FramePicture, Layout, SegmentPicture } from './layout';

/** The page in parts, in order: a journal of millions of frames is longer than a string may be. */
export function* layoutPage(directory: string, report: Layout): Generator<string> {
  const widest = Math.max(1, ...report.segments.map((segment) => segment.fileBytes));
  const watermark = watermarkPlace(report);
  yield head(directory, report);
  yield problemList(report);
  for (const segment of report.segments) {
    const marks = [
      ...report.problems
        .filter((problem) => problem.segment === segment.id)
        .map((problem) => damageMark(segment, problem)),
      ...(watermark?.segment === segment.id ? [watermarkMark(segment, watermark)] : []),
    ];
    yield segmentStart(segment, segment.fileBytes / widest);
    yield* shapes(segment, report);
    yield `</svg>${marks.join('')}</div></section>\n`;
  }
  yield `</main>\n<script>${script}</script>\n</body>\n</html>\n`;
}

function head(directory: string, report: Layout): string {
  const facts: [string, string][] = [
    ['records', `${format.count(report.records)}`],
    ['seqs', report.records === 0 ? 'none' : `${report.firstSeq}–${report.lastSeq}`],
    ['watermark', `seq ${report.watermarkSeq}`],
    ['segments', format.count(report.segments.length)],
    ['used', `${format.bytes(report.bytesUsed)} of ${format.bytes(report.bytesOnDisk)}`],
    ['tail', report.tail],
    ['problems', format.count(report.problems.length)],
  ];
  if (report.recorded !== undefined) facts.unshift(['id', report.recorded.id]);
  const legend = ['header', 'commit', 'mark', 'seal', 'index', 'gap', 'torn', 'unused', 'damage'];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(directory)} · tidemark</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${escapeHtml(directory)}</h1>
<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>
<ul class="legend">${legend.map((name) => `<li><i class="swatch ${name}"></i>${name}</li>`).join('')}<li><i class="swatch watermark"></i>watermark</li></ul>
<form><label>zoom <input id="zoom" type="range" min="0" max="10" step="0.25" value="0"></label>
<label><input id="fit" type="checkbox"> each segment at full width</label></form>
</header>
<main>
`;
}

function segmentStart(segment: SegmentPicture, share: number): string {
  const state = segment.sealed ? 'sealed' : 'open';
  const seqs = segment.records === 0 ? 'no records' : `seqs ${segment.firstSeq}–${segment.lastSeq}`;
  const sizes = `${format.bytes(segment.usedBytes)} of ${format.bytes(segment.fileBytes)}`;
  const summary = `${state} · ${seqs} · ${format.plural(segment.commits, 'commit')} · ${sizes}`;
  return `<section id="segment-${segment.id}"><h2>Segment ${segment.id} <small>${summary}</small></h2>
<div class="track" style="--share:${share.toFixed(6)}"><svg viewBox="0 0 ${Math.max(1, segment.fileBytes)} 1" preserveAspectRatio="none" role="img" aria-label="Segment ${segment.id}: ${summary}" data-segment="${segment.id}" data-file-bytes="${segment.fileBytes}" data-used-bytes="${segment.usedBytes}">
`;
}

function* shapes(segment: SegmentPicture, report: Layout): Generator<string> {
  yield area('header', 0, Math.min(segment.dataStart, segment.fileBytes), 'both header copies');
  const framesAtOnce = 1000;
  const frames = segment.frames;
  let end = segment.dataStart;
  for (let start = 0; start < frames.length; start += framesAtOnce) {
    const part = frames.slice(start, start + framesAtOnce);
    yield part.map((frame, index) => shape(segment, frame, (start + index) % 2 === 1)).join('');
    const last = part[part.length - 1];
    if (last !== undefined) end = last.offset + last.bytes;
  }
  const indexBytes = segment.usedBytes - end;
  if (segment.sealed && indexBytes > 0)
    yield area('index', end, indexBytes, 'index of the segment');
  const { torn } = report;
  if (torn !== undefined && torn.segment === segment.id) {
    yield area('torn', torn.offset, torn.bytes, `torn tail: ${torn.bytes} bytes, never promised`);
  }
}

/** One frame. Neighbours differ in shade, so that each can be told from the next. */
function shape(segment: SegmentPicture, frame: FramePicture, odd: boolean): string {
  return (
    `<rect class="${frame.type}${odd ? ' odd' : ''}" x="${frame.offset}" y="0" ` +
    `width="${frame.bytes}" height="1" data-segment="${segment.id}" ` +
    `data-offset="${frame.offset}" data-bytes="${frame.bytes}" data-type="${frame.type}" ` +
    `data-first-seq="${frame.firstSeq}" data-records="${frame.records}"/>\n`
  );
}

function area(kind: string, offset: number, size: number, title: string): string {
  return `<rect class="${kind}" x="${offset}" y="0" width="${size}" height="1"><title>${title}</title></rect>\n`;
}

function damageMark(segment: SegmentPicture, problem: VerifyProblem): string {
  const title = `${problem.kind} at offset ${problem.offset}: ${problem.detail}`;
  return (
    `<b class="damage" style="left:${percent(problem.offset, segment.fileBytes)}" ` +
    `title="${escapeHtml(title)}" data-segment="${segment.id}" data-offset="${problem.offset}" ` +
    `data-kind="${escapeHtml(problem.kind)}" data-from-seq="${problem.fromSeq}" ` +
    `data-to-seq="${problem.toSeq}"></b>`
  );
}

interface Place {
  readonly segment: number;
  readonly offset: number;
  readonly seq: number;
}

/** The highest position that a frame of the newest segment names. */
function watermarkPlace(report: Layout): Place | undefined {
  for (const segment of [...report.segments].reverse()) {
    let place: Place | undefined;
    for (const { watermarkOffset: offset, watermarkSeq: seq } of segment.frames) {
      if (place === undefined || offset >= place.offset)
        place = { segment: segment.id, offset, seq };
    }
    if (place !== undefined) return place;
  }
  return undefined;
}

function watermarkMark(segment: SegmentPicture, place: Place): string {
  return (
    `<b class="watermark" style="left:${percent(place.offset, segment.fileBytes)}" ` +
    `title="watermark: everything before offset ${place.offset} is durable (seq ${place.seq})" ` +
    `data-segment="${place.segment}" data-offset="${place.offset}" data-seq="${place.seq}"></b>`
  );
}

/** In words, also that of what is not there to be drawn, such as a missing segment. */
function problemList(report: Layout): string {
  if (report.problems.length === 0) return '';
  const drawn = new Set(report.segments.map((segment) => segment.id));
  const items = report.problems.map((problem) => {
    const { kind, segment, offset, fromSeq, toSeq, detail } = problem;
    const name = `segment ${segment}`;
    const place = drawn.has(segment) ? `<a href="#segment-${segment}">${name}</a>` : name;
    return (
      `<li data-kind="${escapeHtml(kind)}" data-segment="${segment}" data-offset="${offset}">` +
      `${place}${drawn.has(segment) ? '' : ' (not drawn)'}, offset ${offset}, ` +
      `${format.seqRange(fromSeq, toSeq)}: ${escapeHtml(kind)}, ${escapeHtml(detail)}</li>`
    );
  });
  return `<section class="problems"><h2>Problems</h2><ul>${items.join('')}</ul></section>\n`;
}

function percent(offset: number, fileBytes: number): string {
  return `${((100 * Math.min(offset, fileBytes)) / Math.max(1, fileBytes)).toFixed(4)}%`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
