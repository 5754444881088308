// Checks that the papers agree with the package: every dependency has its line in
// docs/dependencies.md, the version has its place in CHANGELOG.md and package-lock.json, the
// lockfile names no host, "exports" is that of the rooms, and links between documents lead somewhere.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root } from './tools.mjs';

const read = (path) => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json'));
const lock = JSON.parse(read('package-lock.json'));
const problems = [];

const dependencies = [
  ...Object.keys(manifest.dependencies ?? {}),
  ...Object.keys(manifest.optionalDependencies ?? {}),
  ...Object.keys(manifest.devDependencies ?? {}),
];
const listed = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \|/gm)].map(
  (row) => row[1],
);
for (const name of dependencies) {
  if (!listed.includes(name)) problems.push(`docs/dependencies.md does not explain ${name}`);
}
for (const name of listed) {
  if (!dependencies.includes(name)) {
    problems.push(`docs/dependencies.md explains ${name}, which package.json does not have`);
  }
}

if (lock.version !== manifest.version || lock.packages[''].version !== manifest.version) {
  problems.push('package-lock.json is of another version than package.json');
}
for (const kind of ['dependencies', 'optionalDependencies', 'devDependencies']) {
  if (JSON.stringify(lock.packages[''][kind]) !== JSON.stringify(manifest[kind])) {
    problems.push(`"${kind}" of package-lock.json is not that of package.json; type: npm install`);
  }
}
if (/"resolved": "(?!file:)/.test(read('package-lock.json'))) {
  problems.push(
    'package-lock.json names hosts; type: npm install --omit-lockfile-registry-resolved',
  );
}
for (const name of ['preinstall', 'install', 'postinstall', 'prepare', 'prebuild']) {
  if (manifest.scripts[name]) problems.push(`package.json has a script named ${name}`);
}
const changelog = read('CHANGELOG.md');
if (!/^## \[Unreleased\]/m.test(changelog)) problems.push('CHANGELOG.md has no [Unreleased]');

const documents = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'],
  ...readdirSync(join(root, 'docs'), { recursive: true })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
for (const document of documents) {
  // Code is no prose: a `[0](x)` in it is not a link.
  const text = read(document)
    .replaceAll(/^```.*?^```/gms, '')
    .replaceAll(/`[^`\n]*`/g, '');
  for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target) || target.startsWith('#')) continue;
    const path = join(root, dirname(document), decodeURI(target.split('#', 1)[0]));
    if (!existsSync(path)) problems.push(`${document} links to ${relative(root, path)}: not there`);
  }
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
