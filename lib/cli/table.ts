// Text in aligned columns, without colours, so that it reads the same in a file.

export type Align = 'left' | 'right';

export interface Column {
  readonly title: string;
  readonly align?: Align;
}

/** Columns apart by two blanks; the last one is not padded. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const titled = columns.some((column) => column.title !== '');
  const all = titled ? [columns.map((column) => column.title), ...rows] : rows;
  const widths = columns.map((_, index) =>
    Math.max(0, ...all.map((row) => width(row[index] ?? ''))),
  );
  const render = (row: readonly string[]): string =>
    columns
      .map((column, index) => pad(row[index] ?? '', widths[index] ?? 0, column.align ?? 'left'))
      .join('  ')
      .trimEnd();
  return all.map((row) => `${render(row)}\n`).join('');
}

/** Names on the left, values on the right. */
export function facts(rows: readonly (readonly [name: string, value: string])[]): string {
  return table([{ title: '' }, { title: '' }], rows);
}

function width(text: string): number {
  return [...text].length;
}

function pad(text: string, size: number, align: Align): string {
  const blanks = ' '.repeat(Math.max(0, size - width(text)));
  return align === 'right' ? blanks + text : text + blanks;
}

/** Lines of at most `columns` characters, broken between words. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && width(line) + 1 + width(word) > columns) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
