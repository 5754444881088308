// Reads the code blocks of the documents, so that tests run what a reader copies.
//
// Every block marked js, mjs, cjs or ts is run, unless the line before it is
//   <!-- not run: the reason -->
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export const root = join(import.meta.dirname, '..', '..');

export interface Snippet {
  document: string;
  /** Line of the opening fence, from 1. */
  line: number;
  language: string;
  code: string;
  /** Why it is not run; undefined when it is. */
  notRun: string | undefined;
}

const languages = ['js', 'mjs', 'cjs', 'ts'];

export function snippetsOf(document: string): Snippet[] {
  const lines = readFileSync(join(root, document), 'utf8').split('\n');
  const snippets: Snippet[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const language = /^```(\w+)/.exec(lines[index] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', index + 1);
    if (end < 0) throw new Error(`${document}:${index + 1}: the block does not end`);
    if (languages.includes(language)) {
      const before = lines.slice(0, index).findLast((line) => line.trim() !== '') ?? '';
      snippets.push({
        document,
        line: index + 1,
        language,
        code: lines.slice(index + 1, end).join('\n'),
        notRun: /^<!-- not run: (.+) -->$/.exec(before.trim())?.[1],
      });
    }
    index = end;
  }
  return snippets;
}

export function documents(): string[] {
  return [
    'README.md',
    ...readdirSync(join(root, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ];
}

/** The snippet as a file that node runs: its name's extension and its text. */
export function runnable({ language, code }: Snippet): { extension: string; text: string } {
  if (language === 'ts') {
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
    return { extension: 'mjs', text: ts.transpileModule(code, { compilerOptions }).outputText };
  }
  const isCommonJs = language === 'cjs' || (language === 'js' && !/^\s*import\b/m.test(code));
  return { extension: isCommonJs ? 'cjs' : 'mjs', text: code };
}

/** The same program for CommonJS: its imports become requires, `await` gets a function around it. */
export function asCommonJs(code: string): string {
  const requires: string[] = [];
  const body = code.replaceAll(
    /^import\s+(\{[^}]*\}|\w+|\* as \w+)\s+from\s+('[^']+');?$/gm,
    (_, names: string, from: string) => {
      const bound = names.replace(/^\* as /, '').replaceAll(/\bas\b/g, ':');
      requires.push(`const ${bound} = require(${from});`);
      return '';
    },
  );
  if (/^import\b/m.test(body)) throw new Error('an import that is not understood');
  return `${requires.join('\n')}\n(async () => {\n${body}\n})();\n`;
}
