// Runs SQL on FHIR views over NDJSON with the FHIRPath of npm's `fhirpath` (compiled, R4 model) or `@medplum/core`
// (parsed once), and prints one JSON line: {"engine", "version", "seconds": [one for each pass], "rows"}.
//
//   node map_engines.mjs ENGINE MODULES RESOURCES.ndjson ROWS.ndjson PASSES VIEW.json…
//
// The views' where, column, select, forEach and forEachOrNull are walked here; everything else is the engine's.

import {readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

const [engineName, modules, resourcesFile, rowsFile, passes, ...viewFiles] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${modules}/`));

// Each engine turns an expression and the type it starts from into a function of one input.
const engines = {
  fhirpath: {
    open() {
      const fhirpath = require('fhirpath');
      const model = require('fhirpath/fhir-context/r4');
      return {
        root: (resource) => resource,
        each: (expression, base) => fhirpath.compile(base ? {base, expression} : expression, model),
      };
    },
  },
  '@medplum/core': {
    open() {
      const {evalFhirPathTyped, parseFhirPath, toTypedValue} = require('@medplum/core');
      return {
        root: (resource) => toTypedValue(resource),
        each: (expression) => {
          const parsed = parseFhirPath(expression);
          return (input) => evalFhirPathTyped(parsed, [input]);
        },
        value: (typed) => typed.value,
      };
    },
  },
};

function compileSelect(select, base, engine) {
  const each = select.forEach ?? select.forEachOrNull;
  const inner = each ? `${base}.${each}` : base;
  return {
    each: each ? engine.each(each, base) : null,
    keepsEmpty: select.forEachOrNull !== undefined,
    columns: (select.column ?? []).map((column) => ({
      name: column.name,
      evaluate: engine.each(column.path, each ? inner : base),
      isCollection: column.collection === true,
    })),
    selects: (select.select ?? []).map((child) => compileSelect(child, inner, engine)),
  };
}

function cell(column, input, engine) {
  if (input === undefined) return column.isCollection ? [] : null;
  const values = column.evaluate(input);
  if (column.isCollection) return engine.value ? values.map(engine.value) : values;
  if (values.length > 1) throw new Error(`column ${column.name} gives ${values.length} values`);
  if (values.length === 0) return null;
  return engine.value ? engine.value(values[0]) : values[0];
}

function selectRows(select, input, engine) {
  let inputs = [input];
  if (select.each) {
    inputs = select.each(input);
    if (inputs.length === 0 && select.keepsEmpty) inputs = [undefined];
  }
  const rows = [];
  for (const one of inputs) {
    const own = {};
    for (const column of select.columns) own[column.name] = cell(column, one, engine);
    let part = [own];
    for (const child of select.selects) {
      const found = selectRows(child, one, engine);
      part = part.flatMap((row) => found.map((other) => ({...row, ...other})));
    }
    rows.push(...part);
  }
  return rows;
}

const engine = engines[engineName].open();
const views = new Map();
for (const file of viewFiles) {
  const view = JSON.parse(readFileSync(file, 'utf8'));
  const where = (view.where ?? []).map((test) => engine.each(test.path, view.resource));
  const select = compileSelect({select: view.select}, view.resource, engine);
  views.set(view.resource, {where, select});
}

const isTrue = (values) => values.length === 1 && (engine.value ? engine.value(values[0]) : values[0]) === true;
const lines = readFileSync(resourcesFile, 'utf8').trimEnd().split('\n');

function pass(visit) {
  for (const line of lines) {
    const resource = JSON.parse(line);
    const view = views.get(resource.resourceType);
    if (!view) continue;
    const root = engine.root(resource);
    if (view.where.every((test) => isTrue(test(root)))) visit(selectRows(view.select, root, engine));
  }
}

// The first pass warms the engine up and gives the rows to compare.
const rows = [];
pass((found) => { for (const row of found) rows.push(JSON.stringify(row)); });
writeFileSync(rowsFile, rows.map((row) => row + '\n').join(''));
const seconds = [];
let count = 0;
for (let i = 0; i < Number(passes); ++i) {
  count = 0;
  const started = process.hrtime.bigint();
  pass((found) => { count += found.length; });
  seconds.push(Number(process.hrtime.bigint() - started) / 1e9);
}
// The package file is read by path: neither package exports it.
const version = JSON.parse(readFileSync(`${modules}/node_modules/${engineName}/package.json`, 'utf8')).version;
console.log(JSON.stringify({engine: engineName, version, seconds, rows: count}));
