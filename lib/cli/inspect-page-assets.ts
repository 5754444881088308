// Style and script of the picture that inspect-page.ts writes.

export const style = `
:root {
  --paper: #fbfaf7; --ink: #20262e; --faint: #69727d; --line: #d9d6cd; --unused: #eceae3;
  --header: #9aa3ad; --commit: #2f6fb0; --commit-odd: #5c97d1; --mark: #2a9d8f; --seal: #7b4fa3;
  --index: #b79ad0; --gap: #c98a1b; --torn: #e3a08f; --damage: #c8281e; --watermark: #0b5d52;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15191e; --ink: #e4e7ea; --faint: #98a1ab; --line: #343b43; --unused: #252b32;
    --header: #69727d; --commit: #5a9bdc; --commit-odd: #3b75b0; --mark: #45bdae; --seal: #a67fd0;
    --index: #6c548a; --gap: #d9a441; --torn: #8f4a3b; --damage: #ff5d50; --watermark: #7fe0d2;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 14px/1.45 system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; }
header { position: sticky; top: 0; z-index: 2; padding: 14px 24px 10px; background: var(--paper);
  border-bottom: 1px solid var(--line); }
h1 { margin: 0 0 8px; font-size: 18px; overflow-wrap: anywhere; }
dl, .legend, form { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0 0 8px; padding: 0; }
dl div { display: flex; gap: 6px; }
dt { color: var(--faint); }
dd { margin: 0; font-variant-numeric: tabular-nums; }
.legend { list-style: none; }
.legend li { display: flex; align-items: center; gap: 6px; }
.swatch { display: inline-block; width: 14px; height: 14px; border: 1px solid var(--line); }
.swatch.header { background: var(--header); }
.swatch.commit { background: linear-gradient(90deg, var(--commit) 50%, var(--commit-odd) 50%); }
.swatch.mark { background: var(--mark); }
.swatch.seal { background: var(--seal); }
.swatch.index { background: var(--index); }
.swatch.gap { background: var(--gap); }
.swatch.torn { background: var(--torn); }
.swatch.unused { background: var(--unused); }
.swatch.damage { width: 3px; background: var(--damage); border: 0; }
.swatch.watermark { width: 3px; background: var(--watermark); border: 0; }
form label { display: flex; align-items: center; gap: 6px; color: var(--faint); }
main { --zoom: 1; padding: 8px 24px 32px; overflow-x: auto; }
section { padding: 10px 0 12px; content-visibility: auto; contain-intrinsic-size: auto 78px;
  width: calc(100% * var(--zoom)); }
h2 { position: sticky; left: 0; width: max-content; max-width: 90vw; margin: 0 0 6px;
  font-size: 14px; }
small { font-weight: normal; color: var(--faint); font-variant-numeric: tabular-nums; }
.track { position: relative; width: calc(var(--share) * 100%); height: 34px; min-width: 1px;
  background: var(--unused); outline: 1px solid var(--line); }
.fit .track { width: 100%; }
svg { display: block; width: 100%; height: 100%; }
rect.header { fill: var(--header); }
rect.commit { fill: var(--commit); }
rect.commit.odd { fill: var(--commit-odd); }
rect.mark { fill: var(--mark); }
rect.seal { fill: var(--seal); }
rect.index { fill: var(--index); }
rect.gap { fill: var(--gap); }
rect.torn { fill: var(--torn); }
rect:hover { fill: var(--ink); }
b.damage, b.watermark { position: absolute; top: -5px; bottom: -5px; width: 3px;
  margin-left: -1px; }
b.damage { background: var(--damage); }
b.damage::before { content: ''; position: absolute; top: -4px; left: -4px;
  border: 5.5px solid transparent; border-top-color: var(--damage); }
b.watermark { background: var(--watermark); opacity: 0.85; }
.problems li, .problems a { color: var(--damage); }
`;

export const script = `
const main = document.querySelector('main');
document.getElementById('zoom').addEventListener('input', (event) => {
  main.style.setProperty('--zoom', String(2 ** Number(event.target.value)));
});
document.getElementById('fit').addEventListener('change', (event) => {
  main.classList.toggle('fit', event.target.checked);
});
// A title for each of a million shapes would double the page: it is made when it is looked at.
main.addEventListener('mouseover', ({ target }) => {
  if (target.dataset.type === undefined || target.firstChild !== null) return;
  const { type, offset, bytes, firstSeq, records } = target.dataset;
  const title = document.createElementNS('http://www.w3.org/2000/svg', 'title');
  const last = Number(firstSeq) + Number(records) - 1;
  title.textContent = type + ' at offset ' + offset + ', ' + bytes + ' bytes' +
    (Number(records) > 0 ? ', ' + records + ' records, seqs ' + firstSeq + '\\u2013' + last : '');
  target.append(title);
});
`;
