// Writes the ESM face of the CommonJS build. The package has one implementation, in CommonJS, so
// that `import` and `require` share one state; dist/<entry>/index.mjs only names its exports again.
// Also keeps "exports" and "typesVersions" of package.json: with --check it fails instead of writing.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The rooms with a sub-path of their own, once lib/<room>/index.ts exists. */
const rooms = [
  'journal',
  'checkpoint',
  'recovery',
  'state',
  'scan',
  'handoff',
  'audit',
  'events',
  'durable',
  'testing',
];
/** Rooms that the root does not export. */
const notInRoot = ['testing'];

const entries = rooms.filter((room) => existsSync(join(root, 'lib', room, 'index.ts')));

function exportsField() {
  const entry = (path) => ({
    import: { types: `./dist/${path}.d.mts`, default: `./dist/${path}.mjs` },
    require: { types: `./dist/${path}.d.ts`, default: `./dist/${path}.js` },
  });
  return {
    '.': entry('index'),
    ...Object.fromEntries(entries.map((room) => [`./${room}`, entry(`${room}/index`)])),
    './package.json': './package.json',
  };
}

/** For the module resolution of TypeScript that does not know "exports". */
function typesVersionsField() {
  return { '*': Object.fromEntries(entries.map((room) => [room, [`./dist/${room}/index.d.ts`]])) };
}

const manifestPath = join(root, 'package.json');
const manifest = JSON.parse(readFileSync(manifestPath, 'utf8'));
const fields = { exports: exportsField(), typesVersions: typesVersionsField() };
const isCurrent = Object.entries(fields).every(
  ([name, value]) => JSON.stringify(manifest[name]) === JSON.stringify(value),
);
if (process.argv.includes('--check')) {
  if (isCurrent) process.exit(0);
  console.error('"exports" or "typesVersions" of package.json is not that of the rooms');
  console.error('npm run build:lib writes it');
  process.exit(1);
}
if (!isCurrent) {
  writeFileSync(manifestPath, `${JSON.stringify({ ...manifest, ...fields }, null, 2)}\n`);
}

const declarations = new Map(
  ['', ...entries].map((room) => [room, join(root, 'dist', room, 'index.d.ts')]),
);
const program = ts.createProgram([...declarations.values()], {
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  target: ts.ScriptTarget.ES2022,
  types: ['node'],
});
const checker = program.getTypeChecker();

/** Whether an export passes an `export type` or `import type` on the way to what it names. */
function typeOnly(checker, symbol) {
  for (let at = symbol; at; at = checker.getImmediateAliasedSymbol(at)) {
    if (at.declarations?.some(ts.isTypeOnlyImportOrExportDeclaration)) return true;
    if (!(at.flags & ts.SymbolFlags.Alias)) return false;
  }
  return false;
}

/** The names an entry exports at run time (types are left out). */
function valueNames(declaration) {
  const source = program.getSourceFile(declaration);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${declaration} exports nothing`);
  return checker
    .getExportsOfModule(module)
    .filter((symbol) => {
      const target =
        symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      return (target.flags & ts.SymbolFlags.Value) !== 0 && !typeOnly(checker, symbol);
    })
    .map((symbol) => symbol.name)
    .sort();
}

const names = new Map([...declarations].map(([room, file]) => [room, valueNames(file)]));
const rootNames = new Set(names.get(''));
for (const [room, own] of names) {
  const missing = notInRoot.includes(room) ? [] : own.filter((name) => !rootNames.has(name));
  if (missing.length > 0) {
    throw new Error(`lib/index.ts does not export ${missing.join(', ')} of lib/${room}`);
  }
  const directory = join(root, 'dist', room);
  const lines = own.map((name) => `export const ${name} = room.${name};\n`);
  writeFileSync(
    join(directory, 'index.mjs'),
    `import room from './index.js';\n\n${lines.join('')}`,
  );
  writeFileSync(join(directory, 'index.d.mts'), "export * from './index.js';\n");
}
